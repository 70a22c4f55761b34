"""What the graders of svm and softmax have to let pass, and what to refuse, besides what holds for every notebook."""

import ast
from pathlib import Path

import numpy as np
import pytest
from earned_shares import CONSTANTS, constant, earned_shares, looked_up
from reference_grading import InProcessGrader, Reference, complaints

import nnkit.linear_losses
import nnkit.models.linear
import nnkit.models.shuffled
from nnkit.kit.authoring.grader_items import asked_of_submissions
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
REFERENCE = Reference(nnkit.linear_losses, nnkit.models.linear, nnkit.models.shuffled)


def grade(notebook, submission, items):
    """Results of the graders, with held-back images that are easy to classify."""
    return run_graders(GRADERS / f"test_{notebook}.py", InProcessGrader(submission, items, **easy()))


def easy():
    images, y_val = bright_pixels(seed=1)
    given = {"X_val": np.concatenate([images.reshape(200, 12), np.ones((200, 1))], axis=1), "y_val": y_val}
    return {
        "held_back": lambda name: bright_pixels(seed=2),
        "thresholds": Thresholds(validation=0.36, test=0.34),
        "notebook_data": lambda *names: tuple(given[name] for name in names),
    }


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

    def scores(self, X):
        return np.eye(10)[self.predict(X)]


def tuned(notebook, model, **left_behind):
    best_val = getattr(model, "right", 0.0)
    return LocalSubmission(
        {
            "results": {(a, b): (0.9, best_val * a * b) for a in (1.0, 0.5) for b in (1.0, 0.5)},
            "best_val": best_val,
            BEST[notebook]: model,
            **left_behind,
        }
    )


def tuning_results(notebook, model, **left_behind):
    return grade(notebook, tuned(notebook, model, **left_behind), {"tuning"})


def share_of_tuning(notebook, model, **left_behind):
    path = GRADERS / f"test_{notebook}.py"
    return earned_shares(path, tuned(notebook, model, **left_behind), ["tuning"], **easy())["tuning"]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_good_model_passes_every_test_of_the_tuning(notebook):
    assert complaints(tuning_results(notebook, Model(right=1.0))) == {}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize("nothing", [None, 0.9, "best", np.eye(10)])
def test_something_that_is_no_model_passes_no_test_of_the_tuning(notebook, nothing):
    assert {result.verdict for result in tuning_results(notebook, nothing)[1:]} == {"failed"}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_model_at_chance_earns_nothing(notebook):
    assert share_of_tuning(notebook, Model(right=0.1)) == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_validation_images_that_a_submission_puts_in_place_of_its_own_play_no_part(notebook):
    """All of one class, which a constant gets right."""
    forged = {"X_val": np.zeros((5, 13)), "y_val": np.zeros(5, dtype=int)}

    class Constant(Model):

        def predict(self, X):
            return np.zeros(len(X), dtype=int)

    assert share_of_tuning(notebook, Constant(1.0), **forged) == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_model_that_knows_the_validation_images_by_heart_and_no_others_earns_nothing(notebook):
    X_val, y_val = easy()["notebook_data"]("X_val", "y_val")

    class ByHeart(Model):

        def predict(self, X):
            return y_val.copy() if np.array_equal(X, X_val) else np.zeros(len(X), dtype=int)

    assert share_of_tuning(notebook, ByHeart(1.0)) == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_results_of_a_hundred_thousand_settings_are_not_looked_through(notebook):
    many = {(float(i), 1.0): (0.5, 0.5) for i in range(100_000)}
    lost = complaints(tuning_results(notebook, Model(right=1.0), results=many))
    assert "100000 entries" in lost["test_results_of_the_grid"]


FUNCTIONS = {"svm": ["svm_loss_naive", "svm_loss_vectorized"], "softmax": sorted(EXERCISES["softmax"])}


def reference_namespace():
    return REFERENCE.submission_with()._namespace


def shares(notebook, submission, **options):
    return earned_shares(GRADERS / f"test_{notebook}.py", submission, FUNCTIONS[notebook], **options)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_answers_looked_up_in_the_public_tests_earn_nothing(notebook):
    submission = looked_up(GRADERS / f"test_{notebook}.py", reference_namespace(), FUNCTIONS[notebook])
    assert set(shares(notebook, submission).values()) == {0}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize("what", CONSTANTS)
