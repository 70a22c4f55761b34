"""Graders of the notebook two_layer_net: layers, losses, the network, and what the tuning left.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formulas at the end of this file.
"""

import math

import numpy as np

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    GRADIENT,
    LOSS,
    LOSS_GRADIENT,
    NETWORK_FORWARD,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
    Call,
    CheckFailure,
    arrays_named,
    assert_at_least,
    assert_below,
    assert_close,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    item,
    numerical_gradient,
    numerical_gradient_of_parameter,
    off_zero,
    opaque,
    spaced,
    type_name,
    unpack,
    wave,
)

PARAMETERS = ("W1", "b1", "W2", "b2")


# affine_forward: weights, bias and flattening earn marks separately.


def affine_output(submission, x, w, b):
    out, _ = unpack(submission.affine_forward(x, w, b), "out", "cache")
    return out


@item("affine_forward", public=True, weight=1,
      message="With rows as inputs and no bias, out is the product of x and w.")
def test_affine_forward_applies_the_weights(submission, expected):
    expected("rows", affine_output(submission, wave(1, 4, 6), wave(2, 6, 3), np.zeros(3)), FORWARD)


@item("affine_forward", public=True, weight=1, message="Every row of the output gets the bias b added to it.")
def test_affine_forward_adds_the_bias(submission, expected):
    expected("bias", affine_output(submission, np.zeros((4, 6)), wave(2, 6, 3), wave(3, 3)), FORWARD)


@item("affine_forward", public=True, weight=1,
      message="Inputs of any shape are flattened, each to one row of D numbers.")
def test_affine_forward_flattens_images(submission, expected):
    x, w, b = spaced(-0.1, 0.5, 2, 4, 5, 6), spaced(-0.2, 0.3, 120, 3), spaced(-0.3, 0.1, 3)
    expected("images", affine_output(submission, x, w, b), FORWARD)


@item("affine_forward", public=True, weight=0.5, message="A forward pass reads x, w and b and changes none of them.")
def test_affine_forward_leaves_its_inputs(submission, expected):
    expected("once", affine_output(submission, wave(1, 3, 2, 5), wave(2, 10, 4), wave(3, 4)), FORWARD)
    assert_inputs_unchanged(submission)


@item("affine_forward", weight=0.5, message="Colour images are flattened in NumPy's own order, the last axis fastest.")
def test_affine_forward_flattens_colour_images(submission, expected):
    expected("colour", affine_output(submission, wave(4, 3, 3, 4, 5), wave(5, 60, 4), wave(6, 4)), FORWARD)


@item("affine_forward", weight=1, message="The output must be right for inputs, shapes and sizes of any kind.")
def test_affine_forward_on_random_images(submission, rng):
    x, w, b = rng.normal(size=(5, 3, 2, 4)), rng.normal(size=(24, 7)), rng.normal(size=7)
    assert_close(affine_output(submission, x, w, b), affine(x, w, b), FORWARD, "out")


@item("affine_forward", weight=0.5, message="A batch may hold a single input, and a layer may have a single output.")
def test_affine_forward_on_one_input_and_one_output(submission, rng):
    x, w, b = rng.normal(size=(1, 2, 3)), rng.normal(size=(6, 1)), rng.normal(size=1)
    assert_close(affine_output(submission, x, w, b), affine(x, w, b), FORWARD, "out")


