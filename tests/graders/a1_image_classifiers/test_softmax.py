"""Graders of the notebook softmax: the softmax loss of a linear classifier, and what the grid search left.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. They count only with the hidden tests that ask the same of random inputs, judged by the formula at the
end of this file: at a size at which neither loops nor slopes measured one by one come to an end in time.
"""

import math

import numpy as np
from linear_classifiers import (
    FIXED,
    check_average,
    check_best,
    check_gradients,
    check_grid,
    check_input_dtypes,
    check_labels,
    check_large_batch_gradient,
    check_large_batch_value,
    check_leaves_inputs,
    check_loss,
    check_numerical_gradient,
    check_regularisation,
    check_sparse_gradient,
    check_stored_regularisation,
    check_values,
    loss_and_gradient,
    rows_of,
)

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    LOSS,
    CheckFailure,
    assert_at_least,
    assert_close,
    assert_shape,
    item,
    opaque,
    wave,
)

# Both versions: the loss, the gradient and the regularisation earn marks separately.


def check_extreme_scores(function, rng):
    """Scores thousands apart, right and wrong ones, each row on a scale of its own."""
    W = np.array([[1e3, -1e3, 0.0], [-1e3, -1e3, -1e3], [0.0, 1e3, -1e3], [5e3, 5e3, 4e3]]) + rng.normal(size=(4, 3))
    for labels in ([0, 1, 2, 0], [1, 2, 0, 1], [2, 0, 1, 2]):
        check_loss(function, softmax_formula, W, np.eye(4), np.array(labels), 0.0, floor=1.0)


def check_tiny_probabilities(function, rng):
    """Probabilities between 1e-323 and 1e-319: floats, but with hardly a digit left. Nothing overflows here."""
    behind = rng.uniform(735, 743, size=4)
    W = np.stack([rng.uniform(0, 100, size=4)] * 3, axis=1)
    W[:, 0] -= behind
    check_loss(function, softmax_formula, W, np.eye(4), np.zeros(4, dtype=int), 0.0)


@item("softmax_loss_naive", public=True, weight=1,
      message="The loss is the mean over the batch of -log(probability of the correct class).")
def test_softmax_loss_naive_value(submission, expected):
    expected("loss", loss_and_gradient(submission.softmax_loss_naive, *FIXED, 0.0)[0], LOSS)


@item("softmax_loss_naive", public=True, weight=1,
      message="dW is the gradient of the averaged loss: each input, times its probabilities corrected at the label.")
def test_softmax_loss_naive_gradient(submission, expected):
    expected("dW", loss_and_gradient(submission.softmax_loss_naive, *FIXED, 0.0)[1], ANALYTIC_GRADIENT)


@item("softmax_loss_naive", public=True, weight=1,
      message="The penalty reg * sum(W**2) is added once, to the averaged loss, and has a derivative.")
def test_softmax_loss_naive_regularisation(submission, expected):
    check_stored_regularisation(submission.softmax_loss_naive, expected)


@item("softmax_loss_naive", public=True, weight=0.5,
      message="dW must be the slope that your own loss shows when W is nudged.")
def test_softmax_loss_naive_agrees_with_the_numerical_gradient(submission):
    W, X, y = wave(3, 4, 3), wave(4, 5, 4), np.array([0, 2, 1, 1, 2])
    check_numerical_gradient(submission.softmax_loss_naive, W, X, y, 0.3)


@item("softmax_loss_naive", public=True, weight=0.5,
      message="Large scores must not overflow: a constant added to a row changes nothing, so choose one that helps.")
def test_softmax_loss_naive_of_large_scores(submission, expected):
    scores = np.array([[1000.0, 999.0, 998.0], [1001.0, 1003.0, 1002.0]])
    loss, dW = loss_and_gradient(submission.softmax_loss_naive, scores, np.eye(2), np.array([1, 0]), 0.0)
    expected("large_loss", loss, LOSS, called="loss")
    expected("large_dW", dW, ANALYTIC_GRADIENT, called="dW")


@item("softmax_loss_naive", public=True, weight=0.25,
      message="Nearly equal scores mean nearly equal probabilities, 1/C each.")
def test_softmax_loss_naive_of_small_weights_is_the_log_of_the_number_of_classes(submission):
    W, X, y = 1e-6 * wave(7, 8, 10), wave(8, 20, 8), np.arange(20) % 10
    loss, _ = loss_and_gradient(submission.softmax_loss_naive, W, X, y, 0.0)
    assert_close(loss, math.log(10), 1e-5, "loss for ten classes")


