"""What the graders of two_layer_net have to let pass, and what to refuse, besides what holds for every notebook."""

import importlib.util
from pathlib import Path

import h5py
import numpy as np
import pytest
from earned_shares import CONSTANTS, constant, earned_shares, looked_up
from reference_grading import InProcessGrader, Reference, complaints

import nnkit.layers
import nnkit.losses
import nnkit.models.two_layer
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
    return run_graders(GRADER_FILE, InProcessGrader(submission, set(items), **easy()))


def easy():
    given = dict(zip(("X_val", "y_val"), bright_pixels(seed=1), strict=True))

    def notebook_data(*names):
        return given[names[0]] if len(names) == 1 else tuple(given[name] for name in names)

    thresholds = Thresholds(validation=0.48, test=0.45)
    return {"held_back": lambda name: bright_pixels(seed=2), "thresholds": thresholds, "notebook_data": notebook_data}


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


FUNCTIONS = EXERCISES[:-1]
REFERENCE = Reference(nnkit.layers, nnkit.losses, nnkit.models.two_layer)


def reference_namespace(**replaced):
    return REFERENCE.submission_with(**replaced)._namespace


def shares(submission, items=FUNCTIONS):
    return earned_shares(GRADER_FILE, submission, items)


def test_answers_looked_up_in_the_public_tests_earn_nothing():
    assert set(shares(looked_up(GRADER_FILE, reference_namespace(), FUNCTIONS)).values()) == {0}


@pytest.mark.parametrize("what", CONSTANTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_answers_that_do_not_depend_on_the_inputs_earn_nothing(name, what):
    assert shares(constant(reference_namespace(), [name], CONSTANTS[what]), [name]) == {name: 0}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_returns_its_first_argument_earns_nothing(name):
    count = {"affine_backward": "dout, dout, dout", "relu_backward": "dout"}.get(name, "dout, (dout, *rest)")
    source = f"def {name}(dout, *rest): return {count}"
    assert shares(REFERENCE.submission_with(**{name: source}), [name]) == {name: 0}


SLOPES = """
def slopes(function, x, upstream):
    if x.size > 2000:
        raise TimeoutError("in place of a time limit")
    gradient = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[place] = 1e-3
        rise = 8 * (function(x + step) - function(x - step)) - function(x + 2 * step) + function(x - 2 * step)
        gradient[place] = np.sum(rise * upstream) / 12e-3
    return gradient
"""
MEASURED = {
    "affine_backward": """
def affine_backward(dout, cache):
    x, w, b = cache
    return (
        slopes(lambda x: affine_forward(x, w, b)[0], x, dout),
        slopes(lambda w: affine_forward(x, w, b)[0], w, dout),
        slopes(lambda b: affine_forward(x, w, b)[0], b, dout),
    )
""",
    "relu_backward": """
def relu_backward(dout, cache):
    return dout * (relu_forward(cache + 1e-6)[0] - relu_forward(cache - 1e-6)[0]) / 2e-6
""",
    "softmax_loss": """
def softmax_loss(x, y):
    def loss(x):
        rows = np.arange(len(x))
        top = x.max(axis=1)
        return np.mean(np.log(np.exp(x - top[:, None]).sum(axis=1)) + top - x[rows, y])
    return loss(x), slopes(loss, x, 1)
""",
    "svm_loss": """
def svm_loss(x, y):
    def loss(x):
        return np.maximum(0, x - x[np.arange(len(x)), y][:, None] + 1).sum() / len(x) - 1
    return loss(x), slopes(loss, x, 1)
""",
}


@pytest.mark.parametrize("name", MEASURED)
def test_slopes_measured_entry_by_entry_earn_the_marks_of_the_loss_and_no_others(name):
    submission = REFERENCE.submission_with(slopes=SLOPES, **{name: MEASURED[name]})
    assert shares(submission, [name])[name] <= (0.4 if "loss" in name else 0)


def network(*edits):
    source = REFERENCE.sources["TwoLayerNet"]
    for find, replace in edits:
        assert find in source
        source = source.replace(find, replace)
    return shares(REFERENCE.submission_with(TwoLayerNet=source), ["TwoLayerNet"])["TwoLayerNet"]


# What is wrong with a network from the ground up, and the share of its marks that is left.
FUNDAMENTAL = {
    "no gradients": [("return loss, grads", "return loss, {key: 0 * self.params[key] for key in self.params}")],
    "weights of one scale": [("weight_scale * ", "")],
    "weights of zero": [("weight_scale * ", "0 * ")],
    "no hidden layer": [
        ("affine_relu_forward(X, W1, b1)", "affine_forward(X, W1, b1)"),
        ("affine_relu_backward(dhidden", "affine_backward(dhidden"),
    ],
}


@pytest.mark.parametrize("what", FUNDAMENTAL)
def test_a_network_that_is_wrong_from_the_ground_up_keeps_hardly_more_than_half_of_its_marks(what):
    assert network(*FUNDAMENTAL[what]) < 0.55


def test_a_loss_of_zero_with_gradients_of_zero_earns_what_initialisation_and_scores_do():
    edit = ("return loss, grads", "return 0.0, {key: 0 * self.params[key] for key in self.params}")
    assert network(edit) < 0.3


def test_biases_that_are_whatever_stands_in_memory_lose_marks():
    assert network(("np.zeros(hidden_dim)", "np.empty(hidden_dim)")) < 1


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
    return grade(LocalSubmission(left_behind), {"tuning"})


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


def test_a_model_at_chance_earns_nothing():
    assert earned_shares(GRADER_FILE, LocalSubmission({"best_model": Model(right=0.0)}), ["tuning"], **easy()) == {
        "tuning": 0
    }


def test_validation_images_that_a_submission_puts_in_place_of_its_own_play_no_part():
    forged = {"X_val": np.zeros((200, 3, 2, 2)), "y_val": np.zeros(200, dtype=int)}
    assert "test_best_model_on_the_validation_images" in complaints(tuning_results(best_model=Model(0.0), **forged))


def test_a_model_just_short_of_the_mark_earns_a_part():
    names = list(complaints(tuning_results(best_model=Model(right=0.4))))
    assert names == ["test_best_model_on_the_validation_images", "test_best_model_on_new_images"]


def test_missing_best_model_is_the_students_error():
    assert {result.verdict for result in tuning_results()} == {"student_error"}
