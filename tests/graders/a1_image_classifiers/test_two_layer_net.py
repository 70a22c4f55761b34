"""Graders of the notebook two_layer_net: layers, losses, the network, and what the tuning left.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. They count only with the hidden tests that ask the same of random inputs, judged by the formulas at the
end of this file; gradients at a size, or at kinks, where slopes measured one by one are no way to get them.
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
    Opaque,
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


def check_unchanged(submission, *results):
    """No argument of a call so far has been changed; and the calls gave numbers at all."""
    assert_inputs_unchanged(submission)
    for value in results:
        if isinstance(value, Opaque) or type(value) is tuple:
            raise CheckFailure(f"the function gave {type_name(value)} where numbers are expected")


def check_same_again(first, second, names):
    """A second call with the same arguments gives what the first one gave."""
    for one, other, name in zip(first, second, names, strict=True):
        for value in (one, other):
            if type(value) is not np.ndarray or value.dtype.kind not in "iuf":
                raise CheckFailure(f"{name} is {type_name(value)}, expected an array of numbers")
        if one.shape != other.shape or not np.allclose(one, other, rtol=1e-9, atol=0, equal_nan=True):
            raise CheckFailure(f"{name} of a second call with the same cache differs from that of the first")


# affine_forward: weights, bias and flattening earn marks separately.


def affine_output(submission, x, w, b):
    out, _ = unpack(submission.affine_forward(x, w, b), "out", "cache")
    return out


@item("affine_forward", public=True, weight=1,
      message="With rows as inputs and no bias, out is the product of x and w.")
def test_affine_forward_applies_the_weights(submission, expected):
    expected("rows", affine_output(submission, wave(1, 4, 6), wave(2, 6, 3), np.zeros(3)), FORWARD)


@item("affine_forward", public=True, weight=0.75, message="Every row of the output gets the bias b added to it.")
def test_affine_forward_adds_the_bias(submission, expected):
    expected("bias", affine_output(submission, np.zeros((4, 6)), wave(2, 6, 3), wave(3, 3)), FORWARD)


@item("affine_forward", public=True, weight=1,
      message="Inputs of any shape are flattened, each to one row of D numbers.")
def test_affine_forward_flattens_images(submission, expected):
    x, w, b = spaced(-0.1, 0.5, 2, 4, 5, 6), spaced(-0.2, 0.3, 120, 3), spaced(-0.3, 0.1, 3)
    expected("images", affine_output(submission, x, w, b), FORWARD)


@item("affine_forward", public=True, weight=0.25, message="A forward pass reads x, w and b and changes none of them.")
def test_affine_forward_leaves_its_inputs(submission):
    check_unchanged(submission, affine_output(submission, wave(1, 3, 2, 5), wave(2, 10, 4), wave(3, 4)))


@item("affine_forward", weight=1, confirms="test_affine_forward_applies_the_weights",
      message="With rows as inputs and no bias, out is the product of x and w, for any numbers.")
def test_affine_forward_applies_random_weights(submission, rng):
    x, w, b = rng.normal(size=(5, 8)), rng.normal(size=(8, 3)), np.zeros(3)
    assert_close(affine_output(submission, x, w, b), affine(x, w, b), FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("affine_forward", weight=0.75, confirms="test_affine_forward_adds_the_bias",
      needs="test_affine_forward_applies_random_weights",
      message="Every row of the output gets the bias b added to it, whatever that is.")
def test_affine_forward_adds_random_biases(submission, rng):
    x, w, b = np.zeros((5, 8)), rng.normal(size=(8, 3)), rng.normal(size=3)
    assert_close(affine_output(submission, x, w, b), affine(x, w, b), FORWARD, "out")


@item("affine_forward", weight=0.25, needs="test_affine_forward_on_random_images",
      message="Colour images are flattened in NumPy's own order, the last axis fastest.")
def test_affine_forward_flattens_colour_images(submission, expected):
    expected("colour", affine_output(submission, wave(4, 3, 3, 4, 5), wave(5, 60, 4), wave(6, 4)), FORWARD)


@item("affine_forward", weight=1,
      confirms=["test_affine_forward_flattens_images", "test_affine_forward_leaves_its_inputs"],
      message="The output must be right for inputs, shapes and sizes of any kind.")
def test_affine_forward_on_random_images(submission, rng):
    x, w, b = rng.normal(size=(5, 3, 2, 4)), rng.normal(size=(24, 7)), rng.normal(size=7)
    assert_close(affine_output(submission, x, w, b), affine(x, w, b), FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("affine_forward", weight=0.25, needs="test_affine_forward_on_random_images",
      message="A batch may hold a single input, and a layer may have a single output.")
def test_affine_forward_on_one_input_and_one_output(submission, rng):
    x, w, b = rng.uniform(0.5, 1, size=(1, 2, 3)), rng.uniform(0.5, 1, size=(6, 1)), rng.uniform(0.5, 1, size=1)
    assert_close(affine_output(submission, x, w, b), affine(x, w, b), FORWARD, "out")


@item("affine_forward", weight=0.25, needs="test_affine_forward_on_random_images",
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_affine_forward_in_float32(submission, rng):
    x, w, b = (rng.normal(size=size).astype(np.float32) for size in [(3, 2, 2), (4, 5), 5])
    out = affine_output(submission, x, w, b)
    assert_close(out, affine(x, w, b), FORWARD_FLOAT32, "out", dtype=float32_result(out), relative_floor=0.1)


# affine_backward: dx, dw and db earn marks separately.


def affine_gradients(submission, dout, x, w, b):
    _, cache = unpack(submission.affine_forward(x, w, b), "out", "cache")
    return unpack(submission.affine_backward(dout, cache), "dx", "dw", "db")


def check_affine_slopes(submission, args, dout):
    gradients = affine_gradients(submission, dout, *args)
    for wrt, name in enumerate(("dx", "dw", "db")):
        numeric = numerical_gradient(submission.affine_forward, args, wrt, upstream=dout, pick=0)
        assert_close(gradients[wrt], numeric, GRADIENT, name, relative_floor=NOISE_FLOOR)


AFFINE_GRADIENTS = [f"test_affine_backward_{name}_on_random_images" for name in ("dx", "dw", "db")]


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
    check_affine_slopes(submission, (wave(5, 3, 2, 2), wave(6, 4, 5), wave(7, 5)), wave(8, 3, 5))


# Each on two cases: images at random, and a layer of 300,000 weights, too many to measure a slope for each.


def check_affine_gradient(submission, rng, which, name, hint):
    for sizes in [(5, (3, 2, 4), 7), (4, (3, 32, 32), 100)]:
        dout, x, w, b = random_affine_case(rng, *sizes)
        wanted = affine_slopes(dout, x, w)[which]
        gradient = affine_gradients(submission, dout, x, w, b)[which]
        if type(gradient) is not np.ndarray or gradient.shape != wanted.shape:
            assert_shape(gradient, wanted.shape, name, hint=hint)
        rows = rng.integers(len(wanted), size=min(len(wanted), 50))
        assert_close(gradient[rows], wanted[rows], ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("affine_backward", weight=1.5, confirms="test_affine_backward_dx",
      message="dx must have the shape of x for any number of axes, and depend on dout and w.")
def test_affine_backward_dx_on_random_images(submission, rng):
    check_affine_gradient(submission, rng, 0, "dx", "It has the shape of x, not of the rows.")


@item("affine_backward", weight=1.5, confirms="test_affine_backward_dw",
      message="dw multiplies each input with the upstream derivative of its own row and adds up.")
def test_affine_backward_dw_on_random_images(submission, rng):
    check_affine_gradient(submission, rng, 1, "dw", "It has the shape of w.")


@item("affine_backward", weight=1.5, confirms="test_affine_backward_db",
      message="db adds the upstream derivative up over the batch, one number for each output.")
def test_affine_backward_db_on_random_images(submission, rng):
    check_affine_gradient(submission, rng, 2, "db", "A bias is shared by the batch.")


@item("affine_backward", weight=0.5, confirms="test_affine_backward_agrees_with_numerical_gradients",
      needs=AFFINE_GRADIENTS, message="Your gradients must be the slopes of your own affine_forward, for any numbers.")
def test_affine_backward_agrees_with_numerical_gradients_at_random(submission, rng):
    dout, *args = random_affine_case(rng, 2, (2, 2), 3)
    check_affine_slopes(submission, args, dout)


@item("affine_backward", weight=0.25, needs=AFFINE_GRADIENTS,
      message="A batch may hold a single input, and a layer may have a single output.")
def test_affine_backward_on_one_input_and_one_output(submission, rng):
    dout, x, w, b = random_affine_case(rng, 1, (2, 3), 1)
    wanted = affine_slopes(dout, x, w)
    gradients = affine_gradients(submission, dout, x, w, b)
    for actual, slopes, name in zip(gradients, wanted, ("dx", "dw", "db"), strict=True):
        assert_close(actual, slopes, ANALYTIC_GRADIENT, name)


@item("affine_backward", weight=0.25, needs=AFFINE_GRADIENTS,
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_affine_backward_leaves_its_cache(submission, rng):
    dout, x, w, b = random_affine_case(rng, 4, (2, 3), 5)
    _, cache = unpack(submission.affine_forward(x, w, b), "out", "cache")
    submission.clear_mutations()
    first, second = (unpack(submission.affine_backward(dout, cache), "dx", "dw", "db") for _ in range(2))
    assert_inputs_unchanged(submission)
    check_same_again(first, second, ("dx", "dw", "db"))


@item("affine_backward", weight=0.25, needs=AFFINE_GRADIENTS,
      message="Gradients for float32 inputs must be arrays of floats, right to float32's digits.")
def test_affine_backward_in_float32(submission, rng):
    dout, x, w, b = (array.astype(np.float32) for array in random_affine_case(rng, 3, (2, 2), 5))
    wanted = affine_slopes(dout.astype(float), x.astype(float), w.astype(float))
    gradients = affine_gradients(submission, dout, x, w, b)
    for actual, slopes, name in zip(gradients, wanted, ("dx", "dw", "db"), strict=True):
        assert_close(actual, slopes, FORWARD_FLOAT32, name, dtype=float32_result(actual), relative_floor=0.1)


# relu_forward


def relu_output(submission, x):
    out, _ = unpack(submission.relu_forward(x), "out", "cache")
    return out


def of_any_size(rng, shape):
    """Numbers of both signs from a millionth of a millionth to a million: no step measures the slope at all of them."""
    return rng.choice([-1.0, 1.0], size=shape) * 10 ** rng.uniform(-12, 6, size=shape)


@item("relu_forward", public=True, weight=1, message="Positive entries pass unchanged, negative ones become zero.")
def test_relu_forward_cuts_off_at_zero(submission, expected):
    expected("out", relu_output(submission, spaced(-0.5, 0.5, 3, 4)), FORWARD)


@item("relu_forward", public=True, weight=0.5,
      message="A forward pass leaves x as it is: write the result into a new array.")
def test_relu_forward_leaves_its_input(submission):
    check_unchanged(submission, relu_output(submission, spaced(-1, 1, 2, 3)))


@item("relu_forward", weight=1.25,
      confirms=["test_relu_forward_cuts_off_at_zero", "test_relu_forward_leaves_its_input"],
      message="Entries of any size and arrays of any shape are treated alike.")
def test_relu_forward_on_random_arrays(submission, rng):
    for shape in [(7,), (3, 5), (2, 3, 4, 5)]:
        x = of_any_size(rng, shape)
        assert_close(relu_output(submission, x), np.where(x < 0, 0, x), FORWARD, "out", floor=1e-20)


@item("relu_forward", weight=0.25, needs="test_relu_forward_on_random_arrays",
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


@item("relu_backward", public=True, weight=0.5,
      message="dx must be the slope that your own relu_forward shows when its input is nudged.")
def test_relu_backward_agrees_with_the_numerical_gradient(submission):
    x, dout = off_zero(wave(3, 3, 4)), wave(4, 3, 4)
    numeric = numerical_gradient(submission.relu_forward, (x,), 0, upstream=dout, pick=0)
    assert_close(relu_gradient(submission, dout, x), numeric, GRADIENT, "dx", relative_floor=NOISE_FLOOR)


@item("relu_backward", public=True, weight=0.25, message="A backward pass leaves dout as it is: work on a new array.")
def test_relu_backward_leaves_the_upstream_derivative(submission):
    _, cache = unpack(submission.relu_forward(off_zero(wave(5, 3, 4))), "out", "cache")
    submission.clear_mutations()
    check_unchanged(submission, submission.relu_backward(wave(6, 3, 4), cache))


@item("relu_backward", weight=1.5,
      confirms=["test_relu_backward_passes_the_upstream_derivative",
                "test_relu_backward_agrees_with_the_numerical_gradient",
                "test_relu_backward_leaves_the_upstream_derivative"],
      message="The sign of the input decides what passes, whatever the sizes of input and dout are.")
def test_relu_backward_on_random_arrays(submission, rng):
    for shape in [(9,), (4, 6), (2, 3, 4, 5), (600, 500)]:  # the last is too large to nudge every number
        x, dout = of_any_size(rng, shape), rng.normal(size=shape)
        assert_close(relu_gradient(submission, dout, x), np.where(x < 0, 0, dout), ANALYTIC_GRADIENT, "dx")


@item("relu_backward", weight=0.25, needs="test_relu_backward_on_random_arrays",
      message="A backward pass leaves the cache as it is: a second call must work as the first.")
def test_relu_backward_leaves_its_cache(submission, rng):
    x, dout = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    _, cache = unpack(submission.relu_forward(x), "out", "cache")
    submission.clear_mutations()
    first, second = (submission.relu_backward(dout, cache) for _ in range(2))
    assert_inputs_unchanged(submission)
    check_same_again((first,), (second,), ("dx",))


@item("relu_backward", weight=0.25, needs="test_relu_backward_on_random_arrays",
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
    halves = np.concatenate([dx, dx]) / 2
    assert_close(dx_twice, halves, ANALYTIC_GRADIENT, "dx of the batch taken twice", relative_floor=NOISE_FLOOR)


# Where probabilities or margins nearly cancel, a loss or a slope near zero keeps fewer digits: below these it is judged
# by those of the numbers that it is the difference of.
LOSS_FLOOR, SLOPE_FLOOR = 1e-3, 1e-6


def check_loss(function, formula, x, y, floor=LOSS_FLOOR):
    """Loss and gradient against the formula."""
    wanted_loss, wanted_dx = formula(x, y)
    loss, dx = loss_and_gradient(function, x, y)
    assert_close(loss, wanted_loss, LOSS, "loss", floor=floor)
    assert_close(dx, wanted_dx, ANALYTIC_GRADIENT, "dx", floor=SLOPE_FLOOR)


def check_values(function, formula, rng):
    """The loss alone, for batches of all sizes."""
    for n, c in [(1, 4), (7, 2), (5, 12)]:
        x, y = 3 * rng.normal(size=(n, c)), rng.integers(c, size=n)
        wanted, _ = formula(x, y)
        loss, _ = loss_and_gradient(function, x, y)
        assert_close(loss, wanted, LOSS, "loss", floor=LOSS_FLOOR)


def check_gradients(function, formula, rng):
    """The gradient alone, for batches of all sizes, and for more scores than slopes can be measured one by one."""
    for n, c in [(1, 4), (7, 2), (5, 12), (400, 1000)]:
        x, y = 3 * rng.normal(size=(n, c)), rng.integers(c, size=n)
        _, wanted = formula(x, y)
        _, dx = loss_and_gradient(function, x, y)
        if type(dx) is not np.ndarray or dx.shape != x.shape:
            assert_shape(dx, x.shape, "dx")
        rows = rng.integers(n, size=min(n, 12))
        assert_close(dx[rows], wanted[rows], ANALYTIC_GRADIENT, "dx", floor=SLOPE_FLOOR)


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


@item("softmax_loss", public=True, weight=0.25,
      message="Nearly equal scores mean nearly equal probabilities, 1/C each.")
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


@item("softmax_loss", public=True, weight=0.25, message="The loss reads scores and labels and changes neither.")
def test_softmax_loss_leaves_its_inputs(submission):
    check_unchanged(submission, *loss_and_gradient(submission.softmax_loss, SCORES, LABELS))


@item("softmax_loss", weight=1.25,
      confirms=["test_softmax_loss_value",
                "test_softmax_loss_of_small_scores_is_the_log_of_the_number_of_classes"],
      message="The loss must be right for any number of inputs and classes.")
def test_softmax_loss_value_on_random_scores(submission, rng):
    check_values(submission.softmax_loss, softmax_formula, rng)


@item("softmax_loss", weight=1.75,
      confirms=["test_softmax_loss_gradient", "test_softmax_loss_agrees_with_the_numerical_gradient",
                "test_softmax_loss_leaves_its_inputs"],
      message="The gradient must be right for any number of inputs and classes.")
def test_softmax_loss_gradient_on_random_scores(submission, rng):
    check_gradients(submission.softmax_loss, softmax_formula, rng)


@item("softmax_loss", weight=0.5, confirms="test_softmax_loss_of_large_scores",
      needs="test_softmax_loss_gradient_on_random_scores",
      message="Scores far apart must neither overflow nor lead to log(0), and every row has its own scale.")
def test_softmax_loss_of_scores_far_apart(submission, rng):
    scores = np.array([[1e3, -1e3, 0.0], [-1e3, -1e3, -1e3], [0.0, 1e3, -1e3]]) + rng.normal(size=(3, 3))
    for labels in ([0, 1, 2], [1, 2, 0], [2, 0, 1]):
        check_loss(submission.softmax_loss, softmax_formula, scores, np.array(labels), floor=1.0)


@item("softmax_loss", weight=0.5, needs="test_softmax_loss_gradient_on_random_scores",
      message="The smallest probabilities have no digits left in a float, their logarithms have all: never take the "
              "logarithm of one.")
def test_softmax_loss_of_probabilities_too_small_for_a_float(submission, rng):
    # Between 1e-323 and 1e-319: floats, but with hardly a digit. Nothing overflows here.
    scores = np.stack([rng.uniform(0, 100, size=4)] * 3, axis=1)
    scores[:, 0] -= rng.uniform(735, 743, size=4)
    check_loss(submission.softmax_loss, softmax_formula, scores, np.zeros(4, dtype=int))


@item("softmax_loss", weight=0.5,
      needs=["test_softmax_loss_value_on_random_scores", "test_softmax_loss_gradient_on_random_scores"],
      message="Loss and gradient are averages over the batch: taking every input twice leaves the loss as it is.")
def test_softmax_loss_is_an_average(submission, rng):
    check_average(submission.softmax_loss, rng.normal(size=(4, 5)), rng.integers(5, size=4))


@item("softmax_loss", weight=0.25, needs="test_softmax_loss_gradient_on_random_scores",
      message="Labels may be integers of any dtype, and need not contain every class.")
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


@item("svm_loss", public=True, weight=0.25,
      message="With equal scores each of the C - 1 wrong classes lacks a margin of 1; the correct class isn't counted.")
def test_svm_loss_of_equal_scores_is_one_less_than_the_number_of_classes(submission):
    loss, _ = loss_and_gradient(submission.svm_loss, np.zeros((20, 10)), np.arange(20) % 10)
    assert_close(loss, 9, LOSS, "loss for ten classes")


@item("svm_loss", public=True, weight=0.25, message="The loss reads scores and labels and changes neither.")
def test_svm_loss_leaves_its_inputs(submission):
    check_unchanged(submission, *loss_and_gradient(submission.svm_loss, SCORES, LABELS))


@item("svm_loss", weight=1.25,
      confirms=["test_svm_loss_value", "test_svm_loss_of_equal_scores_is_one_less_than_the_number_of_classes"],
      message="The loss must be right for any number of inputs and classes.")
def test_svm_loss_value_on_random_scores(submission, rng):
    check_values(submission.svm_loss, svm_formula, rng)


@item("svm_loss", weight=1.75,
      confirms=["test_svm_loss_gradient", "test_svm_loss_agrees_with_the_numerical_gradient",
                "test_svm_loss_leaves_its_inputs"],
      message="The gradient must be right for any number of inputs and classes, also where a margin is only just met.")
def test_svm_loss_gradient_on_random_scores(submission, rng):
    check_gradients(submission.svm_loss, svm_formula, rng)
    # By a hair: nearer to the kink than any step that measures a slope.
    x, y = 2 * rng.normal(size=(8, 6)), rng.integers(6, size=8)
    rows, others = np.arange(8), (y + rng.integers(1, 6, size=8)) % 6
    x[rows, others] = x[rows, y] - 1 + 1e-9 * rng.choice([-1.0, 1.0], size=8)
    _, wanted = svm_formula(x, y)
    assert_close(loss_and_gradient(submission.svm_loss, x, y)[1], wanted, ANALYTIC_GRADIENT, "dx")


@item("svm_loss", weight=0.5, needs="test_svm_loss_gradient_on_random_scores",
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
      needs=["test_svm_loss_value_on_random_scores", "test_svm_loss_gradient_on_random_scores"],
      message="Loss and gradient are averages over the batch: taking every input twice leaves the loss as it is.")
def test_svm_loss_is_an_average(submission, rng):
    check_average(submission.svm_loss, rng.normal(size=(4, 5)), rng.integers(5, size=4))


@item("svm_loss", weight=0.25, needs="test_svm_loss_gradient_on_random_scores",
      message="Labels may be integers of any dtype, and need not contain every class.")
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


def random_net_case(rng, n=4, shape=(2, 3, 2), hidden_dim=7, num_classes=5, scale=1.0):
    sizes = {"W1": (math.prod(shape), hidden_dim), "b1": hidden_dim, "W2": (hidden_dim, num_classes), "b2": num_classes}
    parameters = {key: scale * rng.normal(size=size) for key, size in sizes.items()}
    return parameters, rng.normal(size=(n, *shape)), rng.integers(num_classes, size=n)


def check_initial_shapes(submission, input_dim, hidden_dim, num_classes):
    params = arrays_named(new_net(submission, input_dim, hidden_dim, num_classes).params, PARAMETERS, "params")
    shapes = (input_dim, hidden_dim), (hidden_dim,), (hidden_dim, num_classes), (num_classes,)
    for key, shape in zip(PARAMETERS, shapes, strict=True):
        assert_shape(params[key], shape, f'params["{key}"]')


def random_parameter(params, key, shape, name="params"):
    """A parameter whose shape is noted only if it is wrong: random numbers would set two like mistakes apart."""
    value = params[key]
    if type(value) is not np.ndarray or value.dtype.kind not in "iuf" or value.shape != shape:
        assert_shape(value, shape, f'{name}["{key}"]')
    return value


def rounded_ratio(value, wanted):
    """To a quarter of a power of two: chance moves it by less, and like mistakes give like numbers."""
    ratio = max(float(value) / wanted, 1e-6)
    return 2 ** (round(4 * math.log2(ratio)) / 4) if math.isfinite(ratio) else math.inf


def check_weight_scale(submission, weight_scale):
    """The weights' standard deviation is weight_scale."""
    net = new_net(submission, 200, 300, 150, weight_scale=weight_scale)
    for key, shape in [("W1", (200, 300)), ("W2", (300, 150))]:
        weights = random_parameter(arrays_named(net.params, PARAMETERS, "params"), key, shape)
        ratio = rounded_ratio(np.std(weights), weight_scale)
        assert_close(ratio, 1, 0.01, f"standard deviation of {key} relative to weight_scale, rounded")


