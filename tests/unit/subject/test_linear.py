import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, rel_error
from nnkit.linear_losses import (
    softmax_loss_naive,
    softmax_loss_vectorized,
    svm_loss_naive,
    svm_loss_vectorized,
)
from nnkit.models import shuffled
from nnkit.models.linear import Bowl, LinearClassifier, LinearSVM

LOSSES = (svm_loss_naive, svm_loss_vectorized, softmax_loss_naive, softmax_loss_vectorized)


@pytest.fixture
def rng():
    return np.random.default_rng(231)


@pytest.fixture
def case(rng):
    return rng.normal(size=(6, 4)), rng.normal(size=(5, 6)), np.array([3, 0, 0, 2, 3])


@pytest.mark.parametrize(("losses", "expected"), [(LOSSES[:2], 9.0), (LOSSES[2:], 2.302585)])
def test_the_first_loss_for_ten_classes_is_the_seed_value(rng, losses, expected):
    W, X, y = 1e-4 * rng.normal(size=(20, 10)), rng.normal(size=(50, 20)), rng.integers(10, size=50)
    for loss in losses:
        assert abs(loss(W, X, y, 0.0)[0] - expected) < 0.05


def test_the_svm_loss_of_an_example_by_hand():
    # Scores (3, 2.5, 0), class 0: class 1 lacks 0.5, class 2 lacks nothing.
    W, X, y = np.array([[3.0, 2.5, 0.0]]), np.array([[1.0]]), np.array([0])
    for loss in LOSSES[:2]:
        value, dW = loss(W, X, y, 0.1)
        assert value == pytest.approx(0.5 + 0.1 * (9 + 6.25))
        np.testing.assert_allclose(dW, [[-1 + 0.6, 1 + 0.5, 0]])


def test_the_softmax_loss_of_an_example_by_hand():
    W, X, y = np.log([[1.0, 2.0, 5.0]]), np.array([[1.0]]), np.array([1])
    for loss in LOSSES[2:]:
        value, dW = loss(W, X, y, 0.0)
        assert value == pytest.approx(np.log(4))
        np.testing.assert_allclose(dW, [[1 / 8, 2 / 8 - 1, 5 / 8]])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_gradients_agree_with_the_numerical_ones(loss, reg, case):
    W, X, y = case
    numeric = eval_numerical_gradient(lambda w: loss(w, X, y, reg)[0], W, verbose=False)
    assert rel_error(loss(W, X, y, reg)[1], numeric) < 1e-6


@pytest.mark.parametrize(("naive", "vectorized"), [LOSSES[:2], LOSSES[2:]])
def test_both_versions_agree(naive, vectorized, case):
    for one, other in zip(naive(*case, 0.3), vectorized(*case, 0.3), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES[2:])
def test_scores_of_a_thousand_neither_overflow_nor_vanish(loss):
    value, dW = loss(np.array([[1e3, -1e3]]), np.array([[1.0]]), np.array([1]), 0.0)
    assert value == 2000
    np.testing.assert_array_equal(dW, [[1, -1]])


def test_a_step_is_the_learning_rate_times_the_gradient():
    bowl = Bowl()
    bowl.W = np.array([[2.0, -1.0]])
    history = bowl.train(np.ones((3, 1)), np.array([0, 1, 1]), learning_rate=0.5, num_iters=2, batch_size=4)
    np.testing.assert_array_equal(bowl.W, [[0.5, -0.25]])
    assert history == [2.5, 0.625]


def test_a_minibatch_is_drawn_with_replacement_and_keeps_its_labels():
    np.random.seed(0)
    X, y = np.arange(5.0)[:, np.newaxis], 10 * np.arange(5)
    bowl = Bowl()
    bowl.train(X, y, num_iters=3, batch_size=50)
    for batch, labels in zip(bowl.batches, bowl.labels, strict=True):
        assert set(batch[:, 0]) == set(range(5))
        np.testing.assert_array_equal(labels, 10 * batch[:, 0])


def test_equal_scores_go_to_the_smaller_class():
    classifier = LinearClassifier()
    classifier.W = np.array([[1.0, 2.0, 2.0]])
    np.testing.assert_array_equal(classifier.predict(np.array([[1.0], [-1.0], [0.0]])), [1, 0, 0])


def two_clouds(rng):
    y = np.arange(200) % 2
    return np.concatenate([rng.normal(size=(200, 3)) + 4 * y[:, np.newaxis] - 2, np.ones((200, 1))], axis=1), y


@pytest.mark.parametrize("model", [LinearSVM, shuffled.Softmax])
def test_training_separates_two_clouds(model, rng):
    np.random.seed(0)
    X, y = two_clouds(rng)
    classifier = model()
    history = classifier.train(X, y, learning_rate=0.1, reg=1e-3, num_iters=100, batch_size=20)
    assert len(history) == 100
    assert history[-1] < history[0] / 3
    assert np.mean(np.argmax(X @ classifier.W, axis=1) == y) > 0.97


def test_accuracy_is_the_share_of_inputs_whose_own_class_has_the_highest_score(rng):
    classifier = shuffled.Softmax()
    classifier.W = np.eye(3)
    assert classifier.accuracy(np.eye(3)[[0, 1, 2, 2]], np.array([0, 1, 2, 0])) == 0.75
    classifier.W = np.full((3, 3), np.nan)
    assert classifier.accuracy(np.eye(3), np.arange(3)) == 0


def test_a_classifier_without_a_loss_says_so():
    with pytest.raises(TypeError, match="LinearClassifier has no loss"):
        LinearClassifier().train(np.ones((3, 2)), np.array([0, 1, 1]))


@pytest.fixture
def batches(monkeypatch):
    """The labels of every minibatch that a shuffled training asks a loss of."""
    noted = []

    def loss(W, X_batch, y_batch, reg):
        np.testing.assert_array_equal(X_batch[:, 0], y_batch)
        noted.append(list(y_batch))
        return reg, np.zeros_like(W)

    monkeypatch.setattr(shuffled, "softmax_loss_vectorized", loss)
    return noted


def test_shuffled_minibatches_hold_no_input_twice_in_an_epoch(batches):
    X, y = np.arange(10.0)[:, np.newaxis], np.arange(10)
    history = shuffled.Softmax().train(X, y, reg=0.5, num_iters=7, batch_size=3)
    assert history == [0.5] * 7
    for first in (0, 3):
        epoch = [number for batch in batches[first : first + 3] for number in batch]
        assert len(set(epoch)) == len(epoch) == 9
    assert batches[:3] != batches[3:6]


def test_a_shuffled_minibatch_larger_than_the_data_holds_all_of_it(batches):
    shuffled.Softmax().train(np.arange(4.0)[:, np.newaxis], np.arange(4), num_iters=2, batch_size=9)
    assert [sorted(batch) for batch in batches] == [[0, 1, 2, 3]] * 2


def test_progress_is_shown_only_if_asked_for(capsys):
    X, y = np.ones((3, 2)), np.array([0, 1, 1])
    for model in (Bowl, shuffled.Softmax):
        model().train(X, y, num_iters=2)
        assert capsys.readouterr().out == ""
        model().train(X, y, num_iters=2, verbose=True)
        assert "training" in capsys.readouterr().out
