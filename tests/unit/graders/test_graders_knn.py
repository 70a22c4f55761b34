"""What the graders of knn have to let pass, and what to refuse, besides what holds for every notebook."""

from pathlib import Path

import numpy as np
import pytest
from earned_shares import CONSTANTS, constant, earned_shares, looked_up
from reference_grading import InProcessGrader, Reference, complaints

import nnkit.models.knn
from nnkit.kit.authoring.grader_items import asked_of_submissions
from nnkit.kit.grading.collected import collected
from nnkit.kit.grading.thresholds import Thresholds
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.student.verdict import unmet_needs

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a1_image_classifiers" / "test_knn.py"

EXERCISES = (
    "compute_distances_two_loops",
    "compute_distances_one_loop",
    "compute_distances_no_loops",
    "predict_labels",
)
REFERENCE = Reference(nnkit.models.knn)


def grade(submission, items=EXERCISES, **options):
    """Results of the graders, with held-back images that are easy to classify."""
    return run_graders(GRADER_FILE, InProcessGrader(submission, set(items), **easy(), **options))


def easy():
    return {"held_back": lambda name: held_back_images(), "thresholds": Thresholds(validation=0.9, test=0.9)}


def test_no_exercise_counts_as_built_on_the_class_that_calls_them_all():
    asked = asked_of_submissions(GRADER_FILE)
    assert [asked[exercise] & {"KNearestNeighbor", *EXERCISES} for exercise in EXERCISES] == [set()] * len(EXERCISES)


# A whole class, as other courses' notebooks have it: pasted into one cell, it comes after the given one.
ANOTHER_WAY = """
class KNearestNeighbor(object):
    def train(self, X, y):
        self.X_train = X
        self.y_train = y

    def compute_distances_two_loops(self, X):
        num_test, num_train = X.shape[0], self.X_train.shape[0]
        dists = np.zeros((num_test, num_train))
        for i in range(num_test):
            for j in range(num_train):
                pass
                dists[i][j] = sum((a - b) ** 2 for a, b in zip(self.X_train[j, :], X[i, :])) ** 0.5
        return dists

    def compute_distances_one_loop(self, X):
        rows = []
        for x in X:
            gap = np.subtract(x, self.X_train)
            rows.append(np.sqrt(np.einsum("nd,nd->n", gap, gap)))
        return np.array(rows)

    def compute_distances_no_loops(self, X):
        Y = self.X_train
        cross = np.dot(X, Y.T)
        squares = -2 * cross + (X * X).sum(1).reshape(-1, 1) + (Y * Y).sum(axis=1, keepdims=True).T
        return np.sqrt(np.abs(squares))

    def predict_labels(self, dists, k=1):
        print("k is", k)
        y_pred = np.zeros(dists.shape[0])
        for i in range(dists.shape[0]):
            closest_y = self.y_train[np.argsort(dists[i, :])][:k]
            y_pred[i] = np.bincount(closest_y).argmax()
        return y_pred
"""


def test_a_right_solution_written_in_another_way_passes_every_test():
    assert complaints(grade(REFERENCE.submission_with(KNearestNeighbor=ANOTHER_WAY), slow=False)) == {}


NORMED = """
def compute_distances_two_loops(self, X):
    return np.array([[np.linalg.norm(x - t) for t in self.X_train] for x in X])

def compute_distances_one_loop(self, X):
    return np.array([np.linalg.norm(x - self.X_train, axis=1) for x in X])

def compute_distances_no_loops(self, X):
    return np.linalg.norm(X[:, np.newaxis] - self.X_train, axis=2)
"""


FORBIDDING = {
    f"test_{way}_{where}_without_norm"
    for way in ("two_loops", "one_loop", "no_loops")
    for where in ("distances", "on_random_points")
}


def test_right_distances_by_a_forbidden_norm_lose_the_tests_that_forbid_it_and_no_other():
    lost = complaints(
        grade(REFERENCE.submission_with(KNearestNeighbor=REFERENCE.sources["KNearestNeighbor"] + NORMED), slow=False)
    )
    assert set(lost) == FORBIDDING
    assert all("numpy.linalg.norm, which is not allowed" in message for message in lost.values())


