import numpy as np
import pytest

from nnkit import fast_convolution
from nnkit.convolution import (
    conv_backward_naive,
    conv_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)
from nnkit.fast_convolution import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
)

CONV_CASES = [
    pytest.param((2, 3, 9, 9), (4, 3, 3, 3), 2, 1, id="strided"),
    pytest.param((3, 2, 5, 8), (2, 2, 3, 2), 1, 0, id="not-square-unpadded"),
    pytest.param((2, 2, 6, 7), (3, 2, 3, 3), 2, 1, id="does-not-tile"),
    pytest.param((2, 1, 4, 5), (1, 1, 1, 1), 3, 0, id="stride-beyond-the-window"),
    pytest.param((1, 1, 3, 4), (2, 1, 3, 4), 1, 0, id="one-window"),
    pytest.param((2, 2, 2, 3), (3, 2, 5, 5), 1, 2, id="larger-than-the-image"),
]
POOL_CASES = [
    pytest.param((2, 3, 6, 8), 2, 2, 2, id="tiles"),
    pytest.param((2, 2, 7, 5), 3, 3, 2, id="overlaps"),
    pytest.param((1, 2, 5, 7), 2, 3, 1, id="not-square"),
    pytest.param((3, 1, 7, 9), 2, 2, 3, id="leaves-gaps"),
    pytest.param((1, 1, 4, 3), 4, 3, 1, id="one-window"),
]


@pytest.fixture
def rng():
    return np.random.default_rng(231)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch, with which the fast layers are compared, is not installed")


def conv_inputs(rng, x_shape, w_shape):
    return [rng.standard_normal(shape) for shape in (x_shape, w_shape, w_shape[:1])]


@pytest.mark.parametrize(("x_shape", "w_shape", "stride", "pad"), CONV_CASES)
def test_fast_convolution_is_the_naive_one(rng, x_shape, w_shape, stride, pad):
    inputs = (*conv_inputs(rng, x_shape, w_shape), {"stride": stride, "pad": pad})
    naive, naive_cache = conv_forward_naive(*inputs)
    fast, fast_cache = conv_forward_fast(*inputs)
    np.testing.assert_allclose(fast, naive, atol=1e-12)
    dout = rng.standard_normal(naive.shape)
    for one, other in zip(conv_backward_fast(dout, fast_cache), conv_backward_naive(dout, naive_cache), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("column_bytes", [1, 2500, 2**30])
def test_images_are_taken_in_portions_of_any_size(rng, monkeypatch, column_bytes):
    monkeypatch.setattr(fast_convolution, "COLUMN_BYTES", column_bytes)
    inputs = (*conv_inputs(rng, (5, 2, 4, 4), (3, 2, 3, 3)), {"stride": 1, "pad": 1})
    out, cache = conv_forward_fast(*inputs)
    np.testing.assert_allclose(out, conv_forward_naive(*inputs)[0], atol=1e-12)
    for one, other in zip(conv_backward_fast(out, cache), conv_backward_naive(out, cache), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize(("shape", "height", "width", "stride"), POOL_CASES)
def test_fast_pooling_is_the_naive_one(rng, shape, height, width, stride):
    x = rng.standard_normal(shape)
    pool_param = {"pool_height": height, "pool_width": width, "stride": stride}
    naive, naive_cache = max_pool_forward_naive(x, pool_param)
    fast, fast_cache = max_pool_forward_fast(x, pool_param)
    np.testing.assert_array_equal(fast, naive)
    dout = rng.standard_normal(naive.shape)
    np.testing.assert_allclose(
        max_pool_backward_fast(dout, fast_cache), max_pool_backward_naive(dout, naive_cache), atol=1e-12
    )


def test_fast_pooling_gives_ties_to_the_first_as_the_naive_one_does(rng):
    x = rng.integers(-1, 2, size=(2, 2, 6, 6)).astype(float)
    pool_param = {"pool_height": 3, "pool_width": 3, "stride": 2}
    _, naive_cache = max_pool_forward_naive(x, pool_param)
    out, fast_cache = max_pool_forward_fast(x, pool_param)
    np.testing.assert_array_equal(max_pool_backward_fast(out, fast_cache), max_pool_backward_naive(out, naive_cache))


def test_fast_layers_change_no_input(rng):
    x, w, b = conv_inputs(rng, (2, 2, 5, 5), (3, 2, 3, 3))
    kept = [array.copy() for array in (x, w, b)]
    maps, conv_cache = conv_forward_fast(x, w, b, {"stride": 1, "pad": 0})
    pooled, pool_cache = max_pool_forward_fast(maps, {"pool_height": 2, "pool_width": 2, "stride": 1})
    kept += [maps.copy(), pooled.copy()]
    max_pool_backward_fast(pooled, pool_cache)
    conv_backward_fast(maps, conv_cache)
    for array, before in zip((x, w, b, maps, pooled), kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_fast_layers_keep_float32(rng):
    x, w, b = (array.astype(np.float32) for array in conv_inputs(rng, (2, 2, 6, 6), (3, 2, 3, 3)))
    maps, conv_cache = conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    pooled, pool_cache = max_pool_forward_fast(maps, {"pool_height": 2, "pool_width": 2, "stride": 2})
    dmaps = max_pool_backward_fast(pooled, pool_cache)
    assert {a.dtype for a in (maps, pooled, dmaps, *conv_backward_fast(dmaps, conv_cache))} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("x_shape", "w_shape", "stride", "pad"), CONV_CASES)
def test_fast_convolution_is_pytorchs(rng, torch, x_shape, w_shape, stride, pad):
    x, w, b = conv_inputs(rng, x_shape, w_shape)
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, w, b)]
    wanted = torch.nn.functional.conv2d(*tensors, stride=stride, padding=pad)
    out, cache = conv_forward_fast(x, w, b, {"stride": stride, "pad": pad})
    np.testing.assert_allclose(out, wanted.detach().numpy(), atol=1e-12)
    dout = rng.standard_normal(out.shape)
    gradients = torch.autograd.grad(wanted, tensors, torch.tensor(dout))
    for gradient, tensor in zip(conv_backward_fast(dout, cache), gradients, strict=True):
        np.testing.assert_allclose(gradient, tensor.numpy(), atol=1e-12)


@pytest.mark.parametrize(("shape", "height", "width", "stride"), POOL_CASES)
def test_fast_pooling_is_pytorchs(rng, torch, shape, height, width, stride):
    x = rng.standard_normal(shape)
    tensor = torch.tensor(x, requires_grad=True)
    wanted = torch.nn.functional.max_pool2d(tensor, (height, width), stride)
    out, cache = max_pool_forward_fast(x, {"pool_height": height, "pool_width": width, "stride": stride})
    np.testing.assert_array_equal(out, wanted.detach().numpy())
    dout = rng.standard_normal(out.shape)
    (gradient,) = torch.autograd.grad(wanted, tensor, torch.tensor(dout))
    np.testing.assert_allclose(max_pool_backward_fast(dout, cache), gradient.numpy(), atol=1e-12)
