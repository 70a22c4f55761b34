"""Graders of the notebook svm: the SVM loss of a linear classifier, its training, and what the grid search left.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formula at the end of this file.
"""

import numpy as np
from linear_classifiers import (
    FIXED,
    SIZES,
    check_agreement,
    check_average,
    check_best,
    check_gradients,
    check_grid,
    check_input_dtypes,
    check_labels,
    check_leaves_inputs,
    check_loss,
    check_numerical_gradient,
    check_regularisation,
    check_sparse_gradient,
    check_stored_regularisation,
    check_values,
    held_back_accuracy,
    loss_and_gradient,
    random_case,
    validation_accuracy,
)

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    LOSS,
    CheckFailure,
    Opaque,
    assert_at_least,
    assert_close,
    assert_equal,
    assert_inputs_unchanged,
    assert_shape,
    item,
    opaque,
    type_name,
    wave,
)

# Both versions: the loss, the gradient and the regularisation earn marks separately.


def check_extreme_scores(function, rng):
    """Margins missed by thousands, and margins all met."""
    W, X, y = random_case(rng, 6, 4, 5)
    check_loss(function, svm_formula, 1e3 * W, X, y, 0.0)
    won = 10.0 * np.eye(5)
    labels = rng.integers(5, size=6)
    loss, dW = loss_and_gradient(function, won, np.eye(5)[labels], labels, 0.5)
    assert_close(loss, 0.5 * np.sum(won**2), LOSS, "loss with all margins met")
    assert_close(dW, won, ANALYTIC_GRADIENT, "dW with all margins met")


@item("svm_loss_naive", public=True, weight=1,
      message="A missed margin pulls on two columns of dW: up with x for the wrong class, down for the correct one.")
def test_svm_loss_naive_gradient(submission, expected):
    expected("dW", loss_and_gradient(submission.svm_loss_naive, *FIXED, 0.0)[1], ANALYTIC_GRADIENT)


@item("svm_loss_naive", public=True, weight=1,
      message="The loss is averaged and has reg * sum(W**2) added; both must show in the gradient.")
def test_svm_loss_naive_gradient_with_regularisation(submission, expected):
    check_stored_regularisation(submission.svm_loss_naive, expected)


@item("svm_loss_naive", public=True, weight=1,
      message="dW must be the slope that your own loss shows when W is nudged.")
def test_svm_loss_naive_agrees_with_the_numerical_gradient(submission):
    check_numerical_gradient(submission.svm_loss_naive, wave(3, 4, 3), wave(4, 5, 4), np.array([0, 2, 1, 1, 2]), 0.3)


@item("svm_loss_naive", public=True, weight=0.5,
      message="The gradient must be right here, too, and W, X and y stay as they are.")
def test_svm_loss_naive_leaves_its_inputs(submission, expected):
    check_leaves_inputs(submission, submission.svm_loss_naive, expected)


@item("svm_loss_naive", weight=1, message="Loss and gradient must be right for any number of inputs and classes.")
def test_svm_loss_naive_on_random_inputs(submission, rng):
    for sizes in SIZES:
        check_loss(submission.svm_loss_naive, svm_formula, *random_case(rng, *sizes), 0.0)


@item("svm_loss_naive", weight=1,
      message="The penalty is reg * sum(W**2), without a half; what does that mean for its derivative?")
def test_svm_loss_naive_regularisation_of_random_weights(submission, rng):
    check_regularisation(submission.svm_loss_naive, svm_formula, rng)


@item("svm_loss_naive", weight=0.5,
      message="The gradient is checked at random entries, without regularisation and with reg=50.")
def test_svm_loss_naive_agrees_with_a_sparse_numerical_gradient(submission, rng):
    check_sparse_gradient(submission.svm_loss_naive, rng)


@item("svm_loss_naive", weight=0.5,
      message="Loss and gradient are averages over the batch: taking every input twice leaves both as they are.")
def test_svm_loss_naive_is_an_average(submission, rng):
    check_average(submission.svm_loss_naive, rng)


