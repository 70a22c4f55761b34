"""Gradients of layers so large that nobody gets them by nudging one number after the other.

A loss is a function of a layer's inputs that gives one number, and takes complex numbers, so that its slopes are exact.
Every entry of a gradient counts in the slope along a direction at random, which takes one call of the loss.
"""

import numpy as np

from nnkit.student.testing import ANALYTIC_GRADIENT, NOISE_FLOOR, assert_close, assert_shape

DIRECTIONS = 2  # a gradient that is at right angles to both, so that only rounding is left, does not happen


def check_large_gradients(given, names, loss, args, rng, only=None):
    """Compare gradients with the slopes of a loss.

    Parameters
    ----------
    given : sequence of arrays
        The submission's gradients, those of the first arguments.
    names : sequence of str
        What they are called.
    loss : callable
    args : sequence of arrays
    rng : Generator
    only : collection of str, optional
        Look at these only.
    """
    for wrt, name in enumerate(names):
        if only is None or name in only:

            def of_one(value, wrt=wrt):
                return loss(*args[:wrt], value, *args[wrt + 1 :])

            check_large_gradient(given[wrt], of_one, args[wrt], rng, name)


def check_large_gradient(gradient, loss, value, rng, name):
    """The same for one gradient, of a loss that depends on one array."""
    assert_shape(gradient, value.shape, name)
    directions = rng.normal(size=(DIRECTIONS, *value.shape))
    wanted = np.array([slope_along(loss, value, direction) for direction in directions])
    given = np.array([np.sum(direction * gradient, dtype=float) for direction in directions])
    what = f"all of {name}, multiplied by random numbers and added up"
    assert_close(given, wanted, ANALYTIC_GRADIENT, what, relative_floor=NOISE_FLOOR)


def slope_along(loss, value, direction):
    """The slope of a loss along a direction, by a complex step."""
    return float(np.imag(loss(value + 1e-30j * direction)) / 1e-30)
