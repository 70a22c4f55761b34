"""L2 regularisation of networks. `L2_FACTOR` holds the convention: a penalty of half reg times the squares."""

import numpy as np

# So the derivative of the penalty is reg * w. (Others leave the half out, as the linear classifiers do here. Whoever
# wants that in networks, too, has this one line to change.)
L2_FACTOR = 0.5


def l2_penalty(w, reg):
    """What the weights of a layer add to the loss: ``0.5 * reg * sum(w**2)``.

    Parameters
    ----------
    w : array of any shape
    reg : float
        Strength of the regularisation.

    Returns
    -------
    float
    """
    return L2_FACTOR * reg * np.sum(w**2)


def l2_gradient(w, reg):
    """What the weights of a layer add to their gradient: the derivative of `l2_penalty`.

    Parameters
    ----------
    w : array of any shape
    reg : float
        Strength of the regularisation.

    Returns
    -------
    array shaped like w
    """
    return 2 * L2_FACTOR * reg * w
