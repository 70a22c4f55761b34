"""Templates read once by a command that needs the whole course many times over, and anew by the next command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

_known: ContextVar[dict[tuple[object, ...], Any] | None] = ContextVar("known", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Within the block, what `kept_within_read_once` decorates is read once; files are not expected to change."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def kept_within_read_once(read: Function) -> Function:
    """Let a function of the course and of names keep what it gives, within `read_once`."""

    @wraps(read)
    def kept(course: Any, *names: str) -> Any:
        known = _known.get()
        if known is None:
            return read(course, *names)
        key = (read, id(course), *names)
        if key not in known:
            known[key] = course, read(course, *names)  # the course, so that no other one gets its id
        return known[key][1]

    return cast(Function, kept)
