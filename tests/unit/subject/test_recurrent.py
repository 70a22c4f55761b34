"""The simple recurrent layer and the LSTM: golden values, numerical gradients, and what holds for any of them."""

import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient_array, rel_error
from nnkit.lstm import lstm_backward, lstm_forward, lstm_step_backward, lstm_step_forward, sigmoid
from nnkit.recurrent import rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward

LAYERS = {"rnn": (rnn_forward, rnn_backward, 1), "lstm": (lstm_forward, lstm_backward, 4)}
every_layer = pytest.mark.parametrize("layer", LAYERS)


def spaced(start, stop, *shape):
    return np.linspace(start, stop, num=int(np.prod(shape))).reshape(shape)


def sequence(layer, n=2, t=4, d=3, h=2, seed=0):
    """x, h0, Wx, Wh and b at random."""
    rng, columns = np.random.default_rng(seed), LAYERS[layer][2] * h
    return [rng.normal(size=size) for size in [(n, t, d), (n, h), (d, columns), (h, columns), (columns,)]]


def check_gradients(function, args, upstream, gradients, allowed):
    for place, gradient in enumerate(gradients):

        def output(value, place=place):
            return function(*args[:place], value, *args[place + 1 :])

        assert rel_error(gradient, eval_numerical_gradient_array(output, args[place], upstream)) < allowed


def test_a_simple_step_gives_its_golden_values():
    args = spaced(-0.4, 0.7, 3, 10), spaced(-0.2, 0.5, 3, 4), spaced(-0.1, 0.9, 10, 4), spaced(-0.3, 0.7, 4, 4)
    wanted = [
        [-0.58172089, -0.50182032, -0.41232771, -0.31410098],
        [0.66854692, 0.79562378, 0.87755553, 0.92795967],
        [0.97934501, 0.99144213, 0.99646691, 0.99854353],
    ]
    assert rel_error(rnn_step_forward(*args, spaced(-0.2, 0.4, 4))[0], np.array(wanted)) < 1e-8


def test_an_lstm_over_a_sequence_gives_its_golden_values():
    args = spaced(-0.4, 0.6, 2, 3, 5), spaced(-0.4, 0.8, 2, 4), spaced(-0.2, 0.9, 5, 16), spaced(-0.3, 0.6, 4, 16)
    wanted = [
        [
            [0.01764008, 0.01823233, 0.01882671, 0.0194232],
            [0.11287491, 0.12146228, 0.13018446, 0.13902939],
            [0.31358768, 0.33338627, 0.35304453, 0.37250975],
        ],
        [
            [0.45767879, 0.4761092, 0.4936887, 0.51041945],
            [0.6704845, 0.69350089, 0.71486014, 0.7346449],
            [0.81733511, 0.83677871, 0.85403753, 0.86935314],
        ],
    ]
    assert rel_error(lstm_forward(*args, spaced(0.2, 0.7, 16))[0], np.array(wanted)) < 1e-7


def test_gradients_of_a_simple_step_are_its_slopes():
    rng = np.random.default_rng(0)
    args = [rng.normal(size=size) for size in [(3, 4), (3, 2), (4, 2), (2, 2), (2,)]]
    dnext_h = rng.normal(size=(3, 2))
    gradients = rnn_step_backward(dnext_h, rnn_step_forward(*args)[1])
    check_gradients(lambda *a: rnn_step_forward(*a)[0], args, dnext_h, gradients, 1e-8)


def test_gradients_of_an_lstm_step_are_its_slopes_through_both_states():
    rng = np.random.default_rng(0)
    args = [rng.normal(size=size) for size in [(3, 4), (3, 2), (3, 2), (4, 8), (2, 8), (8,)]]
    upstream = rng.normal(size=(2, 3, 2))
    gradients = lstm_step_backward(*upstream, lstm_step_forward(*args)[2])
    check_gradients(lambda *a: np.stack(lstm_step_forward(*a)[:2]), args, upstream, gradients, 1e-8)


