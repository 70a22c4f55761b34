"""What the graders of two_layer_net have to let pass, and what to refuse, besides what holds for every notebook."""

import importlib.util
from pathlib import Path

import h5py
import numpy as np
import pytest
from reference_grading import InProcessGrader, complaints

from nnkit.kit.grading.thresholds import Thresholds
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission, rel_error

GRADERS = Path(__file__).parents[2] / "graders"
GRADER_FILE = GRADERS / "a1_image_classifiers" / "test_two_layer_net.py"
EXPECTED_FILE = GRADERS / "a1_image_classifiers" / "two_layer_net.h5"
EXERCISES = (
    "affine_forward",
    "affine_backward",
    "relu_forward",
    "relu_backward",
    "softmax_loss",
    "svm_loss",
    "TwoLayerNet",
)


def grade(submission, items):
    """Results of the graders, with held-back images that are easy to classify."""
    held_back, thresholds = lambda name: bright_pixels(seed=2), Thresholds(validation=0.48, test=0.45)
    return run_graders(GRADER_FILE, InProcessGrader(submission, set(items), held_back=held_back, thresholds=thresholds))


ANOTHER_WAY = """
def weighted_sum(row, column):
    total = 0.0
    for number, weight in zip(row, column):
        total += number * weight
    return total

def affine_forward(x, w, b):
    print("x is", x.shape)
    flat = np.reshape(x, (x.shape[0], np.prod(x.shape[1:])))
    out = np.array([[weighted_sum(row, w[:, m]) + b[m] for m in range(len(b))] for row in flat])
    pass
    return out, (x, w, b, out)

def affine_backward(dout, cache):
    x, w, b, _ = cache
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(b.shape)
    for n in range(x.shape[0]):
        dx[n] = w.dot(dout[n]).reshape(x.shape[1:])
        dw += np.outer(x[n], dout[n])
        db += dout[n]
    return dx, dw, db

def relu_forward(x):
    out = x.copy()
    out[out < 0] = 0
    return out, {"input": x}

def relu_backward(dout, cache):
    return np.where(cache["input"] >= 0, dout, 0.0)

def softmax_loss(x, y):
    loss, dx = 0.0, np.zeros_like(x)
    for n, row in enumerate(x):
        top = row.max()
        log_sum = top + np.log(np.sum(np.exp(row - top)))
        loss += log_sum - row[y[n]]
        dx[n] = np.exp(row - log_sum)
        dx[n, y[n]] -= 1.0
    return np.array(loss / len(x)), dx / len(x)

def svm_loss(x, y):
    N = x.shape[0]
    correct = x[np.arange(N), y]
    margins = np.maximum(0, x - correct[:, None] + 1.0)
    margins[np.arange(N), y] = 0
    missed = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= missed
    return float(margins.sum()) / N, dx / N

class TwoLayerNet:
    def __init__(self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.reg = reg
        generator = np.random.default_rng()
        self.params = {
            "b1": np.zeros((hidden_dim,)),
            "b2": np.zeros((num_classes,)),
            "W2": generator.normal(0, weight_scale, (hidden_dim, num_classes)),
            "W1": generator.normal(0, weight_scale, (input_dim, hidden_dim)),
        }

    def loss(self, X, y=None):
        rows = X.reshape(X.shape[0], -1)
        p = self.params
        hidden = np.maximum(0, rows @ p["W1"] + p["b1"])
        scores = hidden @ p["W2"] + p["b2"]
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        for name in ("W1", "W2"):
            loss = loss + 0.5 * self.reg * np.sum(p[name] * p[name])
        dhidden = dscores @ p["W2"].T
        dhidden[hidden <= 0] = 0
        grads = {
            "W1": rows.T @ dhidden + self.reg * p["W1"],
            "b1": dhidden.sum(0),
            "W2": hidden.T @ dscores + self.reg * p["W2"],
            "b2": dscores.sum(0),
        }
        return loss, grads
"""


def test_a_right_solution_written_in_another_way_passes_every_test():
    namespace = {"np": np}
    exec(ANOTHER_WAY, namespace)
    assert complaints(grade(LocalSubmission(namespace), EXERCISES)) == {}


def load_seed_values():
    spec = importlib.util.spec_from_file_location("seed_values", GRADERS / "seed_values.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SEED_VALUES = load_seed_values()


def distance(entry, key, actual):
    """How far a value is from the entry's, in the entry's own measure."""
    wanted, actual = np.asarray(entry["expected"][key], dtype=float), np.asarray(actual)
    if entry["measure"].startswith("relative error"):
        return rel_error(actual, wanted)
    return float(np.abs(actual - wanted).sum())


@pytest.mark.parametrize("seed", SEED_VALUES.SEEDS)
def test_the_reference_reproduces_a_seed_value(seed):
    entry = SEED_VALUES.ENTRIES[seed]
    values = SEED_VALUES.SEEDS[seed](entry)
    assert values.keys() == entry["expected"].keys()
    for key, value in values.items():
        assert distance(entry, key, value) <= entry["tolerance"]


@pytest.mark.parametrize(
    ("stored", "seed", "key"),
    [
        ("public/affine_forward/images", "affine_forward", "out"),
        ("public/relu_forward/out", "relu_forward", "out"),
        ("public/TwoLayerNet/scores", "two_layer_net_scores", "scores"),
        ("public/TwoLayerNet/loss_reg_0", "two_layer_net_loss", "loss_reg_0"),
        ("public/TwoLayerNet/loss_reg_1", "two_layer_net_loss", "loss_reg_1"),
    ],
)
def test_a_stored_expected_value_agrees_with_its_seed_value(stored, seed, key):
    entry = SEED_VALUES.ENTRIES[seed]
    with h5py.File(EXPECTED_FILE) as file:
        assert distance(entry, key, file[stored][()]) <= entry["tolerance"]


def bright_pixels(seed):
    y = np.random.default_rng(seed).permutation(200) % 10
    X = np.zeros((200, 3, 2, 2))
    X.reshape(200, 12)[np.arange(200), y] = 1
    return X, y


def tuning_results(**left_behind):
    X_val, y_val = bright_pixels(seed=1)
    namespace = {"X_val": X_val, "y_val": y_val, **left_behind}
    return grade(LocalSubmission(namespace), {"tuning"})


class Model:
    """Reads the class off the bright pixel, and gets the given share of the classes right."""

    def __init__(self, right):
        self.right = right

    def loss(self, X, y=None):
        assert y is None
        scores = X.reshape(len(X), -1)[:, :10].copy()
        scores[:, round(10 * self.right) :] *= -1
        return scores


def test_a_good_model_passes_every_test_of_the_tuning():
    assert complaints(tuning_results(best_model=Model(right=1.0))) == {}


@pytest.mark.parametrize("best_model", [None, 0.9, "best", np.eye(10)])
def test_something_that_is_no_model_passes_no_test_of_the_tuning(best_model):
    assert {result.verdict for result in tuning_results(best_model=best_model)} == {"failed"}


def test_a_model_at_chance_earns_only_what_is_given_for_scores():
    passed = {result.name for result in tuning_results(best_model=Model(right=0.0)) if result.verdict == "passed"}
    assert passed == {"test_best_model_gives_scores", "test_best_model_scores_each_image_by_itself"}


def test_a_model_just_short_of_the_mark_earns_a_part():
    names = list(complaints(tuning_results(best_model=Model(right=0.4))))
    assert names == ["test_best_model_on_the_validation_images", "test_best_model_on_new_images"]


def test_missing_best_model_is_the_students_error():
    assert {result.verdict for result in tuning_results()} == {"student_error"}
