"""A submission of this process, served to tests as a locked one is: for proofs, whose code the kit trusts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from nnkit.kit.locked.bounded_calls import within
from nnkit.student.submission import LocalSubmission

_MISSING = object()


class LocalSessions:
    """Serves a namespace by the rules of `nnkit.kit.locked.sessions.Sessions`.

    Parameters
    ----------
    namespace : dict
        What a notebook has left behind.
    patience_s : float
        Seconds that the calls of one test may take together, if its item has no fewer left.
    """

    def __init__(self, namespace: dict[str, Any], patience_s: float) -> None:
        self._session = LocalSession(namespace, patience_s)

    def submission(self, item: str, wall_s: float) -> LocalSubmission:
        return self._session.submission(wall_s)

    def session(self, item: str) -> LocalSession:
        return self._session

    def return_to(self, item: str, names: Collection[str]) -> bool:
        """Nothing is kept here but what the notebook has left behind."""
        return False

    def allow_again(self, item: str) -> None:
        """Nothing is counted here."""


class LocalSession:
    """The part of `nnkit.kit.locked.session.LockedSession` that lends functions."""

    def __init__(self, namespace: dict[str, Any], patience_s: float) -> None:
        self._namespace = namespace
        self._patience_s = patience_s
        self._replaced: dict[str, Any] = {}
        self._most: Mapping[str, int] = {}
        self._left: Counter[str] = Counter()

    def submission(self, wall_s: float) -> LocalSubmission:
        return _BoundedSubmission(self, self._namespace, time.monotonic() + min(wall_s, self._patience_s))

    def override(
        self, functions: Mapping[str, Callable[..., Any]], by_value: Collection[str] = (), most: Mapping[str, int] = {}
    ) -> None:
        self._most = most
        for name, function in functions.items():
            self._replaced.setdefault(name, self._namespace.get(name, _MISSING))
            self._namespace[name] = self._counted(name, function)

    def restore(self) -> None:
        for name, value in self._replaced.items():
            if value is _MISSING:
                del self._namespace[name]
            else:
                self._namespace[name] = value
        self._replaced.clear()

    def begin(self) -> None:
        """A test makes a call."""
        self._left = Counter(self._most)

    def _counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if self._left[name] <= 0:
                raise RuntimeError(f"{name} is lent for fewer calls than these")
            self._left[name] -= 1
            return function(*args, **kwargs)

        return counted


class _BoundedSubmission(LocalSubmission):
    def __init__(self, session: LocalSession, namespace: dict[str, Any], deadline: float) -> None:
        super().__init__(namespace)  # type: ignore[no-untyped-call]
        self._session = session
        self._deadline = deadline

    def _guard(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        self._session.begin()
        with within(self._deadline, room=None):
            return super()._guard(function, *args, **kwargs)  # type: ignore[no-untyped-call]
