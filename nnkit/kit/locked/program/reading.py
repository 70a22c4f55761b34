"""The values of one frame, rebuilt from its tree and its bytes; every claim is checked before it is relied upon."""

from __future__ import annotations

from typing import Any

import numpy as np

from .plain import (
    LARGEST_ARRAY,
    LARGEST_TEXT,
    LONGEST_TYPE_NAME,
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
    dtype_named,
    holds_characters,
    is_plain_key,
    room,
)
from .weight import is_unicode

Spec = tuple[np.dtype[Any] | None, tuple[int, ...], memoryview]


class Reader:
    """Rebuilds values; what several of them refer to is built once, so that no frame grows by referring to itself."""

    def __init__(self, table: object, body: memoryview) -> None:
        if type(table) is not list or len(table) > MAX_ARRAYS:
            raise WireError("the array table is no list, or too long")
        self._nodes = 0
        self._text = 0
        self._built: dict[tuple[str, int], Any] = {}
        self._specs: list[Spec] = []
        start = 0
        for entry in table:
            dtype, shape, size = _form_of(entry)
            if size > len(body) - start:
                raise WireError("an array claims more bytes than were sent")
            self._specs.append((dtype, shape, body[start : start + size]))
            start += size
        if start != len(body):
            raise WireError("bytes are left over after the last array")

    def node(self, tree: Any, depth: int = 0) -> Any:
        """The value of one tree."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError("a value is nested too deeply or has too many items")
        kind = type(tree)
        if tree is None or kind in (bool, float):
            return tree
        if kind is str:
            if not is_unicode(tree):
                raise WireError("text is not Unicode")
            return tree
        if kind is int:
            if tree.bit_length() > MAX_INT_BITS:
                raise WireError("an integer is too large")
            return tree
        if kind is not dict or len(tree) != 1:
            raise WireError("a value has an unknown form")
        ((tag, content),) = tree.items()
        if tag in _BUILDERS:
            return self._once(tag, content)
        if tag == "f":
            return Foreign(_number(content))
        if type(content) is not list:
            raise WireError(f"a value tagged {tag[:8]!r} has an unknown form")
        return self._listed(tag, content, depth + 1)

    def _listed(self, tag: str, content: list[Any], depth: int) -> Any:
        if tag == "t":
            return tuple(self.node(item, depth) for item in content)
        if tag == "l":
            return [self.node(item, depth) for item in content]
        if tag == "d":
            if not all(type(pair) is list and len(pair) == 2 for pair in content):
                raise WireError("a dict is no list of pairs")
            pairs = [(self.node(key, depth), self.node(item, depth)) for key, item in content]
            if not all(is_plain_key(key) for key, _ in pairs):
                raise WireError("a dict has a key that is no plain value")
            return dict(pairs)
        if len(content) == 2:
            first, second = content
            if tag == "h":
                return Handle(_number(first), _type_name(second))
            if tag == "k":
                return Kept(self._once("a", first), _number(second))
            if tag == "c" and type(first) is float and type(second) is float:
                return complex(first, second)
        raise WireError(f"a value tagged {tag[:8]!r} has an unknown form")

    def _once(self, tag: str, index: object) -> Any:
        if type(index) is not int or not 0 <= index < len(self._specs):
            raise WireError("a value refers to an array that was not sent")
        if (tag, index) not in self._built:
            self._built[tag, index] = _BUILDERS[tag](self, index)
        return self._built[tag, index]

    def _array(self, index: int) -> Array:
        dtype, shape, data = self._specs[index]
        if dtype is None:
            raise WireError("text is used as an array")
        flat = np.frombuffer(data, dtype=dtype) if data else np.empty(0, dtype=dtype)
        if dtype.kind == "b" and flat.view(np.uint8).max(initial=0) > 1:
            raise WireError("a bool array holds something else than 0 and 1")
        if dtype.kind == "U" and not holds_characters(flat.view("<u4")):
            raise WireError("a text array holds something else than characters")
        try:
            return flat.reshape(shape).copy()
        except (ValueError, MemoryError) as error:
            raise WireError(f"impossible array: {error}") from None

    def _scalar(self, index: int) -> Any:
        array = self._once("a", index)
        if array.ndim:
            raise WireError("a scalar has dimensions")
        return array[()]

    def _bytes(self, index: int) -> bytes:
        dtype, _, data = self._specs[index]
        if dtype is not None:
            raise WireError("an array is used as text")
        return bytes(data)

    def _string(self, index: int) -> str:
        dtype, _, data = self._specs[index]
        if dtype is not None:
            raise WireError("an array is used as text")
        self._text += len(data)
        if self._text > LARGEST_TEXT:  # one emoji in it, and every character takes four bytes
            raise WireError("a message has too much text")
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError:
            raise WireError("text is not UTF-8") from None


_BUILDERS = {"a": Reader._array, "n": Reader._scalar, "b": Reader._bytes, "u": Reader._string}


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise WireError("a reference has no valid number")
    return value


def _type_name(value: object) -> str:
    if type(value) is not str or len(value) > LONGEST_TYPE_NAME or not (value.isascii() and value.isprintable()):
        raise WireError("the name of a type is none")
    return value


def _form_of(entry: object) -> tuple[np.dtype[Any] | None, tuple[int, ...], int]:
    """Dtype (None for text), shape and number of bytes of an entry of the array table."""
    if type(entry) is not list or len(entry) != 2 or type(entry[0]) is not str or type(entry[1]) is not list:
        raise WireError("an array has no dtype and shape")
    name, shape = entry
    if len(shape) > MAX_DIMENSIONS or not all(type(n) is int and 0 <= n <= LARGEST_ARRAY for n in shape):
        raise WireError("an array has an impossible shape")
    dtype = None if name == "text" else dtype_named(name)
    if dtype is None and len(shape) != 1:
        raise WireError("text has one length")
    size = room(shape, 1 if dtype is None else dtype.itemsize)
    if size > LARGEST_ARRAY:
        raise WireError("an array has an impossible size")
    return dtype, tuple(shape), size if all(shape) else 0
