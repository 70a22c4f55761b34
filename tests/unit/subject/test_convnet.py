import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, rel_error
from nnkit.models.convnet import ThreeLayerConvNet


def small_net(**settings):
    np.random.seed(231)
    sizes = {"input_dim": (2, 6, 4), "num_filters": 3, "filter_size": 3, "hidden_dim": 5, "num_classes": 4}
    net = ThreeLayerConvNet(**sizes, dtype=np.float64, weight_scale=0.5, **settings)
    for name in ("b1", "b2", "b3"):  # zero biases would put ReLUs on their kinks
        net.params[name] += 0.1 * np.random.randn(len(net.params[name]))
    return net


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.standard_normal((3, 2, 6, 4)), np.array([0, 3, 1])


def test_parameters_have_the_documented_shapes_and_dtype():
    net = ThreeLayerConvNet()
    assert {name: w.shape for name, w in net.params.items()} == {
        "W1": (32, 3, 7, 7),
        "b1": (32,),
        "W2": (32 * 16 * 16, 100),
        "b2": (100,),
        "W3": (100, 10),
        "b3": (10,),
    }
    assert {w.dtype for w in net.params.values()} == {np.dtype(np.float32)}


def test_weights_are_drawn_in_order_with_randn():
    net = small_net()
    np.random.seed(231)
    for name in ("W1", "W2", "W3"):
        np.testing.assert_array_equal(net.params[name], 0.5 * np.random.randn(*net.params[name].shape))


def test_a_fresh_net_knows_nothing():
    np.random.seed(231)
    loss, _ = ThreeLayerConvNet().loss(np.random.randn(20, 3, 32, 32), np.random.randint(10, size=20))
    assert loss == pytest.approx(np.log(10), abs=0.01)


@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_gradients_agree_with_numerical_ones(batch, reg):
    X, y = batch
    net = small_net(reg=reg)
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for name, w in net.params.items():
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], w, verbose=False)
        assert rel_error(grads[name] + 1, numeric + 1) < 1e-8


def test_regularisation_weighs_weights_and_no_biases(batch):
    plain, _ = small_net().loss(*batch)
    net = small_net(reg=0.6)
    squares = sum(np.sum(net.params[name] ** 2) for name in ("W1", "W2", "W3"))
    assert net.loss(*batch)[0] == pytest.approx(plain + 0.3 * squares)


def test_images_of_odd_size_and_other_dtype_are_taken():
    net = ThreeLayerConvNet(input_dim=(1, 7, 5), num_filters=2, filter_size=5, hidden_dim=3, num_classes=2)
    X = np.random.default_rng(0).standard_normal((2, 1, 7, 5))
    assert net.loss(X).shape == (2, 2)
    loss, grads = net.loss(X, np.array([0, 1]))
    assert np.isfinite(loss)
    assert {gradient.dtype for gradient in grads.values()} == {np.dtype(np.float32)}
