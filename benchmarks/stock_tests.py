"""The tests of the notebook to measure with, as a course on stock nbgrader has them: asserts in hidden test cells.

Every function becomes one test cell with so many points; its body is hidden from students, as nbgrader does it. The
checks are those of `course/tests/graders/bench/test_layers.py`, with the same points, fixed outputs and shapes.
"""

# ruff: noqa: F821 -- the names are the notebook's

PREPARATION = '''\
def wave(phase, *shape):
    """Fixed numbers between -1 and 1."""
    return np.sin(phase + 12.9898 * np.arange(np.prod(shape))).reshape(shape)


def close(actual, expected, rtol=1e-7):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-9)'''


def affine_forward_1__points_1():
    close(affine_forward(wave(1, 2, 2, 3), wave(2, 6, 2), wave(3, 2))[0], FIXED)


def affine_forward_2__points_2():
    rng = np.random.default_rng(11)
    x, w, b = rng.normal(size=(4, 3, 2, 5)), rng.normal(size=(30, 7)), rng.normal(size=7)
    close(affine_forward(x, w, b)[0], x.reshape(4, 30) @ w + b)


def affine_forward_3__points_1():
    rng = np.random.default_rng(12)
    x, w, b = rng.normal(size=(2, 3, 2)), rng.normal(size=(6, 3)), rng.normal(size=3)
    before = x.copy(), w.copy(), b.copy()
    close(affine_forward(x, w, b)[0], x.reshape(2, 6) @ w + b)
    for array, copy in zip((x, w, b), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def affine_backward_1__points_2():
    cache = affine_forward(wave(1, 3, 2, 2), wave(2, 4, 2), wave(3, 2))[1]
    close(affine_backward(wave(4, 3, 2), cache)[2], FIXED)


def affine_backward_2__points_2():
    rng = np.random.default_rng(13)
    dout, x, w, b = rng.normal(size=(5, 4)), rng.normal(size=(5, 2, 3)), rng.normal(size=(6, 4)), rng.normal(size=4)
    dx = affine_backward(dout, affine_forward(x, w, b)[1])[0]
    close(dx, eval_numerical_gradient_array(lambda x: affine_forward(x, w, b)[0], x, dout), rtol=1e-6)


def affine_backward_3__points_2():
    rng = np.random.default_rng(14)
    dout, x, w, b = rng.normal(size=(5, 4)), rng.normal(size=(5, 2, 3)), rng.normal(size=(6, 4)), rng.normal(size=4)
    dw = affine_backward(dout, affine_forward(x, w, b)[1])[1]
    close(dw, eval_numerical_gradient_array(lambda w: affine_forward(x, w, b)[0], w, dout), rtol=1e-6)


def relu_forward_1__points_1():
    close(relu_forward(wave(1, 2, 4))[0], FIXED)


def relu_forward_2__points_1():
    x = np.random.default_rng(15).normal(size=(3, 4, 5))
    close(relu_forward(x)[0], np.maximum(x, 0))


def relu_backward_1__points_1():
    close(relu_backward(wave(2, 2, 4), relu_forward(wave(1, 2, 4))[1]), FIXED)


def relu_backward_2__points_2():
    rng = np.random.default_rng(16)
    x, dout = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    x += 0.1 * np.sign(x)
    dx = relu_backward(dout, relu_forward(x)[1])
    close(dx, eval_numerical_gradient_array(lambda x: relu_forward(x)[0], x, dout), rtol=1e-6)


def softmax_loss_1__points_1():
    close(softmax_loss(wave(1, 3, 4), np.array([0, 3, 1]))[0], FIXED)


def softmax_loss_2__points_1():
    close(softmax_loss(np.zeros((5, 7)), np.arange(5))[0], np.log(7))


def softmax_loss_3__points_2():
    rng = np.random.default_rng(17)
    x, y = rng.normal(size=(5, 6)), rng.integers(0, 6, size=5)
    dx = softmax_loss(x, y)[1]
    close(dx, eval_numerical_gradient_array(lambda x: np.array(softmax_loss(x, y)[0]), x, np.array(1.0)), rtol=1e-6)


def softmax_loss_4__points_1():
    x = np.array([[1000.0, 0.0], [-1000.0, 0.0]])
    close(softmax_loss(x, np.array([0, 0]))[0], 500.0)
