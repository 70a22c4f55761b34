"""Which values a test may look into, and what a message calls the others.

A value is trusted for its exact type alone: a subclass or a look-alike can answer ``==``, ``float()`` or
``np.asarray()`` as it likes, a base `numpy.ndarray` and a number cannot.
"""

import math

import numpy as np

NUMPY_SCALARS = frozenset(t for t in np.sctypeDict.values() if issubclass(t, np.number | np.bool_))
REAL_NUMBERS = frozenset(t for t in NUMPY_SCALARS if issubclass(t, np.integer | np.floating)) | {int, float}


class Opaque:
    """Base of what stands for a value that a test may hold but not look into.

    A subclass keeps the name of the value's type in ``_type_name``, for messages.
    """

    _type_name = "object"
    # NumPy would otherwise walk through it as a sequence, to the depth and length it claims, or call its operators.
    __array_ufunc__ = None

    def __array__(self, *args, **kwargs):
        raise TypeError(f"{type_name(self)} of the submission is opaque: it is not to be taken for an array")


def type_name(value):
    """The name of a value's type as a message shows it, e.g. "a float", "an array of dtype object"."""
    if issubclass(type(value), Opaque):
        name = object.__getattribute__(value, "_type_name")
    elif type(value) is np.ndarray:
        return f"an array of dtype {value.dtype}"
    else:
        name = type.__getattribute__(type(value), "__name__")
    name = "".join(c if c.isprintable() else "?" for c in str(name))[:60]
    if name == "NoneType":
        return "None"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def real_array(value, shape):
    """The value as a base array, or None if its exact type is neither a base array nor a real number."""
    if type(value) is np.ndarray and value.dtype.kind in "iuf":
        return value
    if not shape and type(value) in REAL_NUMBERS:
        try:
            return np.array(value, dtype=float if type(value) is int else None)
        except OverflowError:
            return np.array(math.inf)
    return None
