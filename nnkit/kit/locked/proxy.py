"""A locked submission as a test sees it: the interface of `nnkit.student.testing.LocalSubmission`, over the wire."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from inspect import getsource
from typing import Any, Protocol, TypeVar

from nnkit.kit.locked.program.wire import Kept, WireError, is_plain_array
from nnkit.kit.locked.values import RemoteHandle, Values
from nnkit.student import disabling
from nnkit.student.inout import without_inout
from nnkit.student.steps import pick_from
from nnkit.student.testing import Call, Put, StudentError

LARGEST_PARCEL = 64 << 20
MOST_CALLS_IN_A_PARCEL = 2000
MOST_ITEMS = 10_000
ENABLING_S = 10.0
LONGEST = 1_000_000


T = TypeVar("T")


class Asks(Protocol):
    """What a submission needs of a session."""

    values: Values

    def ask(self, kind: str, fields: dict[str, Any], wall_s: float, read: Callable[[Any], T]) -> T: ...


class LockedSubmission:
    """The student's names, in a locked process.

    Parameters
    ----------
    session : LockedSession
    wall_s : float
        Seconds by the clock that the calls may take together, from now on.

    Attributes
    ----------
    mutations : list of str
        "function: argument" for every array, dict and list among the arguments that a call changed in place since
        `clear_mutations`; what `inout` marks may be changed.
    """

    def __init__(self, session: Asks, wall_s: float) -> None:
        self._session = session
        self._deadline = time.monotonic() + wall_s
        self.mutations: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def read(reply: dict[str, Any]) -> Any:
            if type(reply["missing"]) is not bool:
                raise WireError("whether a name is there is no bool")
            if reply["missing"]:
                raise StudentError(f"{name} is not defined in the notebook")
            return self.give(reply["value"], name)

        return self._ask("get", {"name": name}, read)

    def clear_mutations(self) -> None:
        """Forget the mutations seen so far."""
        self.mutations = []

    def disable(self, functions: Sequence[str]) -> None:
        """Put functions out of use over there; see `nnkit.student.testing.forbidden`."""
        self._ask("disable", {"names": list(functions), "code": getsource(disabling)}, lambda _: None)

    def enable_all(self) -> None:
        """Put them back to use, also when the time for calls is over; where that fails, the process has ended."""
        with suppress(StudentError):
            self._session.ask("enable_all", {}, ENABLING_S, lambda _: None)

    def reset(self) -> None:
        """Forget all handles, on both sides; to be done between tests."""
        self._ask("reset", {}, lambda _: None)
        self._session.values.clear()
        self.clear_mutations()

    def run(self, steps: Sequence[Any], pick: int | None = None) -> list[Any]:
        """Take several `Put` and `Call` steps in order, in one message; the results of the Calls."""
        out = self._session.values.outgoing
        sent: list[tuple[Any, ...]] = []
        for step in steps:
            if type(step) is Put:
                sent.append(("put", out(step.container), out(step.key), out(step.value)))
            elif type(step) is Call:
                args, kwargs, places = without_inout(step.args, step.kwargs or {})
                sent.append(("call", out(step.function), out(args), out(kwargs), places))
            else:
                raise TypeError("a step is a Put or a Call")
        results: list[Any] = []
        done = 0
        for parcel in _parcels(sent):
            functions = [step.function if type(step) is Call else None for step in steps[done : done + len(parcel)]]

            def read(reply: dict[str, Any], functions: list[Any] = functions) -> list[Any]:
                names = [_name_of(function) for function in functions if function is not None]
                for index, argument in _pairs(reply["changed"]):
                    if type(index) is int and 0 <= index < len(functions) and functions[index] is not None:
                        self._note(_name_of(functions[index]), [argument])
                given = zip(_items(reply["value"], len(names)), names, strict=True)
                return [self._picked(value, pick, name) for value, name in given]

            results += self._ask("run", {"steps": parcel, "pick": pick}, read)
            done += len(parcel)
        return results

    def give(self, value: Any, name: str) -> Any:
        """A value of the locked process as the test may have it."""
        if type(value) in (tuple, list, dict):
            raise WireError("a container came where a value was due")
        return self._session.values.incoming(value, name)

    def let_go(self, number: int) -> None:
        """No test holds this object any more."""
        self._session.values.let_go(number)

    def access(self, operation: str, target: RemoteObject, operands: tuple[Any, ...], read: Callable[[Any], T]) -> T:
        """Read or set an attribute or item of an object over there."""
        out = self._session.values.outgoing
        fields = {"operation": operation, "target": out(target), "operands": out(operands)}
        return self._ask("access", fields, lambda reply: read(reply["value"]))

    def call(self, target: RemoteObject, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an object over there; in-out dicts among the arguments are changed as the call changed them."""
        values, name = self._session.values, _name_of(target)
        args, kwargs, places = without_inout(args, kwargs)

        def read(reply: dict[str, Any]) -> Any:
            self._note(name, reply["changed"])
            for place, content in _pairs(reply["dicts"]):
                if type(place) not in (int, str) or place not in places:
                    raise WireError("a dict comes back that was not given to be changed")
                if type(content) is dict:
                    given = args[place] if type(place) is int else kwargs[place]
                    given.clear()
                    given.update(values.incoming(content, f"content of an argument of {name}"))
            return self._picked(reply["value"], None, name)

        fields = {"target": values.outgoing(target), "args": values.outgoing(args), "kwargs": values.outgoing(kwargs)}
        return self._ask("call", {**fields, "pick": None, "in_out": places}, read)

    def batch(self, target: RemoteObject, calls: Sequence[Sequence[Any]], pick: int | None, kwargs: Any) -> list[Any]:
        """Call an object over there many times; the same arguments of all calls are in-out."""
        values, name = self._session.values, _name_of(target)
        bare = [without_inout(args, kwargs or {}) for args in calls]
        fixed = {
            "target": values.outgoing(target),
            "kwargs": values.outgoing(bare[0][1] if bare else {}),
            "pick": pick,
            "in_out": bare[0][2] if bare else [],
        }
        results: list[Any] = []
        for parcel in _parcels([values.outgoing(args) for args, _, _ in bare]):

            def read(reply: dict[str, Any], count: int = len(parcel)) -> list[Any]:
                self._note(name, reply["changed"])
                return [self._picked(value, pick, name) for value in _items(reply["value"], count)]

            results += self._ask("batch", {**fixed, "calls": parcel}, read)
        return results

    def _ask(self, kind: str, fields: dict[str, Any], read: Callable[[Any], T]) -> T:
        return self._session.ask(kind, fields, max(0.0, self._deadline - time.monotonic()), read)

    def _picked(self, value: Any, pick: int | None, name: str) -> Any:
        if type(value) is not tuple or len(value) != 2 or type(value[0]) is not bool:
            raise WireError("a result has no known form")
        picked, content = value
        if type(content) is tuple and not picked:
            return pick_from(tuple(self.give(item, name) for item in content), pick)
        result = self.give(content, name)
        return result if picked else pick_from(result, pick)

    def _note(self, name: str, arguments: Any) -> None:
        if type(arguments) is not list or not all(type(argument) is str for argument in arguments):
            raise WireError("a list of arguments has an unknown form")
        new = (f"{name}: {argument[:100]}" for argument in arguments)
        self.mutations = [*self.mutations, *new][:1000]


