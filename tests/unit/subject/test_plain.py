"""The two-layer network as plain functions: against the layers, numerical gradients, and what it promises."""

import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, rel_error
from nnkit.layers import affine_backward, affine_forward, affine_relu_backward, affine_relu_forward
from nnkit.losses import softmax_loss
from nnkit.models.plain import init_two_layer_model, two_layer_net

N, D, H, C = 6, 5, 8, 4


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def X(rng):
    return rng.normal(size=(N, D))


@pytest.fixture
def y(rng):
    return rng.integers(C, size=N)


@pytest.fixture
def model(rng):
    return {key: rng.normal(size=shape) for key, shape in [("W1", (D, H)), ("b1", H), ("W2", (H, C)), ("b2", C)]}


def test_a_model_starts_with_small_weights_and_biases_of_zero():
    np.random.seed(0)
    model = init_two_layer_model(300, 200, 100)
    assert {key: array.shape for key, array in model.items()} == {
        "W1": (300, 200),
        "b1": (200,),
        "W2": (200, 100),
        "b2": (100,),
    }
    assert not model["b1"].any()
    assert not model["b2"].any()
    for key in ("W1", "W2"):
        assert np.std(model[key]) == pytest.approx(1e-5, rel=0.02)


def test_the_first_layer_is_drawn_first():
    np.random.seed(3)
    model = init_two_layer_model(D, H, C)
    draws = np.random.RandomState(3)
    np.testing.assert_array_equal(model["W1"], 1e-5 * draws.randn(D, H))
    np.testing.assert_array_equal(model["W2"], 1e-5 * draws.randn(H, C))


def test_it_agrees_with_the_layers(X, y, model):
    hidden, hidden_cache = affine_relu_forward(X, model["W1"], model["b1"])
    scores, scores_cache = affine_forward(hidden, model["W2"], model["b2"])
    loss, dscores = softmax_loss(scores, y)
    dhidden, dW2, db2 = affine_backward(dscores, scores_cache)
    _, dW1, db1 = affine_relu_backward(dhidden, hidden_cache)
    assert rel_error(two_layer_net(X, model), scores) < 1e-12
    found, grads = two_layer_net(X, model, y)
    assert found == pytest.approx(loss, rel=1e-12)
    for key, wanted in [("W1", dW1), ("b1", db1), ("W2", dW2), ("b2", db2)]:
        assert rel_error(grads[key], wanted) < 1e-10


def test_gradients_are_the_slopes_of_the_regularised_loss(X, y, model):
    _, grads = two_layer_net(X, model, y, reg=0.3)
    assert grads.keys() == model.keys()
    for key, array in model.items():
        numeric = eval_numerical_gradient(lambda _: two_layer_net(X, model, y, reg=0.3)[0], array, verbose=False)
        assert rel_error(grads[key], numeric) < 1e-6


def test_the_penalty_is_half_of_reg_times_the_squared_weights(X, y, model):
    penalty = two_layer_net(X, model, y, reg=0.8)[0] - two_layer_net(X, model, y)[0]
    assert penalty == pytest.approx(0.4 * (np.sum(model["W1"] ** 2) + np.sum(model["W2"] ** 2)))


def test_without_knowledge_the_loss_is_the_log_of_the_number_of_classes(X, y, model):
    ignorant = {key: np.zeros_like(array) for key, array in model.items()}
    assert two_layer_net(X, ignorant, y)[0] == pytest.approx(np.log(C))


def test_large_scores_do_not_overflow_and_every_row_has_a_scale_of_its_own(X, y, model):
    X[0] *= 1e4
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        loss, grads = two_layer_net(X, model, y)
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in grads.values())


def test_the_model_is_only_read(X, y, model):
    before = {key: array.copy() for key, array in model.items()}
    two_layer_net(X, model, y, reg=0.5)
    for key in before:
        np.testing.assert_array_equal(model[key], before[key])
