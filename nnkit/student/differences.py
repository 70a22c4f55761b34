"""Numerical gradients of a submission's functions, to compare its analytic ones with.

Central differences ``(f(x+h) - f(x-h)) / 2h`` have a truncation error of h**2 and a rounding error of eps/h, smallest
together near ``h = eps**(1/3)``. Order 4 (Richardson: ``(4*D(h/2) - D(h)) / 3``) reaches about eps**(4/5), with steps
a hundred times as long: more exact for smooth functions, and more likely to step over a kink of a ReLU, a hinge or a
maximum. So order 2 is the default, and a test that wants 1e-8 asks for order 4.
"""

import math

import numpy as np

from nnkit.student.errors import CheckFailure
from nnkit.student.steps import Put
from nnkit.student.values import REAL_NUMBERS, type_name

LARGEST_BATCH = 64 * 2**20  # bytes of arguments and results in one batch
# Weights of the stencil's differences, each over a step of `factor * h`.
STENCILS = {2: ((1.0, 1.0),), 4: ((1.0, -1 / 3), (0.5, 4 / 3))}


def numerical_gradient(fn, args, wrt, upstream=None, pick=None, kwargs=None, coordinates=None, *, step=None, order=2):
    """Gradient of a function with respect to one of its arguments, by central differences.

    All points of the stencil go through one `fn.batch` (several, if they hold more than 64 MB).

    Parameters
    ----------
    fn : proxy
        A function of the submission.
    args : sequence
        Its arguments; each call gets copies of its own, also of in-out dicts.
    wrt : int
        Which argument to vary: a float array.
    upstream : array, optional
        Upstream derivative, shaped like the output. None: the output is a scalar loss.
    pick : int, optional
        Which element of the function's result is the output. None: the result itself.
    kwargs : dict, optional
        Keyword arguments, the same for every call.
    coordinates : list of tuples, optional
        Only these entries of the gradient; the others come back as NaN.
    step : float, optional
        Step for an entry of magnitude at most 1; by default eps**(1/3) of the dtype (order 4: eps**(1/5)).
    order : {2, 4}
        4 for functions without kinks.

    Returns
    -------
    array of float64, shaped like args[wrt]

    Raises
    ------
    CheckFailure
        If an output isn't finite real numbers in the shape of `upstream`.
    """
    args = list(args)
    base = np.array(args[wrt])

    def outputs(points):
        calls = []
        for point in points:
            call = list(args)
            call[wrt] = point
            calls.append(tuple(call))
        return fn.batch(calls, pick=pick, kwargs=kwargs)

    size = sum(value.nbytes for value in args if isinstance(value, np.ndarray))
    return _differences(outputs, base, upstream, coordinates, step, order, size)


def numerical_gradient_of_parameter(
    submission, call, container, key, upstream=None, pick=None, coordinates=None, *, step=None, order=2
):
    """Gradient of a call's result with respect to an array the submission holds, e.g. ``model.params["W1"]``.

    Parameters
    ----------
    submission : submission
    call : Call
        What to differentiate, e.g. ``Call(model.loss, (X, y))``.
    container, key
        Where the parameter is; ``container[key]`` is the original array again afterwards, also after an error.
    upstream, pick, coordinates, step, order
        As in `numerical_gradient`.

    Returns
    -------
    array of float64, shaped like the parameter
    """
    original = container[key]
    if type(original) is not np.ndarray or original.dtype.kind != "f":
        raise CheckFailure(f"{key} is {type_name(original)}, expected an array of floats")
    base = np.array(original)

    def outputs(points):
        steps = []
        for point in points:
            steps += [Put(container, key, point), call]
        try:
            return submission.run([*steps, Put(container, key, original)], pick=pick)
        except Exception:
            container[key] = original
            raise

    size = base.nbytes + sum(value.nbytes for value in call.args if isinstance(value, np.ndarray))
    return _differences(outputs, base, upstream, coordinates, step, order, size)


def _differences(outputs, base, upstream, coordinates, step, order, size):
    """Central differences at `base` of a function given as `outputs`: list of points -> list of results."""
    if base.dtype.kind != "f":
        raise ValueError(f"can't differentiate with respect to an array of dtype {base.dtype}")
    if upstream is not None:
        upstream = np.asarray(upstream, dtype=np.float64)
        size += upstream.nbytes
    step = float(np.finfo(base.dtype).eps) ** (1 / (order + 1)) if step is None else step
    wanted = list(np.ndindex(base.shape) if coordinates is None else map(tuple, coordinates))
    gradient = np.full(base.shape, 0.0 if coordinates is None else math.nan)
    at_once = max(1, LARGEST_BATCH // (2 * len(STENCILS[order]) * max(1, size)))
    for start in range(0, len(wanted), at_once):
        chosen = wanted[start : start + at_once]
        points, widths = [], []
        for index in chosen:
            for factor, _ in STENCILS[order]:
                pair, width = _pair(base, index, factor * step)
                points += pair
                widths.append(width)
        results = [_output(result, upstream) for result in outputs(points)]
        slopes = [
            _weighted(above - below, upstream) / width
            for above, below, width in zip(results[::2], results[1::2], widths, strict=True)
        ]
        weights = [weight for _, weight in STENCILS[order]]
        for i, index in enumerate(chosen):
            mine = slopes[i * len(weights) : (i + 1) * len(weights)]
            gradient[index] = sum(weight * slope for weight, slope in zip(weights, mine, strict=True))
    return gradient


def _pair(base, index, step):
    """Copies of `base` a step above and below at the index, and how far apart they are after rounding."""
    step = step * max(1.0, abs(float(base[index])))
    above, below = base.copy(), base.copy()
    above[index] += step
    below[index] -= step
    return (above, below), float(above[index]) - float(below[index])


def _output(result, upstream):
    """A result as a float64 array in the shape that is differentiated."""
    if upstream is None and type(result) in REAL_NUMBERS:
        return np.float64(result)
    shape = () if upstream is None else upstream.shape
    wanted = f"an array of shape {shape}" if shape else "a real number"
    if type(result) is not np.ndarray or result.dtype.kind not in "iuf":
        raise CheckFailure(f"the output is {type_name(result)}, expected {wanted}")
    if result.shape != shape:
        raise CheckFailure(f"the output has shape {result.shape}, expected {wanted}")
    return result.astype(np.float64)


def _weighted(difference, upstream):
    # Subtracted before summing: what the step leaves alone cancels exactly.
    slope = float(difference if upstream is None else (difference * upstream).sum())
    if not math.isfinite(slope):
        raise CheckFailure("the output is not finite near the inputs of the test")
    return slope