BOUND_BEFORE = """
from numpy import linalg as la
from numpy.linalg import norm

def compute_distances_two_loops(self, X):
    return np.array([[norm(x - t) for t in self.X_train] for x in X])

def compute_distances_one_loop(self, X, length=np.linalg.norm):
    return np.array([length(x - self.X_train, axis=1) for x in X])

def compute_distances_no_loops(self, X):
    return la.norm(X[:, np.newaxis] - self.X_train, axis=2)
"""
OF_SCIPY = """
from scipy.spatial.distance import cdist, euclidean

def compute_distances_two_loops(self, X):
    return np.array([[euclidean(x, t) for t in self.X_train] for x in X])

def compute_distances_one_loop(self, X):
    return np.array([cdist(x[np.newaxis], self.X_train)[0] for x in X])

def compute_distances_no_loops(self, X):
    from scipy.spatial import distance
    return distance.cdist(X, self.X_train)
"""


@pytest.mark.parametrize("functions", [BOUND_BEFORE, OF_SCIPY])
def test_a_norm_bound_to_another_name_before_or_another_librarys_is_forbidden_too(functions):
    if functions == OF_SCIPY:
        pytest.importorskip("scipy.spatial.distance")
    classifier = REFERENCE.sources["KNearestNeighbor"] + functions
    lost = complaints(grade(REFERENCE.submission_with(KNearestNeighbor=classifier), slow=False))
    assert lost.keys() >= FORBIDDING
    assert all("which is not allowed" in lost[name] for name in FORBIDDING)


def reference_namespace():
    return REFERENCE.submission_with()._namespace


def test_answers_looked_up_in_the_public_tests_earn_nothing():
    submission = looked_up(GRADER_FILE, reference_namespace(), EXERCISES)
    assert set(earned_shares(GRADER_FILE, submission, EXERCISES).values()) == {0}


@pytest.mark.parametrize("what", CONSTANTS)
def test_answers_that_do_not_depend_on_the_inputs_earn_nothing(what):
    submission = constant(reference_namespace(), EXERCISES, CONSTANTS[what])
    assert set(earned_shares(GRADER_FILE, submission, EXERCISES, slow=False).values()) == {0}


def test_the_norm_is_back_after_the_tests():
    norm = np.linalg.norm
    grade(REFERENCE.submission_with(), slow=False)
    assert np.linalg.norm is norm


# What does with more loops, or with more memory, than asked for.
OTHER_WAYS = {
    "compute_distances_one_loop": """
def compute_distances_one_loop(self, X):
    return compute_distances_two_loops(self, X)
""",
    "compute_distances_no_loops": """
def compute_distances_no_loops(self, X):
    return compute_distances_one_loop(self, X)
""",
}


@pytest.mark.parametrize("name", OTHER_WAYS)
def test_a_way_with_more_loops_than_asked_for_earns_nothing_in_the_end(name):
    """A stand-in for the time limit: the slow test of the item, which a loop can't end in time, is one that failed."""
    submission = REFERENCE.submission_with(**{name: OTHER_WAYS[name]})
    grader = InProcessGrader(submission, {name}, slow=False)
    passed = {result.name for result in run_graders(GRADER_FILE, grader) if result.verdict == "passed"}
    tests = collected(GRADER_FILE).tests.values()
    assert passed - unmet_needs([test for test in tests if test.item == name], passed).keys() == set()


def test_wrong_distances_are_not_good_because_they_come_fast():
    sources = {name: f"def {name}(self, X):\n    return np.ones((len(X), len(self.X_train)))" for name in EXERCISES[:3]}
    lost = complaints(grade(REFERENCE.submission_with(**sources), EXERCISES[:3]))
    assert {"test_one_loop_is_one_loop", "test_no_loops_is_without_loops"} <= lost.keys()


K_CHOICES = (1, 3, 5, 8, 10, 12, 15, 20, 50, 100)