def check_zero_biases(net, hidden_dim, num_classes):
    params = arrays_named(net.params, PARAMETERS, "params")
    for key, shape in [("b1", (hidden_dim,)), ("b2", (num_classes,))]:
        bias = random_parameter(params, key, shape)
        assert_below(np.count_nonzero(bias), 0, f"number of biases in {key} that are not zero")


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


@item("TwoLayerNet", public=True, weight=0.25, message="Biases start at zero.")
def test_net_starts_with_zero_biases(submission):
    check_zero_biases(new_net(submission, 6, 8, 4), 8, 4)


@item("TwoLayerNet", public=True, weight=0.5,
      message="Weights start as normally distributed numbers with standard deviation weight_scale.")
def test_net_starts_with_weights_of_the_scale_asked_for(submission):
    check_weight_scale(submission, 1e-3)


@item("TwoLayerNet", public=True, weight=0.5,
      message="Without labels, loss returns the scores: affine, ReLU, affine, and nothing behind.")
def test_net_scores(submission, expected):
    expected("scores", net_with(submission, seed_parameters()).loss(SEED_X), NETWORK_FORWARD)


@item("TwoLayerNet", public=True, weight=0.5,
      message="Without regularisation, the loss is the softmax loss of the scores.")
def test_net_loss_without_regularisation(submission, expected):
    loss, _ = unpack(net_with(submission, seed_parameters(), reg=0.0).loss(SEED_X, SEED_Y), "loss", "grads")
    expected("loss_reg_0", loss, LOSS)


