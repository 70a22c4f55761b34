"""Word embedding as an affine layer on one-hot rows: what `nnkit.embedding` computes, by other means.

It is given where the embedding itself is still an exercise of the same assignment. One row holds as many numbers as the
vocabulary has words, so that it serves small vocabularies only.
"""

import numpy as np

from nnkit.layers import affine_backward, affine_forward


def word_embedding_forward(x, W):
    """Replace every word by its vector: an affine layer without bias on one-hot rows.

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
    one_hot = np.eye(len(W), dtype=W.dtype)[x.reshape(-1)]
    out, cache = affine_forward(one_hot, W, np.zeros(W.shape[1], dtype=W.dtype))
    return out.reshape(*x.shape, -1), cache


def word_embedding_backward(dout, cache):
    """Word embedding as an affine layer, backward pass.

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
    _, dW, _ = affine_backward(dout.reshape(-1, dout.shape[-1]), cache)
    return dW
