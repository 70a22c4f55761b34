"""The graders of two_layer_net against the reference, an untouched notebook and every known misconception."""

import importlib.util
from pathlib import Path

import h5py
import numpy as np
import pytest
from reference_grading import InProcessGrader, Reference, earned, explanations, misconceptions_of

import nnkit.layers
import nnkit.losses
import nnkit.models.two_layer
from nnkit.kit.authoring.regions import strip
from nnkit.kit.grading.graders import Accuracies
from nnkit.student.expected import stored_keys
from nnkit.student.plugin import ExpectedRecorder, run_graders
from nnkit.student.testing import LocalSubmission, rel_error

GRADERS = Path(__file__).parents[1] / "graders"
GRADER_FILE = GRADERS / "a1_image_classifiers" / "test_two_layer_net.py"
EXPECTED_FILE = GRADERS / "a1_image_classifiers" / "two_layer_net.h5"
MISCONCEPTIONS = misconceptions_of(GRADERS / "a1_image_classifiers" / "two_layer_net.misconceptions.toml")

# Misconceptions overflow and divide by zero.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

EXERCISES = (
    "affine_forward",
    "affine_backward",
    "relu_forward",
    "relu_backward",
    "softmax_loss",
    "svm_loss",
    "TwoLayerNet",
)
OF_FUNCTIONS = [m for m in MISCONCEPTIONS if m["exercise"] in EXERCISES]


REFERENCE = Reference(nnkit.layers, nnkit.losses, nnkit.models.two_layer)


def official(submission, items, held_back=None, **options):
    """The graders with held-back images that are easy to classify."""
    return InProcessGrader(
        submission,
        items,
        held_back=held_back or (lambda name: bright_pixels(seed=2)),
        thresholds=Accuracies(validation=0.48, test=0.45),
        **options,
    )


def grade(submission, items, **options):
    return run_graders(GRADER_FILE, official(submission, items, **options))


@pytest.fixture(scope="module")
def grader():
    """The graders after one run on the reference; a test of theirs can be replayed with another submission."""
    grader = official(REFERENCE.submission_with(), set(EXERCISES))
    run_graders(GRADER_FILE, grader)
    return grader


def replay(grader, item, submission):
    """Results and traces of an item's tests, by test name."""
    names = [test.name for test in grader.tests if test.item == item]
    return {name: grader.replay(name, submission) for name in names}


@pytest.fixture(scope="module")
def mistaken(grader):
    """Every misconception's replayed tests, by exercise and name."""
    return {
        (m["exercise"], m["name"]): replay(grader, m["exercise"], REFERENCE.submission_mistaken_in(m))
        for m in OF_FUNCTIONS
    }


def test_the_reference_passes_every_test(grader):
    assert {result.item for result in grader.results} == set(EXERCISES)
    assert {result.name: result.message for result in grader.results if result.verdict != "passed"} == {}


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


def test_a_right_solution_written_in_another_way_passes_every_test(grader):
    namespace = {"np": np}
    exec(ANOTHER_WAY, namespace)
    results = [grader.replay(test.name, LocalSubmission(namespace))[0] for test in grader.tests]
    assert {result.name: result.message for result in results if result.verdict != "passed"} == {}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_untouched_exercise_passes_no_test(grader, exercise):
    untouched = strip(REFERENCE.sources[exercise], exercise, file="reference")
    replayed = replay(grader, exercise, REFERENCE.submission_with(**{exercise: untouched}))
    assert {result.verdict for result, _ in replayed.values()} == {"not_implemented"}


@pytest.mark.parametrize("misconception", OF_FUNCTIONS, ids=lambda m: f"{m['exercise']}-{m['name']}")
def test_a_misconception_loses_a_part_of_its_item(mistaken, misconception):
    replayed = mistaken[misconception["exercise"], misconception["name"]]
    assert earned(replayed) < 1
    assert "grader_error" not in {result.verdict for result, _ in replayed.values()}


@pytest.mark.parametrize("misconception", OF_FUNCTIONS, ids=lambda m: f"{m['exercise']}-{m['name']}")
def test_a_misconception_is_told_from_the_others_by_what_it_computes(grader, mistaken, misconception):
    item, name = misconception["exercise"], misconception["name"]
    submitted = replay(grader, item, REFERENCE.submission_mistaken_in(misconception))
    explained = explanations(submitted, mistaken, item)
    # Of equally good explanations the first one in the file is given, so the more special one stands first.
    assert explained[name] > 0
    assert max(explained, key=explained.get) == name


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_at_least_four_misconceptions_with_names_and_hints_of_their_own(exercise):
    own = [m for m in OF_FUNCTIONS if m["exercise"] == exercise]
    assert len({m["name"] for m in own}) == len({m["hint"] for m in own}) == len(own) >= 4


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_single_slip_keeps_a_part_of_the_marks(mistaken, exercise):
    shares = [earned(replayed) for (item, _), replayed in mistaken.items() if item == exercise]
    assert 0.3 < max(shares) < 1


def test_objects_that_claim_to_equal_everything_pass_no_test(grader):
    liar = "class Liar:\n    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda *_: True"
    sources = {name: f"{liar}\ndef {name}(*args, **kwargs):\n    return Liar()" for name in EXERCISES}
    submission = REFERENCE.submission_with(**sources)
    verdicts = {result.verdict for name in EXERCISES for result, _ in replay(grader, name, submission).values()}
    assert verdicts <= {"failed", "student_error"}


def test_recording_the_reference_gives_the_stored_expected_values():
    recorder = ExpectedRecorder()
    grade(REFERENCE.submission_with(), set(EXERCISES), recorder=recorder)
    recorded = recorder.values[EXPECTED_FILE.resolve()]
    assert sorted(stored_keys(EXPECTED_FILE)) == sorted(recorded)
    with h5py.File(EXPECTED_FILE) as file:
        for key, value in recorded.items():
            assert rel_error(file[key][()], value) < 1e-12


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


def lost(results):
    return [result.name for result in results if result.verdict != "passed"]


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
    assert lost(tuning_results(best_model=Model(right=1.0))) == []


@pytest.mark.parametrize("best_model", [None, 0.9, "best", np.eye(10)])
def test_something_that_is_no_model_passes_no_test_of_the_tuning(best_model):
    assert {result.verdict for result in tuning_results(best_model=best_model)} == {"failed"}


def test_a_model_at_chance_earns_only_what_is_given_for_scores():
    passed = {result.name for result in tuning_results(best_model=Model(right=0.0)) if result.verdict == "passed"}
    assert passed == {"test_best_model_gives_scores", "test_best_model_scores_each_image_by_itself"}


def test_a_model_just_short_of_the_mark_earns_a_part():
    names = lost(tuning_results(best_model=Model(right=0.4)))
    assert names == ["test_best_model_on_the_validation_images", "test_best_model_on_new_images"]


def test_missing_best_model_is_the_students_error():
    assert {result.verdict for result in tuning_results()} == {"student_error"}
