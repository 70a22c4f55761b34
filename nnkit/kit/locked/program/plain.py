"""Which values travel by value, what stands for the others, and how much of anything one message may hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .weight import is_unicode

Array = NDArray[Any]

MAX_DEPTH = 16
MAX_NODES = 200_000
MAX_ARRAYS = 50_000
MAX_DIMENSIONS = 32
MAX_INT_BITS = 256
MAX_TEXT_WIDTH = 1024
LARGEST_TEXT = 32 << 20
LARGEST_ARRAY = 512 << 20
LONGEST_TYPE_NAME = 200
# Python's hash of a longer int is chosen by whoever chooses the int: dicts of them can be made to take minutes.
_KEY_INT_BITS = 60
_KINDS_AND_SIZES = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8), "c": (8, 16)}


class WireError(Exception):
    """The other side sent something that is no message."""


@dataclass(frozen=True, slots=True)
class Handle:
    """An object that stays in the locked process; `type_name` is for messages only."""

    number: int
    type_name: str = ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """An object that stays in the grader: the locked process can keep it and hand it back."""

    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """An array by value, together with the number of the locked process's own array it is a copy of."""

    array: Array
    number: int


@dataclass(frozen=True, slots=True)
class Message:
    """What a frame says: its kind and named values."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)


def wire_dtype(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """The little-endian form of a dtype that may travel, or None.

    Left out on purpose: object and structured dtypes, dates, byte strings, and ``longdouble`` with its complex twin,
    whose bytes mean different numbers on different machines.
    """
    if dtype.kind == "U":
        return dtype.newbyteorder("<") if 0 < dtype.itemsize <= 4 * MAX_TEXT_WIDTH else None
    if dtype.itemsize not in _KINDS_AND_SIZES.get(dtype.kind, ()) or dtype.fields is not None:
        return None
    return dtype.newbyteorder("<")


def dtype_named(name: str) -> np.dtype[Any]:
    """The dtype of a name such as ``<f8``, if `wire_dtype` can have given it."""
    order, kind, width = name[:1], name[1:2], name[2:]
    if order not in ("<", "|") or not (width.isascii() and width.isdigit() and len(width) <= 4):
        raise WireError("an array has an unknown dtype")
    if kind == "U":
        if not 0 < int(width) <= MAX_TEXT_WIDTH:
            raise WireError("a text array is too wide")
    elif int(width) not in _KINDS_AND_SIZES.get(kind, ()):
        raise WireError("an array has an unknown dtype")
    return np.dtype(f"{order}{kind}{int(width)}")


def room(shape: Sequence[int], itemsize: int) -> int:
    """Bytes that an array of this shape takes once its empty axes hold something.

    An empty array costs nothing by itself, but a sum over its empty axis is as long as its other axes.
    """
    return math.prod(max(side, 1) for side in shape) * itemsize


def holds_characters(codes: Array) -> bool:
    """Whether the code points of a text array are all of Unicode."""
    return bool(codes.max(initial=0) <= 0x10FFFF) and not bool(((codes >= 0xD800) & (codes < 0xE000)).any())


def is_plain_array(value: object) -> bool:
    """Whether `value` is a base array (no subclass) that can travel by value."""
    if type(value) is not np.ndarray or value.ndim > MAX_DIMENSIONS:
        return False
    dtype = wire_dtype(value.dtype)
    if dtype is None:
        return False
    if not value.size:
        return room(value.shape, dtype.itemsize) <= LARGEST_ARRAY
    return dtype.kind != "U" or holds_characters(np.ascontiguousarray(value, dtype).reshape(-1).view("<u4"))


def is_plain_scalar(value: object) -> bool:
    """Whether `value` is a number, string, bool or None that can travel by value; subclasses are not."""
    kind = type(value)
    if kind is int:
        return value.bit_length() <= MAX_INT_BITS  # type: ignore[attr-defined, no-any-return]
    if kind is str or kind is np.str_:
        return is_unicode(str(value)) and (kind is str or 0 < len(str(value)) <= MAX_TEXT_WIDTH)
    if value is None or kind in (bool, float, complex, bytes):
        return True
    return (
        isinstance(value, np.generic)
        and kind.__module__ == "numpy"
        and kind is value.dtype.type
        and wire_dtype(value.dtype) is not None
    )


def is_plain_key(value: object) -> bool:
    """Whether `value` is plain, and a dict of many such keys is built in a time in proportion to their number."""
    if type(value) is int:
        return value.bit_length() <= _KEY_INT_BITS
    return is_plain_scalar(value) and not isinstance(value, complex | np.complexfloating)