@item("softmax_loss_naive", public=True, weight=0.25,
      message="W, X and y stay as they are.")
def test_softmax_loss_naive_leaves_its_inputs(submission):
    check_leaves_inputs(submission, submission.softmax_loss_naive)


@item("softmax_loss_naive", weight=1.5,
      confirms=["test_softmax_loss_naive_value",
                "test_softmax_loss_naive_of_small_weights_is_the_log_of_the_number_of_classes"],
      message="The loss must be right for any number of inputs and classes.")
def test_softmax_loss_naive_value_on_random_inputs(submission, rng):
    check_values(submission.softmax_loss_naive, softmax_formula, rng)


@item("softmax_loss_naive", weight=2,
      confirms=["test_softmax_loss_naive_gradient", "test_softmax_loss_naive_leaves_its_inputs"],
      message="The gradient must be right for any number of inputs and classes.")
def test_softmax_loss_naive_gradient_on_random_inputs(submission, rng):
    check_gradients(submission.softmax_loss_naive, softmax_formula, rng)


@item("softmax_loss_naive", weight=1, needs="test_softmax_loss_naive_gradient_on_random_inputs",
      confirms="test_softmax_loss_naive_regularisation",
      message="The penalty is reg * sum(W**2), without a half; what does that mean for its derivative?")
def test_softmax_loss_naive_regularisation_of_random_weights(submission, rng):
    check_regularisation(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.5, needs="test_softmax_loss_naive_gradient_on_random_inputs",
      confirms="test_softmax_loss_naive_agrees_with_the_numerical_gradient",
      message="The gradient is checked at random entries, without regularisation and with reg=50.")
def test_softmax_loss_naive_agrees_with_a_sparse_numerical_gradient(submission, rng):
    check_sparse_gradient(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.5,
      needs=["test_softmax_loss_naive_value_on_random_inputs", "test_softmax_loss_naive_gradient_on_random_inputs"],
      message="Loss and gradient are averages over the batch: taking every input twice leaves both as they are.")
def test_softmax_loss_naive_is_an_average(submission, rng):
    check_average(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.25, needs="test_softmax_loss_naive_gradient_on_random_inputs",
      message="Labels may be integers of any dtype, and need not contain every class.")
def test_softmax_loss_naive_for_labels_of_any_kind(submission, rng):
    check_labels(submission.softmax_loss_naive, softmax_formula, rng)


@item("softmax_loss_naive", weight=0.5, needs="test_softmax_loss_naive_gradient_on_random_inputs",
      confirms="test_softmax_loss_naive_of_large_scores",
      message="Scores far apart must neither overflow nor lead to log(0), and every row has its own scale.")
def test_softmax_loss_naive_of_extreme_scores(submission, rng):
    check_extreme_scores(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.5, needs="test_softmax_loss_naive_gradient_on_random_inputs",
      message="The smallest probabilities have no digits left in a float, their logarithms have all: never take the "
              "logarithm of one.")
def test_softmax_loss_naive_of_probabilities_too_small_for_a_float(submission, rng):
    check_tiny_probabilities(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.25, needs="test_softmax_loss_naive_gradient_on_random_inputs",
      message="Inputs may be whole numbers, as pixels are, or float32.")
def test_softmax_loss_naive_for_inputs_of_other_dtypes(submission, rng):
    check_input_dtypes(submission.softmax_loss_naive, softmax_formula, rng)


@item("softmax_loss_vectorized", public=True, weight=1,
      message="The loss is the mean over the batch of -log(probability of the correct class).")
def test_softmax_loss_vectorized_value(submission, expected):
    expected("loss", loss_and_gradient(submission.softmax_loss_vectorized, *FIXED, 0.0)[0], LOSS)


@item("softmax_loss_vectorized", public=True, weight=1,
      message="dW is the gradient of the averaged loss: each input, times its probabilities corrected at the label.")
def test_softmax_loss_vectorized_gradient(submission, expected):
    expected("dW", loss_and_gradient(submission.softmax_loss_vectorized, *FIXED, 0.0)[1], ANALYTIC_GRADIENT)


@item("softmax_loss_vectorized", public=True, weight=1,
      message="The penalty reg * sum(W**2) is added once, to the averaged loss, and has a derivative.")
def test_softmax_loss_vectorized_regularisation(submission, expected):
    check_stored_regularisation(submission.softmax_loss_vectorized, expected)


