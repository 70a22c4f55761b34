"""Losses of linear classifiers: ``loss(W, X, y, reg) -> (loss, dW)``, averaged over the minibatch and regularised.

The naive versions say what is computed, one input at a time; the vectorised ones compute the same in whole arrays.
"""

import numpy as np


def svm_loss_naive(W, X, y, reg):
    """Multiclass support vector machine loss of a linear classifier, input by input.

    With the scores ``s = x @ W``, an input x of class c is charged what each other class k lacks
    of the margin: ``max(0, s[k] - s[c] + 1)``.

    Parameters
    ----------
    W : (D, C) array
        Weights, one column per class.
    X : (N, D) array
        A minibatch, one row per input.
    y : (N,) array of integers
        Labels, 0 <= y[n] < C.
    reg : float
        Strength of the regularisation; ``reg * sum(W**2)`` is added to the averaged loss.

    Returns
    -------
    loss : float
    dW : (D, C) array
        Gradient of the loss with respect to W.
    """
    loss = 0.0
    dW = np.zeros(W.shape)
    for x, label in zip(X, y, strict=True):
        scores = x @ W
        for k in range(W.shape[1]):
            if k == label:
                continue
            missing = scores[k] - scores[label] + 1
            if missing > 0:
                loss += missing
                # TODO: two columns of W have made this margin miss: add to dW what each of them
                # contributes to the derivative of `missing`.
                ### BEGIN SOLUTION
                dW[:, k] += x
                dW[:, label] -= x
                ### END SOLUTION
    loss = loss / len(X) + reg * np.sum(W * W)
    # TODO: so far dW belongs to the sum over the inputs. Make it the gradient of the loss in
    # the line above.
    ### BEGIN SOLUTION
    dW /= len(X)
    dW += 2 * reg * W
    ### END SOLUTION
    return loss, dW


def svm_loss_vectorized(W, X, y, reg):
    """Multiclass support vector machine loss of a linear classifier, without a loop.

    Parameters
    ----------
    W : (D, C) array
        Weights, one column per class.
    X : (N, D) array
        A minibatch, one row per input.
    y : (N,) array of integers
        Labels, 0 <= y[n] < C.
    reg : float
        Strength of the regularisation, as in `svm_loss_naive`.

    Returns
    -------
    loss : float
    dW : (D, C) array
        Gradient of the loss with respect to W.
    """
    # TODO: compute the loss with whole arrays: the scores of all inputs, what each of them
    # lacks of its margins, the average, the regularisation.
    ### BEGIN SOLUTION
    rows = np.arange(len(X))
    scores = X @ W
    missing = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    missing[rows, y] = 0
    loss = missing.sum() / len(X) + reg * np.sum(W * W)
    ### END SOLUTION
    # TODO: compute dW. Write down the derivative of the loss with respect to the scores first,
    # an array of shape (N, C): which of its entries are not zero, and what are they?
    ### BEGIN SOLUTION
    dscores = (missing > 0).astype(scores.dtype)
    dscores[rows, y] = -dscores.sum(axis=1)
    dW = X.T @ dscores / len(X) + 2 * reg * W
    ### END SOLUTION
    return loss, dW


def softmax_loss_naive(W, X, y, reg):
    """Softmax (cross-entropy) loss of a linear classifier, input by input.

    With the scores ``s = x @ W``, an input x of class c is charged
    ``-log(exp(s[c]) / sum over k of exp(s[k]))``.

    Parameters
    ----------
    W : (D, C) array
        Weights, one column per class.
    X : (N, D) array
        A minibatch, one row per input.
    y : (N,) array of integers
        Labels, 0 <= y[n] < C.
    reg : float
        Strength of the regularisation; ``reg * sum(W**2)`` is added to the averaged loss.

    Returns
    -------
    loss : float
    dW : (D, C) array
        Gradient of the loss with respect to W.
    """
    loss = 0.0
    dW = np.zeros(W.shape)
    # TODO: add up the loss and its gradient with loops over the inputs and the classes, take
    # the average, and add the regularisation. Keep it stable: large scores must not overflow.
    ### BEGIN SOLUTION
    for x, label in zip(X, y, strict=True):
        scores = x @ W
        shifted = scores - scores.max()
        log_sum = np.log(np.sum(np.exp(shifted)))
        loss += log_sum - shifted[label]
        for k in range(W.shape[1]):
            dscore = np.exp(shifted[k] - log_sum) - (k == label)
            dW[:, k] += dscore * x
    loss = loss / len(X) + reg * np.sum(W * W)
    dW = dW / len(X) + 2 * reg * W
    ### END SOLUTION
    return loss, dW


def softmax_loss_vectorized(W, X, y, reg):
    """Softmax (cross-entropy) loss of a linear classifier, without a loop.

    Parameters
    ----------
    W : (D, C) array
        Weights, one column per class.
    X : (N, D) array
        A minibatch, one row per input.
    y : (N,) array of integers
        Labels, 0 <= y[n] < C.
    reg : float
        Strength of the regularisation, as in `softmax_loss_naive`.

    Returns
    -------
    loss : float
    dW : (D, C) array
        Gradient of the loss with respect to W.
    """
    # TODO: compute the loss with whole arrays. Every row of scores has its own largest one.
    ### BEGIN SOLUTION
    rows = np.arange(len(X))
    scores = X @ W
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[rows, y].mean() + reg * np.sum(W * W)
    ### END SOLUTION
    # TODO: compute dW, by way of the derivative with respect to the scores, of shape (N, C).
    ### BEGIN SOLUTION
    dscores = np.exp(log_probabilities)
    dscores[rows, y] -= 1
    dW = X.T @ dscores / len(X) + 2 * reg * W
    ### END SOLUTION
    return loss, dW
