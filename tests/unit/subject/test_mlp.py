import itertools

import numpy as np
import pytest

import nnkit.models.mlp as mlp
from nnkit.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error
from nnkit.models.mlp import (
    MultiLayerPerceptron,
    classification_error,
    momentum_step,
    mse_loss,
    tanh_backward,
    tanh_forward,
    train_perceptron,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_tanh_backward_agrees_with_the_numerical_gradient(rng):
    x, dout = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    numeric = eval_numerical_gradient_array(lambda x: tanh_forward(x)[0], x, dout)
    assert rel_error(tanh_backward(dout, tanh_forward(x)[1]), numeric) < 1e-8


def test_tanh_of_large_numbers_is_one():
    np.testing.assert_array_equal(tanh_forward(np.array([-1e6, 1e6]))[0], [-1, 1])


def test_mean_squared_error_is_one_for_a_net_that_says_nothing_and_four_for_one_that_is_surely_wrong():
    y = np.array([1.0, -1, -1])
    assert mse_loss(np.zeros(3), y)[0] == 1
    assert mse_loss(-y, y)[0] == 4


def test_mean_squared_errors_gradient_agrees_with_the_numerical_one(rng):
    out, y = rng.normal(size=6), rng.choice([-1.0, 1.0], size=6)
    numeric = eval_numerical_gradient(lambda out: mse_loss(out, y)[0], out, verbose=False)
    assert rel_error(mse_loss(out, y)[1], numeric) < 1e-8


def test_an_output_of_zero_counts_as_the_positive_class():
    assert classification_error(np.array([0.0, 0.0, -0.1, 2.0]), np.array([1, -1, -1, -1])) == 0.5


@pytest.mark.parametrize("hidden_dims", [(4,), (5, 3), (3, 4, 2)])
def test_a_perceptrons_gradients_agree_with_numerical_ones(rng, hidden_dims):
    net = MultiLayerPerceptron(hidden_dims, input_dim=6, weight_scale=0.5, dtype=np.float64, seed=1)
    X, y = rng.normal(size=(5, 2, 3)), rng.choice([-1.0, 1.0], size=5)
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for name, value in net.params.items():
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], value, verbose=False)
        assert rel_error(grads[name], numeric) < 1e-6


def test_a_perceptron_starts_with_gaussian_weights_of_the_scale_and_dtype_asked_for():
    params = MultiLayerPerceptron((300, 20), seed=0).params
    assert params["W1"].std() == pytest.approx(0.02, rel=0.01)
    assert not any(params[name].any() for name in ("b1", "b2", "b3"))
    assert {value.dtype for value in params.values()} == {np.dtype(np.float32)}


def test_without_momentum_a_step_goes_against_the_gradient():
    params = {"w": np.array([1.0, 2.0])}
    momentum_step(params, {"w": np.array([1.0, -1.0])}, {}, learning_rate=0.5)
    np.testing.assert_allclose(params["w"], [0.5, 2.5])


def test_momentum_is_a_running_sum_of_the_steps_before():
    params, velocity = {"w": np.zeros(1)}, {}
    moved = []
    for _ in range(60):
        before = params["w"]
        momentum_step(params, {"w": np.ones(1)}, velocity, learning_rate=1.0, momentum=0.8)
        moved.append(float((params["w"] - before)[0]))
    np.testing.assert_allclose(moved[:3], [-1, -1.8, -2.44])
    assert moved[-1] == pytest.approx(-1 / (1 - 0.8), rel=1e-4)


@pytest.fixture
def two_clouds(rng):
    y = np.where(np.arange(103) % 2, 1.0, -1.0)
    X = rng.normal(size=(103, 4)) + 2 * y[:, np.newaxis]
    return {"X_train": X[:70], "y_train": y[:70], "X_test": X[70:], "y_test": y[70:]}


def test_training_separates_two_clouds_and_measures_every_epoch(two_clouds):
    net = MultiLayerPerceptron((3,), input_dim=4, seed=0)
    history = train_perceptron(net, two_clouds, num_batches=8, num_epochs=20)
    assert {len(values) for values in history.values()} == {20}
    assert history["train_error"][-1] < 0.05
    assert history["train_error"][-1] == classification_error(net.loss(two_clouds["X_train"]), two_clouds["y_train"])


def test_every_input_takes_part_in_an_epoch_of_unequal_minibatches(two_clouds, monkeypatch):
    sizes = []
    loss = MultiLayerPerceptron.loss

    def noted(self, X, y=None):
        sizes.extend([] if y is None else [len(X)])
        return loss(self, X, y)

    monkeypatch.setattr(MultiLayerPerceptron, "loss", noted)
    train_perceptron(MultiLayerPerceptron((3,), input_dim=4, seed=0), two_clouds, num_batches=8, num_epochs=1)
    assert (len(sizes), sum(sizes), set(sizes)) == (8, 70, {8, 9})


def test_an_interrupted_training_keeps_what_was_learned(two_clouds, monkeypatch, capsys):
    calls, error = itertools.count(), mlp.classification_error

    def interrupted(out, y):
        if next(calls) == 7:
            raise KeyboardInterrupt
        return error(out, y)

    monkeypatch.setattr(mlp, "classification_error", interrupted)
    net = MultiLayerPerceptron((3,), input_dim=4, seed=0)
    with pytest.raises(KeyboardInterrupt):
        train_perceptron(net, two_clouds, num_batches=8, num_epochs=50)
    monkeypatch.undo()
    undisturbed = MultiLayerPerceptron((3,), input_dim=4, seed=0)
    history = train_perceptron(undisturbed, two_clouds, num_batches=8, num_epochs=3)
    loss, _ = mse_loss(net.loss(two_clouds["X_train"]), two_clouds["y_train"])
    assert loss == pytest.approx(history["train_mse"][-1])
    assert "interrupted after 3 epochs" in capsys.readouterr().out
