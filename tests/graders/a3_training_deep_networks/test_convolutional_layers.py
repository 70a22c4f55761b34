"""Graders of the notebook convolutional_layers: convolution, pooling, a convolutional network, normalisation of images.

Public tests compare with stored outputs, numerical gradients and properties; hidden tests add random inputs, judged by
the formulas at the end of this file, and each confirms the public ones of its kind. Backward passes get the cache that
the student's own forward pass left. Images are small: what is graded here are loops. Only one case of each gradient is
so large that differences of the forward pass don't end in time.

The fast layers are given, and stand on windows that NumPy hands out. These are taken away where loops are asked for.
"""

import math

import numpy as np
from large_networks import check_slopes_of_a_large_net

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    GRADIENT,
    LOSS,
    NETWORK_FORWARD,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
    SMOOTH_GRADIENT,
    Call,
    CheckFailure,
    arrays_named,
    assert_below,
    assert_close,
    assert_dtype,
    assert_equal,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    forbidden,
    inout,
    item,
    numerical_gradient,
    numerical_gradient_of_parameter,
    off_zero,
    opaque,
    spaced,
    unpack,
    wave,
)

CONV_GRADIENTS = ("dx", "dw", "db")
NORM_GRADIENTS = ("dx", "dgamma", "dbeta")
# Where a test is about something else than eps, so that who gets eps wrong loses marks for eps only.
TINY_EPS = {"eps": 1e-12}


def no_ready_made_windows(submission):
    """Loops are asked for: windows that NumPy hands out are not at their disposal."""
    module = "numpy.lib.stride_tricks"
    return forbidden(submission, f"{module}.sliding_window_view", f"{module}.as_strided")


def some_entries(rng, value, wanted, name):
    """A sample of the entries of an array of the wanted shape, and what they should be."""
    assert_shape(value, wanted.shape, name)
    entries = rng.integers(wanted.size, size=300)
    return value.ravel()[entries], wanted.ravel()[entries]


# conv_forward_naive


def maps(submission, x, w, b, stride, pad):
    with no_ready_made_windows(submission):
        out, _ = unpack(submission.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad}), "out", "cache")
    return out


def conv_case(rng, x_shape, w_shape):
    """Images, filters and biases."""
    return rng.normal(size=x_shape), rng.normal(size=w_shape), rng.normal(size=w_shape[0])


def check_maps(submission, rng, x_shape, w_shape, stride, pad):
    x, w, b = conv_case(rng, x_shape, w_shape)
    wanted = convolved(x, w, b, stride, pad)
    hint = "Rows: 1 + (H + 2 * pad - HH) // stride; columns likewise, from W and WW."
    out = maps(submission, x, w, b, stride, pad)
    assert_close(out, wanted, FORWARD, "out", hint=hint, relative_floor=NOISE_FLOOR)


@item("conv_forward_naive", public=True, weight=1,
      message="Each number of out is the sum of a window of the padded image times a filter, plus the filter's bias.")
def test_conv_forward_with_stride_and_padding(submission, expected):
    x, w, b = spaced(-0.1, 0.5, 2, 3, 4, 4), spaced(-0.2, 0.3, 3, 3, 4, 4), spaced(-0.1, 0.2, 3)
    expected("strided_and_padded", maps(submission, x, w, b, 2, 1), FORWARD)


@item("conv_forward_naive", public=True, weight=1,
      message="Images and filters need not be square, and without padding only windows inside the image count.")
def test_conv_forward_without_padding(submission, expected):
    x, w = wave(1, 2, 2, 4, 6), wave(2, 3, 2, 2, 3)
    expected("unpadded", maps(submission, x, w, np.zeros(3), 1, 0), FORWARD, relative_floor=NOISE_FLOOR)


@item("conv_forward_naive", public=True, weight=0.5, message="Of an empty image each filter gives its bias everywhere.")
def test_conv_forward_adds_the_bias_of_each_filter(submission, expected):
    expected("bias", maps(submission, np.zeros((2, 1, 3, 3)), wave(1, 3, 1, 2, 2), wave(3, 3), 1, 0), FORWARD)


@item("conv_forward_naive", public=True, weight=0.5,
      message="A forward pass reads x, w and b and changes none of them: padding makes a new array.")
def test_conv_forward_leaves_its_inputs(submission):
    maps(submission, wave(1, 2, 2, 4, 4), wave(2, 3, 2, 3, 3), wave(3, 3), 1, 1)
    assert_inputs_unchanged(submission)


@item("conv_forward_naive", weight=2,
      confirms=["test_conv_forward_without_padding", "test_conv_forward_adds_the_bias_of_each_filter",
                "test_conv_forward_leaves_its_inputs"],
      message="The output must be right for images, filters and paddings of any size.")
def test_conv_forward_on_random_images(submission, rng):
    check_maps(submission, rng, (2, 3, 5, 4), (2, 3, 3, 3), 1, 1)
    check_maps(submission, rng, (2, 2, 4, 7), (3, 2, 2, 5), 1, 2)


@item("conv_forward_naive", weight=2, confirms="test_conv_forward_with_stride_and_padding",
      message="A window begins every stride pixels; rows and columns that no whole window reaches don't count.")
def test_conv_forward_with_strides_that_do_not_tile(submission, rng):
    check_maps(submission, rng, (2, 2, 6, 7), (2, 2, 3, 2), 2, 0)
    check_maps(submission, rng, (1, 2, 7, 6), (2, 2, 3, 3), 3, 1)


@item("conv_forward_naive", weight=0.5, needs="test_conv_forward_on_random_images",
      message="There may be a single image, a single channel, a single filter, and a filter of a single pixel.")
def test_conv_forward_on_one_image_with_one_channel(submission, rng):
    check_maps(submission, rng, (1, 1, 3, 4), (1, 1, 2, 2), 1, 0)
    check_maps(submission, rng, (2, 3, 2, 3), (4, 3, 1, 1), 1, 0)


@item("conv_forward_naive", weight=0.5, needs="test_conv_forward_on_random_images",
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_conv_forward_in_float32(submission, rng):
    x, w, b = (array.astype(np.float32) for array in conv_case(rng, (2, 2, 4, 4), (2, 2, 3, 3)))
    out = maps(submission, x, w, b, 1, 1)
    wanted = convolved(x, w, b, 1, 1)
    assert_close(out, wanted, FORWARD_FLOAT32, "out", dtype=float32_result(out), relative_floor=10 * NOISE_FLOOR)


# conv_backward_naive: dx, dw and db earn marks separately, and so do kinds of padding and stride.


def conv_gradients(submission, dout, x, w, b, stride, pad):
    with no_ready_made_windows(submission):
        _, cache = unpack(submission.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad}), "out", "cache")
        return unpack(submission.conv_backward_naive(dout, cache), *CONV_GRADIENTS)


def fixed_conv_gradients(submission):
    return conv_gradients(submission, wave(4, 2, 3, 4, 4), wave(1, 2, 2, 4, 4), wave(2, 3, 2, 3, 3), wave(3, 3), 1, 1)


