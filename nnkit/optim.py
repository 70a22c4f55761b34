"""Update rules: ``rule(w, dw, config=None) -> (next_w, config)``.

A rule returns a new array and leaves w and dw as they are. What it must remember between steps it keeps in ``config``,
which the caller hands back with the next gradient of the same parameter.
"""

import numpy as np


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


def sgd_momentum(w, dw, config=None):
    """Gradient descent with momentum: ``velocity`` gathers the gradients, and moves the parameter.

    ``velocity = momentum * velocity - learning_rate * dw``, then ``next_w = w + velocity``.

    Parameters
    ----------
    w : array
        Parameter.
    dw : array shaped like w
        Gradient of the loss with respect to w.
    config : dict, optional
        ``learning_rate`` : 1e-2 if not given.
        ``momentum`` : share of the velocity that a step leaves, 0.9 if not given.
        ``velocity`` : array shaped like w, zero before the first step.

    Returns
    -------
    next_w : array shaped like w
    config : dict
        The same dictionary, with the new velocity.
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    velocity = config.get("velocity", np.zeros_like(w))
    # TODO: compute the new velocity and next_w, as new arrays.
    ### BEGIN SOLUTION
    velocity = config["momentum"] * velocity - config["learning_rate"] * dw
    next_w = w + velocity
    ### END SOLUTION
    config["velocity"] = velocity
    return next_w, config


def sgd_nesterov_momentum(w, dw, config=None):
    """Gradient descent with Nesterov's momentum: the velocity is applied ahead of the gradient.

    The gradient should be taken where the velocity is about to lead. With w standing for that
    point already, the rule needs the gradient at w only: the velocity becomes ``new = momentum *
    old - learning_rate * dw``, and ``next_w = w + new + momentum * (new - old)``.

    Parameters
    ----------
    w : array
        Parameter.
    dw : array shaped like w
        Gradient of the loss with respect to w.
    config : dict, optional
        ``learning_rate`` : 1e-2 if not given.
        ``momentum`` : share of the velocity that a step leaves, 0.9 if not given.
        ``velocity`` : array shaped like w, zero before the first step.

    Returns
    -------
    next_w : array shaped like w
    config : dict
        The same dictionary, with the new velocity.

    References
    ----------
    Y. Bengio et al., "Advances in optimizing recurrent networks", ICASSP 2013.
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    velocity = config.get("velocity", np.zeros_like(w))
    # TODO: compute the new velocity and next_w, as new arrays. Both velocities are needed.
    ### BEGIN SOLUTION
    old = velocity
    velocity = config["momentum"] * old - config["learning_rate"] * dw
    next_w = w + velocity + config["momentum"] * (velocity - old)
    ### END SOLUTION
    config["velocity"] = velocity
    return next_w, config


def rmsprop(w, dw, config=None):
    """RMSProp: every entry of the parameter has a step size of its own.

    ``cache`` is a running average of squared gradients, ``decay_rate * cache + (1 - decay_rate) *
    dw**2``, and the step is ``-learning_rate * dw / (sqrt(cache) + epsilon)``, with the new cache.

    Parameters
    ----------
    w : array
        Parameter.
    dw : array shaped like w
        Gradient of the loss with respect to w.
    config : dict, optional
        ``learning_rate`` : 1e-2 if not given.
        ``decay_rate`` : share of the average that a step leaves, 0.99 if not given.
        ``epsilon`` : avoids division by zero, 1e-8 if not given. It stands outside the root.
        ``cache`` : array shaped like w, zero before the first step.

    Returns
    -------
    next_w : array shaped like w
    config : dict
        The same dictionary, with the new cache.

    References
    ----------
    T. Tieleman and G. Hinton, "Neural networks for machine learning", lecture 6.5, 2012.
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("decay_rate", 0.99)
    config.setdefault("epsilon", 1e-8)
    cache = config.get("cache", np.zeros_like(w))
    # TODO: compute the new cache, and with it next_w, as new arrays.
    ### BEGIN SOLUTION
    cache = config["decay_rate"] * cache + (1 - config["decay_rate"]) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    ### END SOLUTION
    config["cache"] = cache
    return next_w, config


def adam(w, dw, config=None):
    """Adam: running averages of gradients and of squared gradients, corrected for their start.

    ``t`` counts the steps: it starts at 0 and is incremented before it is used. With
    ``m = beta1 * m + (1 - beta1) * dw`` and ``v = beta2 * v + (1 - beta2) * dw**2``, the step is
    ``-learning_rate * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + epsilon)``. The second
    form of the paper, in which epsilon is added to ``sqrt(v)`` instead, is as good.

    Parameters
    ----------
    w : array
        Parameter.
    dw : array shaped like w
        Gradient of the loss with respect to w.
    config : dict, optional
        ``learning_rate`` : 1e-3 if not given.
        ``beta1``, ``beta2`` : shares of m and v that a step leaves, 0.9 and 0.999 if not given.
        ``epsilon`` : avoids division by zero, 1e-8 if not given. It stands outside the root.
        ``m``, ``v`` : arrays shaped like w, zero before the first step. They are kept uncorrected.
        ``t`` : count of the steps made before, 0 if not given.

    Returns
    -------
    next_w : array shaped like w
    config : dict
        The same dictionary, with the new m, v and t.

    References
    ----------
    D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-3)
    config.setdefault("beta1", 0.9)
    config.setdefault("beta2", 0.999)
    config.setdefault("epsilon", 1e-8)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    # TODO: update t, m and v in config, m and v with new arrays, and compute next_w.
    ### BEGIN SOLUTION
    config["t"] += 1
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw**2
    mean = config["m"] / (1 - config["beta1"] ** config["t"])
    mean_square = config["v"] / (1 - config["beta2"] ** config["t"])
    next_w = w - config["learning_rate"] * mean / (np.sqrt(mean_square) + config["epsilon"])
    ### END SOLUTION
    return next_w, config
