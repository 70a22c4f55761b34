"""The regularisation of networks: one convention, which all of them follow, with the gradient that belongs to it."""

import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient
from nnkit.models.convnet import ThreeLayerConvNet
from nnkit.models.fully_connected import FullyConnectedNet
from nnkit.models.plain import two_layer_net
from nnkit.models.two_layer import TwoLayerNet
from nnkit.regularization import l2_gradient, l2_penalty

REG = 0.7


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_penalty_is_half_reg_times_the_squares():
    assert l2_penalty(np.array([[1.0, -2.0], [0.0, 3.0]]), 0.5) == 0.5 * 0.5 * 14


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2, 2)])
def test_the_gradient_is_the_penaltys(rng, shape):
    w = rng.normal(size=shape)
    np.testing.assert_allclose(
        l2_gradient(w, REG), eval_numerical_gradient(lambda w: l2_penalty(w, REG), w, verbose=False), rtol=1e-7
    )


def test_float32_stays_float32(rng):
    w = rng.normal(size=(3, 4)).astype(np.float32)
    assert l2_penalty(w, REG).dtype == l2_gradient(w, REG).dtype == np.float32


def without_layers(reg, X, y):
    rng = np.random.default_rng(1)
    model = {"W1": rng.normal(size=(12, 4)), "b1": rng.normal(size=4)}
    model |= {"W2": rng.normal(size=(4, 3)), "b2": rng.normal(size=3)}
    return model, *two_layer_net(X, model, y, reg)


def of_class(make):
    def loss_of(reg, X, y):
        np.random.seed(1)
        net = make(reg)
        for name, parameter in net.params.items():
            net.params[name] = parameter + 0.1 * np.random.randn(*parameter.shape)
        return net.params, *net.loss(X, y)

    return loss_of


NETWORKS = {
    "plain": without_layers,
    # In this exercise students write the penalty out, as they first meet it.
    "two_layer": of_class(lambda reg: TwoLayerNet(12, 4, 3, weight_scale=1, reg=reg)),
    "fully_connected": of_class(
        lambda reg: FullyConnectedNet([5, 4], 12, 3, normalization="batchnorm", reg=reg, dtype=np.float64)
    ),
    "convnet": of_class(
        lambda reg: ThreeLayerConvNet((3, 2, 2), 2, 1, hidden_dim=4, num_classes=3, reg=reg, dtype=np.float64)
    ),
}


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_regularises_its_weights_by_the_convention_and_nothing_else(rng, network):
    X, y = rng.normal(size=(6, 3, 2, 2)), rng.integers(3, size=6)
    X = X.reshape(6, 12) if network == "plain" else X
    params, plain_loss, plain_grads = NETWORKS[network](0.0, X, y)
    _, loss, grads = NETWORKS[network](REG, X, y)
    weights = [name for name in params if name.startswith("W")]
    assert loss - plain_loss == pytest.approx(sum(l2_penalty(params[name], REG) for name in weights))
    for name, param in params.items():
        added = l2_gradient(param, REG) if name in weights else 0
        np.testing.assert_allclose(grads[name] - plain_grads[name], np.broadcast_to(added, param.shape), atol=1e-9)
