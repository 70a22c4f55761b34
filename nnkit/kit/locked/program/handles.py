"""The objects that stay in the locked process, and the rule for what leaves it by value."""

from __future__ import annotations

from collections.abc import Iterable
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


Path = tuple[int | str, ...]


@dataclass
class Arguments:
    """Arguments rebuilt for one call, and how they looked when they came.

    A path is the argument's position or name, then indices into the tuples and lists around the value.
    """

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    arrays: list[tuple[Path, Array, Array]] = field(default_factory=list)
    dicts: list[DictArgument] = field(default_factory=list)

    def changed_arrays(self) -> list[Path]:
        """Where arrays no longer hold what was sent. What a dict holds is in-out, and not looked at."""
        return [path for path, given, sent in self.arrays if not same_bytes(given, sent)]

    def changed_dicts(self) -> list[DictArgument]:
        return [entry for entry in self.dicts if entry.has_changed()]


@dataclass
class DictArgument:
    """A dict among the arguments: what a function does to it is part of its result."""

    path: Path
    content: dict[Any, Any]
    before: dict[Any, Any]
    inside: Arguments

    def has_changed(self) -> bool:
        if list(self.content) != list(self.before):
            return True
        if any(self.content[key] is not value for key, value in self.before.items()):
            return True
        return bool(self.inside.changed_arrays() or self.inside.changed_dicts())


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

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The arguments of one call: handles resolved, every array a fresh copy that nothing else shares."""
        memo: dict[int, Array] = {}
        rebuilt = Arguments()
        rebuilt.args = tuple(self._rebuild(value, memo, rebuilt, (i,)) for i, value in enumerate(args))
        rebuilt.kwargs = {name: self._rebuild(value, memo, rebuilt, (name,)) for name, value in kwargs.items()}
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
        if kind in (tuple, list):
            items = enumerate(value)
            return kind(self._rebuild(item, memo, seen, None if path is None else (*path, i)) for i, item in items)
        if kind is dict:
            inside = Arguments()
            rebuilt = {key: self._rebuild(item, memo, inside, ()) for key, item in value.items()}
            if path is not None:
                seen.dicts.append(DictArgument(path, rebuilt, dict(rebuilt), inside))
            return rebuilt
        return value