@item("svm_loss_naive", weight=0.5, message="Labels may be integers of any dtype, and need not contain every class.")
def test_svm_loss_naive_for_labels_of_any_kind(submission, rng):
    check_labels(submission.svm_loss_naive, svm_formula, rng)


@item("svm_loss_naive", weight=0.5,
      message="A margin that is met costs nothing, and one that is missed by thousands costs thousands.")
def test_svm_loss_naive_of_extreme_scores(submission, rng):
    check_extreme_scores(submission.svm_loss_naive, rng)


@item("svm_loss_naive", weight=0.5, message="Inputs may be whole numbers, as pixels are, or float32.")
def test_svm_loss_naive_for_inputs_of_other_dtypes(submission, rng):
    check_input_dtypes(submission.svm_loss_naive, svm_formula, rng)


@item("svm_loss_vectorized", public=True, weight=1,
      message="The loss adds up what each wrong class lacks of its margin, and averages over the batch.")
def test_svm_loss_vectorized_value(submission, expected):
    expected("loss", loss_and_gradient(submission.svm_loss_vectorized, *FIXED, 0.0)[0], LOSS)


@item("svm_loss_vectorized", public=True, weight=1,
      message="The derivative in the scores is 1 for each missed margin, and minus their number for the correct class.")
def test_svm_loss_vectorized_gradient(submission, expected):
    expected("dW", loss_and_gradient(submission.svm_loss_vectorized, *FIXED, 0.0)[1], ANALYTIC_GRADIENT)


@item("svm_loss_vectorized", public=True, weight=1,
      message="The penalty reg * sum(W**2) is added once, to the averaged loss, and has a derivative.")
def test_svm_loss_vectorized_regularisation(submission, expected):
    check_stored_regularisation(submission.svm_loss_vectorized, expected)


@item("svm_loss_vectorized", public=True, weight=1, message="Your two versions must compute the same.")
def test_svm_loss_vectorized_agrees_with_the_naive_version(submission):
    check_agreement(submission.svm_loss_vectorized, submission.svm_loss_naive, "svm_loss_naive")


@item("svm_loss_vectorized", public=True, weight=0.5,
      message="With equal scores each of the C - 1 wrong classes lacks a margin of 1; the correct class isn't counted.")
def test_svm_loss_vectorized_of_small_weights_is_one_less_than_the_number_of_classes(submission):
    W, X, y = np.zeros((8, 10)), wave(7, 20, 8), np.arange(20) % 10
    loss, _ = loss_and_gradient(submission.svm_loss_vectorized, W, X, y, 0.0)
    assert_close(loss, 9, LOSS, "loss for ten classes")


@item("svm_loss_vectorized", public=True, weight=0.5,
      message="The gradient must be right here, too, and W, X and y stay as they are.")
def test_svm_loss_vectorized_leaves_its_inputs(submission, expected):
    check_leaves_inputs(submission, submission.svm_loss_vectorized, expected)


@item("svm_loss_vectorized", weight=1, message="The loss must be right for any number of inputs and classes.")
def test_svm_loss_vectorized_value_on_random_inputs(submission, rng):
    check_values(submission.svm_loss_vectorized, svm_formula, rng)


@item("svm_loss_vectorized", weight=1.5, message="The gradient must be right for any number of inputs and classes.")
def test_svm_loss_vectorized_gradient_on_random_inputs(submission, rng):
    check_gradients(submission.svm_loss_vectorized, svm_formula, rng)


@item("svm_loss_vectorized", weight=1,
      message="The penalty is reg * sum(W**2), without a half; what does that mean for its derivative?")
def test_svm_loss_vectorized_regularisation_of_random_weights(submission, rng):
    check_regularisation(submission.svm_loss_vectorized, svm_formula, rng)


@item("svm_loss_vectorized", weight=0.5,
      message="The gradient is checked at random entries, without regularisation and with reg=50.")
def test_svm_loss_vectorized_agrees_with_a_sparse_numerical_gradient(submission, rng):
    check_sparse_gradient(submission.svm_loss_vectorized, rng)


