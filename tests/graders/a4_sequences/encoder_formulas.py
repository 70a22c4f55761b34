"""What the hidden graders of transformer_classifier judge by, sentence by sentence and word by word.

As in `sequence_formulas` the formulas take complex numbers, for exact derivatives.
"""

import numpy as np


def attention(q, k, v, mask):
    """Attention of every word of every sentence; zero where there is padding."""
    out = np.zeros((*q.shape[:2], v.shape[2]), dtype=np.result_type(q, k, v))
    for n, seen in enumerate(mask):
        agreement = np.tensordot(q[n, seen], k[n, seen], axes=(1, 1)) / np.sqrt(q.shape[2])
        share = np.exp(agreement - agreement.real.max(axis=1)[:, None])
        out[n, seen] = np.tensordot(share / share.sum(axis=1)[:, None], v[n, seen], axes=1)
    return out


def embedding(words, W_word, W_position):
    """The vectors of words and places, sentence by sentence."""
    places = np.arange(words.shape[1])
    return np.stack([np.take(W_word, sentence, axis=0) + np.take(W_position, places, axis=0) for sentence in words])


def multi_head(x, Wq, Wk, Wv, Wo, bo, mask):
    """Attention of several heads, each with its part of the projection; zero where there is padding."""
    parts = np.split(Wo, len(Wq))
    heads = zip(Wq, Wk, Wv, parts, strict=True)
    out = sum(attention(x @ query, x @ key, x @ value, mask) @ part for query, key, value, part in heads) + bo
    return out * mask[:, :, None]


def feedforward(x, W1, b1, W2, b2):
    """Affine, ReLU, affine."""
    a = np.tensordot(x, W1, axes=1) + b1
    return np.tensordot(np.where(a.real > 0, a, 0), W2, axes=1) + b2


def layer_norm(x, gamma, beta):
    """Every word's vector with mean 0 and variance 1, scaled and shifted."""
    centred = x - x.mean(axis=-1)[..., None]
    return gamma * centred / np.sqrt((centred**2).mean(axis=-1) + 1e-5)[..., None] + beta


def attention_half(x, mask, p):
    """The first half of an encoder block."""
    attended = multi_head(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], p["bo"], mask)
    return layer_norm(x + attended, p["gamma1"], p["beta1"])


def feedforward_half(x, p):
    """The second half of an encoder block."""
    return layer_norm(x + feedforward(x, p["W1"], p["b1"], p["W2"], p["b2"]), p["gamma2"], p["beta2"])


def sentence_scores(words, padding, p):
    """The scores of sentences, each computed alone and without its padding."""
    scores = []
    for sentence in words:
        real = np.array([[word for word in sentence if word != padding]])
        x = p["W_word"][real] + p["W_position"][: real.shape[1]]
        state = feedforward_half(attention_half(x, np.ones(real.shape, dtype=bool), p), p)[0, 0]
        scores.append(np.sum(state * p["W_final"][:, 0]) + p["b_final"][0])
    return np.array(scores)


def logistic_loss(words, labels, padding, p):
    """Mean logistic loss of sentences."""
    signed = np.where(labels == 1, -1, 1) * sentence_scores(words, padding, p)
    return np.mean(np.log(1 + np.exp(signed)))
