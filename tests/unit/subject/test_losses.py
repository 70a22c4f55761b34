import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, rel_error
from nnkit.losses import softmax_loss, svm_loss


@pytest.fixture
def scores_and_labels():
    rng = np.random.default_rng(231)
    return 0.001 * rng.standard_normal((50, 10)), rng.integers(10, size=50)


@pytest.mark.parametrize(("loss_of", "expected"), [(softmax_loss, 2.302585), (svm_loss, 9.0)])
def test_near_zero_scores_give_the_seed_values(scores_and_labels, loss_of, expected):
    loss, _ = loss_of(*scores_and_labels)
    assert loss == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("loss_of", [softmax_loss, svm_loss])
def test_the_gradient_agrees_with_the_numerical_one(scores_and_labels, loss_of):
    x, y = scores_and_labels
    _, dx = loss_of(x, y)
    numeric = eval_numerical_gradient(lambda x: loss_of(x, y)[0], x, verbose=False)
    assert rel_error(dx, numeric) < 1e-8


def test_softmax_loss_of_scores_written_out_by_hand():
    loss, dx = softmax_loss(np.log([[1.0, 3.0], [4.0, 1.0]]), np.array([1, 0]))
    assert loss == pytest.approx(-(np.log(3 / 4) + np.log(4 / 5)) / 2)
    assert dx == pytest.approx(np.array([[1 / 4, -1 / 4], [-1 / 5, 1 / 5]]) / 2)


def test_svm_loss_of_scores_written_out_by_hand():
    loss, dx = svm_loss(np.array([[3.0, 2.5, 0.0], [1.0, 1.5, 2.0]]), np.array([0, 2]))
    assert loss == pytest.approx((0.5 + 0.5) / 2)
    assert dx == pytest.approx(np.array([[-1, 1, 0], [0, 1, -1]]) / 2)


def test_softmax_loss_is_stable_at_large_scores():
    loss, dx = softmax_loss(np.array([[1e4, 0.0], [-1e4, 1e4]]), np.array([1, 1]))
    assert loss == pytest.approx(5e3)
    assert np.isfinite(dx).all()


@pytest.mark.parametrize("loss_of", [softmax_loss, svm_loss])
def test_losses_leave_the_scores_as_they_were(scores_and_labels, loss_of):
    x, y = scores_and_labels
    before = x.copy()
    loss_of(x, y)
    assert np.array_equal(x, before)
