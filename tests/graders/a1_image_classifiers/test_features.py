"""Graders of the notebook features: what the two searches on features left behind.

Held-back images are turned into features by the notebook's own given code; their labels never leave the grader.
"""

import numpy as np
from linear_classifiers import (
    accuracy_on,
    check_best,
    check_grid,
)

from nnkit.student.testing import (
    FORWARD_FLOAT32,
    NOISE_FLOOR,
    CheckFailure,
    assert_at_least,
    assert_close,
    assert_shape,
    item,
    opaque,
)

LOCAL_SVM_ACCURACY = 0.40
LOCAL_NET_ACCURACY = 0.55


def best_net(submission):
    return opaque(submission.best_net, "best_net", "a trained TwoLayerNet")


def classes_by_net(submission, rows):
    """The classes with the highest scores, as found here: the submission gives nothing but scores."""
    scores = best_net(submission).loss(rows)
    assert_shape(scores, (len(rows), 10), "the scores that best_net gives")
    if not np.isfinite(scores).all():
        raise CheckFailure("best_net gives scores that are not finite: its training has diverged")
    return np.argmax(scores, axis=1)


def accuracy_of_net(submission, rows, labels):
    return float(np.mean(classes_by_net(submission, rows) == labels))


def features_of(submission, images):
    rows = submission.features_of(images)
    assert_shape(rows, (len(images), 155), "features_of(images)")
    return rows


def held_back_features(submission, data, name):
    """Features and labels of images that no submission has seen; nothing is computed if there is no such model."""
    opaque(getattr(submission, name), name, "a trained model")
    images, labels = data("cifar10_bytes")
    return features_of(submission, images), labels


@item("svm_on_features", public=True, weight=0.5,
      message="results maps each (learning rate, reg) to (training accuracy, validation accuracy).")
def test_results_of_the_grid(submission):
    check_grid(submission)


@item("svm_on_features", public=True, weight=1,
      message="best_val is the highest validation accuracy in results, and best_svm the classifier that reached it.")
def test_best_svm_is_the_one_of_the_best_result(submission, notebook_data):
    accuracy = accuracy_on(submission, "best_svm", *notebook_data("F_val", "y_val"))
    check_best(submission, "best_svm", accuracy)


@item("svm_on_features", public=True, weight=1,
      message="best_svm does well on F_val: features are smaller than pixels, so try much larger learning rates.")
def test_best_svm_on_the_validation_images(submission, notebook_data):
    accuracy = accuracy_on(submission, "best_svm", *notebook_data("F_val", "y_val"))
    assert_at_least(accuracy, LOCAL_SVM_ACCURACY, "validation accuracy")


@item("svm_on_features", weight=1.5, needs="test_best_svm_beats_chance_on_new_images",
      message="best_svm reaches the accuracy asked for on the validation images.")
def test_best_svm_reaches_what_is_asked_for(submission, notebook_data, thresholds):
    accuracy = accuracy_on(submission, "best_svm", *notebook_data("F_val", "y_val"))
    assert_at_least(accuracy, thresholds.validation, "validation accuracy")


@item("svm_on_features", weight=1.5,
      confirms=["test_results_of_the_grid", "test_best_svm_is_the_one_of_the_best_result",
                "test_best_svm_on_the_validation_images"],
      message="best_svm does much better than chance on images that took no part in the search.")
def test_best_svm_beats_chance_on_new_images(submission, data, thresholds):
    accuracy = accuracy_on(submission, "best_svm", *held_back_features(submission, data, "best_svm"))
    assert_at_least(accuracy, 0.7 * thresholds.test, "test accuracy")


@item("svm_on_features", weight=2.5,
      message="best_svm does well on images that took no part in training or in the search.")
def test_best_svm_on_new_images(submission, data, thresholds):
    accuracy = accuracy_on(submission, "best_svm", *held_back_features(submission, data, "best_svm"))
    assert_at_least(accuracy, thresholds.test, "test accuracy")


@item("net_on_features", public=True, weight=1,
      message="best_net is a network whose loss(F_val) gives ten finite scores per image.")
def test_best_net_gives_scores(submission, notebook_data):
    classes_by_net(submission, notebook_data("F_val"))


@item("net_on_features", public=True, weight=1,
      message="best_net does well on F_val: try learning rates by factors of 3 or 10, and look at the curves.")
def test_best_net_on_the_validation_images(submission, notebook_data):
    accuracy = accuracy_of_net(submission, *notebook_data("F_val", "y_val"))
    assert_at_least(accuracy, LOCAL_NET_ACCURACY, "validation accuracy")


@item("net_on_features", weight=0.5, needs="test_best_net_beats_a_linear_classifier_on_new_images",
      message="The scores of an image don't depend on which other images are in the batch.")
def test_best_net_scores_each_image_by_itself(submission, data, rng):
    net = best_net(submission)
    rows = features_of(submission, data("cifar10_bytes")[0][:40])
    order = rng.permutation(len(rows))
    classes_by_net(submission, rows)
    classes_by_net(submission, rows[order])
    scores, shuffled = net.loss(rows), net.loss(rows[order])
    assert_close(shuffled, scores[order], FORWARD_FLOAT32, "scores", relative_floor=NOISE_FLOOR, dtype=scores.dtype)


@item("net_on_features", weight=1, needs="test_best_net_beats_a_linear_classifier_on_new_images",
      message="best_net reaches the accuracy asked for on the validation images.")
def test_best_net_reaches_what_is_asked_for(submission, notebook_data, thresholds):
    accuracy = accuracy_of_net(submission, *notebook_data("F_val", "y_val"))
    assert_at_least(accuracy, thresholds.validation, "validation accuracy")


@item("net_on_features", weight=2,
      confirms=["test_best_net_gives_scores", "test_best_net_on_the_validation_images"],
      message="best_net does better on new images than a linear classifier of the features.")
def test_best_net_beats_a_linear_classifier_on_new_images(submission, data, thresholds):
    accuracy = accuracy_of_net(submission, *held_back_features(submission, data, "best_net"))
    assert_at_least(accuracy, 0.85 * thresholds.test, "test accuracy")


@item("net_on_features", weight=2.5, message="best_net does well on images that took no part in training or tuning.")
def test_best_net_on_new_images(submission, data, thresholds):
    accuracy = accuracy_of_net(submission, *held_back_features(submission, data, "best_net"))
    assert_at_least(accuracy, thresholds.test, "test accuracy")
