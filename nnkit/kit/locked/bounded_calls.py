"""Running a function of the grader's own on a stranger's arguments: within a time and a memory."""

from __future__ import annotations

import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

ROOM = 2 << 30
_LEAST_S = 0.001


class Overrun(BaseException):
    """The time is over. No `Exception`: the function that is running must not take it for one of its own."""


@contextmanager
def within(deadline: float, room: int | None = ROOM) -> Iterator[None]:
    """Run the body until `deadline` on the monotonic clock at most, with `room` bytes of memory more than now
    (None: any).

    May be nested. Time is watched in the main thread only, where Python delivers signals; memory on Linux only.

    Raises
    ------
    Overrun
        In the middle of the body.
    MemoryError
        Where the body asks for too much.
    """
    with _time(deadline):
        if room is None:
            yield
            return
        with _memory(room):
            yield


@contextmanager
def _time(deadline: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _overrun)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, max(_LEAST_S, deadline - began))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(_LEAST_S, outer - (time.monotonic() - began)))


def _overrun(number: int, frame: FrameType | None) -> None:
    raise Overrun


@contextmanager
def _memory(room: int) -> Iterator[None]:
    try:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        yield
        return
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [bound for bound in (before, most, used + room) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(bounds), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))