def check_conv_gradients(submission, rng, x_shape, w_shape, stride, pad, names=CONV_GRADIENTS):
    x, w, b = conv_case(rng, x_shape, w_shape)
    dout = rng.normal(size=convolved(x, w, b, stride, pad).shape)
    actual = conv_gradients(submission, dout, x, w, b, stride, pad)
    for name, wanted in convolution_slopes(dout, x, w, stride, pad).items():
        if name in names:
            value = actual[CONV_GRADIENTS.index(name)]
            assert_close(value, wanted, ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


def check_large_conv_gradient(submission, rng, x_shape, w_shape, name):
    """One gradient, on a sample of its entries."""
    x, w, b = conv_case(rng, x_shape, w_shape)
    dout = rng.normal(size=convolved(x, w, b, 1, 0).shape)
    wanted = convolution_slopes(dout, x, w, 1, 0)[name]
    value = conv_gradients(submission, dout, x, w, b, 1, 0)[CONV_GRADIENTS.index(name)]
    value, wanted = some_entries(rng, value, wanted, name)
    assert_close(value, wanted, ANALYTIC_GRADIENT, f"entries of {name}", relative_floor=NOISE_FLOOR)


@item("conv_backward_naive", public=True, weight=1,
      message="A pixel's derivative collects dout times the filter entry that lay on it, over windows and filters.")
def test_conv_backward_dx(submission, expected):
    expected("dx", fixed_conv_gradients(submission)[0], ANALYTIC_GRADIENT)


@item("conv_backward_naive", public=True, weight=1,
      message="A filter entry's derivative collects dout times the pixel under it, over all windows of all images.")
def test_conv_backward_dw(submission, expected):
    expected("dw", fixed_conv_gradients(submission)[1], ANALYTIC_GRADIENT)


@item("conv_backward_naive", public=True, weight=0.5,
      message="db has one number for each filter: dout added up over images, rows and columns.")
def test_conv_backward_db(submission, expected):
    expected("db", fixed_conv_gradients(submission)[2], ANALYTIC_GRADIENT)


@item("conv_backward_naive", public=True, weight=1,
      message="Without padding nothing is cut off: dx has the shape of x, and is the slope of your own forward pass.")
def test_conv_backward_without_padding_agrees_with_numerical_gradients(submission):
    args, dout = (wave(5, 1, 2, 4, 5), wave(6, 2, 2, 2, 3), wave(7, 2)), wave(8, 1, 2, 2, 2)
    actual = conv_gradients(submission, dout, *args, 2, 0)
    for wrt, name in enumerate(CONV_GRADIENTS):
        numeric = numerical_gradient(
            submission.conv_forward_naive, (*args, {"stride": 2, "pad": 0}), wrt, upstream=dout, pick=0
        )
        assert_close(actual[wrt], numeric, GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("conv_backward_naive", weight=2, confirms="test_conv_backward_dx",
      message="dx must be right for any padding: cut off a frame of its width.")
def test_conv_backward_dx_for_any_padding(submission, rng):
    for pad in (0, 2):
        check_conv_gradients(submission, rng, (2, 2, 5, 4), (2, 2, 3, 3), 1, pad, ["dx"])
    check_large_conv_gradient(submission, rng, (2, 4, 28, 28), (4, 4, 3, 3), "dx")


@item("conv_backward_naive", weight=0.5, confirms="test_conv_backward_db",
      message="db must be right for any number of filters.")
def test_conv_backward_db_of_many_filters(submission, rng):
    check_conv_gradients(submission, rng, (2, 2, 4, 5), (3, 2, 2, 3), 1, 1, ["db"])
    check_large_conv_gradient(submission, rng, (1, 1, 2, 2), (1000, 1, 1, 1), "db")


@item("conv_backward_naive", weight=1.5, confirms="test_conv_backward_dw",
      message="dw must be right for any padding and for filters that are not square.")
def test_conv_backward_dw_for_any_padding(submission, rng):
    for pad in (0, 2):
        check_conv_gradients(submission, rng, (2, 3, 4, 5), (2, 3, 2, 4), 1, pad, ["dw"])
    check_large_conv_gradient(submission, rng, (1, 8, 14, 14), (16, 8, 9, 9), "dw")


ANY_PADDING = ["test_conv_backward_dx_for_any_padding", "test_conv_backward_dw_for_any_padding"]


@item("conv_backward_naive", weight=1.5, needs=ANY_PADDING,
      confirms="test_conv_backward_without_padding_agrees_with_numerical_gradients",
      message="Windows begin stride pixels apart, as in the forward pass; what none of them reaches has derivative 0.")
def test_conv_backward_with_strides_that_do_not_tile(submission, rng):
    check_conv_gradients(submission, rng, (2, 2, 6, 7), (2, 2, 3, 2), 2, 0, ["dx", "dw"])
    check_conv_gradients(submission, rng, (1, 1, 7, 6), (2, 1, 2, 2), 3, 1, ["dx", "dw"])


@item("conv_backward_naive", weight=0.5, needs=ANY_PADDING,
      message="There may be a single image, a single channel and a single filter.")
def test_conv_backward_on_one_image_with_one_channel(submission, rng):
    check_conv_gradients(submission, rng, (1, 1, 4, 3), (1, 1, 3, 3), 1, 1)


def check_backward_leaves_its_cache(submission, backward, dout, cache, names):
    """Called once more with the same upstream derivative and cache, a backward pass gives the same again."""
    submission.clear_mutations()
    first, _, again = (unpack(backward(d, cache), *names) for d in (dout, -dout, dout))
    for name, before, value in zip(names, first, again, strict=True):
        if type(before) is not np.ndarray:
            assert_shape(before, (1,), name)
        assert_close(value, before, ANALYTIC_GRADIENT, f"{name} of a later call", relative_floor=NOISE_FLOOR)
    assert_inputs_unchanged(submission)


@item("conv_backward_naive", weight=0.5, needs=ANY_PADDING,
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_conv_backward_leaves_its_cache(submission, rng):
    x, w, b = conv_case(rng, (1, 2, 4, 4), (2, 2, 3, 3))
    dout = rng.normal(size=(1, 2, 4, 4))
    with no_ready_made_windows(submission):
        _, cache = unpack(submission.conv_forward_naive(x, w, b, {"stride": 1, "pad": 1}), "out", "cache")
        check_backward_leaves_its_cache(submission, submission.conv_backward_naive, dout, cache, CONV_GRADIENTS)


@item("conv_backward_naive", weight=0.5, needs=ANY_PADDING,
      message="Gradients for float32 inputs must be arrays of floats, right to float32's digits.")
def test_conv_backward_in_float32(submission, rng):
    x, w, b = (array.astype(np.float32) for array in conv_case(rng, (2, 2, 4, 4), (2, 2, 3, 3)))
    dout = rng.normal(size=(2, 2, 4, 4)).astype(np.float32)
    actual = conv_gradients(submission, dout, x, w, b, 1, 1)
    for value, (name, wanted) in zip(actual, convolution_slopes(dout, x, w, 1, 1).items(), strict=True):
        dtype = float32_result(value)
        assert_close(value, wanted, FORWARD_FLOAT32, name, dtype=dtype, relative_floor=10 * NOISE_FLOOR)


# max_pool_forward_naive


def pool_param(height, width, stride):
    return {"pool_height": height, "pool_width": width, "stride": stride}


def maxima(submission, x, height, width, stride):
    with no_ready_made_windows(submission):
        out, _ = unpack(submission.max_pool_forward_naive(x, pool_param(height, width, stride)), "out", "cache")
    return out


def check_maxima(submission, x, height, width, stride):
    hint = "Rows: 1 + (H - pool_height) // stride; columns likewise, from W and pool_width."
    assert_close(maxima(submission, x, height, width, stride), pooled(x, height, width, stride), 0, "out", hint=hint)


@item("max_pool_forward_naive", public=True, weight=1, message="Of every window only the largest number is kept.")
def test_pool_forward_of_windows_side_by_side(submission, expected):
    expected("tiled", maxima(submission, spaced(-0.3, 0.4, 2, 3, 4, 4), 2, 2, 2), FORWARD)


@item("max_pool_forward_naive", public=True, weight=1,
      message="Windows need not be square, and with a stride smaller than a window they overlap.")
def test_pool_forward_of_windows_that_overlap(submission, expected):
    expected("overlapping", maxima(submission, wave(1, 2, 2, 4, 5), 3, 2, 1), FORWARD)


@item("max_pool_forward_naive", weight=1,
      confirms=["test_pool_forward_of_windows_side_by_side", "test_pool_forward_of_windows_that_overlap"],
      message="Windows may have any size, and lie side by side or overlap.")
def test_pool_forward_on_random_images(submission, rng):
    check_maxima(submission, rng.normal(size=(2, 3, 4, 6)), 2, 2, 2)
    check_maxima(submission, rng.normal(size=(2, 2, 5, 6)), 3, 2, 1)


@item("max_pool_forward_naive", weight=1, needs="test_pool_forward_on_random_images",
      message="Rows and columns that no whole window reaches don't count, and windows may leave gaps.")
def test_pool_forward_of_windows_that_do_not_tile(submission, rng):
    check_maxima(submission, rng.normal(size=(2, 2, 5, 7)), 2, 2, 2)
    check_maxima(submission, rng.normal(size=(2, 1, 7, 6)), 2, 3, 4)


@item("max_pool_forward_naive", weight=0.5, needs="test_pool_forward_on_random_images",
      message="The largest of negative numbers is negative.")
def test_pool_forward_of_negative_numbers(submission, rng):
    check_maxima(submission, -1 - rng.random(size=(2, 2, 4, 4)), 2, 2, 2)


@item("max_pool_forward_naive", weight=0.5, needs="test_pool_forward_on_random_images",
      message="There may be a single image and channel, and a single window over all of it.")
def test_pool_forward_of_one_image_with_one_channel(submission, rng):
    check_maxima(submission, rng.normal(size=(1, 1, 4, 5)), 3, 3, 1)
    check_maxima(submission, rng.normal(size=(1, 1, 3, 4)), 3, 4, 2)


@item("max_pool_forward_naive", weight=0.5, needs="test_pool_forward_on_random_images",
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_pool_forward_in_float32(submission, rng):
    x = rng.normal(size=(2, 2, 4, 4)).astype(np.float32)
    out = maxima(submission, x, 2, 2, 2)
    assert_close(out, pooled(x, 2, 2, 2), FORWARD_FLOAT32, "out", dtype=float32_result(out))


# max_pool_backward_naive. But in one test no window has two equal entries: which of them gets the derivative is a
# matter of choice.


def pool_gradient(submission, dout, x, height, width, stride):
    with no_ready_made_windows(submission):
        _, cache = unpack(submission.max_pool_forward_naive(x, pool_param(height, width, stride)), "out", "cache")
        return submission.max_pool_backward_naive(dout, cache)


def check_pool_gradient(submission, rng, shape, height, width, stride):
    x = untied(rng, *shape)
    dout = rng.normal(size=pooled(x, height, width, stride).shape)
    wanted = pooling_slopes(dout, x, height, width, stride)
    dx = pool_gradient(submission, dout, x, height, width, stride)
    assert_close(dx, wanted, ANALYTIC_GRADIENT, "dx", relative_floor=NOISE_FLOOR)


@item("max_pool_backward_naive", public=True, weight=1,
      message="The largest entry of a window gets the window's derivative, the others get zero.")
def test_pool_backward_of_windows_side_by_side(submission, expected):
    expected("dx", pool_gradient(submission, wave(1, 2, 2, 2, 3), wave(2, 2, 2, 4, 6), 2, 2, 2), ANALYTIC_GRADIENT)


@item("max_pool_backward_naive", public=True, weight=1,
      message="Where windows overlap, an entry that is the largest of several collects the derivatives of all of them.")
def test_pool_backward_agrees_with_the_numerical_gradient_where_windows_overlap(submission):
    x, dout = wave(3, 1, 2, 5, 4), wave(4, 1, 2, 3, 2)
    args = x, pool_param(3, 3, 1)
    numeric = numerical_gradient(submission.max_pool_forward_naive, args, 0, upstream=dout, pick=0)
    assert_close(pool_gradient(submission, dout, x, 3, 3, 1), numeric, GRADIENT, "dx", relative_floor=NOISE_FLOOR)


@item("max_pool_backward_naive", weight=1.5, confirms="test_pool_backward_of_windows_side_by_side",
      message="dx must be right for windows of any height and width.")
def test_pool_backward_of_windows_that_are_not_square(submission, rng):
    check_pool_gradient(submission, rng, (2, 3, 4, 6), 2, 3, 3)
    check_pool_gradient(submission, rng, (2, 1, 6, 4), 3, 1, 3)
    x = untied(rng, 4, 3, 40, 40)
    dout = rng.normal(size=(4, 3, 20, 20))
    wanted = pooling_slopes(dout, x, 2, 2, 2)
    value, wanted = some_entries(rng, pool_gradient(submission, dout, x, 2, 2, 2), wanted, "dx")
    assert_close(value, wanted, ANALYTIC_GRADIENT, "entries of dx", relative_floor=NOISE_FLOOR)


NOT_SQUARE = "test_pool_backward_of_windows_that_are_not_square"


@item("max_pool_backward_naive", weight=0.5, needs=NOT_SQUARE,
      message="Of equally large entries one gets the derivative, or they share it: together they get no more.")
def test_pool_backward_of_equally_large_entries(submission, rng):
    x = rng.integers(2, size=(2, 3, 6, 8)).astype(float)
    dout = off_zero(rng.normal(size=(2, 3, 3, 4)))
    dx = pool_gradient(submission, dout, x, 2, 2, 2)
    assert_shape(dx, x.shape, "dx")
    totals = np.asarray(dx).reshape(2, 3, 3, 2, 4, 2).sum(axis=(3, 5))
    assert_close(totals, dout, ANALYTIC_GRADIENT, "the sum of dx over each window", dtype=totals.dtype)
    largest = pooled(x, 2, 2, 2).repeat(2, axis=2).repeat(2, axis=3)
    assert_below(int(np.count_nonzero(dx[x < largest])), 0, "how many entries get a derivative and are not the largest")


@item("max_pool_backward_naive", weight=1, needs=NOT_SQUARE,
      confirms="test_pool_backward_agrees_with_the_numerical_gradient_where_windows_overlap",
      message="Add up where windows overlap: an entry can be the largest of many.")
def test_pool_backward_of_windows_that_overlap(submission, rng):
    check_pool_gradient(submission, rng, (2, 2, 5, 6), 3, 2, 1)
    check_pool_gradient(submission, rng, (1, 2, 7, 5), 3, 3, 2)


@item("max_pool_backward_naive", weight=1, needs=NOT_SQUARE,
      message="What no window reaches has the derivative zero.")
def test_pool_backward_of_windows_that_do_not_tile(submission, rng):
    check_pool_gradient(submission, rng, (2, 2, 5, 7), 2, 2, 2)
    check_pool_gradient(submission, rng, (1, 1, 8, 7), 2, 2, 3)


@item("max_pool_backward_naive", weight=0.5, needs=NOT_SQUARE,
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_pool_backward_leaves_its_cache(submission, rng):
    x, dout = untied(rng, 1, 2, 4, 4), rng.normal(size=(1, 2, 2, 2))
    with no_ready_made_windows(submission):
        _, cache = unpack(submission.max_pool_forward_naive(x, pool_param(2, 2, 2)), "out", "cache")
        submission.clear_mutations()
        first, _, again = (submission.max_pool_backward_naive(d, cache) for d in (dout, -dout, dout))
    assert_shape(first, x.shape, "dx")
    assert_close(again, first, ANALYTIC_GRADIENT, "dx of a later call", dtype=first.dtype)
    assert_inputs_unchanged(submission)


@item("max_pool_backward_naive", weight=0.5, needs=NOT_SQUARE,
      message="dx for float32 inputs must be an array of floats, right to float32's digits.")
def test_pool_backward_in_float32(submission, rng):
    x, dout = untied(rng, 2, 1, 4, 4).astype(np.float32), rng.normal(size=(2, 1, 2, 2)).astype(np.float32)
    dx = pool_gradient(submission, dout, x, 2, 2, 2)
    assert_close(dx, pooling_slopes(dout, x, 2, 2, 2), FORWARD_FLOAT32, "dx", dtype=float32_result(dx))


# ThreeLayerConvNet: parameters, scores, loss and gradients earn marks separately.

PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")


def shapes_of(input_dim, filters, size, hidden, classes):
    channels, height, width = input_dim
    rows = filters * (height // 2) * (width // 2)
    shapes = (filters, channels, size, size), (filters,), (rows, hidden), (hidden,), (hidden, classes), (classes,)
    return dict(zip(PARAMETERS, shapes, strict=True))


def new_net(submission, input_dim, filters, size, hidden, classes, **settings):
    net = submission.ThreeLayerConvNet(
        input_dim=input_dim, num_filters=filters, filter_size=size, hidden_dim=hidden, num_classes=classes, **settings
    )
    return opaque(net, "ThreeLayerConvNet(...)", "a model")


def net_with(submission, sizes, parameters, **settings):
    """A net of the student's in float64, with these parameters in it."""
    net = new_net(submission, *sizes, dtype=submission.np.float64, **settings)
    params = opaque(net.params, "params", "a dictionary of arrays")
    for key in PARAMETERS:
        params[key] = parameters[key]
    return net


def fixed_net_case(phase, sizes, n):
    """Parameters with biases that are not zero, which would put ReLUs on their kinks; images and labels."""
    shapes = shapes_of(*sizes)
    parameters = {key: 0.5 * wave(phase + i, *shape) for i, (key, shape) in enumerate(shapes.items())}
    return parameters, wave(phase + 9, n, *sizes[0]), np.arange(n) % sizes[-1]


def random_net_case(rng, sizes, n):
    parameters = {key: 0.5 * rng.normal(size=shape) for key, shape in shapes_of(*sizes).items()}
    return parameters, rng.normal(size=(n, *sizes[0])), rng.integers(sizes[-1], size=n)


def loss_and_grads(net, X, y):
    loss, grads = unpack(net.loss(X, y), "loss", "grads")
    return loss, arrays_named(grads, PARAMETERS, "grads")


FIXED_SIZES = (2, 4, 6), 3, 3, 5, 4
RANDOM_SIZES = [((3, 4, 4), 4, 3, 6, 5), ((1, 6, 4), 2, 5, 3, 3), ((2, 4, 8), 2, 3, 4, 2)]


def check_shapes(submission, *sizes):
    # Without spread: random numbers would set two like mistakes apart.
    params = arrays_named(new_net(submission, *sizes, weight_scale=0.0).params, PARAMETERS, "params")
    for key, shape in shapes_of(*sizes).items():
        assert_shape(params[key], shape, f'params["{key}"]')


@item("ThreeLayerConvNet", public=True, weight=0.5,
      message="W2 has a row for each number that the pooling leaves of an image: F * (H // 2) * (W // 2).")
def test_net_has_parameters_of_the_sizes_asked_for(submission):
    check_shapes(submission, (3, 8, 6), 4, 5, 9, 7)


LEFT_BEHIND = 7.0


@item("ThreeLayerConvNet", public=True, weight=0.5, message="Biases start at zero.")
def test_net_starts_with_zero_biases(submission):
    # What is taken without being set (np.empty) shows the numbers that its memory held before.
    for size in (FIXED_SIZES[1], FIXED_SIZES[3], FIXED_SIZES[4]):
        for dtype in (submission.np.float64, submission.np.float32):
            for _ in range(8):
                submission.np.full(size, LEFT_BEHIND, dtype)
    params = arrays_named(new_net(submission, *FIXED_SIZES).params, PARAMETERS, "params")
    for key in ("b1", "b2", "b3"):
        unset = int(np.any(params[key] == LEFT_BEHIND))
        assert_below(unset, 0, f"whether {key} holds what was in its memory before (1) or not (0)")
        assert_below(np.count_nonzero(params[key]), 0, f"number of biases in {key} that are not zero")


@item("ThreeLayerConvNet", public=True, weight=1,
      message="Without labels, loss returns the scores: conv, ReLU, pool, affine, ReLU, affine, and nothing behind.")
def test_net_scores(submission, expected):
    parameters, X, _ = fixed_net_case(1, FIXED_SIZES, 3)
    expected("scores", net_with(submission, FIXED_SIZES, parameters).loss(X), NETWORK_FORWARD)


@item("ThreeLayerConvNet", public=True, weight=1,
      message="Without regularisation, the loss is the softmax loss of the scores.")
def test_net_loss_without_regularisation(submission, expected):
    parameters, X, y = fixed_net_case(2, FIXED_SIZES, 3)
    loss, _ = unpack(net_with(submission, FIXED_SIZES, parameters, reg=0.0).loss(X, y), "loss", "grads")
    expected("loss", loss, LOSS)


@item("ThreeLayerConvNet", public=True, weight=0.5,
      message="Regularisation adds 0.5 * reg times the squares of all of W1, W2 and W3; biases don't count.")
def test_net_loss_with_regularisation(submission, expected):
    parameters, X, y = fixed_net_case(3, FIXED_SIZES, 3)
    loss, _ = unpack(net_with(submission, FIXED_SIZES, parameters, reg=0.6).loss(X, y), "loss", "grads")
    expected("regularised_loss", loss, LOSS)


@item("ThreeLayerConvNet", public=True, weight=2,
      message="Each gradient must be the slope of your own loss in that parameter.")
def test_net_gradients_agree_with_numerical_ones(submission):
    sizes = (1, 4, 4), 2, 3, 3, 3
    parameters, X, y = fixed_net_case(4, sizes, 3)
    net = net_with(submission, sizes, parameters, reg=0.0)
    _, grads = loss_and_grads(net, X, y)
    for key in PARAMETERS:
        numeric = numerical_gradient_of_parameter(submission, Call(net.loss, (X, y)), net.params, key, pick=0)
        assert_close(grads[key], numeric, NETWORK_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


@item("ThreeLayerConvNet", weight=0.5,
      confirms=["test_net_has_parameters_of_the_sizes_asked_for", "test_net_starts_with_zero_biases"],
      message="Images, filters and layers may have any sizes.")
def test_net_has_parameters_for_any_sizes(submission, rng):
    F, M, K = (int(size) for size in rng.integers(2, 9, size=3))
    check_shapes(submission, (int(rng.integers(1, 5)), 6, 10), F, 3, M, K)


@item("ThreeLayerConvNet", weight=0.25, needs="test_net_has_parameters_for_any_sizes",
      message="Height and width are halved and rounded down, each for itself; images may have odd sides.")
def test_net_has_parameters_for_images_with_odd_sides(submission):
    check_shapes(submission, (1, 5, 7), 2, 3, 3, 2)
    check_shapes(submission, (2, 4, 9), 3, 5, 2, 3)


@item("ThreeLayerConvNet", weight=1,
      message="Weights are drawn with np.random.randn, first W1, then W2, then W3, and multiplied by weight_scale.")
def test_net_draws_its_weights_in_order(submission, rng):
    seed, weight_scale = int(rng.integers(2**31)), float(rng.uniform(0.01, 0.1))
    submission.np.random.seed(seed)
    net = new_net(submission, *FIXED_SIZES, weight_scale=weight_scale, dtype=submission.np.float64)
    params, numbers = arrays_named(net.params, PARAMETERS, "params"), np.random.RandomState(seed)
    for key in ("W1", "W2", "W3"):
        wanted = weight_scale * numbers.randn(*shapes_of(*FIXED_SIZES)[key])
        assert_close(params[key], wanted, FORWARD, f'params["{key}"]')


@item("ThreeLayerConvNet", weight=0.5, needs="test_net_gradients_of_random_images",
      message="Parameters and gradients have the dtype that was asked for, whatever dtype the images have.")
def test_net_computes_in_the_dtype_asked_for(submission, rng):
    net = new_net(submission, *FIXED_SIZES, reg=0.1)
    params = arrays_named(net.params, PARAMETERS, "params")
    _, grads = loss_and_grads(net, rng.normal(size=(2, *FIXED_SIZES[0])), np.array([0, 3]))
    for key in PARAMETERS:
        assert_dtype(params[key], np.float32, f'params["{key}"]')
        assert_dtype(grads[key], np.float32, f'grads["{key}"]')


def check_scores(submission, rng, sizes):
    parameters, X, _ = random_net_case(rng, sizes, 2)
    wanted = net_formula(parameters, X)[0]
    scores = net_with(submission, sizes, parameters).loss(X)
    assert_close(scores, wanted, NETWORK_FORWARD, "scores", relative_floor=NOISE_FLOOR)


@item("ThreeLayerConvNet", weight=1, confirms="test_net_scores",
      message="Scores must be right for images of any size, not square, and for any filter size.")
def test_net_scores_of_random_images(submission, rng):
    for sizes in RANDOM_SIZES:
        check_scores(submission, rng, sizes)


@item("ThreeLayerConvNet", weight=0.25, needs="test_net_scores_of_random_images",
      message="Of an odd height or width the last row or column is not pooled.")
def test_net_scores_of_images_with_odd_sides(submission, rng):
    check_scores(submission, rng, ((2, 5, 7), 2, 3, 4, 2))


@item("ThreeLayerConvNet", weight=1,
      confirms=["test_net_loss_without_regularisation", "test_net_loss_with_regularisation"],
      message="The loss must be right for images of any size, and reg must weigh all three weight arrays.")
def test_net_loss_of_random_images(submission, rng):
    for sizes, reg in zip(RANDOM_SIZES, (0.0, 0.3, 1.7), strict=True):
        parameters, X, y = random_net_case(rng, sizes, 3)
        loss, _ = unpack(net_with(submission, sizes, parameters, reg=reg).loss(X, y), "loss", "grads")
        assert_close(loss, net_formula(parameters, X, y, reg)[1], LOSS, "loss")


@item("ThreeLayerConvNet", weight=3, confirms="test_net_gradients_agree_with_numerical_ones",
      message="Each gradient must be right for images and filters of any size, and for large layers.")
def test_net_gradients_of_random_images(submission, rng):
    for sizes in RANDOM_SIZES:
        parameters, X, y = random_net_case(rng, sizes, 3)
        _, grads = loss_and_grads(net_with(submission, sizes, parameters, reg=0.0), X, y)
        for key, wanted in net_formula(parameters, X, y)[2].items():
            assert_close(grads[key], wanted, ANALYTIC_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)
    sizes = (3, 16, 16), 8, 5, 100, 10
    parameters, X, y = random_net_case(rng, sizes, 4)
    parameters = {key: 0.2 * value for key, value in parameters.items()}
    check_slopes_of_a_large_net(net_with(submission, sizes, parameters), parameters, X, y, rng)


@item("ThreeLayerConvNet", weight=0.25, needs="test_net_gradients_of_random_images",
      message="grads holds a gradient for every entry of params, and nothing else.")
def test_net_gradients_are_those_of_the_parameters(submission, rng):
    parameters, X, y = random_net_case(rng, RANDOM_SIZES[0], 2)
    _, grads = loss_and_grads(net_with(submission, RANDOM_SIZES[0], parameters), X, y)
    assert_equal(len(grads), len(PARAMETERS), "number of entries in grads")


@item("ThreeLayerConvNet", weight=1, needs="test_net_gradients_of_random_images",
      message="The penalty has a derivative, reg times the weights, in W1, W2 and W3, and none in the biases.")
def test_net_gradients_of_the_penalty(submission, rng):
    parameters, X, y = random_net_case(rng, RANDOM_SIZES[0], 3)
    _, grads = loss_and_grads(net_with(submission, RANDOM_SIZES[0], parameters, reg=0.7), X, y)
    for key, wanted in net_formula(parameters, X, y, 0.7)[2].items():
        assert_close(grads[key], wanted, ANALYTIC_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


@item("ThreeLayerConvNet", weight=0.5, needs="test_net_loss_of_random_images",
      message="Biases are not regularised: however large they are, reg leaves their share of the loss alone.")
def test_net_leaves_biases_unregularised(submission, rng):
    parameters, X, y = random_net_case(rng, RANDOM_SIZES[0], 3)
    wanted = net_formula(parameters, X, y, 2.0)[1] - net_formula(parameters, X, y)[1]
    parameters |= {key: 5 + parameters[key] for key in ("b1", "b2", "b3")}
    nets = [net_with(submission, RANDOM_SIZES[0], parameters, reg=reg) for reg in (0.0, 2.0)]
    losses = [unpack(net.loss(X, y), "loss", "grads")[0] for net in nets]
    for loss in losses:
        assert_shape(loss, (), "loss with large biases")
    assert_close(float(losses[1]) - float(losses[0]), wanted, LOSS, "what reg adds to the loss with large biases")


# Batch normalisation, brought along from another notebook, where it is graded in full.


def batchnorm_output(submission, x, gamma, beta, bn_param):
    out, _ = unpack(submission.batchnorm_forward(x, gamma, beta, inout(bn_param)), "out", "cache")
    return out


def kept(bn_param, key):
    """What the submission left in bn_param."""
    if key not in bn_param:
        raise CheckFailure(f'bn_param has no "{key}" after a training step: store it there')
    return bn_param[key]


def rows_case(rng, n, d):
    """Upstream derivative, inputs, scale and shift."""
    return rng.normal(size=(n, d)), 2 * rng.normal(size=(n, d)) + 3, rng.uniform(0.5, 2, size=d), rng.normal(size=d)


@item("batchnorm_forward", public=True, weight=1,
      message="In training every feature is normalised over the batch, then multiplied by gamma and shifted by beta.")
def test_batchnorm_in_training(submission, expected):
    x, gamma, beta = 3 * wave(1, 6, 3) + 1, np.array([2.0, -1.0, 0.5]), np.array([1.0, 5.0, -3.0])
    out = batchnorm_output(submission, x, gamma, beta, {"mode": "train", **TINY_EPS})
    expected("trained", out, FORWARD)


@item("batchnorm_forward", public=True, weight=1,
      message="At test time the running averages that training has stored in bn_param take the batch's place.")
def test_batchnorm_at_test_time(submission, expected):
    bn_param = {"mode": "train"}
    for phase in (2, 3):
        batchnorm_output(submission, 2 * wave(phase, 5, 3) + phase, np.ones(3), np.zeros(3), bn_param)
    expected("running_mean", kept(bn_param, "running_mean"), FORWARD)
    expected("running_var", kept(bn_param, "running_var"), FORWARD)
    bn_param["mode"] = "test"
    out = batchnorm_output(submission, wave(4, 4, 3), np.full(3, 2.0), np.ones(3), bn_param)
    expected("tested", out, FORWARD)


@item("batchnorm_forward", weight=1, confirms="test_batchnorm_at_test_time",
      message="momentum and eps come from bn_param, and at test time nothing in it changes.")
def test_batchnorm_at_test_time_with_other_settings(submission, rng):
    _, x, gamma, beta = rows_case(rng, 7, 4)
    bn_param = {"mode": "train", "momentum": 0.7, "eps": 0.3}
    batchnorm_output(submission, x, gamma, beta, bn_param)
    running = {"running_mean": 0.3 * x.mean(axis=0), "running_var": 0.3 * x.var(axis=0)}
    bn_param["mode"] = "test"
    out = batchnorm_output(submission, x + 1, gamma, beta, bn_param)
    wanted = (x + 1 - running["running_mean"]) / np.sqrt(running["running_var"] + 0.3) * gamma + beta
    for key, value in running.items():
        called = f'bn_param["{key}"] after testing'
        assert_close(kept(bn_param, key), value, FORWARD, called, relative_floor=NOISE_FLOOR)
    assert_close(out, wanted, FORWARD, "out in testing", relative_floor=NOISE_FLOOR)


@item("batchnorm_forward", weight=0.5, needs="test_batchnorm_of_random_batches",
      message="A forward pass reads x, gamma and beta and changes none of them.")
def test_batchnorm_leaves_its_inputs(submission, rng):
    _, x, gamma, beta = rows_case(rng, 7, 4)
    batchnorm_output(submission, x, gamma, beta, {"mode": "train"})
    assert_inputs_unchanged(submission)


@item("batchnorm_forward", weight=1, confirms="test_batchnorm_in_training",
      message="eps is added to the variance, under the root.")
def test_batchnorm_of_random_batches(submission, rng):
    _, x, gamma, beta = rows_case(rng, 7, 4)
    out = batchnorm_output(submission, 1e-2 * x, gamma, beta, {"mode": "train", "eps": 1e-3})
    wanted = normalised_rows(1e-2 * x.T, 1e-3).T * gamma + beta
    assert_close(out, wanted, FORWARD, "out", relative_floor=NOISE_FLOOR)


def batchnorm_gradients(submission, dout, x, gamma, beta):
    _, cache = unpack(submission.batchnorm_forward(x, gamma, beta, {"mode": "train", **TINY_EPS}), "out", "cache")
    return unpack(submission.batchnorm_backward(dout, cache), *NORM_GRADIENTS)


FIXED_ROWS = wave(1, 5, 3), 2 * wave(2, 5, 3), np.array([2.0, 0.5, -1.0]), np.array([0.0, 1.0, -1.0])


@item("batchnorm_backward", public=True, weight=1,
      message="dx has three parts: x reaches out directly, through the mean, and through the variance.")
def test_batchnorm_backward_dx(submission, expected):
    expected("dx", batchnorm_gradients(submission, *FIXED_ROWS)[0], ANALYTIC_GRADIENT)


@item("batchnorm_backward", public=True, weight=1,
      message="dgamma adds dout times the normalised inputs up over the batch, dbeta adds dout up.")
def test_batchnorm_backward_dgamma_and_dbeta(submission, expected):
    _, dgamma, dbeta = batchnorm_gradients(submission, *FIXED_ROWS)
    expected("dgamma", dgamma, ANALYTIC_GRADIENT)
    expected("dbeta", dbeta, ANALYTIC_GRADIENT)


@item("batchnorm_backward", weight=0.5, needs="test_batchnorm_backward_of_random_batches",
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_batchnorm_backward_leaves_its_cache(submission, rng):
    dout, x, gamma, beta = rows_case(rng, 6, 4)
    _, cache = unpack(submission.batchnorm_forward(x, gamma, beta, {"mode": "train"}), "out", "cache")
    check_backward_leaves_its_cache(submission, submission.batchnorm_backward, dout, cache, NORM_GRADIENTS)


@item("batchnorm_backward", weight=1,
      confirms=["test_batchnorm_backward_dx", "test_batchnorm_backward_dgamma_and_dbeta"],
      message="Gradients must be right for batches and features of any number.")
def test_batchnorm_backward_of_random_batches(submission, rng):
    dout, x, gamma, beta = rows_case(rng, 6, 4)
    wanted = slopes_of_rows(dout.T * gamma[:, None], x.T, TINY_EPS["eps"]).T
    dx, dgamma, dbeta = batchnorm_gradients(submission, dout, x, gamma, beta)
    assert_close(dx, wanted, ANALYTIC_GRADIENT, "dx", relative_floor=NOISE_FLOOR)
    normalised = normalised_rows(x.T, TINY_EPS["eps"]).T
    wanted = np.einsum("nd,nd->d", dout, normalised)
    assert_close(dgamma, wanted, ANALYTIC_GRADIENT, "dgamma", relative_floor=NOISE_FLOOR)
    assert_close(dbeta, np.einsum("nd->d", dout), ANALYTIC_GRADIENT, "dbeta", relative_floor=NOISE_FLOOR)
    dout, x, gamma, beta = rows_case(rng, 4000, 100)
    wanted = long_slopes_of_rows(dout.T * gamma[:, None], x.T, TINY_EPS["eps"]).T
    dx, _, _ = batchnorm_gradients(submission, dout, x, gamma, beta)
    value, wanted = some_entries(rng, dx, wanted, "dx")
    assert_close(value, wanted, ANALYTIC_GRADIENT, "entries of dx", relative_floor=NOISE_FLOOR)


# spatial_batchnorm_forward


def per_channel(values):
    """One number for each channel, laid out beside (N, C, H, W) images."""
    return np.asarray(values)[:, np.newaxis, np.newaxis]


def images_case(rng, n, channels, height, width, spread=2.0):
    """Upstream derivative, images whose channels differ, scale and shift of each channel."""
    shape = n, channels, height, width
    x = spread * (rng.normal(size=shape) * per_channel(rng.uniform(1, 3, channels)))
    x += spread * per_channel(rng.normal(size=channels))
    return rng.normal(size=shape), x, rng.uniform(0.5, 2, size=channels), rng.normal(size=channels)


def fixed_images(phase, *shape):
    """Images whose channels differ in mean and spread."""
    ramp = per_channel(np.arange(shape[1]))
    return wave(phase, *shape) * (1 + ramp) + ramp


def spatial_output(submission, x, gamma, beta, bn_param):
    out, _ = unpack(submission.spatial_batchnorm_forward(x, gamma, beta, inout(bn_param)), "out", "cache")
    return out


def check_spatial_output(submission, rng, *sizes, eps=1e-12, spread=2.0):
    _, x, gamma, beta = images_case(rng, *sizes, spread=spread)
    out = spatial_output(submission, x, gamma, beta, {"mode": "train", "eps": eps})
    wanted = channels_first(normalised_rows(channels_last(x).T, eps), x.shape) * per_channel(gamma) + per_channel(beta)
    assert_close(out, wanted, FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("spatial_batchnorm_forward", public=True, weight=1,
      message="One mean and one variance for each channel, over all images and places; the result in the order of x.")
def test_spatial_batchnorm_normalises_channels(submission, expected):
    x = fixed_images(1, 2, 3, 2, 4)
    out = spatial_output(submission, x, np.ones(3), np.zeros(3), {"mode": "train", **TINY_EPS})
    expected("normalised", out, FORWARD)


@item("spatial_batchnorm_forward", public=True, weight=0.5,
      message="gamma and beta hold one number for each channel.")
def test_spatial_batchnorm_scales_and_shifts_channels(submission, expected):
    gamma, beta = np.array([2.0, -1.0, 0.5]), np.array([1.0, 5.0, -3.0])
    out = spatial_output(submission, fixed_images(2, 2, 3, 3, 2), gamma, beta, {"mode": "train", **TINY_EPS})
    expected("scaled", out, FORWARD)


@item("spatial_batchnorm_forward", public=True, weight=1,
      message="Running averages, one for each channel, are stored in training and used at test time.")
def test_spatial_batchnorm_at_test_time(submission, expected):
    bn_param = {"mode": "train"}
    for phase in (3, 4):
        spatial_output(submission, phase + fixed_images(phase, 2, 3, 2, 3), np.ones(3), np.zeros(3), bn_param)
    expected("running_mean", kept(bn_param, "running_mean"), FORWARD)
    expected("running_var", kept(bn_param, "running_var"), FORWARD)
    bn_param["mode"] = "test"
    gamma, beta = np.array([2.0, -1.0, 0.5]), np.array([1.0, 5.0, -3.0])
    expected("tested", spatial_output(submission, fixed_images(5, 2, 3, 2, 3), gamma, beta, bn_param), FORWARD)


@item("spatial_batchnorm_forward", weight=1,
      confirms=["test_spatial_batchnorm_normalises_channels", "test_spatial_batchnorm_scales_and_shifts_channels"],
      message="The output must be right for images of any size, not square, and for a single image or channel.")
def test_spatial_batchnorm_of_random_images(submission, rng):
    for sizes in [(3, 2, 4, 5), (1, 3, 3, 2), (4, 1, 2, 3), (2, 5, 1, 4)]:
        check_spatial_output(submission, rng, *sizes)


@item("spatial_batchnorm_forward", weight=1, confirms="test_spatial_batchnorm_at_test_time",
      message="bn_param is handed on: running averages go on from batch to batch, and are used at test time.")
def test_spatial_batchnorm_of_random_images_at_test_time(submission, rng):
    _, x, gamma, beta = images_case(rng, 2, 3, 4, 2)
    bn_param = {"mode": "train", "momentum": 0.6, **TINY_EPS}
    spatial_output(submission, x, gamma, beta, bn_param)
    mean, var = 0.4 * x.mean(axis=(0, 2, 3)), 0.4 * x.var(axis=(0, 2, 3))
    bn_param["mode"] = "test"
    out = spatial_output(submission, x, gamma, beta, bn_param)
    wanted = (x - per_channel(mean)) / np.sqrt(per_channel(var)) * per_channel(gamma) + per_channel(beta)
    assert_close(out, wanted, FORWARD, "out in testing", relative_floor=NOISE_FLOOR)


@item("spatial_batchnorm_forward", weight=0.5, needs="test_spatial_batchnorm_of_random_images",
      message="A forward pass reads x, gamma and beta and changes none of them.")
def test_spatial_batchnorm_leaves_its_inputs(submission, rng):
    _, x, gamma, beta = images_case(rng, 2, 3, 4, 2)
    spatial_output(submission, x, gamma, beta, {"mode": "train"})
    assert_inputs_unchanged(submission)


@item("spatial_batchnorm_forward", weight=0.5, needs="test_spatial_batchnorm_of_random_images",
      message="bn_param is handed on: its eps counts here, too.")
def test_spatial_batchnorm_uses_the_eps_asked_for(submission, rng):
    for eps in (1e-3, 0.5):
        check_spatial_output(submission, rng, 2, 3, 3, 2, eps=eps, spread=0.05)


# spatial_batchnorm_backward

MANY_CHANNELS = 20_000  # too many for a forward pass or two for each


def spatial_gradients(submission, dout, x, gamma, beta):
    bn_param = {"mode": "train", **TINY_EPS}
    _, cache = unpack(submission.spatial_batchnorm_forward(x, gamma, beta, bn_param), "out", "cache")
    return unpack(submission.spatial_batchnorm_backward(dout, cache), *NORM_GRADIENTS)


def fixed_spatial_gradients(submission):
    gamma, beta = np.array([2.0, -1.0, 0.5]), np.array([1.0, 5.0, -3.0])
    return spatial_gradients(submission, wave(1, 2, 3, 2, 4), fixed_images(2, 2, 3, 2, 4), gamma, beta)


@item("spatial_batchnorm_backward", public=True, weight=1,
      message="dx has the shape and the order of x: undo what you did to dout before you return it.")
def test_spatial_batchnorm_backward_dx(submission, expected):
    expected("dx", fixed_spatial_gradients(submission)[0], ANALYTIC_GRADIENT)


@item("spatial_batchnorm_backward", public=True, weight=1,
      message="dgamma and dbeta have one number for each channel, summed over images, rows and columns.")
def test_spatial_batchnorm_backward_dgamma_and_dbeta(submission, expected):
    _, dgamma, dbeta = fixed_spatial_gradients(submission)
    expected("dgamma", dgamma, ANALYTIC_GRADIENT)
    expected("dbeta", dbeta, ANALYTIC_GRADIENT)


@item("spatial_batchnorm_backward", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own forward pass shows when its inputs are nudged.")
def test_spatial_batchnorm_backward_agrees_with_numerical_gradients(submission):
    x, gamma, beta, dout = fixed_images(3, 2, 2, 3, 2), np.array([2.0, -1.0]), np.array([1.0, 5.0]), wave(4, 2, 2, 3, 2)
    actual = spatial_gradients(submission, dout, x, gamma, beta)
    args = x, gamma, beta, {"mode": "train", **TINY_EPS}
    for wrt, name in enumerate(NORM_GRADIENTS):
        numeric = numerical_gradient(
            submission.spatial_batchnorm_forward, args, wrt, upstream=dout, pick=0, order=4, step=1e-2
        )
        assert_close(actual[wrt], numeric, 10 * SMOOTH_GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("spatial_batchnorm_backward", weight=1,
      confirms=["test_spatial_batchnorm_backward_dx",
                "test_spatial_batchnorm_backward_agrees_with_numerical_gradients"],
      message="dx must be right for images of any size, not square.")
def test_spatial_batchnorm_backward_dx_of_random_images(submission, rng):
    for sizes in [(3, 2, 4, 5), (1, 3, 3, 2), (2, 1, 2, 3)]:
        dout, x, gamma, beta = images_case(rng, *sizes)
        upstream = channels_last(dout).T * gamma[:, np.newaxis]
        wanted = channels_first(slopes_of_rows(upstream, channels_last(x).T, TINY_EPS["eps"]), x.shape)
        dx, _, _ = spatial_gradients(submission, dout, x, gamma, beta)
        assert_close(dx, wanted, ANALYTIC_GRADIENT, "dx", relative_floor=NOISE_FLOOR)
    dout, x, gamma, beta = images_case(rng, 16, 16, 24, 24)
    upstream = channels_last(dout).T * gamma[:, np.newaxis]
    wanted = channels_first(long_slopes_of_rows(upstream, channels_last(x).T, TINY_EPS["eps"]), x.shape)
    dx, _, _ = spatial_gradients(submission, dout, x, gamma, beta)
    value, wanted = some_entries(rng, dx, wanted, "dx")
    assert_close(value, wanted, ANALYTIC_GRADIENT, "entries of dx", relative_floor=NOISE_FLOOR)


@item("spatial_batchnorm_backward", weight=0.5, needs="test_spatial_batchnorm_backward_dx_of_random_images",
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_spatial_batchnorm_backward_leaves_its_cache(submission, rng):
    dout, x, gamma, beta = images_case(rng, 2, 3, 2, 4)
    _, cache = unpack(submission.spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"}), "out", "cache")
    check_backward_leaves_its_cache(submission, submission.spatial_batchnorm_backward, dout, cache, NORM_GRADIENTS)


@item("spatial_batchnorm_backward", weight=1, confirms="test_spatial_batchnorm_backward_dgamma_and_dbeta",
      message="dgamma and dbeta must be right for images of any size, and any number of channels.")
def test_spatial_batchnorm_backward_dgamma_and_dbeta_of_random_images(submission, rng):
    for sizes in [(3, 2, 4, 5), (1, 3, 3, 2), (2, 1, 2, 3)]:
        dout, x, gamma, beta = images_case(rng, *sizes)
        normalised = channels_first(normalised_rows(channels_last(x).T, TINY_EPS["eps"]), x.shape)
        _, dgamma, dbeta = spatial_gradients(submission, dout, x, gamma, beta)
        wanted = np.einsum("nchw,nchw->c", dout, normalised)
        assert_close(dgamma, wanted, ANALYTIC_GRADIENT, "dgamma", relative_floor=NOISE_FLOOR)
        assert_close(dbeta, np.einsum("nchw->c", dout), ANALYTIC_GRADIENT, "dbeta", relative_floor=NOISE_FLOOR)
    dout, x, gamma, beta = images_case(rng, 2, MANY_CHANNELS, 2, 2)
    normalised = (x - x.mean(axis=(0, 2, 3), keepdims=True)) / x.std(axis=(0, 2, 3), keepdims=True)
    wanted = {"dgamma": (dout * normalised).sum(axis=(0, 2, 3)), "dbeta": dout.sum(axis=(0, 2, 3))}
    _, *actual = spatial_gradients(submission, dout, x, gamma, beta)
    for value, (name, right) in zip(actual, wanted.items(), strict=True):
        value, right = some_entries(rng, value, right, name)
        assert_close(value, right, ANALYTIC_GRADIENT, f"entries of {name}", relative_floor=NOISE_FLOOR)


# spatial_groupnorm_forward. gamma and beta are (1, C, 1, 1); what broadcasts to that passes as their gradient's shape.


def beside(values):
    """gamma or beta as group normalisation takes it."""
    return np.asarray(values, dtype=float).reshape(1, -1, 1, 1)


def group_case(rng, n, channels, height, width, spread=2.0):
    dout, x, gamma, beta = images_case(rng, n, channels, height, width, spread)
    return dout, x, beside(gamma), beside(beta)


def group_output(submission, x, gamma, beta, G, gn_param):
    out, _ = unpack(submission.spatial_groupnorm_forward(x, gamma, beta, G, gn_param), "out", "cache")
    return out


def check_group_output(submission, rng, sizes, G, spread=2.0, **settings):
    _, x, gamma, beta = group_case(rng, *sizes, spread=spread)
    out = group_output(submission, x, gamma, beta, G, settings)
    wanted = group_formula(x, G, settings.get("eps", 1e-5)) * gamma + beta
    assert_close(out, wanted, FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("spatial_groupnorm_forward", public=True, weight=1,
      message="Each group of each image gets a mean and a variance of its own, over its channels and all places.")
def test_groupnorm_normalises_groups(submission, expected):
    x = fixed_images(1, 2, 4, 2, 3)
    expected("normalised", group_output(submission, x, beside(np.ones(4)), beside(np.zeros(4)), 2, TINY_EPS), FORWARD)


@item("spatial_groupnorm_forward", public=True, weight=1,
      message="Every channel, not every group, has a gamma and a beta of its own.")
def test_groupnorm_scales_and_shifts_channels(submission, expected):
    gamma, beta = beside([2.0, -1.0, 0.5, 1.5]), beside([1.0, 5.0, -3.0, 0.5])
    expected("scaled", group_output(submission, fixed_images(2, 2, 4, 3, 2), gamma, beta, 2, TINY_EPS), FORWARD)


@item("spatial_groupnorm_forward", weight=1.5,
      confirms=["test_groupnorm_normalises_groups", "test_groupnorm_scales_and_shifts_channels"],
      message="Groups are made of channels that follow each other; images may have any size.")
def test_groupnorm_of_random_images(submission, rng):
    check_group_output(submission, rng, (3, 6, 3, 4), 3, **TINY_EPS)
    check_group_output(submission, rng, (1, 6, 2, 5), 2, **TINY_EPS)


@item("spatial_groupnorm_forward", weight=0.5, needs="test_groupnorm_of_random_images",
      message="A forward pass reads x, gamma and beta and changes none of them.")
def test_groupnorm_leaves_its_inputs(submission, rng):
    _, x, gamma, beta = group_case(rng, 2, 4, 3, 2)
    group_output(submission, x, gamma, beta, 2, {})
    assert_inputs_unchanged(submission)


@item("spatial_groupnorm_forward", weight=0.25, needs="test_groupnorm_of_random_images",
      message="Subtract the mean before you square: far from zero, the mean of squares less the square of the mean "
              "has lost its digits.")
def test_groupnorm_far_from_zero(submission, rng):
    x = 1e6 + rng.normal(size=(2, 4, 3, 3))
    wanted = group_formula(x - 1e6, 2, TINY_EPS["eps"])
    out = group_output(submission, x, beside(np.ones(4)), beside(np.zeros(4)), 2, TINY_EPS)
    assert_close(out, wanted, 1e-7, "out", relative_floor=0.1)


@item("spatial_groupnorm_forward", weight=1, needs="test_groupnorm_of_random_images",
      message="G may be 1, all channels in one group, or C, every channel a group of its own.")
def test_groupnorm_with_one_group_and_with_groups_of_one(submission, rng):
    check_group_output(submission, rng, (2, 4, 3, 2), 1, **TINY_EPS)
    check_group_output(submission, rng, (2, 4, 3, 2), 4, **TINY_EPS)


@item("spatial_groupnorm_forward", weight=0.5, needs="test_groupnorm_of_random_images",
      message="eps is added to the variance, under the root; it is 1e-5 where gn_param does not say.")
def test_groupnorm_uses_eps(submission, rng):
    check_group_output(submission, rng, (2, 4, 3, 2), 2, spread=1e-3)
    check_group_output(submission, rng, (2, 4, 3, 2), 2, eps=0.5)


@item("spatial_groupnorm_forward", weight=0.5, needs="test_groupnorm_of_random_images",
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_groupnorm_in_float32(submission, rng):
    _, x, gamma, beta = (array.astype(np.float32) for array in group_case(rng, 2, 4, 3, 3))
    out = group_output(submission, x, gamma, beta, 2, TINY_EPS)
    wanted = group_formula(x.astype(float), 2, TINY_EPS["eps"]) * gamma + beta
    assert_close(out, wanted, FORWARD_FLOAT32, "out", dtype=float32_result(out), relative_floor=10 * NOISE_FLOOR)


# spatial_groupnorm_backward


def group_gradients(submission, dout, x, gamma, beta, G, gn_param):
    _, cache = unpack(submission.spatial_groupnorm_forward(x, gamma, beta, G, gn_param), "out", "cache")
    return unpack(submission.spatial_groupnorm_backward(dout, cache), *NORM_GRADIENTS)


def fixed_group_gradients(submission):
    gamma, beta = beside([2.0, -1.0, 0.5, 1.5]), beside([1.0, 5.0, -3.0, 0.5])
    return group_gradients(submission, wave(1, 2, 4, 2, 3), fixed_images(2, 2, 4, 2, 3), gamma, beta, 2, TINY_EPS)


def check_group_dx(submission, rng, sizes, G, eps=TINY_EPS["eps"]):
    dout, x, gamma, beta = group_case(rng, *sizes)
    dx, _, _ = group_gradients(submission, dout, x, gamma, beta, G, {"eps": eps})
    wanted = group_slopes(dout * gamma, x, G, eps)
    assert_close(dx, wanted, ANALYTIC_GRADIENT, "dx", relative_floor=NOISE_FLOOR)


@item("spatial_groupnorm_backward", public=True, weight=1,
      message="dx has three parts: x reaches out directly, through its group's mean, and through its variance.")
def test_groupnorm_backward_dx(submission, expected):
    expected("dx", fixed_group_gradients(submission)[0], ANALYTIC_GRADIENT)


@item("spatial_groupnorm_backward", public=True, weight=1,
      message="dgamma adds dout times the normalised images up over images, rows and columns: one number per channel.")
def test_groupnorm_backward_dgamma(submission, expected):
    expected("dgamma", fixed_group_gradients(submission)[1], ANALYTIC_GRADIENT, broadcast=True)


@item("spatial_groupnorm_backward", public=True, weight=0.5,
      message="dbeta adds dout up over images, rows and columns: one number per channel.")
def test_groupnorm_backward_dbeta(submission, expected):
    expected("dbeta", fixed_group_gradients(submission)[2], ANALYTIC_GRADIENT, broadcast=True)


@item("spatial_groupnorm_backward", public=True, weight=0.5,
      message="dx must be the slope that your own forward pass shows when x is nudged.")
def test_groupnorm_backward_agrees_with_the_numerical_gradient(submission):
    x, gamma, beta = fixed_images(3, 2, 4, 2, 1), beside([2.0, -1.0, 0.5, 1.5]), beside(np.zeros(4))
    dout = wave(4, 2, 4, 2, 1)
    dx, _, _ = group_gradients(submission, dout, x, gamma, beta, 2, {"eps": 0.1})
    args = x, gamma, beta, 2, {"eps": 0.1}
    numeric = numerical_gradient(
        submission.spatial_groupnorm_forward, args, 0, upstream=dout, pick=0, order=4, step=1e-2
    )
    assert_close(dx, numeric, 10 * SMOOTH_GRADIENT, "dx", relative_floor=NOISE_FLOOR)


@item("spatial_groupnorm_backward", weight=1.5,
      confirms=["test_groupnorm_backward_dx", "test_groupnorm_backward_agrees_with_the_numerical_gradient"],
      message="dx must be right for images of any size and groups of any number.")
def test_groupnorm_backward_dx_of_random_images(submission, rng):
    check_group_dx(submission, rng, (3, 6, 2, 3), 3)
    check_group_dx(submission, rng, (1, 6, 3, 2), 2, eps=0.5)
    dout, x, gamma, beta = group_case(rng, 4, 8, 48, 48)
    wanted = long_slopes_of_rows(groups_of(dout * gamma, 2), groups_of(x, 2), 0.1).reshape(x.shape)
    dx, _, _ = group_gradients(submission, dout, x, gamma, beta, 2, {"eps": 0.1})
    value, wanted = some_entries(rng, dx, wanted, "dx")
    assert_close(value, wanted, ANALYTIC_GRADIENT, "entries of dx", relative_floor=NOISE_FLOOR)


GROUP_DX = "test_groupnorm_backward_dx_of_random_images"


@item("spatial_groupnorm_backward", weight=0.5, needs=GROUP_DX,
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_groupnorm_backward_leaves_its_cache(submission, rng):
    dout, x, gamma, beta = group_case(rng, 2, 4, 3, 2)
    _, cache = unpack(submission.spatial_groupnorm_forward(x, gamma, beta, 2, {}), "out", "cache")
    check_backward_leaves_its_cache(submission, submission.spatial_groupnorm_backward, dout, cache, NORM_GRADIENTS)


@item("spatial_groupnorm_backward", weight=0.25, needs=GROUP_DX,
      message="gamma may be zero: what is normalised can't be had by dividing the output by it.")
def test_groupnorm_backward_with_a_gamma_of_zero(submission, rng):
    dout, x, gamma, beta = group_case(rng, 2, 4, 3, 2)
    gamma[:, 1] = 0
    wanted = beside(np.einsum("nchw,nchw->c", dout, group_formula(x, 2, 0.1)))
    _, dgamma, _ = group_gradients(submission, dout, x, gamma, beta, 2, {"eps": 0.1})
    assert_close(dgamma, wanted, ANALYTIC_GRADIENT, "dgamma", broadcast=True, relative_floor=NOISE_FLOOR)


@item("spatial_groupnorm_backward", weight=1, needs=GROUP_DX,
      message="G may be 1, all channels in one group, or C, every channel a group of its own.")
def test_groupnorm_backward_with_one_group_and_with_groups_of_one(submission, rng):
    check_group_dx(submission, rng, (2, 4, 3, 2), 1)
    check_group_dx(submission, rng, (2, 4, 3, 2), 4)


@item("spatial_groupnorm_backward", weight=1,
      confirms=["test_groupnorm_backward_dgamma", "test_groupnorm_backward_dbeta"],
      message="dgamma and dbeta must be right for images of any size, and any number of channels.")
def test_groupnorm_backward_dgamma_and_dbeta_of_random_images(submission, rng):
    for sizes, G in [((3, 6, 2, 3), 3), ((1, 4, 3, 2), 1)]:
        dout, x, gamma, beta = group_case(rng, *sizes)
        _, dgamma, dbeta = group_gradients(submission, dout, x, gamma, beta, G, TINY_EPS)
        products = dout * group_formula(x, G, TINY_EPS["eps"])
        for value, terms, name in [(dgamma, products, "dgamma"), (dbeta, dout, "dbeta")]:
            wanted = beside(np.einsum("nchw->c", terms))
            assert_close(value, wanted, ANALYTIC_GRADIENT, name, broadcast=True, relative_floor=NOISE_FLOOR)
    dout, x, gamma, beta = group_case(rng, 2, MANY_CHANNELS, 2, 2)
    rows = x.reshape(2, MANY_CHANNELS // 4, -1)
    normalised = (rows - rows.mean(axis=2, keepdims=True)) / rows.std(axis=2, keepdims=True)
    wanted = {"dgamma": (dout * normalised.reshape(x.shape)).sum(axis=(0, 2, 3)), "dbeta": dout.sum(axis=(0, 2, 3))}
    _, *actual = group_gradients(submission, dout, x, gamma, beta, MANY_CHANNELS // 4, TINY_EPS)
    for value, (name, right) in zip(actual, wanted.items(), strict=True):
        assert_close(value, beside(right), ANALYTIC_GRADIENT, name, broadcast=True, relative_floor=NOISE_FLOOR)


# The formulas that random inputs are judged by, written otherwise than the reference.


def untied(rng, *shape):
    """Different numbers, some distance apart, in an order that the generator draws."""
    return rng.permutation(spaced(-1, 1, math.prod(shape))).reshape(shape)


def places(height, width, stride, rows, columns):
    """For each place in a window, the slices that take it out of all windows of an image at once."""
    for i, j in np.ndindex(height, width):
        last = i + stride * (rows - 1) + 1, j + stride * (columns - 1) + 1
        yield i, j, (..., slice(i, last[0], stride), slice(j, last[1], stride))


def framed(x, pad):
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def window_counts(shape, height, width, stride):
    return (shape[2] - height) // stride + 1, (shape[3] - width) // stride + 1


def convolved(x, w, b, stride, pad):
    x = framed(x, pad)
    counts = window_counts(x.shape, *w.shape[2:], stride)
    out = np.zeros((len(x), len(w), *counts)) + per_channel(b)
    for i, j, place in places(*w.shape[2:], stride, *counts):
        out += np.einsum("nchw,fc->nfhw", x[place], w[:, :, i, j])
    return out


def convolution_slopes(dout, x, w, stride, pad):
    """dx, dw and db by name."""
    padded = framed(x, pad)
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i, j, place in places(*w.shape[2:], stride, *dout.shape[2:]):
        dpadded[place] += np.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
        dw[:, :, i, j] = np.einsum("nfhw,nchw->fc", dout, padded[place])
    dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
    return {"dx": dx, "dw": dw, "db": np.einsum("nfhw->f", dout)}


def pooled(x, height, width, stride):
    counts = window_counts(x.shape, height, width, stride)
    return np.stack([x[place] for _, _, place in places(height, width, stride, *counts)]).max(axis=0)


def pooling_slopes(dout, x, height, width, stride):
    dx, largest = np.zeros(x.shape), pooled(x, height, width, stride)
    for _, _, place in places(height, width, stride, *dout.shape[2:]):
        dx[place] += np.where(x[place] == largest, dout, 0)
    return dx


def net_formula(parameters, X, y=None, reg=0.0):
    """Scores; with labels also the loss and the gradients."""
    W1, b1, W2, b2, W3, b3 = (parameters[key] for key in PARAMETERS)
    pad = W1.shape[2] // 2
    before = convolved(X, W1, b1, 1, pad)
    active = np.maximum(before, 0)
    rows = pooled(active, 2, 2, 2).reshape(len(X), -1)
    hidden = np.maximum(rows @ W2 + b2, 0)
    scores = hidden @ W3 + b3
    if y is None:
        return scores, None, None
    log_sums = np.logaddexp.reduce(scores, axis=1)
    correct = np.eye(scores.shape[1])[y]
    loss = np.mean(log_sums - (scores * correct).sum(axis=1))
    dscores = (np.exp(scores - log_sums[:, None]) - correct) / len(X)
    dhidden = np.where(hidden > 0, dscores @ W3.T, 0)
    dpooled = (dhidden @ W2.T).reshape(pooled(active, 2, 2, 2).shape)
    # Where a window holds nothing above zero its entries are tied, and none of them lets a derivative through.
    dbefore = np.where(before > 0, pooling_slopes(dpooled, active, 2, 2, 2), 0)
    dconv = convolution_slopes(dbefore, X, W1, 1, pad)
    slopes = dconv["dw"], dconv["db"], rows.T @ dhidden, dhidden.sum(axis=0), hidden.T @ dscores, dscores.sum(axis=0)
    grads = dict(zip(PARAMETERS, slopes, strict=True))
    for key in ("W1", "W2", "W3"):
        grads[key] = grads[key] + reg * parameters[key]
        loss += reg / 2 * np.square(parameters[key]).sum()
    return scores, loss, grads


def normalised_rows(rows, eps):
    means = np.array([[row.mean()] for row in rows])
    variances = np.array([[row.var()] for row in rows])
    return (rows - means) / np.sqrt(variances + eps)


def slopes_of_rows(dnormalised, rows, eps):
    """Through the normalisation of each row, with its Jacobian written out: (I - 1/m - hat hat^T / m) / deviation."""
    dx, m = np.empty(rows.shape), rows.shape[1]
    for slope, upstream, row, hat in zip(dx, dnormalised, rows, normalised_rows(rows, eps), strict=True):
        jacobian = (np.eye(m) - 1 / m - np.outer(hat, hat) / m) / np.sqrt(row.var() + eps)
        slope[:] = upstream @ jacobian
    return dx


def long_slopes_of_rows(dnormalised, rows, eps):
    """The same for rows so long that a matrix of their length squared would not do."""
    deviations = np.sqrt(rows.var(axis=1, keepdims=True) + eps)
    hats = (rows - rows.mean(axis=1, keepdims=True)) / deviations
    along = np.einsum("rm,rm->r", dnormalised, hats)[:, np.newaxis] / rows.shape[1]
    return (dnormalised - dnormalised.mean(axis=1, keepdims=True) - hats * along) / deviations


def channels_last(x):
    """(N, C, H, W) images as rows of C channels."""
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def channels_first(rows, shape):
    """One row for each channel, back to (N, C, H, W) images."""
    n, channels, height, width = shape
    return rows.reshape(channels, n, height, width).swapaxes(0, 1)


def groups_of(x, G):
    """Each group of each image as a row."""
    size = x.shape[1] // G
    return np.array([image[g * size : (g + 1) * size].ravel() for image in x for g in range(G)])


def group_formula(x, G, eps):
    return normalised_rows(groups_of(x, G), eps).reshape(x.shape)


def group_slopes(dnormalised, x, G, eps):
    return slopes_of_rows(groups_of(dnormalised, G), groups_of(x, G), eps).reshape(x.shape)
