"""The graders of the notebook features: what passes in any right form, and what passes in no form."""

from pathlib import Path

import numpy as np
import pytest
from earned_shares import earned_shares
from reference_grading import InProcessGrader

from nnkit.kit.grading.thresholds import Thresholds
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission

GRADERS = Path(__file__).parents[2] / "graders" / "a1_image_classifiers" / "test_features.py"
VALIDATION, HELD_BACK = (np.random.default_rng(seed).permutation(200) % 10 for seed in (1, 2))


def rows_of(labels):
    """Features that say the class."""
    rows = np.zeros((len(labels), 155))
    rows[np.arange(len(labels)), labels] = 1
    return rows


def pictures(labels):
    """Bytes, the first of which is the class."""
    images = np.zeros((len(labels), 3, 32, 32), dtype=np.uint8)
    images[:, 0, 0, 0] = labels
    return images


def features_of(images):
    assert images.dtype == np.uint8
    return rows_of(images[:, 0, 0, 0])


class Model:
    """Gets the given share of the classes right, as a linear classifier and as a network."""

    def __init__(self, right):
        self.right = right

    def predict(self, X):
        found = X[:, :10].argmax(axis=1)
        return np.where(found < round(10 * self.right), found, (found + 1) % 10)

    def loss(self, X, y=None):
        return np.eye(10)[self.predict(X)]


def given(*names):
    """What the given cells of the notebook have loaded and computed."""
    values = {"F_val": rows_of(VALIDATION), "y_val": VALIDATION}
    return values[names[0]] if len(names) == 1 else tuple(values[name] for name in names)


EASY = {
    "held_back": lambda name: {"cifar10_bytes": (pictures(HELD_BACK), HELD_BACK)}[name],
    "thresholds": Thresholds(validation=0.7, test=0.65),
    "notebook_data": given,
}


def submission_with(**left_behind):
    namespace = {
        "features_of": features_of,
        "results": {(rate, reg): (0.9, rate * reg) for rate in (1.0, 0.5) for reg in (1.0, 0.5)},
        "best_val": 1.0,
        "best_svm": Model(1.0),
        "best_net": Model(1.0),
        **left_behind,
    }
    return LocalSubmission(namespace)


def lost(item, **left_behind):
    """The tests of an experiment that fail when some of what a right one leaves behind is another."""
    results = run_graders(GRADERS, InProcessGrader(submission_with(**left_behind), {item}, **EASY))
    assert len(results) == 6
    assert {result.verdict for result in results} <= {"passed", "failed", "student_error"}
    return {result.name for result in results if result.verdict != "passed"}


@pytest.mark.parametrize("item", ["svm_on_features", "net_on_features"])
def test_good_models_pass_every_test(item):
    assert lost(item) == set()


@pytest.mark.parametrize("nothing", [None, 0.9, "best", np.eye(10)])
def test_something_that_is_no_model_passes_no_test(nothing):
    assert lost("svm_on_features", best_svm=nothing) >= {
        "test_best_svm_is_the_one_of_the_best_result",
        "test_best_svm_on_the_validation_images",
        "test_best_svm_beats_chance_on_new_images",
        "test_best_svm_on_new_images",
    }
    assert len(lost("net_on_features", best_net=nothing)) == 6


def test_an_experiment_as_it_is_handed_out_passes_no_test():
    assert len(lost("svm_on_features", results={}, best_val=-1.0, best_svm=None)) == 6


def test_models_a_little_short_of_the_mark_earn_a_part():
    results = {(1, 1): (0.6, 0.6), (2, 2): (0.6, 0.5)}
    assert lost("svm_on_features", best_svm=Model(0.6), best_val=0.6, results=results) == {
        "test_best_svm_reaches_what_is_asked_for",
        "test_best_svm_on_new_images",
    }
    assert lost("net_on_features", best_net=Model(0.6)) == {
        "test_best_net_reaches_what_is_asked_for",
        "test_best_net_on_new_images",
    }


def test_keys_and_accuracies_of_numpy_stand_for_those_of_python():
    results = {(np.float64(1), np.float64(1)): [0.9, np.float64(1)], (2, 2): np.array([0.9, 0.5])}
    assert "test_results_of_the_grid" in lost("svm_on_features", results={(1.0, 1.0): 1.0, (2.0, 2.0): 0.5})
    results[2, 2] = (0.9, 0.5)
    assert lost("svm_on_features", results=results, best_val=np.float64(1)) == set()


def test_a_classifier_that_is_not_the_best_of_the_results_loses_marks():
    assert lost("svm_on_features", best_svm=Model(0.9)) == {"test_best_svm_is_the_one_of_the_best_result"}


def test_a_network_that_looks_at_the_whole_batch_loses_marks():
    class OfTheBatch(Model):
        def loss(self, X, y=None):
            return super().loss(X) + 0.1 * X[0, :10]

    assert lost("net_on_features", best_net=OfTheBatch(1.0)) == {"test_best_net_scores_each_image_by_itself"}


def test_scores_that_are_not_finite_pass_no_test():
    class Diverged(Model):
        def loss(self, X, y=None):
            return np.full((len(X), 10), np.nan)

    assert len(lost("net_on_features", best_net=Diverged(1.0))) == 6


@pytest.mark.parametrize("item", ["svm_on_features", "net_on_features"])
def test_features_and_labels_that_a_submission_puts_in_place_of_its_own_earn_nothing(item):
    forged = {"y_val": (VALIDATION + 1) % 10, "F_val": rows_of((VALIDATION + 1) % 10), "best_val": 0.0}
    results = {(1, 1): (0.0, 0.0), (2, 2): (0.0, 0.0), (1, 2): (0, 0)}
    submission = submission_with(best_svm=Model(0.0), best_net=Model(0.0), results=results, **forged)
    assert earned_shares(GRADERS, submission, [item], **EASY) == {item: 0}
