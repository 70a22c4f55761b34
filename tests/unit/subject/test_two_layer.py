import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, rel_error
from nnkit.models.two_layer import TwoLayerNet


def linspace(low, high, *shape):
    return np.linspace(low, high, num=int(np.prod(shape))).reshape(shape)


@pytest.fixture
def seed_net():
    net = TwoLayerNet(input_dim=5, hidden_dim=50, num_classes=7, weight_scale=1e-3)
    net.params = {
        "W1": linspace(-0.7, 0.3, 5, 50),
        "b1": linspace(-0.1, 0.9, 50),
        "W2": linspace(-0.3, 0.4, 50, 7),
        "b2": linspace(-0.9, 0.1, 7),
    }
    return net


@pytest.fixture
def seed_inputs():
    return linspace(-5.5, 4.5, 5, 3).T


def test_scores_are_the_seed_values(seed_net, seed_inputs):
    expected = np.array(
        [
            [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096],
            [12.05769098, 12.74614105, 13.43459113, 14.1230412, 14.81149128, 15.49994135, 16.18839143],
            [12.58373087, 13.20054771, 13.81736455, 14.43418138, 15.05099822, 15.66781506, 16.2846319],
        ]
    )
    assert np.abs(seed_net.loss(seed_inputs) - expected).sum() < 1e-6


@pytest.mark.parametrize(("reg", "expected"), [(0, 3.4702243556), (1, 26.5948426952)])
def test_the_loss_is_the_seed_value(seed_net, seed_inputs, reg, expected):
    seed_net.reg = reg
    loss, _ = seed_net.loss(seed_inputs, np.array([0, 5, 1]))
    assert abs(loss - expected) < 1e-10


@pytest.mark.parametrize("reg", [0.0, 0.7])
@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_gradients_agree_with_the_numerical_ones(reg, name):
    rng = np.random.default_rng(231)
    np.random.seed(231)
    net = TwoLayerNet(input_dim=6, hidden_dim=8, num_classes=4, weight_scale=0.5, reg=reg)
    net.params["b1"] += rng.uniform(0.1, 0.2, size=8)  # zero biases would put units on the kink of the ReLU
    X, y = rng.standard_normal((3, 2, 3)), np.array([1, 0, 3])
    _, grads = net.loss(X, y)
    numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], net.params[name], verbose=False)
    assert rel_error(grads[name], numeric) < 1e-6


def test_weights_are_drawn_with_the_given_scale():
    np.random.seed(231)
    net = TwoLayerNet(input_dim=300, hidden_dim=100, weight_scale=1e-2)
    assert net.params["W1"].std() == pytest.approx(1e-2, rel=0.05)
    assert net.params["W2"].std() == pytest.approx(1e-2, rel=0.1)


def test_biases_start_at_zero():
    net = TwoLayerNet(input_dim=3, hidden_dim=2)
    assert not net.params["b1"].any()
    assert not net.params["b2"].any()


def test_parameters_have_the_shapes_of_the_default_network():
    shapes = {name: w.shape for name, w in TwoLayerNet().params.items()}
    assert shapes == {"W1": (3072, 100), "b1": (100,), "W2": (100, 10), "b2": (10,)}
