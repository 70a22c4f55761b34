"""How far two numbers are apart, relative to their size."""

import numpy as np

SMALLEST_DENOMINATOR = 1e-8


def rel_error(x, y):
    """Largest relative error ``|x - y| / max(1e-8, |x| + |y|)`` between two numbers, or two arrays of one shape.

    Raises
    ------
    ValueError
        If the shapes differ: broadcasting would hide a mistake.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape:
        raise ValueError(f"rel_error: the shapes differ, {x.shape} and {y.shape}")
    with np.errstate(invalid="ignore"):
        errors = np.abs(x - y) / np.maximum(SMALLEST_DENOMINATOR, np.abs(x) + np.abs(y))
    return float(np.max(errors, initial=0.0))
