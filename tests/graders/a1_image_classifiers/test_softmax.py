"""Graders of the notebook softmax: the softmax loss of a linear classifier, and what the grid search left.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formula at the end of this file.
"""

import math

import numpy as np

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    LOSS,
    LOSS_GRADIENT,
    NOISE_FLOOR,
    CheckFailure,
    Opaque,
    assert_at_least,
    assert_below,
    assert_close,
    assert_inputs_unchanged,
    assert_shape,
    item,
    numerical_gradient,
    type_name,
    unpack,
)


def wave(phase, *shape):
    """Fixed numbers between -1 and 1 without a pattern that a wrong axis or order could hide in."""
    return np.sin(phase + 12.9898 * np.arange(math.prod(shape))).reshape(shape)


def precision(value):
    """The dtype a result for float32 inputs is judged in: computing in float64 is no mistake."""
    return np.float32 if getattr(value, "dtype", None) == np.float32 else np.float64


# Both versions: the loss, the gradient and the regularisation earn marks separately.

W, X, y = wave(1, 8, 5), wave(2, 6, 8), np.array([4, 0, 2, 2, 1, 0])


def loss_and_gradient(function, W, X, y, reg):
    return unpack(function(W, X, y, reg), "loss", "dW")


def random_case(rng, n, d, c):
    return rng.normal(size=(d, c)), rng.normal(size=(n, d)), rng.integers(c, size=n)


def check_loss(function, W, X, y, reg):
    """Loss and gradient against the formula."""
    loss, dW = loss_and_gradient(function, W, X, y, reg)
    wanted_loss, wanted_dW = softmax_formula(W, X, y, reg)
    assert_close(loss, wanted_loss, LOSS, "loss")
    assert_close(dW, wanted_dW, ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR)


def check_numerical_gradient(function, W, X, y, reg, coordinates=None):
    """dW against central differences of the student's own loss, at some entries or at all."""
    _, dW = loss_and_gradient(function, W, X, y, reg)
    assert_shape(dW, W.shape, "dW")
    wanted = numerical_gradient(function, (W, X, y, reg), 0, pick=0, coordinates=coordinates)
    measured = ~np.isnan(wanted)
    assert_close(dW[measured], wanted[measured], LOSS_GRADIENT, "dW", relative_floor=NOISE_FLOOR)


def check_sparse_gradient(function, rng):
    """Twenty entries of a gradient of the size of pictures, without regularisation and with much of it."""
    W, X, y = random_case(rng, 5, 300, 10)
    W /= 10
    coordinates = list(dict.fromkeys((int(rng.integers(300)), int(rng.integers(10))) for _ in range(20)))
    for reg in (0.0, 50.0):
        check_numerical_gradient(function, W, X, y, reg, coordinates)


def check_average(function, rng):
    """The same inputs twice in the batch: the same loss and the same gradient."""
    W, X, y = random_case(rng, 4, 6, 5)
    loss, dW = loss_and_gradient(function, W, X, y, 0.3)
    loss_twice, dW_twice = loss_and_gradient(function, W, np.concatenate([X, X]), np.concatenate([y, y]), 0.3)
    assert_shape(loss, (), "loss")
    assert_close(loss_twice, float(loss), LOSS, "loss of the batch taken twice")
    assert_shape(dW, W.shape, "dW")
    assert_close(dW_twice, dW, ANALYTIC_GRADIENT, "dW of the batch taken twice", relative_floor=NOISE_FLOOR)


def check_labels(function, rng):
    """Labels of any integer dtype; a batch with a single class, and one in which most classes are absent."""
    W, X, y = random_case(rng, 5, 4, 6)
    for dtype in (np.uint8, np.int16, np.int32, np.int64):
        check_loss(function, W, X, y.astype(dtype), 0.3)
    for labels in ([5, 5, 5, 5, 5], [5, 0, 0, 5, 0]):
        check_loss(function, W, X, np.array(labels), 0.3)


def check_extreme_scores(function, rng):
    """Scores thousands apart, right and wrong ones, each row on a scale of its own."""
    W = np.array([[1e3, -1e3, 0.0], [-1e3, -1e3, -1e3], [0.0, 1e3, -1e3], [5e3, 5e3, 4e3]]) + rng.normal(size=(4, 3))
    for labels in ([0, 1, 2, 0], [1, 2, 0, 1], [2, 0, 1, 2]):
        check_loss(function, W, np.eye(4), np.array(labels), 0.0)