@every_layer
def test_gradients_of_a_sequence_are_its_slopes(layer):
    forward, backward, _ = LAYERS[layer]
    args, dh = sequence(layer), np.random.default_rng(1).normal(size=(2, 4, 2))
    check_gradients(lambda *a: forward(*a)[0], args, dh, backward(dh, forward(*args)[1]), 5e-7)


@every_layer
def test_a_sequence_of_one_step_of_one_unit_has_gradients_of_the_right_shapes(layer):
    forward, backward, _ = LAYERS[layer]
    args = sequence(layer, n=1, t=1, d=1, h=1)
    gradients = backward(np.ones((1, 1, 1)), forward(*args)[1])
    assert [gradient.shape for gradient in gradients] == [argument.shape for argument in args]


@every_layer
def test_the_future_does_not_act_on_the_past(layer):
    forward, _, _ = LAYERS[layer]
    x, *rest = sequence(layer, t=6)
    changed = x.copy()
    changed[:, 3:] += 1
    before, after = forward(x, *rest)[0], forward(changed, *rest)[0]
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.all(before[:, 3:] != after[:, 3:])


@every_layer
def test_sequences_of_a_batch_do_not_meet(layer):
    forward, _, _ = LAYERS[layer]
    x, h0, *weights = sequence(layer, n=3)
    alone = [forward(x[n : n + 1], h0[n : n + 1], *weights)[0][0] for n in range(3)]
    np.testing.assert_allclose(forward(x, h0, *weights)[0], alone, rtol=1e-12)


@every_layer
def test_float32_stays_float32(layer):
    forward, backward, _ = LAYERS[layer]
    args = [array.astype(np.float32) for array in sequence(layer)]
    h, cache = forward(*args)
    assert {array.dtype for array in (h, *backward(h, cache))} == {np.dtype(np.float32)}


def test_a_simple_sequence_cut_in_two_gives_the_same_states():
    x, h0, *weights = sequence("rnn", t=6)
    whole, _ = rnn_forward(x, h0, *weights)
    first, _ = rnn_forward(x[:, :3], h0, *weights)
    np.testing.assert_array_equal(rnn_forward(x[:, 3:], first[:, -1], *weights)[0], whole[:, 3:])


@pytest.mark.parametrize(("stretch", "length"), [(0.5, 0.5**29), (1.0, 1.0), (1.5, 1.5**29)])
def test_a_gradient_through_a_simple_layer_vanishes_or_explodes_with_the_stretch_of_its_weights(stretch, length):
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    _, cache = rnn_forward(np.zeros((1, 30, 4)), np.zeros((1, 4)), np.eye(4), stretch * rotation, np.zeros(4))
    dh = np.zeros((1, 30, 4))
    dh[:, -1, 0] = 1
    dx, *_ = rnn_backward(dh, cache)
    assert np.linalg.norm(dx[0, 0]) == pytest.approx(length)


def test_an_open_forget_gate_keeps_a_derivative_over_many_steps():
    kept = {}
    for bias in (0.0, 8.0):
        x, h0, Wx, Wh, b = sequence("lstm", n=1, t=50)
        b = np.repeat([0.0, bias, 0.0, 0.0], 2)
        dh = np.zeros((1, 50, 2))
        dh[:, -1] = 1
        dx, *_ = lstm_backward(dh, lstm_forward(x, h0, 0.1 * Wx, 0.1 * Wh, b)[1])
        kept[bias] = np.linalg.norm(dx[0, 0]) / np.linalg.norm(dx[0, -1])
    assert kept[0.0] < 1e-6
    assert kept[8.0] > 0.1


def test_sigmoid_of_numbers_of_any_size():
    with np.errstate(all="raise"):
        np.testing.assert_allclose(sigmoid(np.array([-1e4, -2.0, 0.0, 2.0, 1e4])), [0, 0.11920292, 0.5, 0.88079708, 1])