@item("softmax_loss_vectorized", public=True, weight=0.5,
      message="Large scores must not overflow: a constant added to a row changes nothing, so choose one that helps.")
def test_softmax_loss_vectorized_of_large_scores(submission, expected):
    scores = np.array([[1000.0, 999.0, 998.0], [1001.0, 1003.0, 1002.0]])
    loss, dW = loss_and_gradient(submission.softmax_loss_vectorized, scores, np.eye(2), np.array([1, 0]), 0.0)
    expected("large_loss", loss, LOSS, called="loss")
    expected("large_dW", dW, ANALYTIC_GRADIENT, called="dW")


@item("softmax_loss_vectorized", public=True, weight=0.25,
      message="Nearly equal scores mean nearly equal probabilities, 1/C each.")
def test_softmax_loss_vectorized_of_small_weights_is_the_log_of_the_number_of_classes(submission):
    W, X, y = 1e-6 * wave(7, 8, 10), wave(8, 20, 8), np.arange(20) % 10
    loss, _ = loss_and_gradient(submission.softmax_loss_vectorized, W, X, y, 0.0)
    assert_close(loss, math.log(10), 1e-5, "loss for ten classes")


@item("softmax_loss_vectorized", public=True, weight=0.25,
      message="W, X and y stay as they are.")
def test_softmax_loss_vectorized_leaves_its_inputs(submission):
    check_leaves_inputs(submission, submission.softmax_loss_vectorized)


@item("softmax_loss_vectorized", weight=1.5, needs="test_softmax_loss_vectorized_of_two_million_inputs",
      confirms=["test_softmax_loss_vectorized_value",
                "test_softmax_loss_vectorized_of_small_weights_is_the_log_of_the_number_of_classes"],
      message="The loss must be right for any number of inputs and classes.")
def test_softmax_loss_vectorized_value_on_random_inputs(submission, rng):
    check_values(submission.softmax_loss_vectorized, softmax_formula, rng)


@item("softmax_loss_vectorized", weight=2, needs="test_softmax_loss_vectorized_gradient_of_two_million_inputs",
      confirms=["test_softmax_loss_vectorized_gradient", "test_softmax_loss_vectorized_leaves_its_inputs"],
      message="The gradient must be right for any number of inputs and classes.")
def test_softmax_loss_vectorized_gradient_on_random_inputs(submission, rng):
    check_gradients(submission.softmax_loss_vectorized, softmax_formula, rng)


@item("softmax_loss_vectorized", weight=1, needs="test_softmax_loss_vectorized_gradient_on_random_inputs",
      confirms="test_softmax_loss_vectorized_regularisation",
      message="The penalty is reg * sum(W**2), without a half; what does that mean for its derivative?")
def test_softmax_loss_vectorized_regularisation_of_random_weights(submission, rng):
    check_regularisation(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.5, needs="test_softmax_loss_vectorized_gradient_on_random_inputs",
      message="The gradient is checked at random entries, without regularisation and with reg=50.")
def test_softmax_loss_vectorized_agrees_with_a_sparse_numerical_gradient(submission, rng):
    check_sparse_gradient(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.5,
      needs=["test_softmax_loss_vectorized_value_on_random_inputs",
             "test_softmax_loss_vectorized_gradient_on_random_inputs"],
      message="Loss and gradient are averages over the batch: taking every input twice leaves both as they are.")
def test_softmax_loss_vectorized_is_an_average(submission, rng):
    check_average(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.25, needs="test_softmax_loss_vectorized_gradient_on_random_inputs",
      message="Labels may be integers of any dtype, and need not contain every class.")
def test_softmax_loss_vectorized_for_labels_of_any_kind(submission, rng):
    check_labels(submission.softmax_loss_vectorized, softmax_formula, rng)


@item("softmax_loss_vectorized", weight=0.5, needs="test_softmax_loss_vectorized_gradient_on_random_inputs",
      confirms="test_softmax_loss_vectorized_of_large_scores",
      message="Scores far apart must neither overflow nor lead to log(0), and every row has its own scale.")
def test_softmax_loss_vectorized_of_extreme_scores(submission, rng):
    check_extreme_scores(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.5, needs="test_softmax_loss_vectorized_gradient_on_random_inputs",
      message="The smallest probabilities have no digits left in a float, their logarithms have all: never take the "
              "logarithm of one.")
def test_softmax_loss_vectorized_of_probabilities_too_small_for_a_float(submission, rng):
    check_tiny_probabilities(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.25, needs="test_softmax_loss_vectorized_gradient_on_random_inputs",
      message="Inputs may be whole numbers, as pixels are, or float32.")
