"""What an encoder block has besides attention: words with places, a small network for each word, layer norm."""

import numpy as np

from nnkit.layers import affine_backward, affine_forward, affine_relu_backward, affine_relu_forward
from nnkit.normalization import layernorm_backward, layernorm_forward


def embed_forward(words, W_word, W_position):
    """The vector of each word plus the vector of the place where it stands.

    Parameters
    ----------
    words : (N, T) array of integers
        Words, as their places in the vocabulary, 0 <= words[n, t] < V.
    W_word : (V, D) array
        One row for each word of the vocabulary.
    W_position : (L, D) array
        One row for each place in a sentence, T <= L.

    Returns
    -------
    out : (N, T, D) array
    cache : tuple
        What `embed_backward` needs.
    """
    # TODO: add the row of W_word of every word to the row of W_position of its place, and fill
    # the cache.
    ### BEGIN SOLUTION
    out = W_word[words] + W_position[: words.shape[1]]
    cache = (words, W_word.shape, W_position.shape)
    ### END SOLUTION
    return out, cache


def embed_backward(dout, cache):
    """Words and places as vectors, backward pass.

    Parameters
    ----------
    dout : (N, T, D) array
        Upstream derivative.
    cache : tuple
        As `embed_forward` left it.

    Returns
    -------
    dW_word : (V, D) array
    dW_position : (L, D) array
        Zero for places behind the last one, T - 1.
    """
    # TODO: every dout[n, t] belongs to the row of a word and to the row of a place. Words may
    # occur many times (np.add.at); a place occurs once in every sentence.
    ### BEGIN SOLUTION
    words, word_shape, position_shape = cache
    dW_word = np.zeros(word_shape, dtype=dout.dtype)
    np.add.at(dW_word, words, dout)
    dW_position = np.zeros(position_shape, dtype=dout.dtype)
    dW_position[: words.shape[1]] = dout.sum(axis=0)
    ### END SOLUTION
    return dW_word, dW_position


def feedforward_forward(x, W1, b1, W2, b2):
    """Two affine layers with a ReLU between them, the same ones for every word by itself.

    Parameters
    ----------
    x : (N, T, D) array
        Vectors of the T words of N sentences.
    W1 : (D, F) array
    b1 : (F,) array
    W2 : (F, D) array
    b2 : (D,) array

    Returns
    -------
    out : (N, T, D) array
    cache : tuple
        What `feedforward_backward` needs.
    """
    # TODO: affine, ReLU, affine for each word. The layers of nnkit.layers take one row for each
    # input: make rows of the words first, and sentences of the rows at the end.
    ### BEGIN SOLUTION
    hidden, hidden_cache = affine_relu_forward(x.reshape(-1, x.shape[2]), W1, b1)
    rows, rows_cache = affine_forward(hidden, W2, b2)
    out = rows.reshape(x.shape)
    cache = (hidden_cache, rows_cache)
    ### END SOLUTION
    return out, cache


def feedforward_backward(dout, cache):
    """Two affine layers with a ReLU between them for every word, backward pass.

    Parameters
    ----------
    dout : (N, T, D) array
        Upstream derivative.
    cache : tuple
        As `feedforward_forward` left it.

    Returns
    -------
    dx : (N, T, D) array
    dW1, db1, dW2, db2 : arrays shaped like W1, b1, W2 and b2
    """
    # TODO: back through the three layers, again on rows.
    ### BEGIN SOLUTION
    hidden_cache, rows_cache = cache
    dhidden, dW2, db2 = affine_backward(dout.reshape(-1, dout.shape[2]), rows_cache)
    drows, dW1, db1 = affine_relu_backward(dhidden, hidden_cache)
    dx = drows.reshape(dout.shape)
    ### END SOLUTION
    return dx, dW1, db1, dW2, db2


def temporal_layernorm_forward(x, gamma, beta):
    """Layer normalisation of every word's vector by itself.

    Parameters
    ----------
    x : (N, T, D) array
    gamma, beta : (D,) arrays
        Scale and shift of each feature.

    Returns
    -------
    out : (N, T, D) array
    cache : tuple
        What `temporal_layernorm_backward` needs.
    """
    rows, cache = layernorm_forward(x.reshape(-1, x.shape[2]), gamma, beta, {})
    return rows.reshape(x.shape), cache


def temporal_layernorm_backward(dout, cache):
    """Layer normalisation of every word's vector by itself, backward pass.

    Parameters
    ----------
    dout : (N, T, D) array
        Upstream derivative.
    cache : tuple
        As `temporal_layernorm_forward` left it.

    Returns
    -------
    dx : (N, T, D) array
    dgamma, dbeta : (D,) arrays
    """
    drows, dgamma, dbeta = layernorm_backward(dout.reshape(-1, dout.shape[2]), cache)
    return drows.reshape(dout.shape), dgamma, dbeta
