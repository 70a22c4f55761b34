"""Numerical gradients by central differences, to check gradients written by hand.

``(f(x + h) - f(x - h)) / (2 h)`` has an error of order h**2 from the curvature and of order eps / h from rounding;
with float64 both are small around h = 1e-5. Every function moves one entry of x at a time and puts it back, even if f
raises.
"""

from contextlib import contextmanager

import numpy as np

from nnkit.student.relative_error import rel_error

__all__ = ["eval_numerical_gradient", "eval_numerical_gradient_array", "grad_check_sparse", "rel_error"]


def eval_numerical_gradient(f, x, verbose=True, h=1e-5):
    """Numerical gradient of a function with one number as its value.

    Parameters
    ----------
    f : function of one array, returning a number
    x : array of floats
        Where to take the gradient. f may read it through another name, such as ``model.params["W1"]``.
    verbose : bool
        Print every entry.
    h : float
        Step.

    Returns
    -------
    array shaped like x
    """
    _require_floats(x)
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        grad[index] = _central_difference(f, x, index, h) / (2 * h)
        if verbose:
            print(index, grad[index])
    return grad


def eval_numerical_gradient_array(f, x, df, h=1e-5):
    """Numerical gradient of ``sum(f(x) * df)``: what a backward pass computes from the upstream derivative df.

    Parameters
    ----------
    f : function of one array, returning an array
    x : array of floats
        Where to take the gradient.
    df : array shaped like f(x)
        Upstream derivative.
    h : float
        Step.

    Returns
    -------
    array shaped like x
    """
    _require_floats(x)
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        grad[index] = np.sum(_central_difference(f, x, index, h) * df) / (2 * h)
    return grad


def grad_check_sparse(f, x, analytic_grad, num_checks=10, h=1e-5):
    """Compare a gradient with the numerical one at random entries; print each comparison.

    Parameters
    ----------
    f : function of one array, returning a number
    x : array of floats
    analytic_grad : array shaped like x
    num_checks : int
        Count of entries, drawn with replacement from NumPy's global generator.
    h : float
        Step.

    Returns
    -------
    float
        The largest relative error met.
    """
    _require_floats(x)
    errors = []
    for _ in range(num_checks):
        index = tuple(np.random.randint(size) for size in x.shape)
        numeric = _central_difference(f, x, index, h) / (2 * h)
        error = rel_error(numeric, analytic_grad[index])
        print(f"numerical: {numeric:f} analytic: {analytic_grad[index]:f}, relative error: {error:e}")
        errors.append(error)
    return float(np.max(errors, initial=0.0))


def _central_difference(f, x, index, h):
    with _entry_moved(x, index, h):
        above = np.array(f(x))  # a copy: f may return x itself, or a buffer it uses again
    with _entry_moved(x, index, -h):
        below = np.array(f(x))
    return above - below


@contextmanager
def _entry_moved(x, index, step):
    before = x[index]
    x[index] = before + step
    try:
        yield
    finally:
        x[index] = before


def _require_floats(x):
    if not (isinstance(x, np.ndarray) and np.issubdtype(x.dtype, np.floating)):
        found = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"a numerical gradient needs an array of floats to step in, got {found}")