def images(seed, n):
    """Rows of bytes in ten classes: a bright patch for each, a little hidden by noise."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(n) % 10
    X = rng.integers(0, 100, size=(n, 3 * 32 * 32)).astype(float)
    X.reshape(n, 32, -1)[np.arange(n), y] += 100
    return X, y


def held_back_images():
    X, y = images(2, 100)
    return X.reshape(-1, 3, 32, 32) - images(1, 250)[0].mean(axis=0).reshape(3, 32, 32), y


def cross_validation(validated_on_training=False, order=slice(None)):
    """What a right cross-validation leaves behind."""
    X, y = images(1, 250)
    X_folds, y_folds = np.array_split(X[order], 5), np.array_split(y[order], 5)
    knn = nnkit.models.knn.KNearestNeighbor()
    table = {k: [] for k in K_CHOICES}
    for i in range(5):
        rest = [j for j in range(5) if j != i or validated_on_training]
        knn.train(np.concatenate([X_folds[j] for j in rest]), np.concatenate([y_folds[j] for j in rest]))
        dists = knn.compute_distances_no_loops(X_folds[i])
        for k in K_CHOICES:
            table[k].append(float(np.mean(knn.predict_labels(dists, k=k) == y_folds[i])))
    best_k = max(K_CHOICES, key=lambda k: np.mean(table[k]))
    return {
        "X_train": X,
        "y_train": y,
        "X_train_folds": X_folds,
        "y_train_folds": y_folds,
        "k_to_accuracies": table,
        "best_k": best_k,
    }


RIGHT = cross_validation()


def given(*names):
    """What the given cells of the notebook have loaded."""
    return tuple(RIGHT[name] for name in names)


def lost(**left_behind):
    """The tests of the experiment that fail when some of what a right one leaves behind is another."""
    results = grade(LocalSubmission(RIGHT | left_behind), {"cross_validation"}, notebook_data=given)
    assert len(results) == 6
    assert {result.verdict for result in results} <= {"passed", "failed", "student_error"}
    return {result.name for result in results if result.verdict != "passed"}


def share_of_experiment(left_behind):
    submission = LocalSubmission(RIGHT | left_behind)
    (share,) = earned_shares(GRADER_FILE, submission, ["cross_validation"], notebook_data=given, **easy()).values()
    return share


def test_a_right_cross_validation_passes_every_test():
    assert lost() == set()


def test_folds_of_shuffled_images_are_right_too():
    assert lost(**cross_validation(order=np.random.default_rng(3).permutation(250))) == set()


def test_folds_of_bytes_are_right_too():
    assert lost(X_train_folds=[X.astype(np.uint8) for X in RIGHT["X_train_folds"]]) == set()


def test_numpy_arrays_and_numbers_stand_for_lists_and_floats():
    table = {k: np.array(row) for k, row in RIGHT["k_to_accuracies"].items()}
    folds = {name: np.array(RIGHT[name]) for name in ("X_train_folds", "y_train_folds")}
    assert lost(k_to_accuracies=table, best_k=np.int64(RIGHT["best_k"]), **folds) == set()


def test_validating_on_what_was_trained_on_is_seen_in_the_accuracies():
    table = cross_validation(validated_on_training=True)["k_to_accuracies"]
    assert "test_accuracies_are_those_of_the_fold_left_out" in lost(k_to_accuracies=table)


def test_counts_in_place_of_accuracies_are_refused():
    table = {k: [50 * accuracy for accuracy in row] for k, row in RIGHT["k_to_accuracies"].items()}
    assert "test_every_k_has_five_accuracies" in lost(k_to_accuracies=table)


def test_labels_of_other_images_are_seen_in_the_folds():
    assert lost(y_train_folds=RIGHT["y_train_folds"][::-1]) == {
        "test_folds_hold_every_image_once_with_its_label",
        "test_accuracies_are_those_of_the_fold_left_out",
    }


def test_folds_that_share_images_are_refused():
    X_folds, y_folds = ([RIGHT[name][0]] * 5 for name in ("X_train_folds", "y_train_folds"))
    assert "test_folds_hold_every_image_once_with_its_label" in lost(X_train_folds=X_folds, y_train_folds=y_folds)


def test_a_k_that_is_far_from_the_best_is_refused():
    assert lost(best_k=100) == {"test_best_k_is_good_in_the_cross_validation"}


def test_what_a_submission_calls_its_training_images_plays_no_part():
    assert lost(X_train=RIGHT["X_train"][:5], y_train=RIGHT["y_train"][::-1]) == set()


def test_folds_and_accuracies_that_fit_each_other_but_no_image_are_refused():
    """One black image five times, and every accuracy 1."""
    forged = {
        "X_train_folds": [np.zeros((50, 3072))] * 5,
        "y_train_folds": [np.zeros(50, dtype=int)] * 5,
        "k_to_accuracies": {k: [1.0] * 5 for k in K_CHOICES},
    }
    assert share_of_experiment(forged | {"X_train": np.zeros((250, 3072)), "y_train": np.zeros(250, dtype=int)}) == 0


@pytest.mark.parametrize("best_k", [None, 0.3, 7, True, np.eye(2)])
def test_something_that_is_no_k_that_was_tried_is_refused(best_k):
    assert lost(best_k=best_k) == {"test_best_k_is_good_in_the_cross_validation", "test_best_k_on_new_images"}


def test_an_experiment_as_it_is_handed_out_passes_no_test():
    untouched = {"X_train_folds": [], "y_train_folds": [], "k_to_accuracies": {}, "best_k": None}
    assert len(lost(**untouched)) == 6