@item("TwoLayerNet", public=True, weight=0.5,
      message="Regularisation adds 0.5 * reg * (sum of W1**2 + sum of W2**2); biases don't count.")
def test_net_loss_with_regularisation(submission, expected):
    loss, _ = unpack(net_with(submission, seed_parameters(), reg=1.0).loss(SEED_X, SEED_Y), "loss", "grads")
    expected("loss_reg_1", loss, LOSS)


@item("TwoLayerNet", public=True, weight=1.25,
      message="Each gradient must be the slope of your own loss in that parameter.")
def test_net_gradients_agree_with_numerical_ones(submission):
    X, y = wave(5, 4, 6), np.array([0, 3, 1, 2])
    check_numerical_gradients(submission, small_parameters(1, 6, 5, 4), X, y, reg=0.0)


@item("TwoLayerNet", public=True, weight=0.5, message="What regularisation adds to the loss has a derivative, too.")
def test_net_gradients_with_regularisation_agree_with_numerical_ones(submission):
    X, y = wave(7, 3, 5), np.array([2, 0, 1])
    check_numerical_gradients(submission, small_parameters(11, 5, 4, 3), X, y, reg=0.7)


INITIAL = "test_net_starts_with_weights_of_its_own"


@item("TwoLayerNet", weight=1,
      confirms=["test_net_has_parameters_of_the_sizes_asked_for",
                "test_net_starts_with_weights_of_the_scale_asked_for"],
      message="Every new network starts with random weights of its own, at the scale that is asked for.")
