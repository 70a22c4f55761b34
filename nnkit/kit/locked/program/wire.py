"""One message format between the grader and the locked process.

A frame is a fixed prefix (magic, header length, body length), a JSON header and the raw bytes of its arrays. Values
are None, bool, int, float, complex, str, bytes, base NumPy arrays and scalars of the listed dtypes, tuples, lists and
dicts of them, and three kinds of numbered references. Nothing is unpickled and no name is resolved: whatever the other
side sends ends in one of these values or in a `WireError`, in a time in proportion to its length and in a memory of at
most `MEMORY_OF_A_HEADER` bytes besides three times the body and four times its text.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

from .plain import (
    MAX_ARRAYS,
    MAX_DEPTH,
    MAX_NODES,
    Array,
    Foreign,
    Handle,
    Kept,
    Message,
    WireError,
    is_plain_array,
    is_plain_key,
    is_plain_scalar,
    wire_dtype,
)
from .reading import Reader
from .weight import branches
from .writing import Writer

__all__ = [
    "MAGIC",
    "MAX_ARRAYS",
    "MAX_DEPTH",
    "MAX_NODES",
    "MEMORY_OF_A_HEADER",
    "PREFIX",
    "Array",
    "Foreign",
    "Handle",
    "Kept",
    "Limits",
    "Message",
    "WireError",
    "decode",
    "encode",
    "is_plain_array",
    "is_plain_key",
    "is_plain_scalar",
    "wire_dtype",
]

MAGIC = b"nnw1"
PREFIX = struct.Struct("<4sIQ")
MEMORY_OF_A_HEADER = 256 << 20
_MOST_FIELDS = 40
_LONGEST_NAME = 40
# What `encode` can need: two for a value, half of one more for a dict's item, two for an entry of the array table.
_MOST_BRANCHES = 5 * MAX_NODES // 2 + 2 * MAX_ARRAYS + 100
_to_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_from_json = json.JSONDecoder().decode


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes that a frame may have, in bytes; they are checked before anything is allocated."""

    header: int = 1 << 20
    body: int = 256 << 20


TO_AGENT = Limits(header=4 << 20, body=512 << 20)
FROM_AGENT = Limits(header=4 << 20, body=256 << 20)


def encode(message: Message, limits: Limits) -> list[bytes | memoryview]:
    """The frame of a message, as pieces to be sent one after the other."""
    writer = Writer()
    fields = {name: writer.node(value) for name, value in message.fields.items()}
    header = _to_json([message.kind, fields, writer.table]).encode("ascii")
    body = sum(len(blob) for blob in writer.blobs)
    if len(header) > limits.header or body > limits.body:
        raise WireError(f"a message of {len(header)} + {body} bytes is larger than the wire allows")
    return [PREFIX.pack(MAGIC, len(header), body) + header, *writer.blobs]


def decode(header: bytes, body: bytes | bytearray | memoryview) -> Message:
    """The message of a frame; arrays are base arrays that own their memory, writable and C-contiguous.

    Raises
    ------
    WireError
        For anything that `encode` cannot have written.
    """
    try:
        text = header.decode("ascii")
        if branches(text, _MOST_BRANCHES) > _MOST_BRANCHES:
            raise WireError("the header has too many items")
        content = _from_json(text)
    except (ValueError, RecursionError):
        raise WireError("the header is no JSON") from None
    if type(content) is not list or len(content) != 3:
        raise WireError("the header has no kind, fields and arrays")
    kind, fields, table = content
    if type(kind) is not str or len(kind) > _LONGEST_NAME or type(fields) is not dict or len(fields) > _MOST_FIELDS:
        raise WireError("the header has no kind and fields")
    if not all(name.isascii() and len(name) <= _LONGEST_NAME for name in (kind, *fields)):
        raise WireError("a field has no proper name")
    reader = Reader(table, memoryview(body))
    try:
        return Message(kind, {name: reader.node(tree) for name, tree in fields.items()})
    except RecursionError:
        raise WireError("a message came too deep inside call-backs") from None
