"""Comparing what a submission gave with what a test expects, without trusting what it gave.

Type first, then shape, dtype and finiteness, then the numbers: each step relies on the one before.
"""

import numpy as np

from nnkit.student.errors import CheckFailure
from nnkit.student.measurement import Measurement, conclude, measurements
from nnkit.student.relative_error import SMALLEST_DENOMINATOR
from nnkit.student.values import REAL_NUMBERS, Opaque, real_array, type_name

__all__ = [
    "Measurement",
    "Opaque",
    "assert_at_least",
    "assert_below",
    "assert_close",
    "assert_dtype",
    "assert_equal",
    "assert_shape",
    "measurements",
    "type_name",
    "unpack",
]


def _index(flat, shape):
    """``[1, 2]`` for the flat position in an array of the shape; empty for a scalar."""
    return f"[{', '.join(str(i) for i in np.unravel_index(flat, shape))}]" if shape else ""


def _sentence(message, hint):
    return f"{message}. {hint}" if hint else message


def _wanted(shape):
    return f"an array of shape {shape}" if shape else "a real number"


def _refusal(value, name, shape):
    return f"{name} is {type_name(value)}, expected {_wanted(shape)}"


def _dtype_message(value, array, name, dtype):
    """A complaint about the dtype, or ""."""
    given, wanted = array.dtype.newbyteorder("="), np.dtype(dtype).newbyteorder("=")
    # Python has one float, and a loss of 0 may well be an int: as single numbers both stand for any dtype.
    if given == wanted or type(value) is float or (type(value) is not np.ndarray and given.kind in "iu"):
        return ""
    if given == np.float32 and wanted == np.float64:
        return f"{name} has dtype float32, expected float64: the inputs were float64, so a cast lost half the digits"
    return f"{name} has dtype {given}, expected {wanted}"


def _as_expected_shape(array, shape, broadcast):
    """The array in the expected shape, or None."""
    if array.shape == shape:
        return array
    if not broadcast:
        return None
    if tuple(n for n in array.shape if n != 1) == tuple(n for n in shape if n != 1):
        return array.reshape(shape)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        return None


def _not_finite(array, name):
    """A complaint naming the first value that is not finite, or ""."""
    bad = np.flatnonzero(~np.isfinite(array))
    if not bad.size:
        return ""
    first = f"{name}{_index(bad[0], array.shape)} is {array.flat[bad[0]]}"
    return first if array.size == 1 else f"{first} ({bad.size} of {array.size} values are not finite)"


def assert_close(
    actual,
    expected,
    allowed,
    name,
    *,
    hint="",
    dtype=None,
    broadcast=False,
    floor=SMALLEST_DENOMINATOR,
    relative_floor=0.0,
):
    """Check that every entry has a relative error of at most `allowed`.

    The error of an entry is ``|a-b| / max(floor, relative_floor * max|b|, |a|+|b|)``; with the default floors its
    maximum is `nnkit.student.relative_error.rel_error`.

    Parameters
    ----------
    actual : object
        What the submission gave.
    expected : array or real number
        What it should be; its shape and dtype are asked for, too.
    allowed : float
        The largest relative error that passes.
    name : str
        What `actual` is called in the message.
    hint : str
        Added to a complaint about the shape, e.g. "A bias is shared by the batch: sum over the batch axis."
    dtype : dtype, optional
        Asked for in place of the dtype of `expected`.
    broadcast : bool
        Accept a shape that broadcasts to the expected one, or differs from it in axes of length 1 only. The numbers
        must still agree.
    floor : float
        Smallest denominator: below it errors count as absolute, in units of `floor`.
    relative_floor : float
        The same as a fraction of the largest expected magnitude. For numerical gradients: their rounding noise is as
        large in small entries as in large ones, so entries near zero have no relative accuracy to compare
        (`NOISE_FLOOR`).

    Raises
    ------
    CheckFailure
        With `.measured` and `.allowed`; `.measured` is None if type, shape, dtype or a NaN already decided.
    ValueError
        If the test's own `expected` or `allowed` makes no sense.
    """
    want = _expected_array(expected)
    if not allowed >= 0:
        raise ValueError(f"{name}: allowed error is {allowed}, it must be at least 0")
    shape = want.shape

    def say(measured, message):
        conclude(name, actual, expected, measured, allowed, message)

    got = real_array(actual, shape)
    if got is None:
        say(None, _refusal(actual, name, shape))
    fitted = _as_expected_shape(got, shape, broadcast)
    if fitted is None:
        say(None, _sentence(f"{name} has shape {got.shape}, expected {shape}", hint))
    complaint = _dtype_message(actual, got, name, want.dtype if dtype is None else dtype) or _not_finite(fitted, name)
    if complaint:
        say(None, complaint)
    if not want.size:
        say(0.0, "")
        return
    # Halves, so that no sum of two finite numbers overflows.
    a, b = fitted.astype(np.float64) / 2, want.astype(np.float64) / 2
    lowest = max(floor, relative_floor * float(np.abs(want).max())) / 2
    errors = np.abs(a - b) / np.maximum(lowest, np.abs(a) + np.abs(b))
    worst = int(errors.argmax())
    measured = float(errors.flat[worst])
    message = ""
    if not measured <= allowed:
        message = (
            f"{name}{_index(worst, shape)} is {_number(fitted.flat[worst])}, expected {_number(want.flat[worst])}: "
            f"relative error {measured:.1e}, allowed {allowed:.1e}"
        )
    say(measured, message)


def _number(value):
    return f"{float(value) + 0.0:.10g}"  # adding zero takes the sign off a negative one