def check_input_dtypes(function, rng):
    """Inputs that are whole numbers, as pixels are, and inputs in float32."""
    W, _, y = random_case(rng, 6, 5, 4)
    W /= 100
    pixels = rng.integers(256, size=(6, 5))
    for dtype in (np.int32, np.int64):
        check_loss(function, W, pixels.astype(dtype), y, 0.3)
    W, X, y = random_case(rng, 6, 5, 4)
    W, X = W.astype(np.float32), X.astype(np.float32)
    loss, dW = loss_and_gradient(function, W, X, y, 0.3)
    wanted_loss, wanted_dW = softmax_formula(W.astype(float), X.astype(float), y, 0.3)
    assert_close(loss, wanted_loss, FORWARD_FLOAT32, "loss", dtype=precision(loss))
    assert_close(dW, wanted_dW, FORWARD_FLOAT32, "dW", dtype=precision(dW), relative_floor=NOISE_FLOOR)


@item("softmax_loss_naive", public=True, weight=1,
      message="The loss is the mean over the batch of -log(probability of the correct class).")
def test_softmax_loss_naive_value(submission, expected):
    expected("loss", loss_and_gradient(submission.softmax_loss_naive, W, X, y, 0.0)[0], LOSS)


@item("softmax_loss_naive", public=True, weight=1,
      message="dW is the gradient of the averaged loss: each input, times its probabilities corrected at the label.")
def test_softmax_loss_naive_gradient(submission, expected):
    expected("dW", loss_and_gradient(submission.softmax_loss_naive, W, X, y, 0.0)[1], ANALYTIC_GRADIENT)


@item("softmax_loss_naive", public=True, weight=1,
      message="The penalty reg * sum(W**2) is added once, to the averaged loss, and has a derivative.")
def test_softmax_loss_naive_regularisation(submission, expected):
    loss, dW = loss_and_gradient(submission.softmax_loss_naive, W, X, y, 0.7)
    expected("loss_reg", loss, LOSS)
    expected("dW_reg", dW, ANALYTIC_GRADIENT)


@item("softmax_loss_naive", public=True, weight=1,
      message="dW must be the slope that your own loss shows when W is nudged.")
def test_softmax_loss_naive_agrees_with_the_numerical_gradient(submission):
    W, X, y = wave(3, 4, 3), wave(4, 5, 4), np.array([0, 2, 1, 1, 2])
    check_numerical_gradient(submission.softmax_loss_naive, W, X, y, 0.3)


@item("softmax_loss_naive", public=True, weight=0.5,
      message="Large scores must not overflow: a constant added to a row changes nothing, so choose one that helps.")
def test_softmax_loss_naive_of_large_scores(submission, expected):
    scores = np.array([[1000.0, 999.0, 998.0], [1001.0, 1003.0, 1002.0]])
    loss, dW = loss_and_gradient(submission.softmax_loss_naive, scores, np.eye(2), np.array([1, 0]), 0.0)
    expected("large_loss", loss, LOSS)
    expected("large_dW", dW, ANALYTIC_GRADIENT)


@item("softmax_loss_naive", public=True, weight=0.5,
      message="Nearly equal scores mean nearly equal probabilities, 1/C each.")
def test_softmax_loss_naive_of_small_weights_is_the_log_of_the_number_of_classes(submission):
    W, X, y = 1e-6 * wave(7, 8, 10), wave(8, 20, 8), np.arange(20) % 10
    loss, _ = loss_and_gradient(submission.softmax_loss_naive, W, X, y, 0.0)
    assert_close(loss, math.log(10), 1e-5, "loss for ten classes")


@item("softmax_loss_naive", public=True, weight=0.5, message="The loss reads W, X and y and changes none of them.")
def test_softmax_loss_naive_leaves_its_inputs(submission, expected):
    expected("once", loss_and_gradient(submission.softmax_loss_naive, W, X, y, 0.5)[1], ANALYTIC_GRADIENT)
    assert_inputs_unchanged(submission)


@item("softmax_loss_naive", weight=1, message="The loss must be right for any number of inputs and classes.")
def test_softmax_loss_naive_value_on_random_inputs(submission, rng):
    for n, d, c in [(1, 3, 4), (7, 5, 2), (5, 6, 9)]:
        case = *random_case(rng, n, d, c), 0.0
        loss, _ = loss_and_gradient(submission.softmax_loss_naive, *case)
        assert_close(loss, softmax_formula(*case)[0], LOSS, "loss")