@item("affine_forward", weight=0.5,
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_affine_forward_in_float32(submission, rng):
    x, w, b = (rng.normal(size=size).astype(np.float32) for size in [(3, 2, 2), (4, 5), 5])
    out = affine_output(submission, x, w, b)
    assert_close(out, affine(x, w, b), FORWARD_FLOAT32, "out", dtype=float32_result(out), relative_floor=NOISE_FLOOR)


# affine_backward: dx, dw and db earn marks separately.


def affine_gradients(submission, dout, x, w, b):
    _, cache = unpack(submission.affine_forward(x, w, b), "out", "cache")
    return unpack(submission.affine_backward(dout, cache), "dx", "dw", "db")


def fixed_affine_gradients(submission):
    return affine_gradients(submission, wave(4, 4, 3), wave(1, 4, 2, 3), wave(2, 6, 3), wave(3, 3))


def random_affine_case(rng, n, shape, m):
    x, w, b = rng.normal(size=(n, *shape)), rng.normal(size=(math.prod(shape), m)), rng.normal(size=m)
    return rng.normal(size=(n, m)), x, w, b


@item("affine_backward", public=True, weight=1,
      message="dx tells how the loss moves with every entry of x, in the shape of x.")
def test_affine_backward_dx(submission, expected):
    expected("dx", fixed_affine_gradients(submission)[0], ANALYTIC_GRADIENT)


@item("affine_backward", public=True, weight=1,
      message="dw has the shape of w and collects the derivative of all inputs of the batch.")
def test_affine_backward_dw(submission, expected):
    expected("dw", fixed_affine_gradients(submission)[1], ANALYTIC_GRADIENT)


@item("affine_backward", public=True, weight=1,
      message="db has the shape of b: a bias is shared by the batch, so sum over the batch axis.")
def test_affine_backward_db(submission, expected):
    expected("db", fixed_affine_gradients(submission)[2], ANALYTIC_GRADIENT)


@item("affine_backward", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own affine_forward shows when its inputs are nudged.")
def test_affine_backward_agrees_with_numerical_gradients(submission):
    args, dout = (wave(5, 3, 2, 2), wave(6, 4, 5), wave(7, 5)), wave(8, 3, 5)
    gradients = affine_gradients(submission, dout, *args)
    for wrt, name in enumerate(("dx", "dw", "db")):
        numeric = numerical_gradient(submission.affine_forward, args, wrt, upstream=dout, pick=0)
        assert_close(gradients[wrt], numeric, GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("affine_backward", weight=1,
      message="dx must have the shape of x for any number of axes, and depend on dout and w.")
def test_affine_backward_dx_on_random_images(submission, rng):
    dout, x, w, b = random_affine_case(rng, 5, (3, 2, 4), 7)
    dx, _, _ = affine_gradients(submission, dout, x, w, b)
    assert_close(
        dx, affine_slopes(dout, x, w)[0], ANALYTIC_GRADIENT, "dx", hint="It has the shape of x, not of the rows."
    )


@item("affine_backward", weight=1,
      message="dw multiplies each input with the upstream derivative of its own row and adds up.")
def test_affine_backward_dw_on_random_images(submission, rng):
    dout, x, w, b = random_affine_case(rng, 5, (3, 2, 4), 7)
    _, dw, _ = affine_gradients(submission, dout, x, w, b)
    assert_close(dw, affine_slopes(dout, x, w)[1], ANALYTIC_GRADIENT, "dw", hint="It has the shape of w.")


@item("affine_backward", weight=1,
      message="db adds the upstream derivative up over the batch, one number for each output.")
def test_affine_backward_db_on_random_images(submission, rng):
    dout, x, w, b = random_affine_case(rng, 5, (3, 2, 4), 7)
    _, _, db = affine_gradients(submission, dout, x, w, b)
    assert_close(db, affine_slopes(dout, x, w)[2], ANALYTIC_GRADIENT, "db", hint="A bias is shared by the batch.")


@item("affine_backward", weight=0.5, message="A batch may hold a single input, and a layer may have a single output.")
def test_affine_backward_on_one_input_and_one_output(submission, rng):
    dout, x, w, b = random_affine_case(rng, 1, (2, 3), 1)
    gradients = affine_gradients(submission, dout, x, w, b)
    for actual, wanted, name in zip(gradients, affine_slopes(dout, x, w), ("dx", "dw", "db"), strict=True):
        assert_close(actual, wanted, ANALYTIC_GRADIENT, name)


@item("affine_backward", weight=0.5,
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_affine_backward_leaves_its_cache(submission, rng):
    dout, x, w, b = random_affine_case(rng, 4, (2, 3), 5)
    _, cache = unpack(submission.affine_forward(x, w, b), "out", "cache")
    submission.affine_backward(rng.normal(size=dout.shape), cache)
    again = unpack(submission.affine_backward(dout, cache), "dx", "dw", "db")
    for actual, wanted, name in zip(again, affine_slopes(dout, x, w), ("dx", "dw", "db"), strict=True):
        assert_close(actual, wanted, ANALYTIC_GRADIENT, f"{name} of a second call")
    assert_inputs_unchanged(submission)


@item("affine_backward", weight=0.5,
      message="Gradients for float32 inputs must be arrays of floats, right to float32's digits.")
def test_affine_backward_in_float32(submission, rng):
    dout, x, w, b = (array.astype(np.float32) for array in random_affine_case(rng, 3, (2, 2), 5))
    gradients = affine_gradients(submission, dout, x, w, b)
    for actual, wanted, name in zip(gradients, affine_slopes(dout, x, w), ("dx", "dw", "db"), strict=True):
        dtype = float32_result(actual)
        assert_close(actual, wanted, FORWARD_FLOAT32, name, dtype=dtype, relative_floor=NOISE_FLOOR)


# relu_forward


def relu_output(submission, x):
    out, _ = unpack(submission.relu_forward(x), "out", "cache")
    return out


@item("relu_forward", public=True, weight=1, message="Positive entries pass unchanged, negative ones become zero.")
def test_relu_forward_cuts_off_at_zero(submission, expected):
    expected("out", relu_output(submission, spaced(-0.5, 0.5, 3, 4)), FORWARD)


@item("relu_forward", public=True, weight=1,
      message="A forward pass leaves x as it is: write the result into a new array.")
def test_relu_forward_leaves_its_input(submission, expected):
    expected("once", relu_output(submission, spaced(-1, 1, 2, 3)), FORWARD)
    assert_inputs_unchanged(submission)


@item("relu_forward", weight=1, message="Entries of any size and arrays of any shape are treated alike.")
def test_relu_forward_on_random_arrays(submission, rng):
    for shape in [(7,), (3, 5), (2, 3, 4, 5)]:
        x = 50 * rng.normal(size=shape)
        assert_close(relu_output(submission, x), np.where(x < 0, 0, x), FORWARD, "out")


@item("relu_forward", weight=0.5,
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_relu_forward_in_float32(submission, rng):
    x = rng.normal(size=(4, 3)).astype(np.float32)
    out = relu_output(submission, x)
    assert_close(out, np.where(x < 0, 0, x), FORWARD_FLOAT32, "out", dtype=float32_result(out))


# relu_backward. No input is exactly zero: there the derivative is a matter of choice.


def relu_gradient(submission, dout, x):
    _, cache = unpack(submission.relu_forward(x), "out", "cache")
    return submission.relu_backward(dout, cache)


@item("relu_backward", public=True, weight=1,
      message="dout passes where the input was positive and becomes zero where it was negative.")
def test_relu_backward_passes_the_upstream_derivative(submission, expected):
    expected("dx", relu_gradient(submission, wave(1, 4, 5), off_zero(wave(2, 4, 5))), ANALYTIC_GRADIENT)


@item("relu_backward", public=True, weight=1,
      message="dx must be the slope that your own relu_forward shows when its input is nudged.")
def test_relu_backward_agrees_with_the_numerical_gradient(submission):
    x, dout = off_zero(wave(3, 3, 4)), wave(4, 3, 4)
    numeric = numerical_gradient(submission.relu_forward, (x,), 0, upstream=dout, pick=0)
    assert_close(relu_gradient(submission, dout, x), numeric, GRADIENT, "dx", relative_floor=NOISE_FLOOR)


@item("relu_backward", public=True, weight=0.5, message="A backward pass leaves dout as it is: work on a new array.")
def test_relu_backward_leaves_the_upstream_derivative(submission, expected):
    x = off_zero(wave(5, 3, 4))
    _, cache = unpack(submission.relu_forward(x), "out", "cache")
    submission.clear_mutations()
    expected("once", submission.relu_backward(wave(6, 3, 4), cache), ANALYTIC_GRADIENT)
    assert_inputs_unchanged(submission)


@item("relu_backward", weight=1.5,
      message="The sign of the input decides what passes, whatever the sizes of input and dout are.")
def test_relu_backward_on_random_arrays(submission, rng):
    for shape in [(9,), (4, 6), (2, 3, 4, 5)]:
        x, dout = 50 * rng.normal(size=shape), rng.normal(size=shape)
        assert_close(relu_gradient(submission, dout, x), np.where(x < 0, 0, dout), ANALYTIC_GRADIENT, "dx")


@item("relu_backward", weight=0.5,
      message="A backward pass leaves the cache as it is: a second call must work as the first.")
def test_relu_backward_leaves_its_cache(submission, rng):
    x, dout = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    _, cache = unpack(submission.relu_forward(x), "out", "cache")
    submission.clear_mutations()
    submission.relu_backward(-dout, cache)
    dx = submission.relu_backward(dout, cache)
    assert_close(dx, np.where(x < 0, 0, dout), ANALYTIC_GRADIENT, "dx of a second call")
    assert_inputs_unchanged(submission)


@item("relu_backward", weight=0.5,
      message="dx for float32 inputs must be an array of floats, right to float32's digits.")
def test_relu_backward_in_float32(submission, rng):
    x, dout = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32)
    dx = relu_gradient(submission, dout, x)
    assert_close(dx, np.where(x < 0, 0, dout), FORWARD_FLOAT32, "dx", dtype=float32_result(dx))


# Both losses: the loss and its gradient earn marks separately.


def loss_and_gradient(function, x, y):
    return unpack(function(x, y), "loss", "dx")


def check_loss_gradient(function, x, y):
    """dx against central differences of the student's own loss, and in the shape of the scores."""
    _, dx = loss_and_gradient(function, x, y)
    numeric = numerical_gradient(function, (x, y), 0, pick=0)
    assert_close(dx, numeric, LOSS_GRADIENT, "dx", relative_floor=NOISE_FLOOR)


def check_average(function, x, y):
    """The same inputs twice in the batch: the same loss, and half the gradient for each."""
    loss, dx = loss_and_gradient(function, x, y)
    loss_twice, dx_twice = loss_and_gradient(function, np.concatenate([x, x]), np.concatenate([y, y]))
    assert_shape(loss, (), "loss")
    assert_close(loss_twice, float(loss), LOSS, "loss of the batch taken twice")
    assert_shape(dx, x.shape, "dx")
    assert_close(dx_twice, np.concatenate([dx, dx]) / 2, ANALYTIC_GRADIENT, "dx of the batch taken twice")


def check_loss(function, formula, x, y):
    """Loss and gradient against the formula."""
    loss, dx = loss_and_gradient(function, x, y)
    wanted_loss, wanted_dx = formula(x, y)
    assert_close(loss, wanted_loss, LOSS, "loss")
    assert_close(dx, wanted_dx, ANALYTIC_GRADIENT, "dx")


def check_label_dtypes(function, formula, rng):
    x, y = rng.normal(size=(6, 5)), rng.integers(5, size=6)
    for dtype in (np.uint8, np.int16, np.int32, np.int64):
        check_loss(function, formula, x, y.astype(dtype))


def check_absent_classes(function, formula, rng):
    """A batch where all labels are the same, and one where most classes don't occur."""
    check_loss(function, formula, rng.normal(size=(4, 6)), np.full(4, 5))
    check_loss(function, formula, rng.normal(size=(5, 8)), np.array([7, 0, 0, 7, 0]))


SCORES, LABELS = 3 * wave(1, 6, 5), np.array([4, 0, 2, 2, 1, 0])


@item("softmax_loss", public=True, weight=1,
      message="The loss is the mean over the batch of -log(probability of the correct class).")
def test_softmax_loss_value(submission, expected):
    loss, _ = loss_and_gradient(submission.softmax_loss, SCORES, LABELS)
    expected("loss", loss, LOSS)


@item("softmax_loss", public=True, weight=1,
      message="dx is the gradient of the averaged loss: probabilities, corrected at the label of each row.")
def test_softmax_loss_gradient(submission, expected):
    _, dx = loss_and_gradient(submission.softmax_loss, SCORES, LABELS)
    expected("dx", dx, ANALYTIC_GRADIENT)


@item("softmax_loss", public=True, weight=0.5,
      message="dx must be the slope that your own loss shows when its scores are nudged.")
def test_softmax_loss_agrees_with_the_numerical_gradient(submission):
    check_loss_gradient(submission.softmax_loss, 2 * wave(2, 4, 3), np.array([0, 2, 1, 2]))


@item("softmax_loss", public=True, weight=0.5, message="Nearly equal scores mean nearly equal probabilities, 1/C each.")
def test_softmax_loss_of_small_scores_is_the_log_of_the_number_of_classes(submission):
    loss, _ = loss_and_gradient(submission.softmax_loss, 1e-6 * wave(3, 50, 10), np.arange(50) % 10)
    assert_close(loss, math.log(10), 1e-5, "loss for ten classes")


@item("softmax_loss", public=True, weight=0.5,
      message="Large scores must not overflow: a constant added to a row changes nothing, so choose one that helps.")
def test_softmax_loss_of_large_scores(submission, expected):
    scores = np.array([[1000.0, 999.0, 998.0], [1001.0, 1003.0, 1002.0]])
    loss, dx = loss_and_gradient(submission.softmax_loss, scores, np.array([1, 0]))
    expected("large_loss", loss, LOSS)
    expected("large_dx", dx, ANALYTIC_GRADIENT)


@item("softmax_loss", public=True, weight=0.5, message="The loss reads scores and labels and changes neither.")
def test_softmax_loss_leaves_its_inputs(submission, expected):
    expected("once", loss_and_gradient(submission.softmax_loss, SCORES, LABELS)[0], LOSS)
    assert_inputs_unchanged(submission)


@item("softmax_loss", weight=1, message="The loss must be right for any number of inputs and classes.")
def test_softmax_loss_value_on_random_scores(submission, rng):
    for n, c in [(1, 4), (7, 2), (5, 12)]:
        x, y = 4 * rng.normal(size=(n, c)), rng.integers(c, size=n)
        loss, _ = loss_and_gradient(submission.softmax_loss, x, y)
        assert_close(loss, softmax_formula(x, y)[0], LOSS, "loss")


@item("softmax_loss", weight=1, message="The gradient must be right for any number of inputs and classes.")
def test_softmax_loss_gradient_on_random_scores(submission, rng):
    for n, c in [(1, 4), (7, 2), (5, 12)]:
        x, y = 4 * rng.normal(size=(n, c)), rng.integers(c, size=n)
        _, dx = loss_and_gradient(submission.softmax_loss, x, y)
        assert_close(dx, softmax_formula(x, y)[1], ANALYTIC_GRADIENT, "dx")


@item("softmax_loss", weight=0.5,
      message="Scores far apart must neither overflow nor lead to log(0), and every row has its own scale.")
def test_softmax_loss_of_scores_far_apart(submission, rng):
    scores = np.array([[1e3, -1e3, 0.0], [-1e3, -1e3, -1e3], [0.0, 1e3, -1e3]]) + rng.normal(size=(3, 3))
    for labels in ([0, 1, 2], [1, 2, 0], [2, 0, 1]):
        check_loss(submission.softmax_loss, softmax_formula, scores, np.array(labels))


@item("softmax_loss", weight=0.5,
      message="Loss and gradient are averages over the batch: taking every input twice leaves the loss as it is.")
def test_softmax_loss_is_an_average(submission, rng):
    check_average(submission.softmax_loss, rng.normal(size=(4, 5)), rng.integers(5, size=4))


@item("softmax_loss", weight=0.5, message="Labels may be integers of any dtype, and need not contain every class.")
def test_softmax_loss_for_labels_of_any_kind(submission, rng):
    check_label_dtypes(submission.softmax_loss, softmax_formula, rng)
    check_absent_classes(submission.softmax_loss, softmax_formula, rng)


@item("svm_loss", public=True, weight=1,
      message="The loss adds up what each wrong class lacks of its margin, and averages over the batch.")
def test_svm_loss_value(submission, expected):
    loss, _ = loss_and_gradient(submission.svm_loss, SCORES, LABELS)
    expected("loss", loss, LOSS)


@item("svm_loss", public=True, weight=1,
      message="Every missed margin pulls on two scores: up on the wrong class, down on the correct one.")
def test_svm_loss_gradient(submission, expected):
    _, dx = loss_and_gradient(submission.svm_loss, SCORES, LABELS)
    expected("dx", dx, ANALYTIC_GRADIENT)


@item("svm_loss", public=True, weight=0.5,
      message="dx must be the slope that your own loss shows when its scores are nudged.")
def test_svm_loss_agrees_with_the_numerical_gradient(submission):
    check_loss_gradient(submission.svm_loss, 2 * wave(2, 4, 3), np.array([0, 2, 1, 2]))


@item("svm_loss", public=True, weight=0.5,
      message="With equal scores each of the C - 1 wrong classes lacks a margin of 1; the correct class isn't counted.")
def test_svm_loss_of_equal_scores_is_one_less_than_the_number_of_classes(submission):
    loss, _ = loss_and_gradient(submission.svm_loss, np.zeros((20, 10)), np.arange(20) % 10)
    assert_close(loss, 9, LOSS, "loss for ten classes")


@item("svm_loss", public=True, weight=0.5, message="The loss reads scores and labels and changes neither.")
def test_svm_loss_leaves_its_inputs(submission, expected):
    expected("once", loss_and_gradient(submission.svm_loss, SCORES, LABELS)[0], LOSS)
    assert_inputs_unchanged(submission)


@item("svm_loss", weight=1, message="The loss must be right for any number of inputs and classes.")
def test_svm_loss_value_on_random_scores(submission, rng):
    for n, c in [(1, 4), (7, 2), (5, 12)]:
        x, y = 2 * rng.normal(size=(n, c)), rng.integers(c, size=n)
        loss, _ = loss_and_gradient(submission.svm_loss, x, y)
        assert_close(loss, svm_formula(x, y)[0], LOSS, "loss")


@item("svm_loss", weight=1.5, message="The gradient must be right for any number of inputs and classes.")
def test_svm_loss_gradient_on_random_scores(submission, rng):
    for n, c in [(1, 4), (7, 2), (5, 12)]:
        x, y = 2 * rng.normal(size=(n, c)), rng.integers(c, size=n)
        _, dx = loss_and_gradient(submission.svm_loss, x, y)
        assert_close(dx, svm_formula(x, y)[1], ANALYTIC_GRADIENT, "dx")


@item("svm_loss", weight=0.5,
      message="A margin that is met costs nothing, one that is missed costs what is missing, however much that is.")
def test_svm_loss_of_met_and_far_missed_margins(submission, rng):
    ties = rng.integers(-2, 3, size=(6, 5)).astype(float)
    far = 1e3 * rng.normal(size=(6, 5))
    y = rng.integers(5, size=6)
    for scores in (ties, far):
        loss, _ = loss_and_gradient(submission.svm_loss, scores, y)
        assert_close(loss, svm_formula(scores, y)[0], LOSS, "loss")
    won = np.where(np.arange(5) == y[:, None], 10.0, 0.0)
    loss, dx = loss_and_gradient(submission.svm_loss, won, y)
    assert_close(loss, 0, LOSS, "loss with all margins met")
    assert_close(dx, np.zeros((6, 5)), ANALYTIC_GRADIENT, "dx with all margins met")


@item("svm_loss", weight=0.5,
      message="Loss and gradient are averages over the batch: taking every input twice leaves the loss as it is.")
def test_svm_loss_is_an_average(submission, rng):
    check_average(submission.svm_loss, rng.normal(size=(4, 5)), rng.integers(5, size=4))


@item("svm_loss", weight=0.5, message="Labels may be integers of any dtype, and need not contain every class.")
def test_svm_loss_for_labels_of_any_kind(submission, rng):
    check_label_dtypes(submission.svm_loss, svm_formula, rng)
    check_absent_classes(submission.svm_loss, svm_formula, rng)


# TwoLayerNet: initialisation, scores, loss and gradients earn marks separately.


def new_net(submission, input_dim, hidden_dim, num_classes, **settings):
    net = submission.TwoLayerNet(input_dim=input_dim, hidden_dim=hidden_dim, num_classes=num_classes, **settings)
    return opaque(net, "TwoLayerNet(...)", "a model")


def net_with(submission, parameters, **settings):
    """A net of the student's, with these parameters in it."""
    sizes = (*parameters["W1"].shape, parameters["b2"].size)
    net = new_net(submission, *sizes, **settings)
    params = opaque(net.params, "params", "a dictionary of arrays")
    for key in PARAMETERS:
        params[key] = parameters[key]
    return net


def loss_and_grads(net, X, y):
    loss, grads = unpack(net.loss(X, y), "loss", "grads")
    return loss, arrays_named(grads, PARAMETERS, "grads")


def seed_parameters():
    return {
        "W1": spaced(-0.7, 0.3, 5, 50),
        "b1": spaced(-0.1, 0.9, 50),
        "W2": spaced(-0.3, 0.4, 50, 7),
        "b2": spaced(-0.9, 0.1, 7),
    }


SEED_X, SEED_Y = spaced(-5.5, 4.5, 5, 3).T.copy(), np.array([0, 5, 1])


def small_parameters(phase, input_dim, hidden_dim, num_classes):
    """Parameters with biases that are not zero: zero biases would put ReLUs on their kinks."""
    return {
        "W1": wave(phase, input_dim, hidden_dim),
        "b1": 0.5 * wave(phase + 1, hidden_dim),
        "W2": wave(phase + 2, hidden_dim, num_classes),
        "b2": 0.5 * wave(phase + 3, num_classes),
    }


def random_net_case(rng, n=4, shape=(2, 3, 2), hidden_dim=7, num_classes=5):
    sizes = {"W1": (math.prod(shape), hidden_dim), "b1": hidden_dim, "W2": (hidden_dim, num_classes), "b2": num_classes}
    parameters = {key: rng.normal(size=size) for key, size in sizes.items()}
    return parameters, rng.normal(size=(n, *shape)), rng.integers(num_classes, size=n)


def check_initial_shapes(submission, input_dim, hidden_dim, num_classes):
    params = arrays_named(new_net(submission, input_dim, hidden_dim, num_classes).params, PARAMETERS, "params")
    shapes = (input_dim, hidden_dim), (hidden_dim,), (hidden_dim, num_classes), (num_classes,)
    for key, shape in zip(PARAMETERS, shapes, strict=True):
        assert_shape(params[key], shape, f'params["{key}"]')


def random_parameter(params, key, shape):
    """A parameter whose shape is noted only if it is wrong: random numbers would set two like mistakes apart."""
    value = params[key]
    if type(value) is not np.ndarray or value.dtype.kind not in "iuf" or value.shape != shape:
        assert_shape(value, shape, f'params["{key}"]')
    return value


def check_weight_scale(submission, weight_scale):
    """The weights' standard deviation, to a quarter of a power of two: chance moves it by less."""
    net = new_net(submission, 200, 300, 150, weight_scale=weight_scale)
    for key, shape in [("W1", (200, 300)), ("W2", (300, 150))]:
        weights = random_parameter(arrays_named(net.params, PARAMETERS, "params"), key, shape)
        ratio = max(float(np.std(weights)) / weight_scale, 1e-6)
        rounded = 2 ** (round(4 * math.log2(ratio)) / 4) if math.isfinite(ratio) else math.inf
        assert_close(rounded, 1, 0.01, f"standard deviation of {key} relative to weight_scale, rounded")


def check_numerical_gradients(submission, parameters, X, y, reg):
    net = net_with(submission, parameters, reg=reg)
    _, grads = loss_and_grads(net, X, y)
    for key in PARAMETERS:
        numeric = numerical_gradient_of_parameter(submission, Call(net.loss, (X, y)), net.params, key, pick=0)
        assert_close(grads[key], numeric, NETWORK_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


@item("TwoLayerNet", public=True, weight=0.5,
      message="params holds W1 (D, H), b1 (H,), W2 (H, C) and b2 (C,), for the sizes that are asked for.")
def test_net_has_parameters_of_the_sizes_asked_for(submission):
    check_initial_shapes(submission, 12, 9, 4)


@item("TwoLayerNet", public=True, weight=0.5, message="Biases start at zero.")
def test_net_starts_with_zero_biases(submission):
    params = arrays_named(new_net(submission, 6, 8, 4).params, PARAMETERS, "params")
    for key, shape in [("b1", (8,)), ("b2", (4,))]:
        bias = random_parameter(params, key, shape)
        assert_below(np.count_nonzero(bias), 0, f"number of biases in {key} that are not zero")


@item("TwoLayerNet", public=True, weight=0.5,
      message="Weights start as normally distributed numbers with standard deviation weight_scale.")
def test_net_starts_with_weights_of_the_scale_asked_for(submission):
    check_weight_scale(submission, 1e-3)


@item("TwoLayerNet", public=True, weight=1,
      message="Without labels, loss returns the scores: affine, ReLU, affine, and nothing behind.")
def test_net_scores(submission, expected):
    expected("scores", net_with(submission, seed_parameters()).loss(SEED_X), NETWORK_FORWARD)


@item("TwoLayerNet", public=True, weight=1,
      message="Without regularisation, the loss is the softmax loss of the scores.")
def test_net_loss_without_regularisation(submission, expected):
    loss, _ = unpack(net_with(submission, seed_parameters(), reg=0.0).loss(SEED_X, SEED_Y), "loss", "grads")
    expected("loss_reg_0", loss, LOSS)


@item("TwoLayerNet", public=True, weight=0.5,
      message="Regularisation adds 0.5 * reg * (sum of W1**2 + sum of W2**2); biases don't count.")
def test_net_loss_with_regularisation(submission, expected):
    loss, _ = unpack(net_with(submission, seed_parameters(), reg=1.0).loss(SEED_X, SEED_Y), "loss", "grads")
    expected("loss_reg_1", loss, LOSS)


@item("TwoLayerNet", public=True, weight=1,
      message="Each gradient must be the slope of your own loss in that parameter.")
def test_net_gradients_agree_with_numerical_ones(submission):
    X, y = wave(5, 4, 6), np.array([0, 3, 1, 2])
    check_numerical_gradients(submission, small_parameters(1, 6, 5, 4), X, y, reg=0.0)


@item("TwoLayerNet", public=True, weight=0.5, message="What regularisation adds to the loss has a derivative, too.")
def test_net_gradients_with_regularisation_agree_with_numerical_ones(submission):
    X, y = wave(7, 3, 5), np.array([2, 0, 1])
    check_numerical_gradients(submission, small_parameters(11, 5, 4, 3), X, y, reg=0.7)


@item("TwoLayerNet", weight=0.5,
      message="Every new network starts with random weights of its own, at the scale that is asked for.")
def test_net_starts_with_weights_of_its_own(submission):
    check_weight_scale(submission, 0.05)
    nets = [arrays_named(new_net(submission, 10, 8, 5).params, PARAMETERS, "params") for _ in range(2)]
    for key, shape in [("W1", (10, 8)), ("W2", (8, 5))]:
        one, other = (random_parameter(params, key, shape) for params in nets)
        assert_at_least(int((one != other).sum()), 1, f"number of weights in {key} that differ between two nets")


@item("TwoLayerNet", weight=0.5, message="Images enter as they are: the first layer flattens them.")
def test_net_scores_of_colour_images(submission, expected):
    net = net_with(submission, small_parameters(4, 27, 6, 3))
    expected("colour_scores", net.loss(wave(5, 4, 3, 3, 3)), NETWORK_FORWARD)


@item("TwoLayerNet", weight=0.5,
      message="Scores must be right for inputs with any number of axes and for any sizes of the network.")
def test_net_scores_of_random_images(submission, rng):
    parameters, X, _ = random_net_case(rng)
    assert_close(net_with(submission, parameters).loss(X), net_formula(parameters, X)[0], NETWORK_FORWARD, "scores")


@item("TwoLayerNet", weight=1,
      message="The loss must be right for inputs of any kind, and reg must weigh both weight matrices.")
def test_net_loss_of_random_images(submission, rng):
    parameters, X, y = random_net_case(rng)
    for reg in (0.0, 0.3):
        loss, _ = unpack(net_with(submission, parameters, reg=reg).loss(X, y), "loss", "grads")
        assert_close(loss, net_formula(parameters, X, y, reg)[1], LOSS, "loss")


@item("TwoLayerNet", weight=1, message="Each gradient must be right for inputs of any kind.")
def test_net_gradients_of_random_images(submission, rng):
    parameters, X, y = random_net_case(rng)
    _, grads = loss_and_grads(net_with(submission, parameters), X, y)
    for key, wanted in net_formula(parameters, X, y)[2].items():
        assert_close(grads[key], wanted, ANALYTIC_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


@item("TwoLayerNet", weight=1, message="The penalty has a derivative in W1 and in W2, and none in the biases.")
def test_net_gradients_of_the_penalty(submission, rng):
    parameters, X, y = random_net_case(rng)
    _, grads = loss_and_grads(net_with(submission, parameters, reg=0.7), X, y)
    for key, wanted in net_formula(parameters, X, y, 0.7)[2].items():
        assert_close(grads[key], wanted, ANALYTIC_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


@item("TwoLayerNet", weight=0.5,
      message="Biases are not regularised: however large they are, reg leaves their share of the loss alone.")
def test_net_leaves_biases_unregularised(submission, rng):
    parameters, X, y = random_net_case(rng)
    parameters |= {"b1": 10 + parameters["b1"], "b2": 10 + parameters["b2"]}
    losses = [unpack(net_with(submission, parameters, reg=reg).loss(X, y), "loss", "grads")[0] for reg in (0.0, 2.0)]
    for loss, reg in zip(losses, (0.0, 2.0), strict=True):
        assert_close(loss, net_formula(parameters, X, y, reg)[1], LOSS, f"loss with reg={reg:g}")


@item("TwoLayerNet", weight=0.5, message="A network may have a single hidden unit, and a batch a single input.")
def test_net_with_one_hidden_unit(submission):
    check_initial_shapes(submission, 4, 1, 3)
    check_numerical_gradients(submission, small_parameters(2, 4, 1, 3), wave(3, 1, 2, 2), np.array([2]), reg=0.7)


@item("TwoLayerNet", weight=0.5,
      message="Asking for the loss changes neither the parameters nor the inputs, so asking twice gives the same.")
def test_net_loss_changes_nothing(submission, rng):
    parameters, X, y = random_net_case(rng)
    net = net_with(submission, parameters, reg=0.7)
    loss_and_grads(net, X, y)
    net.loss(X)
    for key in PARAMETERS:
        assert_close(net.params[key], parameters[key], 0, f'params["{key}"] after the call')
    again, _ = unpack(net.loss(X, y), "loss", "grads")
    assert_close(again, net_formula(parameters, X, y, 0.7)[1], LOSS, "loss of the last call")
    assert_inputs_unchanged(submission)


# tuning: what the search left in best_model, judged on images whose labels the student's code never sees.

LOCAL_VALIDATION_ACCURACY = 0.48


def predicted_classes(submission, X):
    """The classes with the highest scores, as found here: the submission gives nothing but scores."""
    scores = opaque(submission.best_model, "best_model", "a trained TwoLayerNet").loss(X)
    assert_shape(scores, (len(X), 10), "best_model.loss(X)")
    if not np.isfinite(scores).all():
        raise CheckFailure("best_model.loss(X) holds scores that are not finite: the training has diverged")
    return np.argmax(scores, axis=1)


def held_back_accuracy(submission, X, y):
    return float(np.mean(predicted_classes(submission, X) == y))


@item("tuning", public=True, weight=1,
      message="best_model is a network whose loss(X) gives ten finite scores per image.")
def test_best_model_gives_scores(submission):
    X_val = submission.X_val
    if type(X_val) is not np.ndarray or X_val.dtype.kind != "f":
        raise CheckFailure(f"X_val is {type_name(X_val)}, expected the validation images: leave that name as it is")
    predicted_classes(submission, X_val[:50])


@item("tuning", public=True, weight=1,
      message="best_model does well on validation images: try other learning rates, sizes and reg.")
def test_best_model_on_the_validation_images(submission):
    X_val, y_val = submission.X_val, submission.y_val
    if type(X_val) is not np.ndarray or type(y_val) is not np.ndarray or y_val.shape != X_val.shape[:1]:
        raise CheckFailure("X_val and y_val are no images with labels: leave these names as they are")
    accuracy = float(np.mean(predicted_classes(submission, X_val) == y_val))
    assert_at_least(accuracy, LOCAL_VALIDATION_ACCURACY, "validation accuracy")


@item("tuning", weight=0.5, message="The scores of an image don't depend on which other images are in the batch.")
def test_best_model_scores_each_image_by_itself(submission, data, rng):
    X = data("cifar10")[0][:40]
    order = rng.permutation(len(X))
    predicted_classes(submission, X)
    predicted_classes(submission, X[order])
    model = submission.best_model
    scores, shuffled = model.loss(X), model.loss(X[order])
    assert_close(shuffled, scores[order], FORWARD_FLOAT32, "scores", relative_floor=NOISE_FLOOR, dtype=scores.dtype)


@item("tuning", weight=2, message="best_model does better on new images than the network of the given setting.")
def test_best_model_beats_the_given_setting_on_new_images(submission, data, thresholds):
    assert_at_least(held_back_accuracy(submission, *data("cifar10")), 0.85 * thresholds.test, "test accuracy")


@item("tuning", weight=3, message="best_model does well on images that took no part in training or tuning.")
def test_best_model_on_new_images(submission, data, thresholds):
    assert_at_least(held_back_accuracy(submission, *data("cifar10")), thresholds.test, "test accuracy")


# The formulas that random inputs are judged by, written otherwise than the reference.


def affine(x, w, b):
    axes = x.ndim - 1
    return np.tensordot(x, w.reshape(*x.shape[1:], -1), axes) + b


def affine_slopes(dout, x, w):
    """dx, dw and db."""
    dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
    dw = sum(np.multiply.outer(one.ravel(), slope) for one, slope in zip(x, dout, strict=True))
    return dx, dw, np.einsum("nm->m", dout)


def softmax_formula(x, y):
    log_sums = np.logaddexp.reduce(x, axis=1)
    correct = np.eye(x.shape[1])[y]
    loss = np.mean(log_sums - (x * correct).sum(axis=1))
    return loss, (np.exp(x - log_sums[:, None]) - correct) / len(x)


def svm_formula(x, y):
    loss, dx = 0.0, np.zeros(x.shape)
    for n, label in enumerate(y):
        for k in range(x.shape[1]):
            missing = x[n, k] - x[n, label] + 1
            if k != label and missing > 0:
                loss += missing / len(x)
                dx[n, k] += 1 / len(x)
                dx[n, label] -= 1 / len(x)
    return loss, dx


def net_formula(parameters, X, y=None, reg=0.0):
    """Scores; with labels also the loss and the gradients."""
    W1, b1, W2, b2 = (parameters[key] for key in PARAMETERS)
    before = affine(X, W1, b1)
    hidden = np.where(before > 0, before, 0)
    scores = affine(hidden, W2, b2)
    if y is None:
        return scores, None, None
    loss, dscores = softmax_formula(scores, y)
    dhidden, dW2, db2 = affine_slopes(dscores, hidden, W2)
    _, dW1, db1 = affine_slopes(np.where(before > 0, dhidden, 0), X, W1)
    grads = dict(zip(PARAMETERS, (dW1 + reg * W1, db1, dW2 + reg * W2, db2), strict=True))
    return scores, loss + reg / 2 * (np.square(W1).sum() + np.square(W2).sum()), grads
