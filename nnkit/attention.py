"""Attention: every word of a sentence looks at every other one, with one head and with several."""

import numpy as np


def attention_forward(q, k, v, mask):
    """Scaled dot-product attention: averages of values, weighted by how query and key agree.

    ``out[n, t] = sum_s weights[n, t, s] * v[n, s]``, where ``weights[n, t]`` is the softmax of
    ``q[n, t] . k[n, s] / sqrt(K)`` over the words s that the mask lets through (Vaswani et al.
    2017).

    Parameters
    ----------
    q : (N, T, K) array
        Queries: what each of the T words of N sentences is looking for.
    k : (N, T, K) array
        Keys: what each word offers to be found by.
    v : (N, T, M) array
        Values: what a word that is found passes on.
    mask : (N, T) array of bool
        Where there is a word; False at the padding. At least one word in every sentence.

    Returns
    -------
    out : (N, T, M) array
        Padding gets an output too, which means nothing.
    cache : tuple
        What `attention_backward` needs.
    """
    # TODO: compute the scores of all pairs of words, (N, T, T). Give those of which the second
    # is padding a score of -inf. Softmax over the second word; take care that large scores
    # don't overflow. Then average the values, and fill the cache.
    ### BEGIN SOLUTION
    scores = q @ k.transpose(0, 2, 1) / q.shape[2] ** 0.5
    scores = np.where(mask[:, None, :], scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=2, keepdims=True))
    weights = weights / weights.sum(axis=2, keepdims=True)
    out = weights @ v
    cache = (q, k, v, weights)
    ### END SOLUTION
    return out, cache


def attention_backward(dout, cache):
    """Scaled dot-product attention, backward pass.

    Parameters
    ----------
    dout : (N, T, M) array
        Upstream derivative.
    cache : tuple
        As `attention_forward` left it.

    Returns
    -------
    dq, dk : (N, T, K) arrays
    dv : (N, T, M) array
        dk and dv are zero at the padding.
    """
    # TODO: go back through the average, the softmax (each row of weights sums to 1 whatever the
    # scores are), the scaling and the dot products.
    ### BEGIN SOLUTION
    q, k, v, weights = cache
    dv = weights.transpose(0, 2, 1) @ dout
    dweights = dout @ v.transpose(0, 2, 1)
    dscores = weights * (dweights - np.sum(dweights * weights, axis=2, keepdims=True))
    dproducts = dscores / q.shape[2] ** 0.5
    dq = dproducts @ k
    dk = dproducts.transpose(0, 2, 1) @ q
    ### END SOLUTION
    return dq, dk, dv


def multi_head_forward(x, Wq, Wk, Wv, Wo, bo, mask):
    """Self-attention with several heads, each with queries, keys and values of its own.

    What the heads find is concatenated, head after head, and projected: ``out = concatenation @
    Wo + bo``.

    Parameters
    ----------
    x : (N, T, D) array
        Vectors of the T words of N sentences.
    Wq, Wk : (H, D, K) arrays
        For each of the H heads, the weights that turn words into queries and into keys.
    Wv : (H, D, M) array
        Likewise for the values.
    Wo : (H * M, D) array
        Weights of the projection.
    bo : (D,) array
        Biases of the projection.
    mask : (N, T) array of bool
        Where there is a word; False at the padding.

    Returns
    -------
    out : (N, T, D) array
    cache : tuple
        What `multi_head_backward` needs.
    """
    # TODO: for every head compute queries, keys and values of all words, and attend with
    # attention_forward. Concatenate what the heads give, project it, and fill the cache.
    ### BEGIN SOLUTION
    heads, head_caches = [], []
    for Wq_h, Wk_h, Wv_h in zip(Wq, Wk, Wv, strict=True):
        head, head_cache = attention_forward(x @ Wq_h, x @ Wk_h, x @ Wv_h, mask)
        heads.append(head)
        head_caches.append(head_cache)
    joined = np.concatenate(heads, axis=2)
    out = joined @ Wo + bo
    cache = (x, Wq, Wk, Wv, Wo, joined, head_caches)
    ### END SOLUTION
    return out, cache


def multi_head_backward(dout, cache):
    """Self-attention with several heads, backward pass.

    Parameters
    ----------
    dout : (N, T, D) array
        Upstream derivative.
    cache : tuple
        As `multi_head_forward` left it.

    Returns
    -------
    dx : (N, T, D) array
    dWq, dWk : (H, D, K) arrays
    dWv : (H, D, M) array
    dWo : (H * M, D) array
    dbo : (D,) array
    """
    # TODO: go back through the projection, and give every head its part of the derivative.
    # Words are used by every head, and by each three times: as queries, keys and values.
    ### BEGIN SOLUTION
    x, Wq, Wk, Wv, Wo, joined, head_caches = cache
    dWo = np.einsum("ntm,ntd->md", joined, dout, optimize=True)
    dbo = dout.sum(axis=(0, 1))
    djoined = dout @ Wo.T
    dx = np.zeros_like(x)
    dWq, dWk, dWv = np.empty_like(Wq), np.empty_like(Wk), np.empty_like(Wv)
    for h, dhead in enumerate(np.split(djoined, len(Wq), axis=2)):
        slopes = attention_backward(dhead, head_caches[h])
        for slope, W, dW in zip(slopes, (Wq, Wk, Wv), (dWq, dWk, dWv), strict=True):
            dW[h] = np.einsum("ntd,ntk->dk", x, slope, optimize=True)
            dx += slope @ W[h].T
    ### END SOLUTION
    return dx, dWq, dWk, dWv, dWo, dbo
