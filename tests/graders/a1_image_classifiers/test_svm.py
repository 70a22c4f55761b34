"""Graders of the notebook svm: the SVM loss of a linear classifier, its training, and what the grid search left.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. They count only with the hidden tests that ask the same of random inputs, judged by the formula at the
end of this file: at a size at which neither loops nor slopes measured one by one come to an end in time.
"""

import numpy as np
from linear_classifiers import (
    FIXED,
    accuracy_on,
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
    random_case,
    rows_of,
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
    labels = rng.integers(5, size=6)
    loss, dW = loss_and_gradient(function, 10.0 * np.eye(5), np.eye(5)[labels], labels, 0.0)
    assert_close(loss, 0, LOSS, "loss with all margins met")
    assert_close(dW, np.zeros((5, 5)), ANALYTIC_GRADIENT, "dW with all margins met")


@item("svm_loss_naive", public=True, weight=1,
      message="A missed margin pulls on two columns of dW: up with x for the wrong class, down for the correct one.")
def test_svm_loss_naive_gradient(submission, expected):
    expected("dW", loss_and_gradient(submission.svm_loss_naive, *FIXED, 0.0)[1], ANALYTIC_GRADIENT)


@item("svm_loss_naive", public=True, weight=1.5,
      message="The loss has reg * sum(W**2) added after the average; its derivative belongs into dW.")
def test_svm_loss_naive_gradient_with_regularisation(submission, expected):
    check_stored_regularisation(submission.svm_loss_naive, expected)


@item("svm_loss_naive", public=True, weight=1,
      message="dW must be the slope that your own loss shows when W is nudged.")
def test_svm_loss_naive_agrees_with_the_numerical_gradient(submission):
    W, X, y = wave(3, 4, 3), wave(4, 5, 4), np.array([0, 2, 1, 1, 2])
    check_numerical_gradient(submission.svm_loss_naive, W, X, y, 0.3)


@item("svm_loss_naive", public=True, weight=0.25,
      message="W, X and y stay as they are.")
def test_svm_loss_naive_leaves_its_inputs(submission):
    check_leaves_inputs(submission, submission.svm_loss_naive)


@item("svm_loss_naive", weight=2, confirms=["test_svm_loss_naive_gradient", "test_svm_loss_naive_leaves_its_inputs"],
      message="The gradient must be right for any number of inputs and classes.")
def test_svm_loss_naive_on_random_inputs(submission, rng):
    check_gradients(submission.svm_loss_naive, svm_formula, rng)


@item("svm_loss_naive", weight=1.5, needs="test_svm_loss_naive_on_random_inputs",
      confirms="test_svm_loss_naive_gradient_with_regularisation",
      message="The penalty is reg * sum(W**2), without a half; what does that mean for its derivative?")
def test_svm_loss_naive_regularisation_of_random_weights(submission, rng):
    check_regularisation(submission.svm_loss_naive, rng)


@item("svm_loss_naive", weight=0.5, needs="test_svm_loss_naive_on_random_inputs",
      confirms="test_svm_loss_naive_agrees_with_the_numerical_gradient",
      message="The gradient is checked at random entries, without regularisation and with reg=50.")
def test_svm_loss_naive_agrees_with_a_sparse_numerical_gradient(submission, rng):
    check_sparse_gradient(submission.svm_loss_naive, rng)


@item("svm_loss_naive", weight=0.5, needs="test_svm_loss_naive_on_random_inputs",
      message="Loss and gradient are averages over the batch: taking every input twice leaves both as they are.")
def test_svm_loss_naive_is_an_average(submission, rng):
    check_average(submission.svm_loss_naive, rng)


@item("svm_loss_naive", weight=0.25, needs="test_svm_loss_naive_on_random_inputs",
      message="Labels may be integers of any dtype, and need not contain every class.")
def test_svm_loss_naive_for_labels_of_any_kind(submission, rng):
    check_labels(submission.svm_loss_naive, svm_formula, rng)


@item("svm_loss_naive", weight=0.25, needs="test_svm_loss_naive_on_random_inputs",
      message="A margin that is met costs nothing, and one that is missed by thousands costs thousands.")
def test_svm_loss_naive_of_extreme_scores(submission, rng):
    check_extreme_scores(submission.svm_loss_naive, rng)


@item("svm_loss_naive", weight=0.25, needs="test_svm_loss_naive_on_random_inputs",
      message="Inputs may be whole numbers, as pixels are, or float32.")
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


@item("svm_loss_vectorized", public=True, weight=0.25,
      message="With equal scores each of the C - 1 wrong classes lacks a margin of 1; the correct class isn't counted.")
def test_svm_loss_vectorized_of_small_weights_is_one_less_than_the_number_of_classes(submission):
    W, X, y = np.zeros((8, 10)), wave(7, 20, 8), np.arange(20) % 10
    loss, _ = loss_and_gradient(submission.svm_loss_vectorized, W, X, y, 0.0)
    assert_close(loss, 9, LOSS, "loss for ten classes")


@item("svm_loss_vectorized", public=True, weight=0.25,
      message="W, X and y stay as they are.")
def test_svm_loss_vectorized_leaves_its_inputs(submission):
    check_leaves_inputs(submission, submission.svm_loss_vectorized)


@item("svm_loss_vectorized", weight=1.5, needs="test_svm_loss_vectorized_of_two_million_inputs",
      confirms=["test_svm_loss_vectorized_value",
                "test_svm_loss_vectorized_of_small_weights_is_one_less_than_the_number_of_classes"],
      message="The loss must be right for any number of inputs and classes.")
def test_svm_loss_vectorized_value_on_random_inputs(submission, rng):
    check_values(submission.svm_loss_vectorized, svm_formula, rng)


@item("svm_loss_vectorized", weight=2, needs="test_svm_loss_vectorized_gradient_of_two_million_inputs",
      confirms=["test_svm_loss_vectorized_gradient", "test_svm_loss_vectorized_leaves_its_inputs"],
      message="The gradient must be right for any number of inputs and classes.")
def test_svm_loss_vectorized_gradient_on_random_inputs(submission, rng):
    check_gradients(submission.svm_loss_vectorized, svm_formula, rng)


@item("svm_loss_vectorized", weight=1, needs="test_svm_loss_vectorized_gradient_on_random_inputs",
      confirms="test_svm_loss_vectorized_regularisation",
      message="The penalty is reg * sum(W**2), without a half; what does that mean for its derivative?")
def test_svm_loss_vectorized_regularisation_of_random_weights(submission, rng):
    check_regularisation(submission.svm_loss_vectorized, rng)


@item("svm_loss_vectorized", weight=0.5, needs="test_svm_loss_vectorized_gradient_on_random_inputs",
      message="The gradient is checked at random entries, without regularisation and with reg=50.")
def test_svm_loss_vectorized_agrees_with_a_sparse_numerical_gradient(submission, rng):
    check_sparse_gradient(submission.svm_loss_vectorized, rng)


@item("svm_loss_vectorized", weight=0.5,
      needs=["test_svm_loss_vectorized_value_on_random_inputs", "test_svm_loss_vectorized_gradient_on_random_inputs"],
      message="Loss and gradient are averages over the batch: taking every input twice leaves both as they are.")
def test_svm_loss_vectorized_is_an_average(submission, rng):
    check_average(submission.svm_loss_vectorized, rng)


@item("svm_loss_vectorized", weight=0.25, needs="test_svm_loss_vectorized_gradient_on_random_inputs",
      message="Labels may be integers of any dtype, and need not contain every class.")
def test_svm_loss_vectorized_for_labels_of_any_kind(submission, rng):
    check_labels(submission.svm_loss_vectorized, svm_formula, rng)


@item("svm_loss_vectorized", weight=0.25, needs="test_svm_loss_vectorized_gradient_on_random_inputs",
      message="A margin that is met costs nothing, and one that is missed by thousands costs thousands.")
def test_svm_loss_vectorized_of_extreme_scores(submission, rng):
    check_extreme_scores(submission.svm_loss_vectorized, rng)


@item("svm_loss_vectorized", weight=0.25, needs="test_svm_loss_vectorized_gradient_on_random_inputs",
      message="Inputs may be whole numbers, as pixels are, or float32.")
def test_svm_loss_vectorized_for_inputs_of_other_dtypes(submission, rng):
    check_input_dtypes(submission.svm_loss_vectorized, svm_formula, rng)


# The last of their item: a loop uses up the time of all the tests behind it.
@item("svm_loss_vectorized", weight=1, slow=True,
      message="Two million inputs take about a second in whole arrays; a Python loop over them doesn't end in time.")
def test_svm_loss_vectorized_of_two_million_inputs(submission, rng):
    check_large_batch_value(submission.svm_loss_vectorized, svm_formula, rng)


@item("svm_loss_vectorized", weight=1, slow=True,
      message="Two million inputs take about a second in whole arrays; a Python loop over them doesn't end in time.")
def test_svm_loss_vectorized_gradient_of_two_million_inputs(submission, rng):
    check_large_batch_gradient(submission.svm_loss_vectorized, svm_formula, rng)


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


def check_pairs(submission, start, y, num_iters, batch_size):
    """Every minibatch has its size, and every input its own label."""
    bowl = bowl_with(submission, start)
    bowl.train(numbered_inputs(len(y))[0], y, num_iters=num_iters, batch_size=batch_size)
    batches = drawn(bowl)
    assert_equal(len(batches), num_iters, "number of minibatches")
    for numbers, y_batch in zip(batches, bowl.labels, strict=True):
        assert_equal(len(numbers), batch_size, "number of inputs in a minibatch")
        if (y[numbers % len(y)] != y_batch).any():
            raise CheckFailure("an input of a minibatch comes with the label of another one")


def losses_of(history, steps):
    """loss_history as an array."""
    if not isinstance(history, Opaque) and type(history) is not np.ndarray:
        raise CheckFailure(f"loss_history is {type_name(history)}, expected a list of numbers")
    assert_equal(len(history), steps, "length of loss_history")
    losses = list(history)
    for loss in losses:
        assert_shape(loss, (), "an entry of loss_history")
    return np.array([float(loss) for loss in losses])


@item("LinearClassifier", public=True, weight=1,
      message="Each step moves W against the gradient of self.loss, by the learning rate times the gradient.")
def test_train_steps_downhill(submission, expected):
    bowl = bowl_with(submission, wave(1, 3, 11))
    bowl.train(*numbered_inputs(20), learning_rate=0.1, num_iters=7, batch_size=5)
    expected("W", bowl.W, FORWARD)


@item("LinearClassifier", public=True, weight=0.5, message="train returns the loss of every step, in order.")
def test_train_returns_the_losses(submission, expected):
    bowl = bowl_with(submission, wave(2, 3, 11))
    history = bowl.train(*numbered_inputs(20), learning_rate=0.2, num_iters=6, batch_size=5)
    expected("history", losses_of(history, 6), FORWARD)


@item("LinearClassifier", public=True, weight=0.5,
      message="Every minibatch holds batch_size inputs, each with the label that belongs to it.")
def test_train_keeps_inputs_and_labels_together(submission):
    check_pairs(submission, wave(3, 3, 11), numbered_inputs(11)[1], 4, 8)


@item("LinearClassifier", public=True, weight=1.5, message="The predicted class is the one with the highest score.")
def test_predict_finds_the_highest_score(submission, expected):
    bowl = bowl_with(submission, wave(4, 4, 4) + 3 * np.eye(4))
    expected("classes", bowl.predict(np.eye(4)[[2, 0, 3, 1, 3, 0]]), called="predicted classes")


# How a training descends and what it draws are two behaviours, and worth nothing without each other.


@item("LinearClassifier", weight=1, confirms="test_train_steps_downhill",
      needs=["test_train_keeps_random_labels_with_their_inputs", "test_train_draws_from_all_inputs"],
      message="The step is the learning rate times the gradient, whatever they are.")
def test_train_with_other_learning_rates(submission, rng):
    for learning_rate, steps in [(0.5, 1), (0.03, 12)]:
        start = rng.normal(size=(3, 11))
        bowl = bowl_with(submission, start)
        bowl.train(*numbered_inputs(15), learning_rate=learning_rate, num_iters=steps, batch_size=4)
        assert_close(bowl.W, start * (1 - learning_rate) ** steps, FORWARD, "W")


@item("LinearClassifier", weight=0.25, confirms="test_train_returns_the_losses",
      needs="test_train_with_other_learning_rates", message="train returns the loss of every step, whatever it is.")
def test_train_returns_losses_of_random_weights(submission, rng):
    start = rng.normal(size=(3, 11))
    bowl = bowl_with(submission, start)
    history = bowl.train(*numbered_inputs(15), learning_rate=0.3, num_iters=5, batch_size=4)
    wanted = np.sum(start**2) / 2 * (1 - 0.3) ** (2 * np.arange(5))
    assert_close(losses_of(history, 5), wanted, FORWARD, "loss_history")


@item("LinearClassifier", weight=0.5, needs="test_train_with_other_learning_rates",
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


@item("LinearClassifier", weight=0.5, confirms="test_train_keeps_inputs_and_labels_together",
      needs="test_train_with_other_learning_rates",
      message="Every input of a minibatch comes with its own label, whatever the labels and the sizes.")
def test_train_keeps_random_labels_with_their_inputs(submission, rng):
    for n, num_iters, batch_size in [(13, 3, 9), (30, 5, 7)]:
        check_pairs(submission, rng.normal(size=(3, 11)), rng.permutation(n) % 11, num_iters, batch_size)


@item("LinearClassifier", weight=0.5, needs="test_train_with_other_learning_rates",
      message="Minibatches are drawn with replacement: the same input may come twice, and a batch may be the larger.")
def test_train_draws_with_replacement(submission):
    bowl = bowl_with(submission, wave(5, 3, 11))
    bowl.train(*numbered_inputs(6), num_iters=10, batch_size=6)
    twice = any(len(np.unique(numbers)) < len(numbers) for numbers in drawn(bowl))
    assert_equal(twice, True, "whether any of ten minibatches of 6 out of 6 inputs holds one twice")
    larger = bowl_with(submission, wave(5, 3, 11))
    larger.train(*numbered_inputs(6), num_iters=1, batch_size=40)
    batches = drawn(larger)
    assert_equal(len(batches), 1, "number of minibatches")
    assert_equal(len(batches[0]), 40, "number of inputs in a minibatch of 40 out of 6")


@item("LinearClassifier", weight=0.5, needs="test_train_with_other_learning_rates",
      message="Every step draws its minibatch anew, from all the inputs.")
def test_train_draws_from_all_inputs(submission):
    bowl = bowl_with(submission, wave(6, 3, 11))
    bowl.train(*numbered_inputs(20), num_iters=80, batch_size=10)
    batches = drawn(bowl)
    met = np.unique(np.concatenate(batches)) if batches else []
    assert_equal(len(met), 20, "number of different inputs met in 80 minibatches of 10 out of 20")
    different = len({tuple(numbers) for numbers in batches})
    assert_at_least(min(different, 40), 40, "number of different minibatches of 80, counted up to 40")


@item("LinearClassifier", weight=0.25,
      needs=["test_train_with_other_learning_rates", "test_predict_on_random_inputs"],
      message="Training reads X and y and changes neither; so does predict.")
def test_train_and_predict_leave_their_inputs(submission, rng):
    bowl = bowl_with(submission, rng.normal(size=(3, 11)))
    X, y = numbered_inputs(12)
    bowl.train(X, y, learning_rate=0.1, num_iters=3, batch_size=4)
    y_pred = bowl.predict(X)
    assert_inputs_unchanged(submission)
    if isinstance(y_pred, Opaque):
        raise CheckFailure(f"what predict gives is {type_name(y_pred)}, expected an array")


@item("LinearClassifier", weight=3, confirms="test_predict_finds_the_highest_score",
      message="predict gives one class per input, for any number of inputs and classes.")
def test_predict_on_random_inputs(submission, rng):
    for n, d, c in [(1, 3, 4), (9, 5, 2), (4, 2, 12)]:
        W, X = rng.normal(size=(d, c)), rng.normal(size=(n, d))
        wanted = [max(range(c), key=row.__getitem__) for row in np.einsum("nd,dc->nc", X, W)]
        assert_equal(bowl_with(submission, W).predict(X), np.array(wanted), "predicted classes")


@item("LinearClassifier", weight=0.5, needs="test_predict_on_random_inputs",
      message="Of equally high scores the smaller class is predicted, also of negative ones.")
def test_predict_gives_ties_to_the_smaller_class(submission):
    scores = np.array([[1.0, 2, 2, 0], [3, 3, 3, 3], [-5, -1, -2, -1], [-4, -4, -7, -9]])
    assert_equal(bowl_with(submission, scores).predict(np.eye(4)), np.array([1, 0, 1, 0]), "predicted classes")


# tuning: what the grid left behind. The classifier is judged on images whose labels the student's code never sees.

LOCAL_VALIDATION_ACCURACY = 0.35


@item("tuning", public=True, weight=0.5,
      message="results maps each (learning rate, reg) to (training accuracy, validation accuracy).")
def test_results_of_the_grid(submission):
    check_grid(submission)


@item("tuning", public=True, weight=1,
      message="best_val is the highest validation accuracy in results, and best_svm the classifier that reached it.")
def test_best_svm_is_the_one_of_the_best_result(submission, notebook_data):
    accuracy = accuracy_on(submission, "best_svm", *notebook_data("X_val", "y_val"))
    check_best(submission, "best_svm", accuracy)


@item("tuning", public=True, weight=1,
      message="best_svm does well on validation images: try other learning rates and strengths, by factors of 3 or 10.")
def test_best_svm_on_the_validation_images(submission, notebook_data):
    accuracy = accuracy_on(submission, "best_svm", *notebook_data("X_val", "y_val"))
    assert_at_least(accuracy, LOCAL_VALIDATION_ACCURACY, "validation accuracy")


@item("tuning", weight=1.5, needs="test_best_svm_beats_chance_on_new_images",
      message="best_svm reaches the accuracy asked for on the validation images.")
def test_best_svm_reaches_what_is_asked_for(submission, notebook_data, thresholds):
    accuracy = accuracy_on(submission, "best_svm", *notebook_data("X_val", "y_val"))
    assert_at_least(accuracy, thresholds.validation, "validation accuracy")


@item("tuning", weight=1.5,
      confirms=["test_results_of_the_grid", "test_best_svm_is_the_one_of_the_best_result",
                "test_best_svm_on_the_validation_images"],
      message="best_svm does much better than chance on images that took no part in the search.")
def test_best_svm_beats_chance_on_new_images(submission, data, thresholds):
    images, labels = data("cifar10")
    accuracy = accuracy_on(submission, "best_svm", rows_of(images), labels)
    assert_at_least(accuracy, 0.7 * thresholds.test, "test accuracy")


@item("tuning", weight=2.5, message="best_svm does well on images that took no part in training or in the search.")
def test_best_svm_on_new_images(submission, data, thresholds):
    images, labels = data("cifar10")
    accuracy = accuracy_on(submission, "best_svm", rows_of(images), labels)
    assert_at_least(accuracy, thresholds.test, "test accuracy")


# The formula that random inputs are judged by, written otherwise than the reference.


def svm_formula(W, X, y, reg):
    X, classes = X.astype(float), np.arange(W.shape[1])
    scores = np.einsum("nd,dc->nc", X, W)
    correct = classes == y[:, None]
    lead = scores[correct][:, None] - scores
    missed = (lead < 1) & ~correct
    loss = np.where(missed, 1 - lead, 0).sum() / len(X) + reg * np.einsum("dc,dc->", W, W)
    pull = np.where(correct, -missed.sum(axis=1, keepdims=True), missed)
    return loss, np.einsum("nd,nc->dc", X, pull) / len(X) + reg * W + reg * W