def test_net_starts_with_weights_of_its_own(submission, rng):
    check_weight_scale(submission, 10 ** rng.uniform(-2, -1))
    sizes = (int(rng.integers(5, 12)), int(rng.integers(5, 12)), int(rng.integers(3, 8)))
    check_initial_shapes(submission, *sizes)
    nets = [arrays_named(new_net(submission, *sizes).params, PARAMETERS, "params") for _ in range(2)]
    for key, shape in [("W1", sizes[:2]), ("W2", sizes[1:])]:
        one, other = (random_parameter(params, key, shape) for params in nets)
        assert_at_least(int((one != other).sum()), 1, f"number of weights in {key} that differ between two nets")


@item("TwoLayerNet", weight=0.25, confirms="test_net_starts_with_zero_biases", needs=INITIAL,
      message="Biases start at zero in every network, not with whatever stands in memory.")
def test_net_starts_with_zero_biases_every_time(submission, rng):
    for sizes in [(5, 60, 60), (5, 100, 100), (7, 33, 12)]:
        used = new_net(submission, *sizes)
        used.loss(rng.normal(size=(1, sizes[0])), rng.integers(sizes[2], size=1))
        check_zero_biases(new_net(submission, *sizes), *sizes[1:])


@item("TwoLayerNet", weight=0.75, needs=[INITIAL, "test_net_loss_of_random_images"],
      message="A new network with small weights knows nothing: its scores are nearly equal, and its loss close to log "
              "C.")
