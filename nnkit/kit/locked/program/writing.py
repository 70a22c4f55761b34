"""A message's values as a tree for JSON and the blobs beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .plain import (
    LARGEST_ARRAY,
    LARGEST_TEXT,
    MAX_ARRAYS,
    MAX_DEPTH,
    MAX_DIMENSIONS,
    MAX_INT_BITS,
    MAX_NODES,
    Array,
    Foreign,
    Handle,
    Kept,
    WireError,
    is_plain_key,
    is_plain_scalar,
    room,
    wire_dtype,
)
from .weight import is_unicode

LONG_TEXT = 4096


class Writer:
    """Collects the blobs of one frame while its header is built."""

    def __init__(self) -> None:
        self.blobs: list[bytes | memoryview] = []
        self.table: list[list[Any]] = []
        self._seen: dict[int, int] = {}
        self._alive: list[object] = []
        self._nodes = 0
        self._text = 0

    def node(self, value: Any, depth: int = 0) -> Any:
        """The tree of one value."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError("the value is nested too deeply" if depth > MAX_DEPTH else "the value has too many items")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int and value.bit_length() <= MAX_INT_BITS:
            return value
        if kind is str:
            return self._string(value)
        if kind is np.ndarray:
            return {"a": self._array(value)}
        return self._composite(value, kind, depth)

    def _composite(self, value: Any, kind: type, depth: int) -> Any:
        if kind is Handle:
            return {"h": [value.number, value.type_name]}
        if kind is Kept:
            return {"k": [self._array(value.array), value.number]}
        if kind is tuple:
            return {"t": [self.node(item, depth + 1) for item in value]}
        if kind is list:
            return {"l": [self.node(item, depth + 1) for item in value]}
        if kind is dict:
            if not all(map(is_plain_key, value)):
                raise WireError("a dict with a key that is no plain value cannot be sent by value")
            return {"d": [[self.node(key, depth + 1), self.node(item, depth + 1)] for key, item in value.items()]}
        if kind is Foreign:
            return {"f": value.number}
        if kind is complex:
            return {"c": [value.real, value.imag]}
        if kind is bytes:
            return {"b": self._blob(value, "text", (len(value),), value)}
        if is_plain_scalar(value) and isinstance(value, np.generic):
            return {"n": self._array(np.array(value))}
        raise WireError(f"a {kind.__name__} cannot be sent by value")

    def _string(self, value: str) -> Any:
        if not is_unicode(value):
            # Messages and sources only: as a value of student code such text stays where it is.
            value = value.encode("utf-8", "replace").decode()
        if len(value) <= LONG_TEXT:
            return value
        data = value.encode()
        self._text += len(data)
        if self._text > LARGEST_TEXT:
            raise WireError(f"more than {LARGEST_TEXT} bytes of text in one message")
        return {"u": self._blob(value, "text", (len(data),), data)}

    def _array(self, value: Array) -> int:
        if id(value) in self._seen:
            return self._seen[id(value)]
        dtype = wire_dtype(value.dtype)
        if dtype is None or type(value) is not np.ndarray:
            raise WireError(f"{type(value).__name__} of {value.dtype} cannot be sent by value")
        if value.ndim > MAX_DIMENSIONS or room(value.shape, dtype.itemsize) > LARGEST_ARRAY:
            raise WireError(f"an array of shape {value.shape} is larger than the wire allows")
        packed = np.ascontiguousarray(value, dtype=dtype)
        data: memoryview | bytes = packed.reshape(-1).view(np.uint8).data if packed.size else b""
        return self._blob(value, dtype.str, value.shape, data)

    def _blob(self, owner: object, dtype: str, shape: tuple[int, ...], data: bytes | memoryview) -> int:
        self._seen[id(owner)] = len(self.table)
        self._alive.append(owner)
        self.table.append([dtype, list(shape)])
        self.blobs.append(data)
        if len(self.table) > MAX_ARRAYS:
            raise WireError(f"more than {MAX_ARRAYS} arrays in one message")
        return len(self.table) - 1
