"""What the graders of rnn_captioning and lstm_captioning ask of a whole recurrent layer.

``layer`` is the student's ``(forward, backward)``, ``formula`` what forward should compute.
"""

import numpy as np
from large_gradients import check_large_gradients
from sequence_formulas import slopes

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    GRADIENT,
    NOISE_FLOOR,
    assert_close,
    numerical_gradient,
    unpack,
)

GRADIENTS = ("dx", "dh0", "dWx", "dWh", "db")


def states(forward, args):
    h, _ = unpack(forward(*args), "h", "cache")
    return h


def gradients(layer, dh, args):
    forward, backward = layer
    _, cache = unpack(forward(*args), "h", "cache")
    return unpack(backward(dh, cache), *GRADIENTS)


def check_gradients(layer, expected, key, names, dh, args):
    """Gradients against stored ones."""
    given = gradients(layer, dh, args)
    for name in names:
        expected(f"{key}_{name}", given[GRADIENTS.index(name)], ANALYTIC_GRADIENT)


def check_own_slopes(layer, dh, args):
    """Gradients against central differences of the student's own forward pass."""
    given = gradients(layer, dh, args)
    for wrt, name in enumerate(GRADIENTS):
        numeric = numerical_gradient(layer[0], args, wrt, upstream=dh, pick=0)
        assert_close(given[wrt], numeric, GRADIENT, name, relative_floor=NOISE_FLOOR)


def check_slopes(layer, formula, dh, args, names=GRADIENTS):
    """Gradients against slopes of the formula."""
    given = gradients(layer, dh, args)
    for name in names:
        wrt = GRADIENTS.index(name)
        assert_close(given[wrt], slopes(formula, args, wrt, dh), ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


def large_sequence(rng, gates, d, h, n=20, t=24):
    """x, h0, Wx, Wh and b of a large layer of which no unit saturates; `gates` is 1 for the simple cell."""
    x, h0 = 0.6 * rng.normal(size=(n, t, d)), 0.6 * rng.normal(size=(n, h))
    Wx, Wh = rng.normal(size=(d, gates * h)) / np.sqrt(d), rng.normal(size=(h, gates * h)) / np.sqrt(h)
    return x, h0, Wx, Wh, 0.6 * rng.normal(size=gates * h)


def check_large_slopes(layer, formula, dh, args, rng, names=GRADIENTS):
    """Gradients of a large layer against slopes of the formula."""

    def loss(*inputs):
        return np.sum(formula(*inputs) * dh)

    check_large_gradients(gradients(layer, dh, args), GRADIENTS, loss, args, rng, only=names)
