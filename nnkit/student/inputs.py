"""Inputs that grader files try functions on, and the dtype their results are judged in."""

import math

import numpy as np


def wave(phase, *shape):
    """Fixed numbers between -1 and 1 without a pattern that a wrong axis or order could hide in.

    As a matrix they have rank 2, however large it is: where rank matters, draw random numbers.

    Parameters
    ----------
    phase : float
        Another one gives other numbers.
    *shape : int
    """
    return np.sin(phase + 12.9898 * np.arange(math.prod(shape))).reshape(shape)


def spaced(start, stop, *shape):
    """Evenly spaced numbers from `start` to `stop`, in an array of the shape."""
    return np.linspace(start, stop, num=math.prod(shape)).reshape(shape)


def off_zero(x):
    """x moved away from zero by 0.1, where a ReLU has its kink; an exact zero stays."""
    return x + 0.1 * np.sign(x)


def float32_result(value):
    """The dtype in which to ask for a result of float32 inputs: float32, unless it was computed in float64."""
    # Only a base array or a number is looked into: an object of the student's may answer `dtype` as it likes.
    return np.float64 if type(value) in (np.ndarray, np.float64) and value.dtype == np.float64 else np.float32
