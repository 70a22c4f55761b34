"""The graders of svm and softmax against the reference, untouched notebooks and every known misconception."""

import ast
from pathlib import Path

import h5py
import numpy as np
import pytest
from reference_grading import InProcessGrader, Reference, earned, explanations, misconceptions_of

import nnkit.linear_losses
import nnkit.models.linear
from nnkit.kit.authoring.regions import strip
from nnkit.kit.grading.graders import Accuracies
from nnkit.student.expected import stored_keys
from nnkit.student.plugin import ExpectedRecorder, run_graders
from nnkit.student.testing import LocalSubmission, rel_error

GRADERS = Path(__file__).parents[1] / "graders" / "a1_image_classifiers"

# Misconceptions overflow and divide by zero.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

EXERCISES = {
    "svm_loss_naive": "svm",
    "svm_loss_vectorized": "svm",
    "LinearClassifier": "svm",
    "softmax_loss_naive": "softmax",
    "softmax_loss_vectorized": "softmax",
}
NOTEBOOKS = ("svm", "softmax")
BEST = {"svm": "best_svm", "softmax": "best_softmax"}


OF_FUNCTIONS = [
    misconception
    for notebook in NOTEBOOKS
    for misconception in misconceptions_of(GRADERS / f"{notebook}.misconceptions.toml")
    if misconception["exercise"] in EXERCISES
]
REFERENCE = Reference(nnkit.linear_losses, nnkit.models.linear)


def official(submission, items, **options):
    """The graders with held-back images that are easy to classify."""
    return InProcessGrader(
        submission,
        items,
        held_back=lambda name: bright_pixels(seed=2),
        thresholds=Accuracies(validation=0.36, test=0.34),
        **options,
    )


def grade(notebook, submission, items, **options):
    return run_graders(GRADERS / f"test_{notebook}.py", official(submission, items, **options))


def exercises_of(notebook):
    return {exercise for exercise, shown_in in EXERCISES.items() if shown_in == notebook}


@pytest.fixture(scope="module")
def graders():
    """By notebook, the graders after one run on the reference; their tests can be replayed with other submissions."""
    after = {}
    for notebook in NOTEBOOKS:
        after[notebook] = official(REFERENCE.submission_with(), exercises_of(notebook))
        run_graders(GRADERS / f"test_{notebook}.py", after[notebook])
    return after


def replay(graders, item, submission):
    """Results and traces of an item's tests, by test name; without the two million inputs, for their cost."""
    grader = graders[EXERCISES[item]]
    names = [test.name for test in grader.tests if test.item == item and not test.name.endswith("_two_million_inputs")]
    return {name: grader.replay(name, submission) for name in names}


@pytest.fixture(scope="module")
def mistaken(graders):
    """Every misconception's replayed tests, by exercise and name."""
    return {
        (m["exercise"], m["name"]): replay(graders, m["exercise"], REFERENCE.submission_mistaken_in(m))
        for m in OF_FUNCTIONS
    }


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_reference_passes_every_test(graders, notebook):
    results = graders[notebook].results
    assert {result.item for result in results} == exercises_of(notebook)
    assert {result.name: result.message for result in results if result.verdict != "passed"} == {}


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
def test_right_solutions_written_in_another_way_pass_every_test(graders, notebook):
    tree = ast.parse(ANOTHER_WAY)
    submission = REFERENCE.submission_with(**{node.name: ast.unparse(node) for node in tree.body})
    results = [graders[notebook].replay(test.name, submission)[0] for test in graders[notebook].tests]
    assert {result.name: result.message for result in results if result.verdict != "passed"} == {}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_untouched_exercise_passes_no_test(graders, exercise):
    untouched = strip(REFERENCE.sources[exercise], exercise, file="reference")
    replayed = replay(graders, exercise, REFERENCE.submission_with(**{exercise: untouched}))
    assert {result.verdict for result, _ in replayed.values()} == {"not_implemented"}


@pytest.mark.parametrize("misconception", OF_FUNCTIONS, ids=lambda m: f"{m['exercise']}-{m['name']}")
def test_a_misconception_loses_a_part_of_its_item(mistaken, misconception):
    replayed = mistaken[misconception["exercise"], misconception["name"]]
    assert earned(replayed) < 1
    assert "grader_error" not in {result.verdict for result, _ in replayed.values()}


@pytest.mark.parametrize("misconception", OF_FUNCTIONS, ids=lambda m: f"{m['exercise']}-{m['name']}")
def test_a_misconception_is_told_from_the_others_by_what_it_computes(graders, mistaken, misconception):
    item, name = misconception["exercise"], misconception["name"]
    submitted = replay(graders, item, REFERENCE.submission_mistaken_in(misconception))
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


def test_objects_that_claim_to_equal_everything_pass_no_test(graders):
    liar = "class Liar:\n    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda *_: True"
    sources = {name: f"{liar}\ndef {name}(*args, **kwargs):\n    return Liar()" for name in EXERCISES}
    sources["Bowl"] = sources["LinearClassifier"].replace("def LinearClassifier", "def Bowl")
    submission = REFERENCE.submission_with(**sources | {"LinearSVM": "", "Softmax": ""})
    verdicts = {result.verdict for name in EXERCISES for result, _ in replay(graders, name, submission).values()}
    assert verdicts <= {"failed", "student_error"}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_recording_the_reference_gives_the_stored_expected_values(notebook):
    recorder = ExpectedRecorder()
    grade(notebook, REFERENCE.submission_with(), exercises_of(notebook), recorder=recorder)
    stored = GRADERS / f"{notebook}.h5"
    recorded = recorder.values[stored.resolve()]
    assert sorted(stored_keys(stored)) == sorted(recorded)
    with h5py.File(stored) as file:
        for key, value in recorded.items():
            assert rel_error(file[key][()], value) < 1e-12


def lost(results):
    return [result.name for result in results if result.verdict != "passed"]


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
    assert lost(tuning_results(notebook, Model(right=1.0))) == []


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
    assert lost(tuning_results(notebook, Model(right=0.3))) == [
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
    assert lost(tuning_results(notebook, Model(right=0.9), best_val=1.0)) == [
        f"test_{BEST[notebook]}_is_the_one_of_the_best_result"
    ]
