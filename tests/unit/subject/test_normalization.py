import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient_array, rel_error
from nnkit.normalization import (
    batchnorm_backward,
    batchnorm_backward_alt,
    batchnorm_forward,
    layernorm_backward,
    layernorm_forward,
)


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def case(rng, n=4, d=5):
    """Inputs, scale, shift and upstream derivative."""
    return (
        5 * rng.standard_normal((n, d)) + 12,
        rng.standard_normal(d),
        rng.standard_normal(d),
        rng.standard_normal((n, d)),
    )


def trained(**settings):
    return {"mode": "train", **settings}


def test_in_training_features_get_the_mean_beta_and_the_deviation_gamma(rng):
    x, gamma, beta = 3 * rng.standard_normal((200, 3)) + 7, np.array([1.0, 2.0, 3.0]), np.array([11.0, 12.0, 13.0])
    out, _ = batchnorm_forward(x, gamma, beta, trained())
    assert rel_error(out.mean(axis=0), beta) < 1e-12
    assert rel_error(out.std(axis=0), gamma) < 1e-5


def test_after_many_batches_testing_does_nearly_the_same(rng):
    bn_param = trained()
    for _ in range(100):
        batchnorm_forward(3 * rng.standard_normal((200, 3)) + 7, np.ones(3), np.zeros(3), bn_param)
    bn_param["mode"] = "test"
    out, _ = batchnorm_forward(3 * rng.standard_normal((5000, 3)) + 7, np.ones(3), np.zeros(3), bn_param)
    assert np.abs(out.mean(axis=0)).max() < 0.1
    assert np.abs(out.std(axis=0) - 1).max() < 0.1


def test_running_averages_move_with_each_batch():
    bn_param = trained(momentum=0.75)
    for x in (np.array([[0.0], [2.0]]), np.array([[4.0], [8.0]])):
        batchnorm_forward(x, np.ones(1), np.zeros(1), bn_param)
    assert bn_param["running_mean"] == pytest.approx(0.75 * 0.25 * 1 + 0.25 * 6)
    assert bn_param["running_var"] == pytest.approx(0.75 * 0.25 * 1 + 0.25 * 4)


def test_testing_changes_nothing_in_bn_param(rng):
    x, gamma, beta, _ = case(rng)
    bn_param = {"mode": "test", "running_mean": rng.standard_normal(5), "running_var": np.ones(5)}
    before = {key: np.copy(value) for key, value in bn_param.items()}
    batchnorm_forward(x, gamma, beta, bn_param)
    assert bn_param.keys() == before.keys()
    assert all(np.array_equal(bn_param[key], value) for key, value in before.items())


def test_mode_that_does_not_exist_is_named(rng):
    x, gamma, beta, _ = case(rng)
    with pytest.raises(ValueError, match="mode is 'tset'"):
        batchnorm_forward(x, gamma, beta, {"mode": "tset"})


PASSES = {
    "batchnorm": (batchnorm_forward, batchnorm_backward),
    "batchnorm, one expression": (batchnorm_forward, batchnorm_backward_alt),
    "layernorm": (layernorm_forward, layernorm_backward),
}


@pytest.mark.parametrize("eps", [1e-5, 0.5])
@pytest.mark.parametrize("argument", [0, 1, 2], ids=["dx", "dgamma", "dbeta"])
@pytest.mark.parametrize(("forward", "backward"), PASSES.values(), ids=PASSES.keys())
def test_backward_pass_agrees_with_the_numerical_gradient(rng, forward, backward, argument, eps):
    *inputs, dout = case(rng)
    _, cache = forward(*inputs, trained(eps=eps))
    numeric = eval_numerical_gradient_array(lambda _: forward(*inputs, trained(eps=eps))[0], inputs[argument], dout)
    assert rel_error(backward(dout, cache)[argument], numeric) < 1e-7


@pytest.mark.parametrize("shape", [(1, 4), (7, 1), (50, 60)])
def test_both_backward_passes_agree(rng, shape):
    x, gamma, beta, dout = case(rng, *shape)
    _, cache = batchnorm_forward(x, gamma, beta, trained())
    for long, short in zip(batchnorm_backward(dout, cache), batchnorm_backward_alt(dout, cache), strict=True):
        assert np.allclose(long, short, rtol=1e-9, atol=1e-12)


def test_layer_norm_is_batch_norm_of_the_transpose(rng):
    x, _, _, _ = case(rng)
    rows, _ = layernorm_forward(x, 1, 0, {})
    columns, _ = batchnorm_forward(x.T, np.ones(4), np.zeros(4), trained())
    assert np.allclose(rows, columns.T, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("forward", "backward"), PASSES.values(), ids=PASSES.keys())
def test_a_constant_feature_or_row_becomes_beta(forward, backward):
    out, cache = forward(np.full((3, 3), 2.0), np.ones(3), np.arange(3.0), trained())
    assert np.array_equal(out, np.tile(np.arange(3.0), (3, 1)))
    assert np.isfinite(backward(np.ones((3, 3)), cache)[0]).all()


@pytest.mark.parametrize(("forward", "backward"), PASSES.values(), ids=PASSES.keys())
def test_inputs_stay_as_they_were(rng, forward, backward):
    *inputs, dout = case(rng)
    before = [array.copy() for array in (*inputs, dout)]
    _, cache = forward(*inputs, trained())
    backward(dout, cache)
    assert all(np.array_equal(old, new) for old, new in zip(before, (*inputs, dout), strict=True))


@pytest.mark.parametrize(("forward", "backward"), PASSES.values(), ids=PASSES.keys())
def test_single_precision_is_kept(rng, forward, backward):
    x, gamma, beta, dout = (array.astype(np.float32) for array in case(rng))
    bn_param = trained()
    out, cache = forward(x, gamma, beta, bn_param)
    running = [value for key, value in bn_param.items() if key.startswith("running")]
    assert {array.dtype for array in (out, *backward(dout, cache), *running)} == {np.dtype(np.float32)}
