import json
from pathlib import Path

import numpy as np
import pytest

from nnkit.convolution import (
    conv_backward_naive,
    conv_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)
from nnkit.gradient_check import eval_numerical_gradient_array, rel_error

SEED_VALUES = Path(__file__).parents[2] / "graders" / "seed_values.json"


def linspace(spec):
    return np.linspace(*spec["linspace"], num=int(np.prod(spec["shape"]))).reshape(spec["shape"])


def seed_entry(name):
    (entry,) = (entry for entry in json.loads(SEED_VALUES.read_text()) if entry["id"] == name)
    return entry["inputs"], np.array(entry["expected"]["out"])


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def untied(rng, *shape):
    """Entries at least 0.01 apart: a small step changes no maximum."""
    return 0.01 * rng.permutation(int(np.prod(shape))).reshape(shape)


def test_convolution_gives_the_seed_values():
    inputs, expected = seed_entry("conv_forward_naive")
    out, _ = conv_forward_naive(*(linspace(inputs[name]) for name in "xwb"), inputs["conv_param"])
    assert rel_error(out, expected) < 1e-7


def test_max_pooling_gives_the_seed_values():
    inputs, expected = seed_entry("max_pool_forward_naive")
    out, _ = max_pool_forward_naive(linspace(inputs["x"]), inputs["pool_param"])
    assert rel_error(out, expected) < 1e-7


def test_a_filter_of_one_pixel_mixes_channels(rng):
    x, w, b = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((6, 3, 1, 1)), rng.standard_normal(6)
    out, _ = conv_forward_naive(x, w, b, {"stride": 1, "pad": 0})
    mixed = (x.transpose(0, 2, 3, 1) @ w[:, :, 0, 0].T + b).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(out, mixed)


def test_a_filter_with_a_single_one_moves_the_picture():
    x = np.arange(12.0).reshape(1, 1, 3, 4)
    w = np.zeros((1, 1, 3, 3))
    w[0, 0, 1, 0] = 1
    out, _ = conv_forward_naive(x, w, np.zeros(1), {"stride": 1, "pad": 1})
    np.testing.assert_array_equal(out[0, 0], [[0, 0, 1, 2], [0, 4, 5, 6], [0, 8, 9, 10]])


CONV_CASES = [
    pytest.param((2, 3, 5, 5), (2, 3, 3, 3), 1, 1, id="padded"),
    pytest.param((2, 2, 4, 6), (3, 2, 2, 3), 2, 0, id="not-square-unpadded"),
    pytest.param((1, 1, 6, 5), (1, 1, 3, 2), 3, 2, id="does-not-tile"),
]


@pytest.mark.parametrize(("x_shape", "w_shape", "stride", "pad"), CONV_CASES)
@pytest.mark.parametrize("argument", [0, 1, 2], ids=["dx", "dw", "db"])
def test_convolution_backward_agrees_with_the_numerical_gradient(rng, x_shape, w_shape, stride, pad, argument):
    inputs = [rng.standard_normal(shape) for shape in (x_shape, w_shape, w_shape[:1])]
    conv_param = {"stride": stride, "pad": pad}
    out, cache = conv_forward_naive(*inputs, conv_param)
    dout = rng.standard_normal(out.shape)
    numeric = eval_numerical_gradient_array(
        lambda _: conv_forward_naive(*inputs, conv_param)[0], inputs[argument], dout
    )
    assert rel_error(conv_backward_naive(dout, cache)[argument], numeric) < 1e-7


@pytest.mark.parametrize(
    ("shape", "height", "width", "stride"),
    [
        pytest.param((2, 2, 4, 6), 2, 2, 2, id="tiles"),
        pytest.param((2, 1, 5, 5), 3, 3, 1, id="overlaps"),
        pytest.param((1, 2, 5, 7), 3, 2, 2, id="does-not-tile"),
    ],
)
def test_max_pooling_backward_agrees_with_the_numerical_gradient(rng, shape, height, width, stride):
    x = untied(rng, *shape)
    pool_param = {"pool_height": height, "pool_width": width, "stride": stride}
    out, cache = max_pool_forward_naive(x, pool_param)
    dout = rng.standard_normal(out.shape)
    numeric = eval_numerical_gradient_array(lambda x: max_pool_forward_naive(x, pool_param)[0], x, dout)
    assert rel_error(max_pool_backward_naive(dout, cache), numeric) < 1e-8


def test_of_equal_maxima_the_first_gets_the_derivative():
    _, cache = max_pool_forward_naive(np.ones((1, 1, 2, 2)), {"pool_height": 2, "pool_width": 2, "stride": 2})
    dx = max_pool_backward_naive(np.full((1, 1, 1, 1), 5.0), cache)
    np.testing.assert_array_equal(dx[0, 0], [[5, 0], [0, 0]])


def test_naive_layers_keep_float32(rng):
    x, w, b = (rng.standard_normal(shape).astype(np.float32) for shape in ((1, 2, 4, 4), (3, 2, 3, 3), 3))
    maps, conv_cache = conv_forward_naive(x, w, b, {"stride": 1, "pad": 1})
    pooled, pool_cache = max_pool_forward_naive(maps, {"pool_height": 2, "pool_width": 2, "stride": 2})
    dmaps = max_pool_backward_naive(pooled, pool_cache)
    assert {a.dtype for a in (maps, pooled, dmaps, *conv_backward_naive(dmaps, conv_cache))} == {np.dtype(np.float32)}