@item("svm_loss_vectorized", weight=0.5,
      message="Loss and gradient are averages over the batch: taking every input twice leaves both as they are.")
def test_svm_loss_vectorized_is_an_average(submission, rng):
    check_average(submission.svm_loss_vectorized, rng)


@item("svm_loss_vectorized", weight=0.5,
      message="Labels may be integers of any dtype, and need not contain every class.")
def test_svm_loss_vectorized_for_labels_of_any_kind(submission, rng):
    check_labels(submission.svm_loss_vectorized, svm_formula, rng)


@item("svm_loss_vectorized", weight=0.5,
      message="A margin that is met costs nothing, and one that is missed by thousands costs thousands.")
def test_svm_loss_vectorized_of_extreme_scores(submission, rng):
    check_extreme_scores(submission.svm_loss_vectorized, rng)


@item("svm_loss_vectorized", weight=0.5, message="Inputs may be whole numbers, as pixels are, or float32.")
def test_svm_loss_vectorized_for_inputs_of_other_dtypes(submission, rng):
    check_input_dtypes(submission.svm_loss_vectorized, svm_formula, rng)


# The last of its item: a loop uses up the time of all the tests behind it.
@item("svm_loss_vectorized", weight=2, slow=True,
      message="Two million inputs take about a second in whole arrays; a Python loop over them doesn't end in time.")
def test_svm_loss_vectorized_of_two_million_inputs(submission, rng):
    X, labels = rng.normal(size=(2_000_000, 1)), rng.integers(3, size=2_000_000).astype(np.uint8)
    loss, _ = loss_and_gradient(submission.svm_loss_vectorized, np.zeros((1, 3)), X, labels, 0.0)
    assert_close(loss, 2, LOSS, "loss for three classes and W = 0")


# LinearClassifier: training is tried with the given class Bowl, whose loss doesn't depend on the other exercises.


def bowl_with(submission, W):
    bowl = opaque(submission.Bowl(), "Bowl()", "a classifier")
    bowl.W = W
    return bowl


def numbered_inputs(n):
    """Inputs that tell their own number, and labels that don't repeat within eleven."""
    return np.arange(n)[:, None] + np.array([0.0, 0.25, 0.5]), np.arange(n) * 3 % 11


def drawn(bowl):
    """The numbers of the inputs of each minibatch.

    A shape is noted only if it is wrong: random draws would set two like mistakes apart.
    """
    numbers = []
    for X_batch, y_batch in zip(bowl.batches, bowl.labels, strict=True):
        if type(X_batch) is not np.ndarray or X_batch.ndim != 2 or X_batch.shape[1] != 3:
            raise CheckFailure("X_batch is no part of X: it should have one row for each input of the minibatch")
        if type(y_batch) is not np.ndarray or y_batch.shape != X_batch.shape[:1]:
            raise CheckFailure("y_batch should have one label for each row of X_batch")
        numbers.append(np.round(X_batch[:, 0]).astype(int))
    return numbers


@item("LinearClassifier", public=True, weight=2,
      message="Each step moves W against the gradient of self.loss, by the learning rate times the gradient.")
def test_train_steps_downhill(submission, expected):
    bowl = bowl_with(submission, wave(1, 3, 11))
    bowl.train(*numbered_inputs(20), learning_rate=0.1, num_iters=7, batch_size=5)
    expected("W", bowl.W, FORWARD)


@item("LinearClassifier", public=True, weight=0.5, message="train returns the loss of every step, in order.")
def test_train_returns_the_losses(submission, expected):
    bowl = bowl_with(submission, wave(2, 3, 11))
    history = bowl.train(*numbered_inputs(20), learning_rate=0.2, num_iters=6, batch_size=5)
    if not isinstance(history, Opaque) and type(history) is not np.ndarray:
        raise CheckFailure(f"loss_history is {type_name(history)}, expected a list of numbers")
    assert_equal(len(history), 6, "length of loss_history")
    losses = list(history)
    for loss in losses:
        assert_shape(loss, (), "an entry of loss_history")
    expected("history", np.array([float(loss) for loss in losses]), FORWARD)


