"""Graders of the notebook to measure with; `benchmarks/stock_tests.py` says the same as ordinary nbgrader cells."""

import numpy as np

from nnkit.student.testing import (
    FORWARD,
    GRADIENT,
    LOSS,
    SMOOTH_GRADIENT,
    assert_close,
    assert_inputs_unchanged,
    item,
    numerical_gradient,
    unpack,
)


def wave(phase, *shape):
    """Fixed numbers between -1 and 1."""
    return np.sin(phase + 12.9898 * np.arange(np.prod(shape))).reshape(shape)


def affine_output(submission, x, w, b):
    return unpack(submission.affine_forward(x, w, b), "out", "cache")[0]


def affine_gradients(submission, dout, *inputs):
    _, cache = unpack(submission.affine_forward(*inputs), "out", "cache")
    return unpack(submission.affine_backward(dout, cache), "dx", "dw", "db")


@item("affine_forward", public=True, message="Compare with the formula above.")
def test_affine_forward_on_fixed_images(submission, expected):
    expected("out", affine_output(submission, wave(1, 2, 2, 3), wave(2, 6, 2), wave(3, 2)), FORWARD)


@item("affine_forward", weight=2, message="Flatten every input to one row, whatever its shape.")
def test_affine_forward_on_random_images(submission, rng):
    x, w, b = rng.normal(size=(4, 3, 2, 5)), rng.normal(size=(30, 7)), rng.normal(size=7)
    assert_close(affine_output(submission, x, w, b), x.reshape(4, 30) @ w + b, FORWARD, "out")


@item("affine_forward", message="A forward pass changes none of its inputs.")
def test_affine_forward_leaves_its_inputs(submission, rng):
    x, w, b = rng.normal(size=(2, 3, 2)), rng.normal(size=(6, 3)), rng.normal(size=3)
    assert_close(affine_output(submission, x, w, b), x.reshape(2, 6) @ w + b, FORWARD, "out")
    assert_inputs_unchanged(submission)


def random_affine_case(rng):
    return rng.normal(size=(5, 4)), rng.normal(size=(5, 2, 3)), rng.normal(size=(6, 4)), rng.normal(size=4)


def affine_gradient_matches(submission, rng, wrt, name):
    dout, *inputs = random_affine_case(rng)
    analytic = affine_gradients(submission, dout, *inputs)[wrt]
    numeric = numerical_gradient(submission.affine_forward, inputs, wrt, upstream=dout, pick=0)
    assert_close(analytic, numeric, GRADIENT, name)


@item("affine_backward", public=True, weight=2, message="A bias is shared by the batch.")
def test_affine_backward_db(submission, expected):
    gradients = affine_gradients(submission, wave(4, 3, 2), wave(1, 3, 2, 2), wave(2, 4, 2), wave(3, 2))
    expected("db", gradients[2], FORWARD)


@item("affine_backward", weight=2, message="dx has the shape of x.")
def test_affine_backward_dx(submission, rng):
    affine_gradient_matches(submission, rng, 0, "dx")


@item("affine_backward", weight=2, message="dw has the shape of w.")
def test_affine_backward_dw(submission, rng):
    affine_gradient_matches(submission, rng, 1, "dw")


@item("relu_forward", public=True, message="Negative entries become zero.")
def test_relu_forward_on_fixed_input(submission, expected):
    expected("out", unpack(submission.relu_forward(wave(1, 2, 4)), "out", "cache")[0], FORWARD)


@item("relu_forward", message="Negative entries become zero, in arrays of any shape.")
def test_relu_forward_on_random_input(submission, rng):
    x = rng.normal(size=(3, 4, 5))
    assert_close(unpack(submission.relu_forward(x), "out", "cache")[0], np.maximum(x, 0), FORWARD, "out")


def relu_gradient(submission, dout, x):
    _, cache = unpack(submission.relu_forward(x), "out", "cache")
    return submission.relu_backward(dout, cache)


@item("relu_backward", public=True, message="Where the input was positive, the upstream derivative passes.")
def test_relu_backward_on_fixed_input(submission, expected):
    expected("dx", relu_gradient(submission, wave(2, 2, 4), wave(1, 2, 4)), FORWARD)


@item("relu_backward", weight=2, message="dx is the derivative of the sum of dout times out.")
def test_relu_backward_on_random_input(submission, rng):
    x, dout = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    x += 0.1 * np.sign(x)
    numeric = numerical_gradient(submission.relu_forward, [x], 0, upstream=dout, pick=0)
    assert_close(relu_gradient(submission, dout, x), numeric, GRADIENT, "dx")


def loss_of(submission, x, y):
    return unpack(submission.softmax_loss(x, y), "loss", "dx")


@item("softmax_loss", public=True, message="The mean of -log of the right class's probability.")
def test_softmax_loss_on_fixed_scores(submission, expected):
    expected("loss", loss_of(submission, wave(1, 3, 4), np.array([0, 3, 1]))[0], LOSS)


@item("softmax_loss", message="With equal scores, the loss is the logarithm of the number of classes.")
def test_softmax_loss_of_equal_scores(submission):
    assert_close(loss_of(submission, np.zeros((5, 7)), np.arange(5))[0], np.log(7), LOSS, "loss")


@item("softmax_loss", weight=2, message="dx is the derivative of the mean loss.")
def test_softmax_loss_gradient(submission, rng):
    x, y = rng.normal(size=(5, 6)), rng.integers(0, 6, size=5)
    numeric = numerical_gradient(submission.softmax_loss, [x, y], 0, pick=0, order=4)
    assert_close(loss_of(submission, x, y)[1], numeric, SMOOTH_GRADIENT, "dx")


@item("softmax_loss", message="Large scores must neither overflow nor give log(0).")
def test_softmax_loss_of_large_scores(submission):
    x = np.array([[1000.0, 0.0], [-1000.0, 0.0]])
    assert_close(loss_of(submission, x, np.array([0, 0]))[0], 500.0, LOSS, "loss")
