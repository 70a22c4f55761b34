"""Functions of the reference that student code calls over the wire, for follow-through."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from nnkit.kit.locked.bounded_calls import Overrun, within
from nnkit.kit.locked.program.wire import Limits, Message, WireError, encode
from nnkit.kit.locked.values import Values

LONGEST_MESSAGE = 500
MOST_ARGUMENTS = 64
DEEPEST = 12
_SNAPSHOT = Limits(header=64 << 20, body=512 << 20)


class LentFunctions:
    """Answers the call-backs of one locked process.

    Attributes
    ----------
    errors : list of Exception
        What reference functions raised; student code is told, and may have caused it.
    """

    def __init__(self, values: Values) -> None:
        self._values = values
        self._functions: dict[str, Callable[..., Any]] = {}
        self._by_value: frozenset[str] = frozenset()
        self._most: Mapping[str, int] | None = None
        self._left: Counter[str] = Counter()
        self._depth = 0
        self.errors: list[Exception] = []

    def set(
        self,
        functions: Mapping[str, Callable[..., Any]],
        by_value: Collection[str],
        most: Mapping[str, int] | None = None,
    ) -> None:
        """Lend these from now on; `most` says how often each call of a test may ask for them (None: no bound)."""
        self._functions = dict(functions)
        self._by_value = frozenset(by_value)
        self._most = most
        self._left = Counter()

    def begin(self, calls: int) -> None:
        """A request goes out in which a test makes so many calls: nothing is answered that these did not cause."""
        self._left = Counter({name: calls * most for name, most in (self._most or {}).items()})

    def answer(self, fields: Mapping[str, Any], deadline: float) -> Message:
        """The reply to a call-back: the function's result, or the error it raised.

        The arguments are a stranger's, and what the function makes of them may take for ever or all memory: it is
        stopped at the deadline.
        """
        name, args, kwargs = (fields.get(key) for key in ("name", "args", "kwargs"))
        if type(args) is not tuple or type(kwargs) is not dict or not all(type(key) is str for key in kwargs):
            raise WireError("a call-back has no arguments")
        if type(name) is not str or name not in self._functions:
            raise WireError("a call-back names no function that the grader lends")
        if len(args) + len(kwargs) > MOST_ARGUMENTS:
            raise WireError("a call-back has too many arguments")
        if self._most is not None:
            if self._left[name] <= 0:
                return self._failure(RuntimeError(f"{name} is lent for fewer calls than these"))
            self._left[name] -= 1
        try:
            if self._depth >= DEEPEST:
                raise RecursionError(f"{name} has been called from within itself {DEEPEST} times")
            self._depth += 1
            try:
                with within(deadline):
                    return self._result(name, args, kwargs)
            finally:
                self._depth -= 1
        except WireError:
            raise
        except Overrun:
            return self._failure(TimeoutError(f"{name} did not end in time with these arguments"))
        except Exception as error:
            return self._failure(error)

    def _result(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Message:
        given = self._values.incoming(args, f"argument of {name}", writeable=True)
        named = self._values.incoming(kwargs, f"argument of {name}", writeable=True)
        dicts = [((place,), value) for place, value in [*enumerate(given), *named.items()] if type(value) is dict]
        before = [self._fingerprint(value) for _, value in dicts]
        result = self._functions[name](*given, **named)
        changed = [
            (path, self._values.outgoing(value))
            for (path, value), old in zip(dicts, before, strict=True)
            if self._fingerprint(value) != old
        ]
        sent = self._values.result_of_stub(result, name in self._by_value)
        return Message("reply", {"value": sent, "dicts": changed})

    def _failure(self, error: Exception) -> Message:
        self.errors.append(error)
        del self.errors[:-100]
        return Message("failure", {"type": type(error).__name__, "message": str(error)[:LONGEST_MESSAGE]})

    def _fingerprint(self, value: dict[Any, Any]) -> bytes:
        digest = hashlib.blake2b()
        for piece in encode(Message("dict", {"content": self._values.outgoing(value)}), _SNAPSHOT):
            digest.update(piece)
        return digest.digest()
