import itertools
import math

import numpy as np
import pytest

from nnkit import language_model_training
from nnkit.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array, rel_error
from nnkit.language_model_training import EarlyStopping, train_epoch, train_language_model
from nnkit.models.trigram import TrigramModel, evaluate, top_words, unigram_cross_entropy
from nnkit.word_layers import (
    cross_entropy,
    embedding_backward,
    embedding_forward,
    sigmoid_backward,
    sigmoid_forward,
    softmax,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_words_are_counted_from_one():
    W = np.arange(12.0).reshape(4, 3)
    out, _ = embedding_forward(np.array([[1, 4, 2]]), W)
    np.testing.assert_array_equal(out, [[0, 1, 2, 9, 10, 11, 3, 4, 5]])


def test_a_repeated_word_collects_what_arrives_at_all_its_places():
    _, cache = embedding_forward(np.array([[2, 2, 3], [2, 1, 1]]), np.zeros((4, 1)))
    dW = embedding_backward(np.array([[1.0, 10, 100], [1000, 1, 2]]), cache)
    np.testing.assert_array_equal(dW[:, 0], [3, 1011, 100, 0])


def test_sigmoid_backward_agrees_with_the_numerical_gradient(rng):
    x, dout = 3 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    numeric = eval_numerical_gradient_array(lambda x: sigmoid_forward(x)[0], x, dout)
    assert rel_error(sigmoid_backward(dout, sigmoid_forward(x)[1]), numeric) < 1e-7


@pytest.mark.filterwarnings("error")
def test_sigmoid_of_numbers_of_any_size_neither_overflows_nor_vanishes_early():
    out, _ = sigmoid_forward(np.array([-700.0, 0, 1e4]))
    assert math.log(out[0]) == pytest.approx(-700)
    np.testing.assert_array_equal(out[1:], [0.5, 1])


@pytest.mark.filterwarnings("error")
def test_softmax_gives_rows_that_add_up_to_one_however_large_the_scores(rng):
    scores = 1e4 * rng.normal(size=(5, 7))
    np.testing.assert_allclose(softmax(scores).sum(axis=1), 1)


def test_cross_entropys_gradient_agrees_with_the_numerical_one(rng):
    scores, d = rng.normal(size=(5, 4)), np.array([1, 4, 2, 2, 3])
    numeric = eval_numerical_gradient(lambda scores: cross_entropy(scores, d)[0], scores, verbose=False)
    assert rel_error(cross_entropy(scores, d)[1], numeric) < 1e-7


def test_cross_entropy_of_a_hopeless_word_is_finite():
    assert cross_entropy(np.array([[5000.0, 0.0]]), np.array([2]))[0] == 5000


def test_the_models_gradients_agree_with_numerical_ones(rng):
    model = TrigramModel(7, wordvec_dim=2, hidden_dim=3, weight_scale=0.7, dtype=np.float64, seed=1)
    x, d = rng.integers(1, 8, size=(9, 3)), rng.integers(1, 8, size=9)
    _, grads = model.loss(x, d)
    assert grads.keys() == model.params.keys()
    for name, value in model.params.items():
        numeric = eval_numerical_gradient(lambda _: model.loss(x, d)[0], value, verbose=False)
        assert rel_error(grads[name], numeric) < 1e-5


def test_a_fresh_model_knows_nothing():
    x = np.array([[1, 2, 3], [250, 1, 7]])
    assert TrigramModel(seed=0).loss(x, np.array([250, 1]))[0] == pytest.approx(math.log(250), abs=0.05)


def test_the_unigram_model_gives_words_that_never_occurred_a_probability():
    entropy = unigram_cross_entropy(np.array([1, 1, 2]), np.array([1, 3]), num_words=3)
    assert entropy == pytest.approx(-(math.log(3 / 6) + math.log(1 / 6)) / 2)


class Slope:
    """A model whose loss is the mean of w times the first word's number."""

    def __init__(self):
        self.params = {"w": np.array([2.0])}

    def loss(self, x, d):
        return float(self.params["w"][0]) * x[:, 0].mean(), {"w": np.array([x[:, 0].mean()])}


def test_an_epoch_takes_the_small_last_minibatch_and_weighs_all_inputs_alike():
    model, x = Slope(), np.array([[1, 1, 1], [2, 1, 1], [6, 1, 1]])
    loss = train_epoch(model, x, x[:, 0], np.array([2, 0, 1]), {}, learning_rate=0.1, momentum=0.5, batch_size=2)
    # The steps are 0.1 * 3.5 and 0.1 * 2 + 0.5 * 0.35.
    assert model.params["w"][0] == pytest.approx(2 - 0.35 - 0.375)
    assert loss == pytest.approx((2 * (2 * 3.5) + 1.65 * 2) / 3)


def test_velocities_go_on_from_epoch_to_epoch():
    model, velocity, x = Slope(), {}, np.array([[1, 1, 1]])
    for _ in range(2):
        train_epoch(model, x, x[:, 0], np.array([0]), velocity, learning_rate=0.1, momentum=0.5)
    assert model.params["w"][0] == pytest.approx(2 - 0.1 - 0.15)


def test_early_stopping_restores_the_best_parameters_though_training_changes_arrays_in_place():
    model = Slope()
    stopping = EarlyStopping(model, patience=2)
    answers = []
    for w, val_loss in [(1, 5.0), (2, 3.0), (3, 4.0), (4, 2.5), (5, 2.5), (6, 2.6)]:
        model.params["w"][:] = w
        answers.append(stopping.update(val_loss))
    assert answers == [False] * 5 + [True]
    for _ in range(2):
        stopping.restore()
        assert model.params["w"][0] == 4
        model.params["w"][:] = 7


def test_nothing_is_restored_before_the_first_update():
    model = Slope()
    EarlyStopping(model).restore()
    assert model.params["w"][0] == 2


def test_top_words_come_in_order_of_probability(rng):
    model = TrigramModel(6, wordvec_dim=2, hidden_dim=3, weight_scale=2, dtype=np.float64, seed=1)
    model.params["b2"][:] = [0, 50, 10, 40, 20, 30]
    words = np.array(["one", "two", "three", "four", "five", "six"])
    found, probabilities = top_words(model, np.array([[1, 2, 3]]), words, count=4)
    assert found[0].tolist() == ["two", "four", "six", "five"]
    assert (np.diff(probabilities[0]) < 0).all()


@pytest.fixture
def repeating():
    """Trigrams of a language in which the fourth word is the first one again."""
    rng = np.random.default_rng(1)
    x = rng.integers(1, 6, size=(330, 3))
    return {"x_train": x[:230], "d_train": x[:230, 0], "x_val": x[230:], "d_val": x[230:, 0]}


def trained(data, num_epochs):
    model = TrigramModel(5, wordvec_dim=4, hidden_dim=16, weight_scale=0.3, seed=0)
    return model, train_language_model(model, data, num_epochs=num_epochs, learning_rate=0.5, batch_size=20)


def test_training_learns_a_language_and_leaves_the_best_parameters(repeating):
    model, history = trained(repeating, 15)
    assert history["val_accuracy"][-1] > 0.95
    assert evaluate(model, repeating["x_val"], repeating["d_val"])[0] == pytest.approx(min(history["val_loss"]))


def test_training_stops_when_the_validation_loss_rises_and_the_model_is_the_best_one(repeating):
    few = {**repeating, "d_train": np.random.default_rng(2).integers(1, 6, size=230)}  # nothing to learn
    model, history = trained(few, 60)
    best = int(np.argmin(history["val_loss"]))
    assert len(history["val_loss"]) == best + 1 + 3 < 60
    assert evaluate(model, few["x_val"], few["d_val"])[0] == pytest.approx(history["val_loss"][best])


def test_an_interrupted_training_leaves_the_best_parameters_so_far(repeating, monkeypatch, capsys):
    epochs = itertools.count(1)

    def interrupted(*args, **kwargs):
        loss = train_epoch(*args, **kwargs)
        if next(epochs) == 4:
            raise KeyboardInterrupt
        return loss

    monkeypatch.setattr(language_model_training, "train_epoch", interrupted)
    model = TrigramModel(5, wordvec_dim=4, hidden_dim=16, weight_scale=0.3, seed=0)
    with pytest.raises(KeyboardInterrupt):
        train_language_model(model, repeating, num_epochs=60, learning_rate=0.5, batch_size=20)
    monkeypatch.undo()
    _, history = trained(repeating, 3)
    assert evaluate(model, repeating["x_val"], repeating["d_val"])[0] == pytest.approx(min(history["val_loss"]))
    assert "interrupted in epoch 4" in capsys.readouterr().out
