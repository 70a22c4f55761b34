import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient_array, rel_error
from nnkit.spatial_normalization import (
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
    spatial_groupnorm_backward,
    spatial_groupnorm_forward,
)


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def channels(values):
    return np.asarray(values, dtype=float).reshape(1, -1, 1, 1)


def test_spatial_batchnorm_normalises_each_channel_over_batch_and_places(rng):
    x = 4 * rng.standard_normal((3, 2, 4, 5)) + 10
    out, _ = spatial_batchnorm_forward(x, np.array([3.0, 4.0]), np.array([6.0, 7.0]), {"mode": "train"})
    assert out.shape == x.shape
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), [6, 7])
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), [3, 4], rtol=1e-5)


def test_spatial_batchnorm_keeps_running_averages_of_channels_and_uses_them_at_test_time(rng):
    bn_param = {"mode": "train"}
    for _ in range(60):
        x = 2 * rng.standard_normal((10, 3, 6, 4)) + np.array([1.0, 2.0, 3.0])[:, None, None]
        spatial_batchnorm_forward(x, np.ones(3), np.zeros(3), bn_param)
    assert bn_param["running_mean"].shape == bn_param["running_var"].shape == (3,)
    bn_param["mode"] = "test"
    out, _ = spatial_batchnorm_forward(x, np.ones(3), np.zeros(3), bn_param)
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=0.2)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), 1, atol=0.1)


@pytest.mark.parametrize("argument", [0, 1, 2], ids=["dx", "dgamma", "dbeta"])
def test_spatial_batchnorm_backward_agrees_with_the_numerical_gradient(rng, argument):
    inputs = [5 * rng.standard_normal((2, 3, 4, 3)) + 12, rng.standard_normal(3), rng.standard_normal(3)]
    dout = rng.standard_normal((2, 3, 4, 3))
    _, cache = spatial_batchnorm_forward(*inputs, {"mode": "train"})
    numeric = eval_numerical_gradient_array(
        lambda _: spatial_batchnorm_forward(*inputs, {"mode": "train"})[0], inputs[argument], dout
    )
    assert rel_error(spatial_batchnorm_backward(dout, cache)[argument], numeric) < 1e-6


@pytest.mark.parametrize("G", [1, 2, 3, 6])
def test_groupnorm_normalises_each_group_of_each_image(rng, G):
    x = 4 * rng.standard_normal((2, 6, 4, 5)) + np.arange(12).reshape(2, 6, 1, 1)
    out, _ = spatial_groupnorm_forward(x, channels(np.ones(6)), channels(np.zeros(6)), G, {})
    groups = out.reshape(2 * G, -1)
    np.testing.assert_allclose(groups.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(groups.std(axis=1), 1, rtol=1e-5)


def test_groupnorm_scales_and_shifts_channels(rng):
    x = rng.standard_normal((2, 4, 3, 3))
    gamma, beta = channels([1, 2, 3, 4]), channels([5, 6, 7, 8])
    plain, _ = spatial_groupnorm_forward(x, np.ones_like(gamma), np.zeros_like(beta), 2, {})
    out, _ = spatial_groupnorm_forward(x, gamma, beta, 2, {})
    np.testing.assert_allclose(out, gamma * plain + beta)


@pytest.mark.parametrize("G", [1, 2, 6])
@pytest.mark.parametrize("argument", [0, 1, 2], ids=["dx", "dgamma", "dbeta"])
def test_groupnorm_backward_agrees_with_the_numerical_gradient(rng, G, argument):
    inputs = [5 * rng.standard_normal((2, 6, 3, 2)), *(channels(rng.standard_normal(6)) for _ in range(2))]
    dout = rng.standard_normal((2, 6, 3, 2))
    _, cache = spatial_groupnorm_forward(*inputs, G, {"eps": 0.01})
    analytic = spatial_groupnorm_backward(dout, cache)[argument]
    numeric = eval_numerical_gradient_array(
        lambda _: spatial_groupnorm_forward(*inputs, G, {"eps": 0.01})[0], inputs[argument], dout
    )
    assert rel_error(analytic, numeric) < 1e-6
