import numpy as np
import pytest

from nnkit.conv_sandwiches import (
    conv_bn_relu_backward,
    conv_bn_relu_forward,
    conv_relu_backward,
    conv_relu_forward,
    conv_relu_pool_backward,
    conv_relu_pool_forward,
)
from nnkit.gradient_check import eval_numerical_gradient_array, rel_error

CONV, POOL = {"stride": 1, "pad": 1}, {"pool_height": 2, "pool_width": 2, "stride": 2}


def conv_relu(x, w, b):
    return conv_relu_forward(x, w, b, CONV)


def conv_relu_pool(x, w, b):
    return conv_relu_pool_forward(x, w, b, CONV, POOL)


def conv_bn_relu(x, w, b, gamma, beta):
    return conv_bn_relu_forward(x, w, b, gamma, beta, CONV, {"mode": "train"})


@pytest.mark.parametrize(
    ("forward", "backward", "arguments"),
    [
        pytest.param(conv_relu, conv_relu_backward, 3, id="conv_relu"),
        pytest.param(conv_relu_pool, conv_relu_pool_backward, 3, id="conv_relu_pool"),
        pytest.param(conv_bn_relu, conv_bn_relu_backward, 5, id="conv_bn_relu"),
    ],
)
def test_a_sandwichs_gradients_agree_with_the_numerical_ones(forward, backward, arguments):
    rng = np.random.default_rng(1)
    inputs = [rng.standard_normal(shape) for shape in ((2, 3, 6, 4), (3, 3, 3, 3), 3, 3, 3)][:arguments]
    out, cache = forward(*inputs)
    dout = rng.standard_normal(out.shape)
    for argument, gradient in enumerate(backward(dout, cache)):
        numeric = eval_numerical_gradient_array(lambda _: forward(*inputs)[0], inputs[argument], dout)
        # What a bias adds, normalisation takes away: its gradient is rounding, and compared as such.
        scale = max(1, np.abs(numeric).max())
        assert gradient.shape == inputs[argument].shape
        assert rel_error(gradient + 10 * scale, numeric + 10 * scale) < 1e-8
