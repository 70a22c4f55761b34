import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient_array, rel_error
from nnkit.layers import (
    affine_backward,
    affine_forward,
    affine_relu_backward,
    affine_relu_forward,
    relu_backward,
    relu_forward,
)


def linspace(low, high, *shape):
    return np.linspace(low, high, num=int(np.prod(shape))).reshape(shape)


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def away_from_zero(x):
    return x + 0.1 * np.sign(x)


def test_affine_forward_gives_the_seed_values():
    out, _ = affine_forward(linspace(-0.1, 0.5, 2, 4, 5, 6), linspace(-0.2, 0.3, 120, 3), np.linspace(-0.3, 0.1, 3))
    expected = np.array([[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]])
    assert rel_error(out, expected) < 1e-8


def test_relu_forward_gives_the_seed_values():
    out, _ = relu_forward(linspace(-0.5, 0.5, 3, 4))
    expected = np.array(
        [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]],
    )
    assert rel_error(out, expected) < 1e-7


@pytest.mark.parametrize(("argument", "shape"), [(0, (10, 2, 3)), (1, (6, 5)), (2, (5,))], ids=["dx", "dw", "db"])
def test_affine_backward_agrees_with_the_numerical_gradient(rng, argument, shape):
    inputs = [rng.standard_normal(size) for size in ((10, 2, 3), (6, 5), (5,))]
    dout = rng.standard_normal((10, 5))
    _, cache = affine_forward(*inputs)
    analytic = affine_backward(dout, cache)[argument]
    numeric = eval_numerical_gradient_array(lambda _: affine_forward(*inputs)[0], inputs[argument], dout)
    assert analytic.shape == shape
    assert rel_error(analytic, numeric) < 1e-9


def test_relu_backward_agrees_with_the_numerical_gradient(rng):
    x = away_from_zero(rng.standard_normal((10, 10)))
    dout = rng.standard_normal(x.shape)
    numeric = eval_numerical_gradient_array(lambda x: relu_forward(x)[0], x, dout)
    _, cache = relu_forward(x)
    assert rel_error(relu_backward(dout, cache), numeric) < 1e-11


def test_relu_backward_is_zero_at_the_kink():
    assert relu_backward(np.ones(3), np.array([-1.0, 0.0, 1.0])).tolist() == [0, 0, 1]


@pytest.mark.parametrize("argument", [0, 1, 2], ids=["dx", "dw", "db"])
def test_the_sandwich_agrees_with_the_numerical_gradient(rng, argument):
    inputs = [rng.standard_normal((2, 3, 4)), rng.standard_normal((12, 10)), rng.standard_normal(10)]
    dout = rng.standard_normal((2, 10))
    _, cache = affine_relu_forward(*inputs)
    analytic = affine_relu_backward(dout, cache)[argument]
    numeric = eval_numerical_gradient_array(lambda _: affine_relu_forward(*inputs)[0], inputs[argument], dout)
    assert rel_error(analytic, numeric) < 1e-8


def test_layers_leave_their_inputs_as_they_were(rng):
    inputs = [rng.standard_normal((2, 3, 4)), rng.standard_normal((12, 10)), rng.standard_normal(10)]
    dout = rng.standard_normal((2, 10))
    before = [array.copy() for array in (*inputs, dout)]
    _, cache = affine_relu_forward(*inputs)
    affine_relu_backward(dout, cache)
    assert all(np.array_equal(old, new) for old, new in zip(before, (*inputs, dout), strict=True))


def test_layers_keep_single_precision(rng):
    x, w, b = (rng.standard_normal(size).astype(np.float32) for size in ((2, 3), (3, 4), (4,)))
    out, cache = affine_relu_forward(x, w, b)
    assert {array.dtype for array in (out, *affine_relu_backward(out, cache))} == {np.dtype(np.float32)}
