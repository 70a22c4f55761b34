# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""Dropout: in training, set activations to zero at random. `keep_probability` holds the convention for ``p``."""

import numpy as np


def keep_probability(dropout_param):
    """Probability with which dropout keeps an activation.

    ``p`` is the probability of keeping. (Others call the probability of dropping p. Whoever wants
    that has this one line to change.)

    Parameters
    ----------
    dropout_param : dict
        ``p`` : 0 < p <= 1.

    Returns
    -------
    float
    """
    return dropout_param["p"]


def dropout_forward(x, dropout_param):
    """Inverted dropout, forward pass: in training keep each entry with probability p, as x / p.

    Dividing by p keeps the mean of every activation, so that at test time nothing is left to do
    (Srivastava et al. 2014; dividing in training instead of multiplying in testing is what makes
    it "inverted").

    Parameters
    ----------
    x : array of floats, any shape
    dropout_param : dict
        ``p`` : probability of keeping an entry.
        ``mode`` : "train" or "test"; in testing the output is x.
        ``seed`` : of a generator of the call's own, so that a check can draw the same mask twice.
        Optional; without it NumPy's global generator draws.

    Returns
    -------
    out : array shaped like x
    cache : tuple
        ``(dropout_param, mask)``. The mask, shaped like x, holds 1 / p where an entry was kept
        and 0 elsewhere; it is None in testing.

    Raises
    ------
    ValueError
        If mode is neither "train" nor "test".
    """
    mode, keep = dropout_param["mode"], keep_probability(dropout_param)
    generator = np.random.RandomState(dropout_param["seed"]) if "seed" in dropout_param else np.random

    if mode == "train":
        # TODO: draw the mask of x's shape with one call of generator.rand, an entry being kept
        # where the number drawn is below keep, and apply it. The mask contains the division.
        ### BEGIN SOLUTION
        mask = ((generator.rand(*x.shape) < keep) / keep).astype(x.dtype)
        out = x * mask
        ### END SOLUTION
    elif mode == "test":
        mask = None
        # TODO: compute out for testing.
        ### BEGIN SOLUTION
        out = x
        ### END SOLUTION
    else:
        raise ValueError(f'dropout_forward: mode is {mode!r}, it should be "train" or "test"')
    cache = (dropout_param, mask)
    return out, cache


def dropout_backward(dout, cache):
    """Inverted dropout, backward pass.

    Parameters
    ----------
    dout : array of any shape
        Upstream derivative.
    cache : tuple
        ``(dropout_param, mask)`` as `dropout_forward` left it.

    Returns
    -------
    dx : array shaped like dout
    """
    dropout_param, mask = cache
    mode = dropout_param["mode"]
    # TODO: compute dx, after a forward pass in training as well as after one in testing.
    ### BEGIN SOLUTION
    dx = dout * mask if mode == "train" else dout
    ### END SOLUTION
    return dx
