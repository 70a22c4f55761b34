"""What the graders of svm and softmax have to let pass, and what to refuse, besides what holds for every notebook."""

import ast
from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader, Reference, complaints

import nnkit.linear_losses
import nnkit.models.linear
from nnkit.kit.grading.thresholds import Thresholds
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission

GRADERS = Path(__file__).parents[2] / "graders" / "a1_image_classifiers"

EXERCISES = {
    "svm": {"svm_loss_naive", "svm_loss_vectorized", "LinearClassifier"},
    "softmax": {"softmax_loss_naive", "softmax_loss_vectorized"},
}
NOTEBOOKS = ("svm", "softmax")
BEST = {"svm": "best_svm", "softmax": "best_softmax"}
REFERENCE = Reference(nnkit.linear_losses, nnkit.models.linear)


def grade(notebook, submission, items):
    """Results of the graders, with held-back images that are easy to classify."""
    held_back, thresholds = lambda name: bright_pixels(seed=2), Thresholds(validation=0.36, test=0.34)
    grader = InProcessGrader(submission, items, held_back=held_back, thresholds=thresholds)
    return run_graders(GRADERS / f"test_{notebook}.py", grader)


ANOTHER_WAY = """
def svm_loss_naive(W, X, y, reg):
    dW = np.zeros_like(W)
    N, loss = X.shape[0], 0.0
    for i in range(N):
        scores = X[i].dot(W)
        missed = 0
        for j in range(W.shape[1]):
            margin = scores[j] - scores[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin
                missed += 1
                dW[:, j] += X[i].T
        dW[:, y[i]] -= missed * X[i]
    pass
    loss /= N
    loss += reg * np.sum(W * W)
    return loss, dW / N + reg * 2 * W

def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X.dot(W)
    correct = scores[range(N), list(y)].reshape(N, 1)
    margins = np.maximum(scores - correct + 1, 0)
    margins[np.arange(N), y] = 0
    binary = margins
    loss = np.sum(margins) / N + reg * np.sum(W**2)
    binary[margins > 0] = 1
    binary[np.arange(N), y] = -np.sum(binary, axis=1)
    return loss, np.dot(X.T, binary) / N + 2 * reg * W

def softmax_loss_naive(W, X, y, reg):
    print("naive")
    loss, dW = np.array(0.0), np.zeros_like(W)
    for i in range(len(y)):
        s = X[i].dot(W)
        s = s - np.max(s)
        log_p = s - np.log(np.exp(s).sum())
        loss = loss - log_p[y[i]]
        for j in range(W.shape[1]):
            dW[:, j] += np.exp(log_p[j]) * X[i]
        dW[:, y[i]] -= X[i]
    return loss / len(y) + reg * np.sum(W * W), dW / len(y) + 2 * reg * W

def softmax_loss_vectorized(W, X, y, reg):
    s = X.dot(W)
    top = np.max(s, axis=1)[:, None]
    log_sum = np.log(np.sum(np.exp(s - top), axis=1)) + top[:, 0]
    p = np.exp(s - log_sum[:, None])
    one_hot = np.zeros_like(s)
    one_hot[np.arange(len(y)), y] = 1
    loss = float(np.mean(log_sum - s[np.arange(len(y)), y])) + reg * float(np.sum(W * W))
    return loss, X.T.dot(p - one_hot) / len(y) + 2 * reg * W

class LinearClassifier(object):
    def __init__(self):
        self.W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        if self.W is None:
            self.W = 0.001 * np.random.randn(X.shape[1], int(max(y)) + 1)
        history = np.zeros(num_iters)
        generator = np.random.default_rng()
        for it in range(num_iters):
            mask = generator.integers(X.shape[0], size=batch_size)
            loss, grad = self.loss(X[mask], y[mask], reg)
            history[it] = loss
            self.W += -learning_rate * grad
            if verbose and it % 100 == 0:
                print(it, loss)
        return history

    def predict(self, X):
        return np.array([scores.index(max(scores)) for scores in X.dot(self.W).tolist()])
"""


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_right_solutions_written_in_another_way_pass_every_test(notebook):
    sources = {node.name: ast.unparse(node) for node in ast.parse(ANOTHER_WAY).body}
    assert complaints(grade(notebook, REFERENCE.submission_with(**sources), EXERCISES[notebook])) == {}


def bright_pixels(seed):
    y = np.random.default_rng(seed).permutation(200) % 10
    X = np.zeros((200, 3, 2, 2))
    X.reshape(200, 12)[np.arange(200), y] = 1
    return X, y


class Model:
    """Reads the class off the bright pixel of a row, and gets the given share of the classes right."""

    def __init__(self, right):
        self.right = right

    def predict(self, X):
        assert X.shape[1] == 13
        assert (X[:, -1] == 1).all()
        found = X[:, :10].argmax(axis=1)
        return np.where(found < round(10 * self.right), found, (found + 1) % 10)


def tuning_results(notebook, model, **left_behind):
    images, y_val = bright_pixels(seed=1)
    best_val = getattr(model, "right", 0.0)
    namespace = {
        "X_val": np.concatenate([images.reshape(200, 12), np.ones((200, 1))], axis=1),
        "y_val": y_val,
        "results": {(a, b): (0.9, best_val * a * b) for a in (1.0, 0.5) for b in (1.0, 0.5)},
        "best_val": best_val,
        BEST[notebook]: model,
        **left_behind,
    }
    return grade(notebook, LocalSubmission(namespace), {"tuning"})


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_good_model_passes_every_test_of_the_tuning(notebook):
    assert complaints(tuning_results(notebook, Model(right=1.0))) == {}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize("nothing", [None, 0.9, "best", np.eye(10)])
def test_something_that_is_no_model_passes_no_test_of_the_tuning(notebook, nothing):
    assert {result.verdict for result in tuning_results(notebook, nothing)[1:]} == {"failed"}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_model_at_chance_earns_only_what_is_given_for_its_results(notebook):
    results = tuning_results(notebook, Model(right=0.1))
    passed = {result.name for result in results if result.verdict == "passed"}
    best = BEST[notebook]
    assert passed == {"test_results_of_the_grid", f"test_{best}_is_the_one_of_the_best_result"}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_model_just_short_of_the_mark_earns_a_part(notebook):
    best = BEST[notebook]
    assert list(complaints(tuning_results(notebook, Model(right=0.3)))) == [
        f"test_{best}_on_the_validation_images",
        f"test_{best}_reaches_what_is_asked_for",
        f"test_{best}_on_new_images",
    ]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize(
    "grid",
    [
        {},
        {(1.0, 1.0): (0.9, 1.0)},
        {(1.0, 1.0): 1.0, (2.0, 2.0): 0.5},
        {1.0: (0.9, 1.0), 2.0: (0.9, 0.5)},
        {(1.0, 1.0): (90.0, 1.0), (2.0, 2.0): (0.9, 0.5)},
        [(1.0, 1.0), (2.0, 2.0)],
    ],
)
def test_results_that_are_no_grid_of_accuracies_lose_marks(notebook, grid):
    verdicts = {r.name: r.verdict for r in tuning_results(notebook, Model(right=1.0), results=grid)}
    assert verdicts["test_results_of_the_grid"] in ("failed", "student_error")
    assert "grader_error" not in verdicts.values()


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_model_that_is_not_the_best_of_the_results_loses_marks(notebook):
    assert list(complaints(tuning_results(notebook, Model(right=0.9), best_val=1.0))) == [
        f"test_{BEST[notebook]}_is_the_one_of_the_best_result"
    ]