def test_net_knows_nothing_at_first(submission, rng):
    net = new_net(submission, 50, 40, 9, weight_scale=1e-3)
    loss, _ = unpack(net.loss(rng.normal(size=(20, 50)), rng.integers(9, size=20)), "loss", "grads")
    assert_close(loss, math.log(9), 1e-3, "loss of a new network for nine classes")


@item("TwoLayerNet", weight=1, needs=[INITIAL, "test_net_loss_of_random_images_with_regularisation"],
      message="The penalty of a new network goes with reg, weight_scale squared and the number of weights.")
def test_net_is_charged_for_the_weights_it_starts_with(submission, rng):
    net = new_net(submission, 60, 50, 10, weight_scale=0.2, reg=1e6)
    loss, _ = unpack(net.loss(rng.normal(size=(3, 60)), rng.integers(10, size=3)), "loss", "grads")
    assert_shape(loss, (), "loss")
    ratio = rounded_ratio(loss, 0.5 * 1e6 * 0.2**2 * (60 * 50 + 50 * 10))
    assert_close(ratio, 1, 0.01, "penalty of a new network relative to its weights' number and scale, rounded")


@item("TwoLayerNet", weight=0.25, needs="test_net_scores_of_random_images",
      message="Images enter as they are: the first layer flattens them.")
