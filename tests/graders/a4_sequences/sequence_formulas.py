"""What the hidden graders of rnn_captioning and lstm_captioning judge by, written otherwise than the reference.

The formulas take complex numbers, so that `slopes` gets exact derivatives without a formula of theirs.
"""

import numpy as np


def slopes(function, args, wrt, upstream=1.0):
    """Gradient of ``sum(function(*args) * upstream)`` in one argument, by complex steps: exact to rounding."""
    base = np.asarray(args[wrt], dtype=complex)
    gradient = np.zeros(base.shape)
    for index in np.ndindex(base.shape):
        moved = base.copy()
        moved[index] += 1e-30j
        values = function(*args[:wrt], moved, *args[wrt + 1 :])
        gradient[index] = np.sum(np.imag(values) * upstream) / 1e-30
    return gradient


def rnn_step(x, prev_h, Wx, Wh, b):
    """The next hidden state."""
    return np.tanh(np.hstack([x, prev_h]) @ np.vstack([Wx, Wh]) + b)


def rnn(x, h0, Wx, Wh, b):
    """The hidden states of all steps."""
    states = [h0]
    for inputs in np.moveaxis(x, 1, 0):
        states.append(rnn_step(inputs, states[-1], Wx, Wh, b))
    return np.stack(states[1:], axis=1)


def lstm_step(x, prev_h, prev_c, Wx, Wh, b):
    """The next hidden and cell state."""
    a = np.hstack([x, prev_h]) @ np.vstack([Wx, Wh]) + b
    i, f, o, g = np.moveaxis(a.reshape(len(x), 4, -1), 1, 0)
    next_c = prev_c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    return np.tanh(next_c) / (1 + np.exp(-o)), next_c


def lstm(x, h0, Wx, Wh, b):
    """The hidden states of all steps."""
    states = [(h0, np.zeros(h0.shape))]
    for inputs in np.moveaxis(x, 1, 0):
        states.append(lstm_step(inputs, *states[-1], Wx, Wh, b))
    return np.stack([h for h, _ in states[1:]], axis=1)


def caption_loss(layer, null, features, captions, **params):
    """Loss of a captioning model whose recurrent layer is `rnn` or `lstm`, word by word."""
    p = params
    h = layer(p["W_embed"][captions[:, :-1]], features @ p["W_proj"] + p["b_proj"], p["Wx"], p["Wh"], p["b"])
    loss = 0.0
    for states, caption in zip(h, captions, strict=True):
        for state, word in zip(states, caption[1:], strict=True):
            if word != null:
                scores = state @ p["W_vocab"] + p["b_vocab"]
                loss = loss + np.log(np.sum(np.exp(scores))) - scores[word]
    return loss / len(captions)


def caption_slopes(layer, null, features, captions, params, key):
    """The gradient of `caption_loss` in one parameter."""

    def loss(value):
        return caption_loss(layer, null, features, captions, **{**params, key: value})

    return slopes(loss, (params[key],), 0)


def greedy_captions(layer, start, features, max_length, params):
    """The likeliest word after those so far, (N, max_length): every word from the whole sequence before it."""
    words = np.full((len(features), 1), start)
    h0 = features @ params["W_proj"] + params["b_proj"]
    for _ in range(max_length):
        h = layer(params["W_embed"][words], h0, params["Wx"], params["Wh"], params["b"])
        scores = h[:, -1] @ params["W_vocab"] + params["b_vocab"]
        words = np.column_stack([words, scores.argmax(axis=1)])
    return words[:, 1:]