def test_softmax_loss_vectorized_for_inputs_of_other_dtypes(submission, rng):
    check_input_dtypes(submission.softmax_loss_vectorized, softmax_formula, rng)


# The last of their item: a loop uses up the time of all the tests behind it.
@item("softmax_loss_vectorized", weight=1, slow=True,
      message="Two million inputs take about a second in whole arrays; a Python loop over them doesn't end in time.")
def test_softmax_loss_vectorized_of_two_million_inputs(submission, rng):
    check_large_batch_value(submission.softmax_loss_vectorized, softmax_formula, rng)


@item("softmax_loss_vectorized", weight=1, slow=True,
      message="Two million inputs take about a second in whole arrays; a Python loop over them doesn't end in time.")
def test_softmax_loss_vectorized_gradient_of_two_million_inputs(submission, rng):
    check_large_batch_gradient(submission.softmax_loss_vectorized, softmax_formula, rng)


# tuning: what the grid left behind. The classifier is judged on images whose labels the student's code never sees.

LOCAL_VALIDATION_ACCURACY = 0.33


def accuracy_of_scores(submission, X, y):
    """The highest scores are looked for here: the submission gives nothing but scores."""
    scores = opaque(submission.best_softmax, "best_softmax", "a trained Softmax").scores(X)
    assert_shape(scores, (len(X), 10), "best_softmax.scores(X)")
    if not np.isfinite(scores).all():
        raise CheckFailure("best_softmax.scores(X) holds numbers that are not finite: the training has diverged")
    return float(np.mean(np.argmax(scores, axis=1) == y))


@item("tuning", public=True, weight=0.5,
      message="results maps each (learning rate, reg) to (training accuracy, validation accuracy).")
def test_results_of_the_grid(submission):
    check_grid(submission)


@item("tuning", public=True, weight=1,
      message="best_val is the highest validation accuracy in results, best_softmax the classifier that reached it.")
def test_best_softmax_is_the_one_of_the_best_result(submission, notebook_data):
    check_best(submission, "best_softmax", accuracy_of_scores(submission, *notebook_data("X_val", "y_val")))


@item("tuning", public=True, weight=1,
      message="best_softmax does well on validation images: try other rates and strengths, by factors of 3 or 10.")
def test_best_softmax_on_the_validation_images(submission, notebook_data):
    accuracy = accuracy_of_scores(submission, *notebook_data("X_val", "y_val"))
    assert_at_least(accuracy, LOCAL_VALIDATION_ACCURACY, "validation accuracy")


@item("tuning", weight=1.5, needs="test_best_softmax_beats_chance_on_new_images",
      message="best_softmax reaches the accuracy asked for on the validation images.")
def test_best_softmax_reaches_what_is_asked_for(submission, notebook_data, thresholds):
    accuracy = accuracy_of_scores(submission, *notebook_data("X_val", "y_val"))
    assert_at_least(accuracy, thresholds.validation, "validation accuracy")


@item("tuning", weight=1.5,
      confirms=["test_results_of_the_grid", "test_best_softmax_is_the_one_of_the_best_result",
                "test_best_softmax_on_the_validation_images"],
      message="best_softmax does much better than chance on images that took no part in the search.")
def test_best_softmax_beats_chance_on_new_images(submission, data, thresholds):
    images, labels = data("cifar10")
    accuracy = accuracy_of_scores(submission, rows_of(images), labels)
    assert_at_least(accuracy, 0.7 * thresholds.test, "test accuracy")


@item("tuning", weight=2.5, message="best_softmax does well on images that took no part in training or in the search.")
def test_best_softmax_on_new_images(submission, data, thresholds):
    images, labels = data("cifar10")
    accuracy = accuracy_of_scores(submission, rows_of(images), labels)
    assert_at_least(accuracy, thresholds.test, "test accuracy")


# The formula that random inputs are judged by, written otherwise than the reference.


def softmax_formula(W, X, y, reg):
    X = X.astype(float)
    scores = np.einsum("nd,dc->nc", X, W)
    log_sums = np.logaddexp.reduce(scores, axis=1)
    correct = np.eye(scores.shape[1])[y]
    loss = np.mean(log_sums - (scores * correct).sum(axis=1)) + reg * np.einsum("dc,dc->", W, W)
    dscores = (np.exp(scores - log_sums[:, None]) - correct) / len(X)
    return loss, np.einsum("nd,nc->dc", X, dscores) + reg * W + reg * W