def test_net_scores_of_colour_images(submission, expected):
    net = net_with(submission, small_parameters(4, 27, 6, 3))
    expected("colour_scores", net.loss(wave(5, 4, 3, 3, 3)), NETWORK_FORWARD)


@item("TwoLayerNet", weight=0.75, confirms="test_net_scores",
      message="Scores must be right for inputs with any number of axes and for any sizes of the network.")
def test_net_scores_of_random_images(submission, rng):
    parameters, X, _ = random_net_case(rng)
    wanted = net_formula(parameters, X)[0]
    scores = net_with(submission, parameters).loss(X)
    assert_close(scores, wanted, NETWORK_FORWARD, "scores", relative_floor=NOISE_FLOOR)


@item("TwoLayerNet", weight=1, confirms="test_net_loss_without_regularisation",
      message="Without regularisation, the loss must be right for inputs of any kind.")
def test_net_loss_of_random_images(submission, rng):
    parameters, X, y = random_net_case(rng)
    wanted = net_formula(parameters, X, y)[1]
    loss, _ = unpack(net_with(submission, parameters, reg=0.0).loss(X, y), "loss", "grads")
    assert_close(loss, wanted, LOSS, "loss", floor=LOSS_FLOOR)


def penalty_parts(submission, parameters, X, y, reg):
    """By how much loss and gradients with this reg differ from those without."""
    losses, gradients = [], []
    for each in (0.0, reg):
        loss, grads = loss_and_grads(net_with(submission, parameters, reg=each), X, y)
        assert_shape(loss, (), "loss")
        losses.append(loss)
        gradients.append({key: grads[key] for key in PARAMETERS})
        for key in PARAMETERS:
            assert_shape(gradients[-1][key], parameters[key].shape, f'grads["{key}"]')
    return losses[1] - losses[0], {key: gradients[1][key] - gradients[0][key] for key in PARAMETERS}