def _expected_array(expected):
    want = np.asarray(expected)
    if want.dtype.kind not in "iuf":
        raise ValueError(f"the expected value has dtype {want.dtype}, a comparison needs real numbers")
    if not np.isfinite(want).all():
        raise ValueError("the expected value holds NaN or infinity")
    return want if isinstance(expected, np.ndarray) or want.dtype.kind == "f" else want.astype(float)


def assert_equal(actual, expected, name, *, hint=""):
    """Check whole numbers (labels, indices, counts), truth values or text for being the same, entry by entry.

    Any integer dtype passes for another; floats do not pass for integers.

    Raises
    ------
    CheckFailure
        Naming the first entry that differs and how many do. `.measured` is the number of entries that differ.
    """
    want = np.asarray(expected)
    kinds = {"i": "iu", "u": "iu", "b": "b", "U": "U"}.get(want.dtype.kind)
    if kinds is None:
        raise ValueError(f"{name}: the expected value has dtype {want.dtype}, compare real numbers with assert_close")
    integers = {t for t in REAL_NUMBERS if issubclass(t, int | np.integer)}
    scalars: dict[str, set[type]] = {"iu": integers, "b": {bool, np.bool_}, "U": {str}}

    def say(measured, message):
        conclude(name, actual, expected, measured, 0.0, message)

    words = {"iu": "whole numbers", "b": "truth values", "U": "text"}[kinds]
    if type(actual) is np.ndarray and (actual.dtype.kind in kinds or not actual.size):
        got = actual
    elif not want.shape and type(actual) in scalars[kinds]:
        got = np.array(actual)
    elif type(actual) is np.ndarray:
        say(None, f"{name} has dtype {actual.dtype}, expected {words}")
    else:
        say(None, f"{name} is {type_name(actual)}, expected {_wanted(want.shape) if want.shape else words}")
    if got.shape != want.shape:
        say(None, _sentence(f"{name} has shape {got.shape}, expected {want.shape}", hint))
    different = np.flatnonzero(got != want)
    message = ""
    if different.size:
        first = different[0]
        message = f"{name}{_index(first, want.shape)} is {got.flat[first]!s:.60}, expected {want.flat[first]!s:.60}"
        if want.size > 1:
            message += f" ({different.size} of {want.size} differ)"
    say(float(different.size), message)


def assert_shape(actual, shape, name, *, hint=""):
    """Check that a value is a base array of real numbers with the shape (``()``: or a real number)."""
    shape = tuple(shape)
    got = real_array(actual, shape)
    if got is None:
        message = _refusal(actual, name, shape)
    elif got.shape != shape:
        message = _sentence(f"{name} has shape {got.shape}, expected {shape}", hint)
    else:
        message = ""
    conclude(name, actual, shape, None, None, message)


def assert_dtype(actual, dtype, name):
    """Check that a value is a base array, or one number, of exactly the dtype."""
    got = actual if type(actual) is np.ndarray else real_array(actual, ())
    if got is None:
        message = f"{name} is {type_name(actual)}, expected an array of dtype {np.dtype(dtype)}"
    elif got.dtype.newbyteorder("=") != np.dtype(dtype):
        message = f"{name} has dtype {got.dtype}, expected {np.dtype(dtype)}"
    else:
        message = ""
    conclude(name, actual, dtype, None, None, message)


def assert_below(value, allowed, name):
    """Check that one number is at most `allowed`."""
    measured = one_number(value, name, allowed)
    message = "" if measured <= allowed else f"{name} is {measured:.4g}, it may be at most {allowed:.4g}"
    conclude(name, value, allowed, measured, allowed, message)


def assert_at_least(value, wanted, name):
    """Check that one number is at least `wanted`."""
    measured = one_number(value, name, wanted)
    message = "" if measured >= wanted else f"{name} is {measured:.4g}, it should be at least {wanted:.4g}"
    conclude(name, value, wanted, measured, wanted, message, "at least")


def one_number(value, name, limit):
    """A value that has to be one finite real number, as a float; `limit` is what it is going to be compared with."""
    got = real_array(value, ())
    if got is None:
        message = _refusal(value, name, ())
    elif got.shape:
        message = f"{name} has shape {got.shape}, expected a real number"
    else:
        message = _not_finite(got, name)
    if message:
        conclude(name, value, limit, None, limit, message)
    return float(got)


def unpack(result, *names):
    """The values of a function that returns several: ``dx, dw, db = unpack(result, "dx", "dw", "db")``.

    Raises
    ------
    CheckFailure
        If the result is not a tuple of that many values; plain Python unpacking would call that a broken grader.
    """
    if type(result) is tuple and len(result) == len(names):
        return result
    given = f"{len(result)} values" if type(result) is tuple else type_name(result)
    message = f"the function returned {given}, expected {len(names)} values ({', '.join(names)})"
    return conclude(", ".join(names), result, names, None, None, message)


def opaque(value, name, wanted):
    """A value that has to be an object of the student's, such as a model or a dictionary.

    Raises
    ------
    CheckFailure
        If it is plain data: ``best_net is None, expected a TwoLayerNet``.
    """
    if not isinstance(value, Opaque):
        raise CheckFailure(f"{name} is {type_name(value)}, expected {wanted}")
    return value


def arrays_named(value, names, name):
    """A dictionary of the student's that has to have an entry of each of these names, such as params or grads.

    Raises
    ------
    CheckFailure
        If it is none, or lacks one: ``grads has no entry "b1", expected W1, b1``.
    """
    opaque(value, name, "a dictionary of arrays")
    for key in names:
        if key not in value:
            raise CheckFailure(f'{name} has no entry "{key}", expected {", ".join(names)}')
    return value