@item("softmax_loss_naive", weight=1.5, message="The gradient must be right for any number of inputs and classes.")
def test_softmax_loss_naive_gradient_on_random_inputs(submission, rng):
    for n, d, c in [(1, 3, 4), (7, 5, 2), (5, 6, 9)]:
        case = *random_case(rng, n, d, c), 0.0
        _, dW = loss_and_gradient(submission.softmax_loss_naive, *case)
        assert_close(dW, softmax_formula(*case)[1], ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR)


@item("softmax_loss_naive", weight=1,
      message="The penalty is reg * sum(W**2), without a half; what does that mean for its derivative?")
def test_softmax_loss_naive_regularisation_of_random_weights(submission, rng):
    for reg in (0.01, 0.7, 50.0):
        check_loss(submission.softmax_loss_naive, *random_case(rng, 6, 5, 4), reg)


@item("softmax_loss_naive", weight=0.5,
      message="The gradient is checked at random entries, without regularisation and with reg=50.")
def test_softmax_loss_naive_agrees_with_a_sparse_numerical_gradient(submission, rng):
    check_sparse_gradient(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.5,
      message="Loss and gradient are averages over the batch: taking every input twice leaves both as they are.")
def test_softmax_loss_naive_is_an_average(submission, rng):
    check_average(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.5,
      message="Labels may be integers of any dtype, and need not contain every class.")
def test_softmax_loss_naive_for_labels_of_any_kind(submission, rng):
    check_labels(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.5,
      message="Scores far apart must neither overflow nor lead to log(0), and every row has its own scale.")
def test_softmax_loss_naive_of_extreme_scores(submission, rng):
    check_extreme_scores(submission.softmax_loss_naive, rng)


@item("softmax_loss_naive", weight=0.5, message="Inputs may be whole numbers, as pixels are, or float32.")
def test_softmax_loss_naive_for_inputs_of_other_dtypes(submission, rng):
    check_input_dtypes(submission.softmax_loss_naive, rng)


@item("softmax_loss_vectorized", public=True, weight=1,
      message="The loss is the mean over the batch of -log(probability of the correct class).")
def test_softmax_loss_vectorized_value(submission, expected):
    expected("loss", loss_and_gradient(submission.softmax_loss_vectorized, W, X, y, 0.0)[0], LOSS)


@item("softmax_loss_vectorized", public=True, weight=1,
      message="dW is the gradient of the averaged loss: each input, times its probabilities corrected at the label.")
def test_softmax_loss_vectorized_gradient(submission, expected):
    expected("dW", loss_and_gradient(submission.softmax_loss_vectorized, W, X, y, 0.0)[1], ANALYTIC_GRADIENT)


@item("softmax_loss_vectorized", public=True, weight=1,
      message="The penalty reg * sum(W**2) is added once, to the averaged loss, and has a derivative.")
def test_softmax_loss_vectorized_regularisation(submission, expected):
    loss, dW = loss_and_gradient(submission.softmax_loss_vectorized, W, X, y, 0.7)
    expected("loss_reg", loss, LOSS)
    expected("dW_reg", dW, ANALYTIC_GRADIENT)


@item("softmax_loss_vectorized", public=True, weight=1, message="Your two versions must compute the same.")
def test_softmax_loss_vectorized_agrees_with_the_naive_version(submission):
    case = wave(5, 20, 10), wave(6, 30, 20), np.arange(30) * 7 % 10, 0.2
    loss, dW = loss_and_gradient(submission.softmax_loss_vectorized, *case)
    naive_loss, naive_dW = loss_and_gradient(submission.softmax_loss_naive, *case)
    assert_shape(naive_loss, (), "the naive loss")
    assert_shape(naive_dW, (20, 10), "the naive dW")
    if not (math.isfinite(naive_loss) and np.isfinite(naive_dW).all()):
        raise CheckFailure("softmax_loss_naive gives numbers that are not finite")
    assert_close(loss, float(naive_loss), LOSS, "loss")
    assert_close(dW, naive_dW, ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR, dtype=np.float64)


@item("softmax_loss_vectorized", public=True, weight=0.5,
      message="Large scores must not overflow: a constant added to a row changes nothing, so choose one that helps.")
def test_softmax_loss_vectorized_of_large_scores(submission, expected):
    scores = np.array([[1000.0, 999.0, 998.0], [1001.0, 1003.0, 1002.0]])
    loss, dW = loss_and_gradient(submission.softmax_loss_vectorized, scores, np.eye(2), np.array([1, 0]), 0.0)
    expected("large_loss", loss, LOSS)
    expected("large_dW", dW, ANALYTIC_GRADIENT)


