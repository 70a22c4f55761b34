"""What the graders of rnn_captioning and lstm_captioning ask of a whole recurrent layer.

``layer`` is the student's ``(forward, backward)``, ``formula`` what forward should compute.
"""

import numpy as np
from sequence_formulas import slopes

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    GRADIENT,
    NOISE_FLOOR,
    assert_close,
    assert_inputs_unchanged,
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


def check_last_state_alone(layer, formula, rng, args):
    """A loss that reads nothing but the state of the last step."""
    dh = np.zeros((*args[0].shape[:2], args[1].shape[1]))
    dh[:, -1] = rng.normal(size=args[1].shape)
    check_slopes(layer, formula, dh, args)


def check_second_backward(submission, layer, formula, rng, args):
    """A second backward pass with the cache of a first one, which may have changed neither cache nor dh."""
    dh = rng.normal(size=(*args[0].shape[:2], args[1].shape[1]))
    forward, backward = layer
    _, cache = unpack(forward(*args), "h", "cache")
    submission.clear_mutations()
    backward(rng.normal(size=dh.shape), cache)
    again = unpack(backward(dh, cache), *GRADIENTS)
    for wrt, name in enumerate(GRADIENTS):
        wanted = slopes(formula, args, wrt, dh)
        assert_close(again[wrt], wanted, ANALYTIC_GRADIENT, f"{name} of a second call", relative_floor=NOISE_FLOOR)
    assert_inputs_unchanged(submission)