@item("LinearClassifier", public=True, weight=1,
      message="Every minibatch holds batch_size inputs, each with the label that belongs to it.")
def test_train_keeps_inputs_and_labels_together(submission):
    X, y = numbered_inputs(11)
    bowl = bowl_with(submission, wave(3, 3, 11))
    bowl.train(X, y, num_iters=4, batch_size=8)
    batches = drawn(bowl)
    assert_equal(len(batches), 4, "number of minibatches")
    for numbers, y_batch in zip(batches, bowl.labels, strict=True):
        assert_equal(len(numbers), 8, "number of inputs in a minibatch")
        if (y[numbers % 11] != y_batch).any():
            raise CheckFailure("an input of a minibatch comes with the label of another one")


@item("LinearClassifier", public=True, weight=1, message="The predicted class is the one with the highest score.")
def test_predict_finds_the_highest_score(submission):
    best = np.array([2, 0, 3, 1, 3, 0])
    bowl = bowl_with(submission, wave(4, 4, 4) + 3 * np.eye(4))
    assert_equal(bowl.predict(np.eye(4)[best]), best, "predicted classes")


@item("LinearClassifier", weight=1, message="The step is the learning rate times the gradient, whatever they are.")
def test_train_with_other_learning_rates(submission, rng):
    for learning_rate, steps in [(0.5, 1), (0.03, 12)]:
        start = rng.normal(size=(3, 11))
        bowl = bowl_with(submission, start)
        bowl.train(*numbered_inputs(15), learning_rate=learning_rate, num_iters=steps, batch_size=4)
        assert_close(bowl.W, start * (1 - learning_rate) ** steps, FORWARD, "W")


@item("LinearClassifier", weight=0.5,
      message="Training goes on from the weights there are, and hands reg on to the loss.")
def test_train_goes_on_from_the_weights_there_are(submission, rng):
    start = rng.normal(size=(3, 11))
    bowl = bowl_with(submission, start)
    for steps in (3, 2):
        bowl.train(*numbered_inputs(15), learning_rate=0.1, reg=0.25, num_iters=steps, batch_size=4)
    assert_close(bowl.W, start * 0.9**5, FORWARD, "W after two trainings")
    assert_equal(len(bowl.regs), 5, "number of losses asked for")
    for reg in bowl.regs:
        assert_close(reg, 0.25, 0, "reg")


@item("LinearClassifier", weight=1,
      message="Minibatches are drawn with replacement: the same input may come twice, and a batch may be the larger.")
def test_train_draws_with_replacement(submission):
    bowl = bowl_with(submission, wave(5, 3, 11))
    bowl.train(*numbered_inputs(6), num_iters=10, batch_size=6)
    twice = any(len(np.unique(numbers)) < len(numbers) for numbers in drawn(bowl))
    assert_equal(twice, True, "whether any of ten minibatches of 6 out of 6 inputs holds one twice")
    larger = bowl_with(submission, wave(5, 3, 11))
    larger.train(*numbered_inputs(6), num_iters=1, batch_size=40)
    assert_equal(len(drawn(larger)[0]), 40, "number of inputs in a minibatch of 40 out of 6")


@item("LinearClassifier", weight=1, message="Every step draws its minibatch anew, from all the inputs.")
def test_train_draws_from_all_inputs(submission):
    bowl = bowl_with(submission, wave(6, 3, 11))
    bowl.train(*numbered_inputs(20), num_iters=80, batch_size=10)
    batches = drawn(bowl)
    met = np.unique(np.concatenate(batches)) if batches else []
    assert_equal(len(met), 20, "number of different inputs met in 80 minibatches of 10 out of 20")
    different = len({tuple(numbers) for numbers in batches})
    assert_at_least(min(different, 40), 40, "number of different minibatches of 80, counted up to 40")


