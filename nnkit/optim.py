"""Update rules: ``rule(w, dw, config=None) -> (next_w, config)``.

A rule returns a new array and leaves w and dw as they are. What it must remember between steps it keeps in ``config``,
which the caller hands back with the next gradient of the same parameter.
"""


def sgd(w, dw, config=None):
    """Stochastic gradient descent: ``next_w = w - learning_rate * dw``.

    Parameters
    ----------
    w : array
        Parameter.
    dw : array shaped like w
        Gradient of the loss with respect to w.
    config : dict, optional
        ``learning_rate``, 1e-2 if not given.

    Returns
    -------
    next_w : array shaped like w
    config : dict
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    next_w = w - config["learning_rate"] * dw
    return next_w, config