@item("softmax_loss_vectorized", public=True, weight=0.5,
      message="Nearly equal scores mean nearly equal probabilities, 1/C each.")
def test_softmax_loss_vectorized_of_small_weights_is_the_log_of_the_number_of_classes(submission):
    W, X, y = 1e-6 * wave(7, 8, 10), wave(8, 20, 8), np.arange(20) % 10
    loss, _ = loss_and_gradient(submission.softmax_loss_vectorized, W, X, y, 0.0)
    assert_close(loss, math.log(10), 1e-5, "loss for ten classes")


@item("softmax_loss_vectorized", public=True, weight=0.5, message="The loss reads W, X and y and changes none of them.")
def test_softmax_loss_vectorized_leaves_its_inputs(submission, expected):
    expected("once", loss_and_gradient(submission.softmax_loss_vectorized, W, X, y, 0.5)[1], ANALYTIC_GRADIENT)
    assert_inputs_unchanged(submission)


@item("softmax_loss_vectorized", weight=1, message="The loss must be right for any number of inputs and classes.")
def test_softmax_loss_vectorized_value_on_random_inputs(submission, rng):
    for n, d, c in [(1, 3, 4), (7, 5, 2), (5, 6, 9)]:
        case = *random_case(rng, n, d, c), 0.0
        loss, _ = loss_and_gradient(submission.softmax_loss_vectorized, *case)
        assert_close(loss, softmax_formula(*case)[0], LOSS, "loss")


@item("softmax_loss_vectorized", weight=1.5, message="The gradient must be right for any number of inputs and classes.")
def test_softmax_loss_vectorized_gradient_on_random_inputs(submission, rng):
    for n, d, c in [(1, 3, 4), (7, 5, 2), (5, 6, 9)]:
        case = *random_case(rng, n, d, c), 0.0
        _, dW = loss_and_gradient(submission.softmax_loss_vectorized, *case)
        assert_close(dW, softmax_formula(*case)[1], ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR)


@item("softmax_loss_vectorized", weight=1,
      message="The penalty is reg * sum(W**2), without a half; what does that mean for its derivative?")
def test_softmax_loss_vectorized_regularisation_of_random_weights(submission, rng):
    for reg in (0.01, 0.7, 50.0):
        check_loss(submission.softmax_loss_vectorized, *random_case(rng, 6, 5, 4), reg)


@item("softmax_loss_vectorized", weight=0.5,
      message="The gradient is checked at random entries, without regularisation and with reg=50.")
def test_softmax_loss_vectorized_agrees_with_a_sparse_numerical_gradient(submission, rng):
    check_sparse_gradient(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.5,
      message="Loss and gradient are averages over the batch: taking every input twice leaves both as they are.")
def test_softmax_loss_vectorized_is_an_average(submission, rng):
    check_average(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.5,
      message="Labels may be integers of any dtype, and need not contain every class.")
def test_softmax_loss_vectorized_for_labels_of_any_kind(submission, rng):
    check_labels(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.5,
      message="Scores far apart must neither overflow nor lead to log(0), and every row has its own scale.")
def test_softmax_loss_vectorized_of_extreme_scores(submission, rng):
    check_extreme_scores(submission.softmax_loss_vectorized, rng)


@item("softmax_loss_vectorized", weight=0.5, message="Inputs may be whole numbers, as pixels are, or float32.")
def test_softmax_loss_vectorized_for_inputs_of_other_dtypes(submission, rng):
    check_input_dtypes(submission.softmax_loss_vectorized, rng)


# The last of its item: a loop uses up the time of all the tests behind it.
@item("softmax_loss_vectorized", weight=2,
      message="Two million inputs take about a second in whole arrays; a Python loop over them doesn't end in time.")
def test_softmax_loss_vectorized_of_two_million_inputs(submission, rng):
    X, labels = rng.normal(size=(2_000_000, 1)), rng.integers(3, size=2_000_000).astype(np.uint8)
    loss, _ = loss_and_gradient(submission.softmax_loss_vectorized, np.zeros((1, 3)), X, labels, 0.0)
    assert_close(loss, math.log(3), LOSS, "loss for three classes and W = 0")


# tuning: what the grid left behind. The classifier is judged on images whose labels the student's code never sees.

LOCAL_VALIDATION_ACCURACY = 0.35


def opaque(value, name, wanted):
    """A value that has to be an object of the student's, such as a model or a dictionary."""
    if not isinstance(value, Opaque):
        raise CheckFailure(f"{name} is {type_name(value)}, expected {wanted}")
    return value


