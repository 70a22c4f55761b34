"""One message format between the grader and the locked process.

A frame is a fixed prefix (magic, header length, body length), a JSON header and the raw bytes of its arrays. Values
are None, bool, int, float, complex, str, bytes, base NumPy arrays and scalars of the listed dtypes, tuples, lists and
dicts of them, and three kinds of numbered references. Nothing is unpickled and no name is resolved: whatever the other
side sends ends in one of these values or in a `WireError`.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MAGIC = b"nnw1"
PREFIX = struct.Struct("<4sIQ")
MAX_DEPTH = 16
MAX_NODES = 200_000
MAX_ARRAYS = 50_000
MAX_DIMENSIONS = 32
MAX_INT_BITS = 256
MAX_TEXT_WIDTH = 1024
LONG_TEXT = 4096
_LARGEST_SIDE = 1 << 40
_to_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_from_json = json.JSONDecoder().decode
_KINDS_AND_SIZES = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8), "c": (8, 16)}


class WireError(Exception):
    """The other side sent something that is no message."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes that a frame may have, in bytes; they are checked before anything is allocated."""

    header: int = 1 << 20
    body: int = 256 << 20


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


def is_plain_array(value: object) -> bool:
    """Whether `value` is a base array (no subclass) that can travel by value."""
    return type(value) is np.ndarray and wire_dtype(value.dtype) is not None


def is_plain_scalar(value: object) -> bool:
    """Whether `value` is a number, string, bool or None that can travel by value; subclasses are not."""
    kind = type(value)
    if kind is int:
        return value.bit_length() <= MAX_INT_BITS  # type: ignore[attr-defined, no-any-return]
    if value is None or kind in (bool, float, complex, str, bytes):
        return True
    return (
        isinstance(value, np.generic)
        and kind.__module__ == "numpy"
        and kind is value.dtype.type
        and wire_dtype(value.dtype) is not None
    )


