# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""Layers: pairs ``f_forward(...) -> (out, cache)``, ``f_backward(dout, cache) -> gradients in the inputs' order``."""

import numpy as np


def affine_forward(x, w, b):
    """Affine (fully connected) layer, forward pass: ``out = rows(x) @ w + b``.

    Parameters
    ----------
    x : (N, d_1, ..., d_k) array
        A minibatch of N inputs of any shape; each is one row of D = d_1 * ... * d_k numbers.
    w : (D, M) array
        Weights.
    b : (M,) array
        Biases.

    Returns
    -------
    out : (N, M) array
    cache : tuple
        ``(x, w, b)``, what `affine_backward` needs.
    """
    # TODO: flatten every input to one row, then apply the weights and the bias. Leave x itself
    # as it is.
    ### BEGIN SOLUTION
    rows = x.reshape(len(x), -1)
    out = rows @ w + b
    ### END SOLUTION
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """Affine layer, backward pass.

    Parameters
    ----------
    dout : (N, M) array
        Upstream derivative.
    cache : tuple
        ``(x, w, b)`` as `affine_forward` left it.

    Returns
    -------
    dx : (N, d_1, ..., d_k) array
    dw : (D, M) array
    db : (M,) array
    """
    x, w, _ = cache
    # TODO: compute dx (in the shape of x), dw and db.
    ### BEGIN SOLUTION
    rows = x.reshape(len(x), -1)
    drows = dout @ w.T
    dx = drows.reshape(x.shape)
    dw = rows.T @ dout
    db = dout.sum(axis=0)
    ### END SOLUTION
    return dx, dw, db


def relu_forward(x):
    """Rectified linear unit, forward pass: ``max(x, 0)`` entry by entry.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    out : array shaped like x
    cache : array
        ``x``, what `relu_backward` needs.
    """
    # TODO: set negative entries to zero in a new array.
    ### BEGIN SOLUTION
    out = np.maximum(x, 0)
    ### END SOLUTION
    cache = x
    return out, cache


def relu_backward(dout, cache):
    """Rectified linear unit, backward pass.

    At the kink, x = 0, there is no derivative: any number from 0 to 1 times dout will do there.

    Parameters
    ----------
    dout : array of any shape
        Upstream derivative.
    cache : array shaped like dout
        The input ``x`` as `relu_forward` left it.

    Returns
    -------
    dx : array shaped like dout
    """
    x = cache
    # TODO: let the upstream derivative through where the input was positive, and nothing elsewhere.
    ### BEGIN SOLUTION
    dx = dout * (x > 0)
    ### END SOLUTION
    return dx


def affine_relu_forward(x, w, b):
    """Affine layer followed by a ReLU, forward pass.

    Parameters
    ----------
    x, w, b : arrays
        As for `affine_forward`: (N, d_1, ..., d_k), (D, M) and (M,).

    Returns
    -------
    out : (N, M) array
    cache : tuple
        The caches of the two layers.
    """
    scores, affine_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(scores)
    return out, (affine_cache, relu_cache)


def affine_relu_backward(dout, cache):
    """Affine layer followed by a ReLU, backward pass.

    Parameters
    ----------
    dout : (N, M) array
        Upstream derivative.
    cache : tuple
        As `affine_relu_forward` left it.

    Returns
    -------
    dx, dw, db : arrays shaped like x, w and b
    """
    affine_cache, relu_cache = cache
    dscores = relu_backward(dout, relu_cache)
    return affine_backward(dscores, affine_cache)
