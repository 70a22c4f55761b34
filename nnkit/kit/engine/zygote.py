"""A process that has loaded what grading takes, and forks grading processes that need not load it again.

It is forked from a command that has read nothing of a course yet. So what comes from it, and stands next to student
code, holds neither the gradebook's URL nor an open connection to it; and it has one thread only, which is when forking
is sound.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from nnkit.kit.engine import worker

# What ps and top call these processes.
ZYGOTE, GRADING = "nnkit-zygote", "nnkit-grading"


class Forked:
    """A process that is not this one's child, as far as `subprocess.Popen` and it are alike."""

    def __init__(self, pidfd: int) -> None:
        self._pidfd = pidfd

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end; subprocess.TimeoutExpired if that takes longer than `timeout` seconds."""
        ears = select.poll()
        ears.register(self._pidfd, select.POLLIN)
        if not ears.poll(None if timeout is None else 1000 * timeout):
            raise subprocess.TimeoutExpired("a grading process", timeout or 0.0)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)

    def __del__(self) -> None:
        with suppress(OSError):
            os.close(self._pidfd)


class Zygote:
    """The process, seen from where it was forked."""

    def __init__(self) -> None:
        worker.load()
        self._channel, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            _become(partial(_live, self._channel, theirs))
        self._lock = threading.Lock()
        theirs.close()

    def fork(self, connection: int, leash: int) -> Forked | None:
        """A grading process that serves these descriptors, see `worker.main`; None if there is no zygote any more."""
        try:
            with self._lock:
                socket.send_fds(self._channel, [b"f"], [connection, leash])
                answer, passed, _, _ = socket.recv_fds(self._channel, 1, 1)
        except OSError:
            return None
        return Forked(passed[0]) if answer and passed else None

    def close(self) -> None:
        """End it. What it has forked ends by itself, when its leash is let go."""
        self._channel.close()
        os.waitpid(self._pid, 0)


_here: Zygote | None = None


@contextmanager
def zygote() -> Iterator[None]:
    """Fork grading processes of this process from a zygote, where that can be; before anything of a course is read."""
    global _here
    if sys.platform != "linux" or threading.active_count() > 1 or _here is not None:
        yield
        return
    _here = Zygote()
    try:
        yield
    finally:
        _here.close()
        _here = None


def forked(connection: int, leash: int) -> Forked | None:
    """A grading process from the zygote, or None where there is none."""
    return None if _here is None else _here.fork(connection, leash)


def _become(act: Callable[[], None]) -> NoReturn:
    """All that a fork does, out of reach of Ctrl-C at the terminal; nothing of where it was forked goes on in it."""
    try:
        os.setsid()
        act()
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(0)


def _live(there: socket.socket, channel: socket.socket) -> None:
    """Fork whenever asked to, until the other end is closed; then stay until the last one of them is gone."""
    there.close()
    _be_called(ZYGOTE)
    os.dup2(2, 1)  # standard output is for data
    children: dict[int, int] = {}
    ears = select.poll()
    ears.register(channel, select.POLLIN)
    listening = True
    while listening or children:
        for descriptor, _ in ears.poll():
            if descriptor != channel.fileno():
                ears.unregister(descriptor)
                os.close(descriptor)
                os.waitpid(children.pop(descriptor), 0)
                continue
            request, passed, _, _ = socket.recv_fds(channel, 1, 2)
            if not request:
                ears.unregister(channel)
                listening = False
                continue
            pid = os.fork()
            if pid == 0:
                _become(partial(_grade, channel, list(children), passed))
            pidfd = os.pidfd_open(pid)
            with suppress(BrokenPipeError):  # whoever asked is gone: so is the leash
                socket.send_fds(channel, [b"f"], [pidfd])
            children[pidfd] = pid
            ears.register(pidfd, select.POLLIN)
            for number in passed:
                os.close(number)


def _grade(channel: socket.socket, others: list[int], passed: list[int]) -> None:
    """The life of a grading process."""
    _be_called(GRADING)
    channel.close()
    for number in others:
        os.close(number)
    connection, leash = passed
    worker.main(connection, leash)


def _be_called(name: str) -> None:
    """Give this process a name."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name)
