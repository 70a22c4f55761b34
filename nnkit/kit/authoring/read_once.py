"""Templates read once by a command that needs the whole course many times over, and anew by the next command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from nnkit.kit.course.settings import Course

Read = TypeVar("Read")

_known: ContextVar[dict[tuple[object, ...], Any] | None] = ContextVar("known", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Within the block, what `kept_within_read_once` decorates is read once; files are not expected to change."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def kept_within_read_once(read: Callable[[Course, str, str], Read]) -> Callable[[Course, str, str], Read]:
    """Let a function of course, assignment and notebook keep what it gives, within `read_once`."""

    @wraps(read)
    def kept(course: Course, assignment: str, notebook: str) -> Read:
        known = _known.get()
        if known is None:
            return read(course, assignment, notebook)
        key = (read, id(course), assignment, notebook)
        if key not in known:
            known[key] = course, read(course, assignment, notebook)  # the course, so that no other one gets its id
        result: Read = known[key][1]
        return result

    return kept
