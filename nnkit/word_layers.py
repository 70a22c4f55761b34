# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""Layers of a language model: word vectors side by side, sigmoid, softmax, and cross entropy of the next word.

Words are numbered from 1 to V, as in the data files: word number i is ``words[i - 1]``, and its row of a matrix is row
``i - 1``.
"""

import numpy as np


def embedding_forward(x, W):
    """Look up the vector of each word, and put those of a trigram side by side.

    Parameters
    ----------
    x : (N, 3) array of integers
        Word numbers from 1 to V.
    W : (V, D) array
        The vector of word number i is row ``i - 1``.

    Returns
    -------
    out : (N, 3 * D) array
        In the order of the words: D numbers of the first word, of the second, of the third.
    cache : object
        Whatever `embedding_backward` needs.
    """
    # TODO: compute out without a loop over the inputs.
    ### BEGIN SOLUTION
    out = W[x - 1].reshape(len(x), -1)
    ### END SOLUTION
    cache = (x, W)
    return out, cache


def embedding_backward(dout, cache):
    """Gradient of the word vectors.

    Parameters
    ----------
    dout : (N, 3 * D) array
        Upstream derivative.
    cache : tuple
        ``(x, W)`` as `embedding_forward` left it.

    Returns
    -------
    dW : (V, D) array
        Whatever arrives at a word adds up, at all its places in all trigrams.
    """
    x, W = cache
    # TODO: compute dW. A word may stand in x many times: dW[x - 1] += ... would count it once.
    ### BEGIN SOLUTION
    dW = np.zeros(W.shape, dtype=dout.dtype)
    np.add.at(dW, x - 1, dout.reshape(*x.shape, -1))
    ### END SOLUTION
    return dW


def sigmoid_forward(x):
    """Layer of sigmoid units, forward pass: ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    out : array shaped like x
        From 0 to 1; no number is too large or too small for it.
    cache : array
        ``out``.
    """
    # TODO: compute out such that nothing overflows, for entries of either sign.
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(x))  # between 0 and 1
    out = np.where(x >= 0, 1, small) / (1 + small)
    ### END SOLUTION
    cache = out
    return out, cache


def sigmoid_backward(dout, cache):
    """Layer of sigmoid units, backward pass.

    Parameters
    ----------
    dout : array
        Upstream derivative.
    cache : array
        The output of `sigmoid_forward`.

    Returns
    -------
    dx : array shaped like dout
    """
    out = cache
    # TODO: compute dx.
    ### BEGIN SOLUTION
    dx = dout * out * (1 - out)
    ### END SOLUTION
    return dx


def softmax(scores):
    """Probabilities of the words, for each input.

    Parameters
    ----------
    scores : (N, V) array

    Returns
    -------
    probabilities : (N, V) array
        Each row adds up to 1.
    """
    # TODO: compute the probabilities such that nothing overflows.
    ### BEGIN SOLUTION
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    ### END SOLUTION
    return probabilities


def cross_entropy(scores, d):
    """Cross entropy of softmax probabilities with the words that were to be predicted.

    Parameters
    ----------
    scores : (N, V) array
        Before the softmax.
    d : (N,) array of integers
        Numbers of the correct words, from 1 to V.

    Returns
    -------
    loss : float
        Mean of ``-log(probability of the correct word)``, natural logarithm.
    dscores : (N, V) array
        Derivative of the loss with respect to the scores.
    """
    # TODO: compute the loss without taking the logarithm of a probability that may have been
    # rounded to zero, and its derivative.
    ### BEGIN SOLUTION
    correct = (np.arange(len(d)), d - 1)
    shifted = scores - scores.max(axis=1, keepdims=True)
    dscores = np.exp(shifted)
    sums = dscores.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(sums[:, 0]) - shifted[correct])
    dscores /= sums
    dscores[correct] -= 1
    dscores /= len(d)
    ### END SOLUTION
    return loss, dscores
