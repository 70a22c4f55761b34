"""Word embedding: every word of a vocabulary has a vector, which is learnt."""

import numpy as np


def word_embedding_forward(x, W):
    """Replace every word by its vector.

    Parameters
    ----------
    x : (N, T) array of integers
        Words, as their places in the vocabulary, 0 <= x[n, t] < V.
    W : (V, D) array
        One row for each word of the vocabulary.

    Returns
    -------
    out : (N, T, D) array
        ``out[n, t]`` is the vector of word ``x[n, t]``.
    cache : tuple
        What `word_embedding_backward` needs.
    """
    # TODO: pick a row of W for every word (no loop is needed), and fill the cache.
    ### BEGIN SOLUTION
    out = W[x]
    cache = (x, W.shape)
    ### END SOLUTION
    return out, cache


def word_embedding_backward(dout, cache):
    """Word embedding, backward pass. Words have no gradient: they are integers.

    Parameters
    ----------
    dout : (N, T, D) array
        Upstream derivative.
    cache : tuple
        As `word_embedding_forward` left it.

    Returns
    -------
    dW : (V, D) array
    """
    # TODO: add every dout[n, t] to the row of dW that belongs to the word. A word may occur many
    # times; have a look at np.add.at.
    ### BEGIN SOLUTION
    x, shape = cache
    dW = np.zeros(shape, dtype=dout.dtype)
    np.add.at(dW, x, dout)
    ### END SOLUTION
    return dW