def rows_of(images):
    """Images as the notebook has them: rows with a 1 at the end."""
    return np.concatenate([images.reshape(len(images), -1), np.ones((len(images), 1))], axis=1)


def accuracy_on(submission, X, y):
    predicted = opaque(submission.best_softmax, "best_softmax", "a trained Softmax").predict(X)
    assert_shape(predicted, (len(X),), "best_softmax.predict(X)")
    return float(np.mean(predicted == y))


def validation_set(submission):
    X_val, y_val = submission.X_val, submission.y_val
    if type(X_val) is not np.ndarray or type(y_val) is not np.ndarray or y_val.shape != X_val.shape[:1]:
        raise CheckFailure("X_val and y_val are no images with labels: leave these names as they are")
    return X_val, y_val


def entries(submission):
    """The grid: (learning rate, reg) and (training accuracy, validation accuracy) of each setting."""
    results = opaque(submission.results, "results", "a dictionary")
    found = []
    for key in results:
        pair = []
        for value, name in ((key, "a key of results"), (results[key], "a value of results")):
            if not isinstance(value, Opaque) or len(value) != 2:
                raise CheckFailure(f"{name} is {type_name(value)}, expected a pair of numbers")
            for number in (value[0], value[1]):
                assert_shape(number, (), f"a number in {name}")
            pair.append((float(value[0]), float(value[1])))
        found.append(pair)
    return found


@item("tuning", public=True, weight=1,
      message="results maps each (learning rate, reg) to (training accuracy, validation accuracy).")
def test_results_of_the_grid(submission):
    found = entries(submission)
    rates, strengths = ({key[i] for key, _ in found} for i in (0, 1))
    assert_at_least(len(rates), 2, "number of learning rates in results")
    assert_at_least(len(strengths), 2, "number of regularisation strengths in results")
    for _, accuracies in found:
        for accuracy in accuracies:
            assert_at_least(accuracy, 0, "an accuracy in results")
            assert_below(accuracy, 1, "an accuracy in results")


@item("tuning", public=True, weight=1,
      message="best_val is the highest validation accuracy in results, best_softmax the classifier that reached it.")
def test_best_softmax_is_the_one_of_the_best_result(submission):
    best = max((accuracies[1] for _, accuracies in entries(submission)), default=0.0)
    assert_close(submission.best_val, best, FORWARD, "best_val")
    accuracy = accuracy_on(submission, *validation_set(submission))
    assert_close(accuracy, best, FORWARD, "validation accuracy of best_softmax")


@item("tuning", public=True, weight=1,
      message="best_softmax does well on validation images: try other rates and strengths, by factors of 3 or 10.")
def test_best_softmax_on_the_validation_images(submission):
    accuracy = accuracy_on(submission, *validation_set(submission))
    assert_at_least(accuracy, LOCAL_VALIDATION_ACCURACY, "validation accuracy")


@item("tuning", weight=1, message="best_softmax reaches the accuracy asked for on the validation images.")
def test_best_softmax_reaches_what_is_asked_for(submission, thresholds):
    accuracy = accuracy_on(submission, *validation_set(submission))
    assert_at_least(accuracy, thresholds.validation, "validation accuracy")


@item("tuning", weight=1.5,
      message="best_softmax does much better than chance on images that took no part in the search.")
def test_best_softmax_beats_chance_on_new_images(submission, data, thresholds):
    images, labels = data("cifar10")
    assert_at_least(accuracy_on(submission, rows_of(images), labels), 0.7 * thresholds.test, "test accuracy")


@item("tuning", weight=2.5, message="best_softmax does well on images that took no part in training or in the search.")
def test_best_softmax_on_new_images(submission, data, thresholds):
    images, labels = data("cifar10")
    assert_at_least(accuracy_on(submission, rows_of(images), labels), thresholds.test, "test accuracy")


# The formula that random inputs are judged by, written otherwise than the reference.


def softmax_formula(W, X, y, reg):
    X = X.astype(float)
    scores = np.einsum("nd,dc->nc", X, W)
    log_sums = np.logaddexp.reduce(scores, axis=1)
    correct = np.eye(scores.shape[1])[y]
    loss = np.mean(log_sums - (scores * correct).sum(axis=1)) + reg * np.einsum("dc,dc->", W, W)
    dscores = (np.exp(scores - log_sums[:, None]) - correct) / len(X)
    return loss, np.einsum("nd,nc->dc", X, dscores) + reg * W + reg * W