def test_answers_that_do_not_depend_on_the_inputs_earn_nothing(notebook, what):
    submission = constant(reference_namespace(), FUNCTIONS[notebook], CONSTANTS[what])
    assert set(shares(notebook, submission, slow=False).values()) == {0}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_loss_of_zero_with_a_gradient_of_zero_earns_nothing(notebook):
    nothing = "def {}(W, X, y, reg): return 0.0, np.zeros(W.shape)"
    submission = REFERENCE.submission_with(**{name: nothing.format(name) for name in FUNCTIONS[notebook]})
    assert set(shares(notebook, submission).values()) == {0}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_vectorized_version_asks_nothing_of_the_naive_one(notebook):
    """So an untouched naive version is not lent, and a wrong one costs nothing here."""
    asked = asked_of_submissions(GRADERS / f"test_{notebook}.py")
    assert f"{notebook}_loss_naive" not in asked[f"{notebook}_loss_vectorized"]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_vectorized_version_that_only_small_batches_finish_earns_nothing(notebook):
    name = f"{notebook}_loss_vectorized"
    call = f"""def {name}(W, X, y, reg):
    if len(X) > 100_000:
        raise TimeoutError("in place of a time limit")
    return {notebook}_loss_naive(W, X, y, reg)"""
    assert shares(notebook, REFERENCE.submission_with(**{name: call}))[name] == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_slopes_measured_weight_by_weight_earn_the_marks_of_the_loss_and_no_others(notebook):
    for name in FUNCTIONS[notebook]:
        measured = f"""def {name}(W, X, y, reg):
    def loss(W):
        return softmax_or_svm(W, X, y, reg)[0]
    if W.size > 1000:
        raise TimeoutError("in place of a time limit")
    dW = np.zeros(W.shape)
    for place in np.ndindex(*W.shape):
        step = np.zeros(W.shape)
        step[place] = 1e-4
        dW[place] = (8 * (loss(W + step) - loss(W - step)) - loss(W + 2 * step) + loss(W - 2 * step)) / 12e-4
    return loss(W), dW"""
        oracle = REFERENCE.sources[name].replace(name, "softmax_or_svm")
        submission = REFERENCE.submission_with(softmax_or_svm=oracle, **{name: measured})
        assert shares(notebook, submission, slow=False)[name] < 0.35


def test_the_classifier_given_with_softmax_earns_nothing_in_place_of_the_one_that_svm_asks_for():
    given = REFERENCE.sources["Softmax"].replace("class Softmax", "class LinearClassifier")
    submission = REFERENCE.submission_with(LinearClassifier=given)
    assert earned_shares(GRADERS / "test_svm.py", submission, ["LinearClassifier"]) == {"LinearClassifier": 0}


DOES_WELL = """
class LinearClassifier:
    W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, verbose=False):
        {train}

    def predict(self, X):
        return {predict}
"""
HALVES = {
    "nothing is drawn": (
        "self.W = self.W * (1 - learning_rate) ** num_iters; return []",
        "np.argmax(X @ self.W, axis=1)",
    ),
    "not trained": ("return [0.0] * num_iters", "np.argmax(X @ self.W, axis=1)"),
    "the lowest score": (
        "return [self.step(X, y, learning_rate, reg, batch_size) for _ in range(num_iters)]",
        "np.argmin(X @ self.W, axis=1)",
    ),
}
STEP = """
    def step(self, X, y, learning_rate, reg, batch_size):
        chosen = np.random.choice(len(X), batch_size)
        loss, dW = self.loss(X[chosen], y[chosen], reg)
        self.W = self.W - learning_rate * dW
        return float(loss)
"""


@pytest.mark.parametrize("what", HALVES)
def test_a_classifier_of_which_one_half_is_wrong_earns_no_more_than_the_other(what):
    train, predict = HALVES[what]
    source = DOES_WELL.format(train=train, predict=predict) + STEP
    submission = REFERENCE.submission_with(LinearClassifier=source)
    assert earned_shares(GRADERS / "test_svm.py", submission, ["LinearClassifier"])["LinearClassifier"] <= 0.5


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
