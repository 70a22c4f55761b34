"""Layers that treat every time step alike."""

import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error
from nnkit.temporal import temporal_affine_backward, temporal_affine_forward, temporal_softmax_loss


def test_the_affine_layer_is_the_same_at_every_step():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 5)), rng.normal(size=5)
    out, _ = temporal_affine_forward(x, w, b)
    for t in range(3):
        np.testing.assert_allclose(out[:, t], x[:, t] @ w + b, rtol=1e-12)


def test_gradients_of_the_affine_layer_are_its_slopes():
    rng = np.random.default_rng(1)
    args = [rng.normal(size=size) for size in [(2, 3, 4), (4, 5), (5,)]]
    dout = rng.normal(size=(2, 3, 5))
    for place, gradient in enumerate(temporal_affine_backward(dout, temporal_affine_forward(*args)[1])):

        def output(value, place=place):
            return temporal_affine_forward(*args[:place], value, *args[place + 1 :])[0]

        assert rel_error(gradient, eval_numerical_gradient_array(output, args[place], dout)) < 1e-8


@pytest.mark.parametrize(("n", "t", "share", "wanted"), [(100, 1, 1, 2.3), (100, 10, 1, 23), (5000, 10, 0.1, 2.3)])
def test_the_loss_is_summed_over_time_and_averaged_over_captions(n, t, share, wanted):
    rng = np.random.default_rng(2)
    x, y = 0.001 * rng.normal(size=(n, t, 10)), rng.integers(10, size=(n, t))
    assert temporal_softmax_loss(x, y, rng.random((n, t)) <= share)[0] == pytest.approx(wanted, abs=0.1)


def test_the_gradient_of_the_loss_is_its_slope_and_zero_where_masked():
    rng = np.random.default_rng(3)
    x, y, mask = rng.normal(size=(2, 4, 3)), rng.integers(3, size=(2, 4)), rng.random((2, 4)) > 0.4
    _, dx = temporal_softmax_loss(x, y, mask)
    numeric = eval_numerical_gradient(lambda x: temporal_softmax_loss(x, y, mask)[0], x, verbose=False)
    assert rel_error(dx, numeric) < 1e-7
    assert not mask.all()
    assert np.all(dx[~mask] == 0)


def test_large_scores_do_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        loss, dx = temporal_softmax_loss(
            np.array([[[1e4, 0.0], [0.0, 1e4]]]), np.array([[0, 0]]), np.ones((1, 2), bool)
        )
    assert loss == pytest.approx(1e4)
    np.testing.assert_allclose(dx, [[[0, 0], [-1, 1]]], atol=1e-12)


def test_verbose_prints_shapes(capsys):
    temporal_softmax_loss(np.zeros((1, 2, 3)), np.zeros((1, 2), int), np.array([[True, False]]), verbose=True)
    assert "(1, 2, 3)" in capsys.readouterr().out
