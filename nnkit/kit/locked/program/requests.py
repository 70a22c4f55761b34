"""What the grader can ask about the namespace of a submission and about the objects in it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

from .handles import Arguments, Handles, Path
from .kept_names import KeptNames
from .wire import WireError

MOST_ITEMS = 10_000
MOST_CHANGES = 1000
CallBack = Callable[[str, tuple[Any, ...], dict[str, Any]], Any]
_MISSING = object()


class Stub:
    """Stands in the notebook's namespace for a function of the grader's."""

    def __init__(self, name: str, call_back: CallBack) -> None:
        self.__name__ = self.__qualname__ = name
        self._call_back = call_back

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call_back(self.__name__, args, kwargs)


class Requests:
    """Answers one request at a time; student code runs inside `student_code()` only."""

    def __init__(
        self,
        handles: Handles,
        namespace: dict[str, Any],
        student_code: Callable[[], AbstractContextManager[None]],
        call_back: CallBack,
    ) -> None:
        self._handles = handles
        self._namespace = namespace
        self._student_code = student_code
        self._call_back = call_back
        self._replaced: dict[str, Any] = {}
        self._disabling: dict[str, Any] = {}
        self._kept = KeptNames(namespace)
        self._answers: dict[str, Callable[..., dict[str, Any]]] = {
            "get": self._get,
            "call": self._call,
            "batch": self._batch,
            "run": self._run,
            "access": self._access,
            "override": self._override,
            "restore": self._restore,
            "disable": self._disable,
            "enable_all": self._enable_all,
            "reset": self._reset,
            "place": self._place,
            "keep": self._keep,
            "return_to": self._return_to,
        }

    def answer(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of the reply.

        Raises
        ------
        BaseException
            Whatever the student's code raises; a WireError if the request makes no sense.
        """
        if kind not in self._answers:
            raise WireError(f"unknown request {kind!r}")
        return self._answers[kind](**fields)

    def _get(self, name: str) -> dict[str, Any]:
        if name not in self._namespace:
            return {"missing": True, "value": None}
        return {"missing": False, "value": self._handles.outgoing(self._namespace[name], top=False)}

    def _call(
        self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], pick: int | None, in_out: list[int | str]
    ) -> dict[str, Any]:
        function = self._handles.incoming(target)
        arguments = self._handles.arguments(args, kwargs, in_out)
        with self._student_code():
            value, changed = self._result(function, arguments, pick)
        dicts = [(place, self._handles.outgoing_argument(content)) for place, content in arguments.in_out.items()]
        return {"value": value, "changed": changed, "dicts": dicts}

    def _batch(
        self, target: Any, calls: list[Any], kwargs: dict[str, Any], pick: int | None, in_out: list[int | str]
    ) -> dict[str, Any]:
        function = self._handles.incoming(target)
        values, changes = [], []
        with self._student_code():  # once around all: going in and out takes longer than many a call
            for args in calls:
                value, changed = self._result(function, self._handles.arguments(args, kwargs, in_out), pick)
                values.append(value)
                changes += changed
        return {"value": values, "changed": list(dict.fromkeys(changes))}

    def _run(self, steps: list[Any], pick: int | None) -> dict[str, Any]:
        values, changes = [], []
        for index, (kind, target, *rest) in enumerate(steps):
            owner = self._handles.incoming(target)
            if kind == "put":
                key, value = map(self._handles.incoming, rest)
                with self._student_code():
                    owner[key] = value
                continue
            arguments = self._handles.arguments(*rest)
            with self._student_code():
                value, changed = self._result(owner, arguments, pick)
            values.append(value)
            changes += [(index, name) for name in changed]
        return {"value": values, "changed": changes}

    def _result(self, function: Any, arguments: Arguments, pick: int | None) -> tuple[tuple[bool, Any], list[str]]:
        result = function(*arguments.args, **arguments.kwargs)
        changed = [_argument_name(function, path) for path in arguments.changed()[:MOST_CHANGES]]
        if pick is not None and type(result) is tuple and len(result) > pick:
            return (True, self._handles.outgoing(result[pick], top=False)), changed
        return (False, self._handles.outgoing(result)), changed

    def _access(self, operation: str, target: Any, operands: tuple[Any, ...]) -> dict[str, Any]:
        value = self._handles.incoming(target)
        first, *rest = [*map(self._handles.incoming, operands), None]
        with self._student_code():
            found = self._operate(operation, value, first, rest)
        if operation == "iter":
            return {"value": [self._handles.outgoing(item, top=False) for item in found]}
        return {"value": self._handles.outgoing(found, top=False)}

    def _operate(self, operation: str, value: Any, first: Any, rest: list[Any]) -> Any:
        if operation in ("getattr", "setattr") and (type(first) is not str or first.startswith("_")):
            raise WireError("attributes with a leading underscore are not part of an interface")
        match operation:
            case "getattr":
                return getattr(value, first)
            case "setattr":
                setattr(value, first, rest[0])
            case "getitem":
                return value[first]
            case "setitem":
                value[first] = rest[0]
            case "len":
                return len(value)
            case "contains":
                return bool(first in value)
            case "iter":
                items = list(islice(iter(value), MOST_ITEMS + 1))
                if len(items) > MOST_ITEMS:
                    raise ValueError(f"more than {MOST_ITEMS} items")
                return items
            case _:
                raise WireError(f"unknown operation {operation!r}")
        return None

    def _place(self, name: str, content: bytes) -> dict[str, Any]:
        with open(name, "wb") as file:
            file.write(content)
        return {"value": None}

    def _keep(self, name: str) -> dict[str, Any]:
        self._kept.keep(name)
        return {"value": None}

    def _return_to(self, name: str, asked_for: list[str]) -> dict[str, Any]:
        return {"value": self._kept.return_to(name, asked_for)}

    def _override(self, names: list[str]) -> dict[str, Any]:
        for name in names:
            self._replaced.setdefault(name, self._namespace.get(name, _MISSING))
            self._namespace[name] = Stub(name, self._call_back)
        return {"value": None}

    def _restore(self) -> dict[str, Any]:
        while self._replaced:
            name, value = self._replaced.popitem()
            if value is _MISSING:
                self._namespace.pop(name, None)
            else:
                self._namespace[name] = value
        return {"value": None}

    def _disable(self, names: list[str], code: str) -> dict[str, Any]:
        if not self._disabling:  # kept: it knows what it has put out of use
            self._disabling |= {"__name__": "disabling", "__file__": "disabling.py"}
            exec(compile(code, "disabling.py", "exec"), self._disabling)
        self._disabling["disable"](names, self._namespace)
        return {"value": None}

    def _enable_all(self) -> dict[str, Any]:
        if self._disabling:
            self._disabling["enable_all"]()
        return {"value": None}

    def _reset(self) -> dict[str, Any]:
        self._handles.clear()
        return {"value": None}


def _argument_name(function: Any, path: Path) -> str:
    """``x``, ``cache[0]`` or ``config['velocity']``, by the parameter names of the student's own function."""
    place, *inside = path
    if isinstance(place, int):
        try:
            name = list(inspect.signature(function).parameters)[place]
        except Exception:
            name = f"argument {place + 1}"
    else:
        name = place
    return name[:80] + "".join(f"[{step!r}]"[:80] for step in inside)
