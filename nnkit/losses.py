"""Losses on class scores: ``loss(x, y) -> (loss, dx)``, averaged over the minibatch."""

import numpy as np


def softmax_loss(x, y):
    """Softmax (cross-entropy) loss and its gradient.

    ``loss = mean over n of -log(exp(x[n, y[n]]) / sum over c of exp(x[n, c]))``, computed so that
    scores of any size neither overflow nor give log(0).

    Parameters
    ----------
    x : (N, C) array
        Scores; row n holds the C class scores of input n.
    y : (N,) array of integers
        Labels, 0 <= y[n] < C.

    Returns
    -------
    loss : float
    dx : (N, C) array
        Gradient of the loss with respect to x.
    """
    # TODO: compute the loss, averaged over the N inputs, and its gradient dx. Keep it stable for
    # large scores: a constant added to a row changes nothing, so subtract the row's maximum first.
    ### BEGIN SOLUTION
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_probabilities = shifted - log_sums
    loss = -log_probabilities[rows, y].mean()
    dx = np.exp(log_probabilities)
    dx[rows, y] -= 1
    dx /= len(x)
    ### END SOLUTION
    return loss, dx


def svm_loss(x, y):
    """Multiclass support vector machine (hinge) loss and its gradient.

    ``loss = mean over n of the sum over c != y[n] of max(0, x[n, c] - x[n, y[n]] + 1)``.

    Parameters
    ----------
    x : (N, C) array
        Scores; row n holds the C class scores of input n.
    y : (N,) array of integers
        Labels, 0 <= y[n] < C.

    Returns
    -------
    loss : float
    dx : (N, C) array
        Gradient of the loss with respect to x.
    """
    # TODO: compute the loss with margin 1, averaged over the N inputs, and its gradient dx.
    ### BEGIN SOLUTION
    rows = np.arange(len(x))
    correct = x[rows, y][:, np.newaxis]
    margins = np.maximum(0, x - correct + 1)
    margins[rows, y] = 0
    loss = margins.sum() / len(x)
    dx = (margins > 0).astype(x.dtype)
    dx[rows, y] = -dx.sum(axis=1)
    dx /= len(x)
    ### END SOLUTION
    return loss, dx