class RemoteObject(RemoteHandle):
    """Something that stays in the locked process: a function, a class, an object, a container.

    It can be called and passed in again; attributes and items can be read and set. It has no truth value and equals
    nothing: whatever the object would answer, a test must not take its word.
    """

    __slots__ = ("_submission",)
    __hash__ = None  # type: ignore[assignment]

    _submission: LockedSubmission

    def __init__(self, submission: LockedSubmission, number: int, name: str, kind: str) -> None:
        for slot, value in (("_submission", submission), ("_number", number), ("_name", name), ("_type_name", kind)):
            object.__setattr__(self, slot, value)

    def __del__(self) -> None:
        self._submission.let_go(self._number)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        owner = self._name if self._type_name in ("module", "type") else self._type_name
        return self._access("getattr", f"{owner}.{attribute}", attribute)

    def __setattr__(self, attribute: str, value: Any) -> None:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        self._access("setattr", attribute, attribute, value)

    def __getitem__(self, key: Any) -> Any:
        return self._access("getitem", f"{self._name}[{key!r}]", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._access("setitem", self._name, key, value)

    def __len__(self) -> int:
        def read(length: Any) -> int:
            # Python itself makes room for what this says.
            if type(length) is not int or not 0 <= length <= LONGEST:
                raise WireError("a length is none")
            return length

        return self._submission.access("len", self, (), read)

    def __iter__(self) -> Iterator[Any]:
        give, name = self._submission.give, f"element of {self._name}"
        yield from self._submission.access(
            "iter", self, (), lambda value: [give(item, name) for item in _items(value, None)]
        )

    __reversed__ = None  # Python would ask for the items one by one, as many as the object says it has

    def __contains__(self, key: Any) -> bool:
        def read(answer: Any) -> bool:
            if type(answer) is not bool:
                raise WireError("whether something is in there is no bool")
            return answer

        return self._submission.access("contains", self, (key,), read)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._submission.call(self, args, kwargs)

    def batch(
        self, arguments: Sequence[Sequence[Any]], pick: int | None = None, kwargs: Mapping[str, Any] | None = None
    ) -> list[Any]:
        """Call once for each tuple of arguments; `pick` keeps one element of every tuple result."""
        return self._submission.batch(self, arguments, pick, kwargs)

    def _access(self, operation: str, name: str, *operands: Any) -> Any:
        return self._submission.access(operation, self, operands, lambda value: self._submission.give(value, name))

    def __reduce_ex__(self, protocol: object) -> Any:
        raise TypeError(f"{self._name} is an opaque {self._type_name}: it can't be copied")

    def __bool__(self) -> bool:
        raise TypeError(f"{self._name} is an opaque {self._type_name}: a test may not ask for its truth value")

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"{self._name} is an opaque {self._type_name}: a test may not compare it")

    def __repr__(self) -> str:
        return f"<{self._name}: {self._type_name} of the submission>"


