"""The grader's side of the objects that stay in the locked process, and of its own that go there as numbers."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np

from nnkit.kit.locked.program.wire import Foreign, Handle, Kept, WireError, is_plain_array, is_plain_scalar
from nnkit.student.submission import Handle as LocalHandle
from nnkit.student.submission import target_of
from nnkit.student.testing import Opaque, type_name

MOST_FOREIGN = 100_000
MOST_HELD = 200_000  # as many as the locked process keeps for us
MOST_RELEASED = 10_000


class RemoteHandle(Opaque):
    """What stands for an object of the locked process: its number and, for messages, the name of its type."""

    __slots__ = ("_name", "_number", "_type_name")

    _name: str
    _number: int
    _type_name: str


class Values:
    """Turns a test's values into the wire's and back; knows which of them belong to the locked process."""

    def __init__(self, make: Callable[[int, str, str], RemoteHandle]) -> None:
        self._make = make
        self._arrays: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._held: Counter[int] = Counter()
        self._released: set[int] = set()
        self._foreign: dict[int, object] = {}
        self._foreign_numbers: dict[int, int] = {}
        self._next_foreign = 0

    def take_released(self) -> list[int]:
        """Numbers of objects that no test holds any more, to be told to the locked process; at most a message full."""
        released = list(islice(self._released, MOST_RELEASED))
        self._released.difference_update(released)
        return released

    def clear(self) -> None:
        self._arrays.clear()
        self._held.clear()
        self._released.clear()
        self._foreign.clear()
        self._foreign_numbers.clear()

    def outgoing(self, value: Any) -> Any:
        """The wire's form of an argument.

        Raises
        ------
        TypeError
            If the value has none: an error of the test, not of the submission.
        """
        if issubclass(type(value), RemoteHandle):
            return Handle(value._number)
        if type(value) is LocalHandle:
            return self._lent_to_the_test(target_of(value))
        if id(value) in self._foreign_numbers:
            return Foreign(self._foreign_numbers[id(value)])
        if is_plain_array(value):
            known = self._arrays.get(id(value))
            return Kept(value, known[1]) if known is not None and known[0]() is value else value  # type: ignore[arg-type]
        if type(value) in (tuple, list):
            return type(value)(self.outgoing(item) for item in value)
        if type(value) is dict:
            return {self.outgoing(key): self.outgoing(item) for key, item in value.items()}
        if is_plain_scalar(value):
            return value
        raise TypeError(f"{type_name(value)} cannot be sent to a submission")

    def incoming(self, value: Any, name: str, *, writeable: bool = False) -> Any:
        """A value of the locked process as a test or a reference function may have it."""
        kind = type(value)
        if kind is Kept:
            value.array.flags.writeable = writeable
            return self._remember(value.array, value.number)
        if kind is np.ndarray:
            value.flags.writeable = writeable
            return value
        if kind is Handle:
            self._hold(value.number)
            return self._make(value.number, name, value.type_name)
        if kind is Foreign:
            if value.number not in self._foreign:
                raise WireError("the locked process hands back something that it was never given")
            return self._foreign[value.number]
        if kind in (tuple, list):
            return kind(self.incoming(item, name, writeable=writeable) for item in value)
        if kind is dict:
            return {key: self.incoming(item, name, writeable=writeable) for key, item in value.items()}
        return value

    def result_of_stub(self, value: Any, by_value: bool) -> Any:
        """What a reference function returned: plain values as they are, its caches as numbers."""
        if by_value:
            return self.outgoing(value)
        if type(value) is tuple:
            return tuple(self._plain_or_foreign(item) for item in value)
        return self._plain_or_foreign(value)

    def _lent_to_the_test(self, value: Any) -> Any:
        """What a test got from the reference and hands on, such as a cache: student code may read it if it is plain."""
        try:
            return self.outgoing(value)
        except TypeError:
            return self._plain_or_foreign(value)

    def _plain_or_foreign(self, value: Any) -> Any:
        plain = is_plain_scalar(value) or is_plain_array(value) or issubclass(type(value), RemoteHandle)
        if plain or (type(value) is dict and all(is_plain_scalar(v) or is_plain_array(v) for v in value.values())):
            return self.outgoing(value)
        known = self._foreign_numbers.get(id(value))
        if known is None:
            if len(self._foreign) >= MOST_FOREIGN:
                raise WireError("the submission asked for too many objects of the reference")
            known = self._next_foreign = self._next_foreign + 1
            self._foreign[known] = value
            self._foreign_numbers[id(value)] = known
        return Foreign(known)

    def _hold(self, number: int) -> None:
        if len(self._held) + len(self._released) >= MOST_HELD:
            raise WireError(f"more than {MOST_HELD} objects were handed out")
        self._held[number] += 1
        self._released.discard(number)

    def let_go(self, number: int) -> None:
        if self._held[number] > 1:
            self._held[number] -= 1
        elif self._held.pop(number, 0):
            self._released.add(number)

    def _remember(self, array: Any, number: int) -> Any:
        known = self._arrays.get(id(array))
        if known is not None and known[0]() is array:
            return array
        key = id(array)

        def forget(_: object) -> None:
            self._arrays.pop(key, None)
            self.let_go(number)

        self._hold(number)
        self._arrays[key] = (weakref.ref(array, forget), number)
        return array