@item("LinearClassifier", weight=0.5, message="Training reads X and y and changes neither; so does predict.")
def test_train_and_predict_leave_their_inputs(submission, rng):
    start = rng.normal(size=(3, 11))
    bowl = bowl_with(submission, start)
    X, y = numbered_inputs(12)
    bowl.train(X, y, learning_rate=0.1, num_iters=3, batch_size=4)
    bowl.predict(X)
    assert_close(bowl.W, start * 0.9**3, FORWARD, "W")
    assert_inputs_unchanged(submission)


@item("LinearClassifier", weight=1, message="predict gives one class per input, for any number of inputs and classes.")
def test_predict_on_random_inputs(submission, rng):
    for n, d, c in [(1, 3, 4), (9, 5, 2), (4, 2, 12)]:
        W, X = rng.normal(size=(d, c)), rng.normal(size=(n, d))
        wanted = [max(range(c), key=row.__getitem__) for row in np.einsum("nd,dc->nc", X, W)]
        assert_equal(bowl_with(submission, W).predict(X), np.array(wanted), "predicted classes")


@item("LinearClassifier", weight=0.5,
      message="Of equally high scores the smaller class is predicted, also of negative ones.")
def test_predict_gives_ties_to_the_smaller_class(submission):
    scores = np.array([[1.0, 2, 2, 0], [3, 3, 3, 3], [-5, -1, -2, -1], [-4, -4, -7, -9]])
    assert_equal(bowl_with(submission, scores).predict(np.eye(4)), np.array([1, 0, 1, 0]), "predicted classes")


# tuning: what the grid left behind. The classifier is judged on images whose labels the student's code never sees.

LOCAL_VALIDATION_ACCURACY = 0.35


@item("tuning", public=True, weight=1,
      message="results maps each (learning rate, reg) to (training accuracy, validation accuracy).")
def test_results_of_the_grid(submission):
    check_grid(submission)


@item("tuning", public=True, weight=1,
      message="best_val is the highest validation accuracy in results, and best_svm the classifier that reached it.")
def test_best_svm_is_the_one_of_the_best_result(submission):
    check_best(submission, "best_svm")


@item("tuning", public=True, weight=1,
      message="best_svm does well on validation images: try other learning rates and strengths, by factors of 3 or 10.")
def test_best_svm_on_the_validation_images(submission):
    assert_at_least(validation_accuracy(submission, "best_svm"), LOCAL_VALIDATION_ACCURACY, "validation accuracy")


@item("tuning", weight=1, message="best_svm reaches the accuracy asked for on the validation images.")
def test_best_svm_reaches_what_is_asked_for(submission, thresholds):
    assert_at_least(validation_accuracy(submission, "best_svm"), thresholds.validation, "validation accuracy")


@item("tuning", weight=1.5, message="best_svm does much better than chance on images that took no part in the search.")
def test_best_svm_beats_chance_on_new_images(submission, data, thresholds):
    accuracy = held_back_accuracy(submission, "best_svm", *data("cifar10"))
    assert_at_least(accuracy, 0.7 * thresholds.test, "test accuracy")


@item("tuning", weight=2.5, message="best_svm does well on images that took no part in training or in the search.")
def test_best_svm_on_new_images(submission, data, thresholds):
    accuracy = held_back_accuracy(submission, "best_svm", *data("cifar10"))
    assert_at_least(accuracy, thresholds.test, "test accuracy")


# The formula that random inputs are judged by, written otherwise than the reference.


def svm_formula(W, X, y, reg):
    scores = np.einsum("nd,dc->nc", X.astype(float), W)
    loss, dW = reg * np.einsum("dc,dc->", W, W), reg * W + reg * W
    for x, row, label in zip(X.astype(float), scores, y.astype(int), strict=True):
        for k in range(len(row)):
            short = 1 - (row[label] - row[k])
            if k != label and short > 0:
                loss += short / len(X)
                dW[:, k] = dW[:, k] + x / len(X)
                dW[:, label] = dW[:, label] - x / len(X)
    return loss, dW