class _Writer:
    """Collects the blobs of one frame while its header is built."""

    def __init__(self) -> None:
        self.blobs: list[bytes | memoryview] = []
        self.table: list[list[Any]] = []
        self.seen: dict[int, int] = {}
        self.alive: list[object] = []
        self.nodes = 0

    def blob(self, owner: object, dtype: str, shape: tuple[int, ...], data: bytes | memoryview) -> int:
        self.seen[id(owner)] = len(self.table)
        self.alive.append(owner)
        self.table.append([dtype, list(shape)])
        self.blobs.append(data)
        if len(self.table) > MAX_ARRAYS:
            raise WireError(f"more than {MAX_ARRAYS} arrays in one message")
        return len(self.table) - 1

    def array(self, value: Array) -> int:
        if id(value) in self.seen:
            return self.seen[id(value)]
        dtype = wire_dtype(value.dtype)
        if dtype is None or type(value) is not np.ndarray:
            raise WireError(f"{type(value).__name__} of {value.dtype} cannot be sent by value")
        packed = np.ascontiguousarray(value, dtype=dtype)
        data: memoryview | bytes = packed.reshape(-1).view(np.uint8).data if packed.size else b""
        return self.blob(value, dtype.str, value.shape, data)

    def node(self, value: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value is nested too deeply" if depth > MAX_DEPTH else "the value has too many items")
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int and value.bit_length() <= MAX_INT_BITS:
            return value
        if kind is str:
            if len(value) <= LONG_TEXT:
                return value
            data = value.encode("utf-8", "surrogatepass")
            return {"u": self.blob(value, "text", (len(data),), data)}
        if kind is np.ndarray:
            return {"a": self.array(value)}
        return self.composite(value, kind, depth)

    def composite(self, value: Any, kind: type, depth: int) -> Any:
        if kind is Handle:
            return {"h": [value.number, value.type_name]}
        if kind is Kept:
            return {"k": [self.array(value.array), value.number]}
        if kind is tuple:
            return {"t": [self.node(item, depth + 1) for item in value]}
        if kind is list:
            return {"l": [self.node(item, depth + 1) for item in value]}
        if kind is dict:
            return {"d": [[self.node(key, depth + 1), self.node(item, depth + 1)] for key, item in value.items()]}
        if kind is Foreign:
            return {"f": value.number}
        if kind is complex:
            return {"c": [value.real, value.imag]}
        if kind is bytes:
            return {"b": self.blob(value, "text", (len(value),), value)}
        if is_plain_scalar(value) and isinstance(value, np.generic):
            return {"n": self.array(np.array(value))}
        raise WireError(f"a {kind.__name__} cannot be sent by value")


def encode(message: Message, limits: Limits) -> list[bytes | memoryview]:
    """The frame of a message, as pieces to be sent one after the other."""
    writer = _Writer()
    fields = {name: writer.node(value) for name, value in message.fields.items()}
    header = _to_json([message.kind, fields, writer.table]).encode("ascii")
    body = sum(len(blob) for blob in writer.blobs)
    if len(header) > limits.header or body > limits.body:
        raise WireError(f"a message of {len(header)} + {body} bytes is larger than the wire allows")
    return [PREFIX.pack(MAGIC, len(header), body) + header, *writer.blobs]


class _Reader:
    """Rebuilds the values of one frame, checking every claim against the bytes that are there."""

    def __init__(self, table: object, body: memoryview) -> None:
        if type(table) is not list or len(table) > MAX_ARRAYS:
            raise WireError("the array table is no list, or too long")
        self.nodes = 0
        self.built: dict[int, Array] = {}
        self.specs: list[tuple[np.dtype[Any] | None, tuple[int, ...], memoryview]] = []
        start = 0
        for entry in table:
            dtype, shape = _dtype_and_shape(entry)
            size = math.prod(shape) * (1 if dtype is None else dtype.itemsize)
            if size > len(body) - start:
                raise WireError("an array claims more bytes than were sent")
            self.specs.append((dtype, shape, body[start : start + size]))
            start += size
        if start != len(body):
            raise WireError("bytes are left over after the last array")

    def spec(self, index: object) -> tuple[np.dtype[Any] | None, tuple[int, ...], memoryview]:
        if type(index) is not int or not 0 <= index < len(self.specs):
            raise WireError("a value refers to an array that was not sent")
        return self.specs[index]

    def array(self, index: object) -> Array:
        dtype, shape, data = self.spec(index)
        assert type(index) is int
        if dtype is None:
            raise WireError("text is used as an array")
        if index not in self.built:
            flat = np.frombuffer(data, dtype=dtype) if data else np.empty(0, dtype=dtype)
            try:
                self.built[index] = flat.reshape(shape).copy()
            except (ValueError, MemoryError) as error:
                raise WireError(f"impossible array: {error}") from None
            if dtype.kind == "b" and self.built[index].view(np.uint8).max(initial=0) > 1:
                raise WireError("a bool array holds something else than 0 and 1")
            if dtype.kind == "U" and flat.view(np.uint32).max(initial=0) > 0x10FFFF:
                raise WireError("a text array holds something else than characters")
        return self.built[index]

    def raw(self, index: object) -> bytes:
        dtype, _, data = self.spec(index)
        if dtype is not None:
            raise WireError("an array is used as text")
        return bytes(data)

    def node(self, tree: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("a value is nested too deeply or has too many items")
        kind = type(tree)
        if tree is None or kind in (bool, float, str):
            return tree
        if kind is int:
            if tree.bit_length() > MAX_INT_BITS:
                raise WireError("an integer is too large")
            return tree
        if kind is not dict or len(tree) != 1:
            raise WireError("a value has an unknown form")
        ((tag, content),) = tree.items()
        return self.tagged(tag, content, depth + 1)

    def tagged(self, tag: str, content: Any, depth: int) -> Any:
        if tag == "a":
            return self.array(content)
        if tag == "n":
            scalar = self.array(content)
            if scalar.ndim:
                raise WireError("a scalar has dimensions")
            return scalar[()]
        if tag == "u":
            try:
                return self.raw(content).decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                raise WireError("text is not UTF-8") from None
        if tag == "b":
            return self.raw(content)
        if tag == "f":
            return Foreign(_number(content))
        if type(content) is not list:
            raise WireError(f"a value tagged {tag[:8]!r} has an unknown form")
        return self.listed(tag, content, depth)

    def listed(self, tag: str, content: list[Any], depth: int) -> Any:
        if tag == "t":
            return tuple(self.node(item, depth) for item in content)
        if tag == "l":
            return [self.node(item, depth) for item in content]
        if tag == "d":
            if not all(type(pair) is list and len(pair) == 2 for pair in content):
                raise WireError("a dict is no list of pairs")
            pairs = [(self.node(key, depth), self.node(item, depth)) for key, item in content]
            if not all(is_plain_scalar(key) for key, _ in pairs):
                raise WireError("a dict has a key that is no plain value")
            return dict(pairs)
        if len(content) == 2:
            first, second = content
            if tag == "h" and type(second) is str:
                return Handle(_number(first), second[:200])
            if tag == "k":
                return Kept(self.array(first), _number(second))
            if tag == "c" and type(first) is float and type(second) is float:
                return complex(first, second)
        raise WireError(f"a value tagged {tag[:8]!r} has an unknown form")


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise WireError("a reference has no valid number")
    return value


def _dtype_and_shape(entry: object) -> tuple[np.dtype[Any] | None, tuple[int, ...]]:
    if type(entry) is not list or len(entry) != 2 or type(entry[0]) is not str or type(entry[1]) is not list:
        raise WireError("an array has no dtype and shape")
    name, shape = entry
    if len(shape) > MAX_DIMENSIONS or not all(type(n) is int and 0 <= n < _LARGEST_SIDE for n in shape):
        raise WireError("an array has an impossible shape")
    if math.prod(n for n in shape if n) >= _LARGEST_SIDE:
        raise WireError("an array has an impossible size")
    if name == "text":
        if len(shape) != 1:
            raise WireError("text has one length")
        return None, tuple(shape)
    order, kind, width = name[:1], name[1:2], name[2:]
    if order not in ("<", "|") or not (width.isascii() and width.isdigit() and len(width) <= 4):
        raise WireError("an array has an unknown dtype")
    if kind not in ("b", "i", "u", "f", "c", "U"):
        raise WireError("an array has an unknown dtype")
    if kind == "U":
        if not 0 < int(width) <= MAX_TEXT_WIDTH:
            raise WireError("a text array is too wide")
    elif int(width) not in _KINDS_AND_SIZES[kind]:
        raise WireError("an array has an unknown dtype")
    return np.dtype(f"{order}{kind}{int(width)}"), tuple(shape)


def decode(header: bytes, body: bytes | bytearray | memoryview) -> Message:
    """The message of a frame; arrays are base arrays that own their memory, writable and C-contiguous.

    Raises
    ------
    WireError
        For anything that `encode` cannot have written.
    """
    try:
        content = _from_json(header.decode("ascii"))
    except (ValueError, RecursionError):
        raise WireError("the header is no JSON") from None
    if type(content) is not list or len(content) != 3:
        raise WireError("the header has no kind, fields and arrays")
    kind, fields, table = content
    if type(kind) is not str or len(kind) > 40 or type(fields) is not dict:
        raise WireError("the header has no kind and fields")
    reader = _Reader(table, memoryview(body))
    return Message(kind, {name[:40]: reader.node(tree) for name, tree in fields.items()})
