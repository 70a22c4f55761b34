"""The objects that stay in the locked process, and the rule for what leaves it by value."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .wire import Array, Foreign, Handle, Kept, WireError, is_plain_array, is_plain_key, is_plain_scalar

MAX_OBJECTS = 200_000


class ForeignObject:
    """Something that belongs to the other side. It can be kept and passed on, and has nothing to look at."""

    __slots__ = ("__weakref__", "_number")

    def __init__(self, number: int) -> None:
        self._number = number

    def __repr__(self) -> str:
        return "<kept by the grader>"


def type_name(value: object) -> str:
    """The name of a value's type, in printable ASCII."""
    name = type.__dict__["__name__"].__get__(type(value))
    if isinstance(value, np.ndarray):
        name = f"{name} of {value.dtype}" if type(value) is np.ndarray else name
    return "".join(c if " " <= c <= "~" else "?" for c in str(name)[:80])


FEW_BYTES = 16_384  # so few are copied and compared faster than NumPy begins


def same_bytes(a: Array, b: Array) -> bool:
    """Whether two arrays agree in dtype, shape and every bit (so that NaN equals itself)."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.nbytes <= FEW_BYTES:
        return a.tobytes() == b.tobytes()
    a, b = (np.ascontiguousarray(x, dtype=b.dtype).reshape(-1).view(np.uint8) for x in (a, b))
    return bool((a == b).all())


Path = tuple[Any, ...]


@dataclass
class Arguments:
    """Arguments rebuilt for one call, and how they looked when they came.

    A path is the argument's position or name, then indices into the tuples and lists, and keys of the dicts, around
    the value. What stands in an in-out dict may be changed, and is not looked at.
    """

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    in_out: dict[int | str, dict[Any, Any]] = field(default_factory=dict)
    arrays: list[tuple[Path, Array, Array]] = field(default_factory=list)
    containers: list[tuple[Path, dict[Any, Any] | list[Any], dict[Any, Any] | list[Any]]] = field(default_factory=list)

    def changed(self) -> list[Path]:
        """Where arrays, dicts and lists no longer hold what was sent."""
        paths = [path for path, given, sent in self.arrays if not same_bytes(given, sent)]
        for path, content, before in self.containers:
            if type(content) is list and len(content) != len(before):
                paths.append(path)
            else:
                paths += [(*path, key) for key in _exchanged(content, before)]
        return paths


def _exchanged(content: Any, before: Any) -> list[Any]:
    """Keys, or indices, under which a container holds something else than before."""
    if type(content) is list:
        return [i for i, value in enumerate(before) if not _same(content[i], value)]
    lost = [key for key, value in before.items() if key not in content or not _same(content[key], value)]
    return lost + [key for key in content if key not in before]


def _same(value: Any, before: Any) -> bool:
    """Whether a value is still there, or an equal plain one in its place."""
    if value is before:
        return True
    if type(value) is not type(before):
        return False
    if type(value) is np.ndarray:
        return same_bytes(value, before)
    return is_plain_scalar(value) and bool(value == before or (value != value and before != before))


class Handles:
    """Numbers for objects: the other side holds the numbers, this side the objects."""

    def __init__(self) -> None:
        self._objects: dict[int, object] = {}
        self._numbers: dict[int, int] = {}
        self._foreign: dict[int, ForeignObject] = {}
        self._next = 0

    def number(self, value: object) -> int:
        known = self._numbers.get(id(value))
        if known is not None:
            return known
        if len(self._objects) >= MAX_OBJECTS:
            raise WireError(f"more than {MAX_OBJECTS} objects are held for the grader")
        self._next += 1
        self._objects[self._next] = value
        self._numbers[id(value)] = self._next
        return self._next

    def get(self, number: int) -> Any:
        try:
            return self._objects[number]
        except KeyError:
            raise WireError(f"there is no object number {number}: it has been released") from None

    def release(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if number in self._objects:
                del self._numbers[id(self._objects.pop(number))]

    def clear(self) -> None:
        self._objects.clear()
        self._numbers.clear()
        self._foreign.clear()

    def handle(self, value: object) -> Handle:
        return Handle(self.number(value), type_name(value))

    def outgoing(self, value: object, top: bool = True) -> Any:
        """A result: plain values by value, a tuple at the top as a tuple, everything else as a handle."""
        if is_plain_scalar(value):
            return value
        if is_plain_array(value):
            assert isinstance(value, np.ndarray)
            return Kept(value, self.number(value))
        if type(value) is ForeignObject:
            return Foreign(value._number)
        if top and type(value) is tuple:
            return tuple(self.outgoing(item, top=False) for item in value)
        return self.handle(value)

    def outgoing_argument(self, value: object, depth: int = 0) -> Any:
        """An argument of a call-back: plain containers too, because the other function must see their content."""
        kind = type(value)
        if depth < 8 and kind in (tuple, list):
            assert isinstance(value, (tuple, list))
            return kind(self.outgoing_argument(item, depth + 1) for item in value)
        if depth < 8 and kind is dict:
            assert isinstance(value, dict)
            if all(map(is_plain_key, value)):
                return {key: self.outgoing_argument(item, depth + 1) for key, item in value.items()}
        return self.outgoing(value, top=False)

    def incoming(self, value: Any) -> Any:
        """The value for student code, by itself."""
        return self._rebuild(value, {}, Arguments(), None)

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any], in_out: Collection[int | str] = ()) -> Arguments:
        """The arguments of one call: handles resolved, every array a fresh copy that nothing else shares.

        `in_out` are the positions and names of dicts that the call may change.
        """
        memo: dict[int, Array] = {}
        rebuilt = Arguments()

        def each(place: int | str, value: Any) -> Any:
            taken = self._rebuild(value, memo, rebuilt, None if place in in_out else (place,))
            if place in in_out and type(taken) is dict:
                rebuilt.in_out[place] = taken
            return taken

        rebuilt.args = tuple(each(i, value) for i, value in enumerate(args))
        rebuilt.kwargs = {name: each(name, value) for name, value in kwargs.items()}
        return rebuilt

    def _rebuild(self, value: Any, memo: dict[int, Array], seen: Arguments, path: Path | None) -> Any:
        kind = type(value)
        if kind is np.ndarray:
            if id(value) not in memo:
                memo[id(value)] = value.copy()
            if path is not None:
                seen.arrays.append((path, memo[id(value)], value))
            return memo[id(value)]
        if kind is Kept:
            original = self._objects.get(value.number)
            if type(original) is not np.ndarray or not same_bytes(original, value.array):
                return self._rebuild(value.array, memo, seen, path)
            if path is not None:
                seen.arrays.append((path, original, value.array))
            return original
        if kind is Handle:
            return self.get(value.number)
        if kind is Foreign:
            return self._foreign.setdefault(value.number, ForeignObject(value.number))
        if kind in (tuple, list, dict):
            pairs = value.items() if kind is dict else enumerate(value)
            inside = {
                key: self._rebuild(item, memo, seen, None if path is None else (*path, key)) for key, item in pairs
            }
            rebuilt: Any = inside if kind is dict else kind(inside.values())
            if path is not None and kind is not tuple:
                seen.containers.append((path, rebuilt, kind(rebuilt)))
            return rebuilt
        return value