def _name_of(remote: Any) -> str:
    return str(object.__getattribute__(remote, "_name"))


def _items(value: Any, count: int | None) -> list[Any]:
    if type(value) is not list or (len(value) > MOST_ITEMS if count is None else len(value) != count):
        raise WireError("a list of results has the wrong length")
    return value


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if type(value) is not list or not all(type(pair) is tuple and len(pair) == 2 for pair in value):
        raise WireError("a list of pairs has an unknown form")
    return value


def _parcels(items: Sequence[Any]) -> Iterator[list[Any]]:
    """Split a batch into messages of a bounded size."""
    parcel: list[Any] = []
    seen: set[int] = set()
    size = 0
    for item in items:
        arrays = {id(array): array.nbytes for array in _arrays(item)}
        more = sum(nbytes for key, nbytes in arrays.items() if key not in seen)
        if parcel and (size + more > LARGEST_PARCEL or len(parcel) >= MOST_CALLS_IN_A_PARCEL):
            yield parcel
            parcel, seen, size, more = [], set(), 0, sum(arrays.values())
        parcel.append(item)
        size += more
        seen.update(arrays)
    if parcel:
        yield parcel


def _arrays(value: Any) -> Iterator[Any]:
    if type(value) is Kept:
        yield value.array
    elif is_plain_array(value):
        yield value
    elif type(value) in (tuple, list):
        for item in value:
            yield from _arrays(item)
    elif type(value) is dict:
        yield from _arrays(list(value.values()))