@item("TwoLayerNet", weight=0.5, confirms="test_net_loss_with_regularisation",
      needs=[INITIAL, "test_net_loss_of_random_images"],
      message="Regularisation adds 0.5 * reg * (sum of W1**2 + sum of W2**2), whatever the weights are.")
def test_net_loss_of_random_images_with_regularisation(submission, rng):
    parameters, X, y = random_net_case(rng)
    wanted = 0.5 * 0.3 * sum(np.square(parameters[key]).sum() for key in ("W1", "W2"))
    penalty, _ = penalty_parts(submission, parameters, X, y, 0.3)
    assert_close(penalty, wanted, LOSS, "what reg=0.3 adds to the loss")


@item("TwoLayerNet", weight=3, confirms="test_net_gradients_agree_with_numerical_ones",
      message="Each gradient must be right for inputs of any kind.")
def test_net_gradients_of_random_images(submission, rng):
    # The second network has more weights than there is time to measure slopes for.
    for sizes in [{}, {"n": 3, "shape": (3, 32, 32), "hidden_dim": 100, "num_classes": 10, "scale": 0.02}]:
        parameters, X, y = random_net_case(rng, **sizes)
        wanted = net_formula(parameters, X, y)[2]
        _, grads = loss_and_grads(net_with(submission, parameters), X, y)
        for key in PARAMETERS:
            gradient = random_parameter(grads, key, parameters[key].shape, "grads")
            rows = rng.integers(len(gradient), size=min(len(gradient), 50))
            name = f'grads["{key}"]'
            assert_close(gradient[rows], wanted[key][rows], ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("TwoLayerNet", weight=2, confirms="test_net_gradients_with_regularisation_agree_with_numerical_ones",
      needs=[INITIAL, "test_net_gradients_of_random_images"],
      message="The penalty has a derivative in W1 and in W2, and none in the biases.")
def test_net_gradients_of_the_penalty(submission, rng):
    parameters, X, y = random_net_case(rng)
    wanted = {key: 0.7 * parameters[key] * (key in ("W1", "W2")) for key in PARAMETERS}
    _, added = penalty_parts(submission, parameters, X, y, 0.7)
    for key in PARAMETERS:
        name = f'what reg=0.7 adds to grads["{key}"]'
        assert_close(added[key], wanted[key], ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR, floor=1e-3)


@item("TwoLayerNet", weight=0.25, needs="test_net_gradients_of_random_images",
      message="grads has one entry for each of params, and no others: a solver goes through both.")
def test_net_gives_gradients_of_its_parameters_only(submission, rng):
    parameters, X, y = random_net_case(rng)
    _, grads = loss_and_grads(net_with(submission, parameters), X, y)
    if len(grads) != len(PARAMETERS):
        raise CheckFailure(f"grads has {len(grads)} entries, expected {len(PARAMETERS)}: {', '.join(PARAMETERS)}")


@item("TwoLayerNet", weight=0.25, needs=[INITIAL, "test_net_loss_of_random_images_with_regularisation"],
      message="Biases are not regularised: however large they are, reg leaves their share of the loss alone.")
def test_net_leaves_biases_unregularised(submission, rng):
    parameters, X, y = random_net_case(rng)
    wanted = 0.5 * 2.0 * sum(np.square(parameters[key]).sum() for key in ("W1", "W2"))
    parameters |= {"b1": 10 + parameters["b1"], "b2": 10 + parameters["b2"]}
    penalty, _ = penalty_parts(submission, parameters, X, y, 2.0)
    assert_close(penalty, wanted, LOSS, "what reg=2 adds to the loss")


@item("TwoLayerNet", weight=0.25, needs="test_net_gradients_of_random_images",
      message="A network may have a single hidden unit, and a batch a single input.")
def test_net_with_one_hidden_unit(submission):
    check_initial_shapes(submission, 4, 1, 3)
    check_numerical_gradients(submission, small_parameters(2, 4, 1, 3), wave(3, 1, 2, 2), np.array([2]), reg=0.0)


@item("TwoLayerNet", weight=0.25, needs=["test_net_loss_of_random_images", "test_net_gradients_of_random_images"],
      message="Asking for the loss changes neither the parameters nor the inputs, so asking twice gives the same.")
def test_net_loss_changes_nothing(submission, rng):
    parameters, X, y = random_net_case(rng)
    wanted = {key: value.copy() for key, value in parameters.items()}
    net = net_with(submission, parameters, reg=0.7)
    submission.clear_mutations()
    first, _ = loss_and_grads(net, X, y)
    net.loss(X)
    second, _ = loss_and_grads(net, X, y)
    assert_inputs_unchanged(submission)
    for key in PARAMETERS:
        value = net.params[key]
        if type(value) is not np.ndarray or not np.array_equal(value, wanted[key]):
            raise CheckFailure(f'changed by the call: params["{key}"]')
    assert_shape(first, (), "loss")
    assert_shape(second, (), "loss")
    if not np.isclose(first, second, rtol=1e-9, atol=0, equal_nan=True):
        raise CheckFailure("the loss of a second call with the same images differs from that of the first")


# tuning: what the search left in best_model, judged on images whose labels the student's code never sees.

LOCAL_VALIDATION_ACCURACY = 0.48


def predicted_classes(submission, X):
    """The classes with the highest scores, as found here: the submission gives nothing but scores."""
    scores = opaque(submission.best_model, "best_model", "a trained TwoLayerNet").loss(X)
    assert_shape(scores, (len(X), 10), "best_model.loss(X)")
    if not np.isfinite(scores).all():
        raise CheckFailure("best_model.loss(X) holds scores that are not finite: the training has diverged")
    return np.argmax(scores, axis=1)


def accuracy_on(submission, X, y):
    return float(np.mean(predicted_classes(submission, X) == y))


@item("tuning", public=True, weight=1,
      message="best_model is a network whose loss(X) gives ten finite scores per image.")
def test_best_model_gives_scores(submission, notebook_data):
    predicted_classes(submission, notebook_data("X_val")[:50])


@item("tuning", public=True, weight=1,
      message="best_model does well on validation images: try other learning rates, sizes and reg.")
def test_best_model_on_the_validation_images(submission, notebook_data):
    accuracy = accuracy_on(submission, *notebook_data("X_val", "y_val"))
    assert_at_least(accuracy, LOCAL_VALIDATION_ACCURACY, "validation accuracy")


@item("tuning", weight=0.5, needs="test_best_model_beats_the_given_setting_on_new_images",
      message="The scores of an image don't depend on which other images are in the batch.")
def test_best_model_scores_each_image_by_itself(submission, data, rng):
    X = data("cifar10")[0][:40]
    order = rng.permutation(len(X))
    predicted_classes(submission, X)
    predicted_classes(submission, X[order])
    model = submission.best_model
    scores, shuffled = model.loss(X), model.loss(X[order])
    assert_close(shuffled, scores[order], FORWARD_FLOAT32, "scores", relative_floor=NOISE_FLOOR, dtype=scores.dtype)


@item("tuning", weight=2,
      confirms=["test_best_model_gives_scores", "test_best_model_on_the_validation_images"],
      message="best_model does better on new images than the network of the given setting.")
def test_best_model_beats_the_given_setting_on_new_images(submission, data, thresholds):
    assert_at_least(accuracy_on(submission, *data("cifar10")), 0.85 * thresholds.test, "test accuracy")


@item("tuning", weight=3, message="best_model does well on images that took no part in training or tuning.")
def test_best_model_on_new_images(submission, data, thresholds):
    assert_at_least(accuracy_on(submission, *data("cifar10")), thresholds.test, "test accuracy")


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
    correct = np.arange(x.shape[1]) == y[:, None]
    lead = x[correct][:, None] - x
    missed = (lead < 1) & ~correct
    pull = np.where(correct, -missed.sum(axis=1, keepdims=True), missed)
    return np.where(missed, 1 - lead, 0).sum() / len(x), pull / len(x)


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
