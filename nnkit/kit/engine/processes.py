"""Grading processes, one for each thread that hands out work; a thread outlives a process that ends."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from nnkit.kit.engine import worker
from nnkit.kit.engine.jobs import Order
from nnkit.kit.engine.zygote import Forked, forked
from nnkit.kit.grading.outcome import Graded

# Not with -m: the module has to be the one that arriving functions are of.
_START = f"""
import os, sys
sys.path[:] = sys.argv[2:]
from {worker.__name__} import load, main
load()
main(int(sys.argv[1]), os.dup(0))
"""
P = ParamSpec("P")
T = TypeVar("T")


class ProcessEnded(Exception):
    """A grading process has ended without an answer.

    Attributes
    ----------
    item : str
        Whose tests it was at; empty if none's.
    stuck : bool
        Whether it had to be ended, as it did not come to an end by itself.
    """

    def __init__(self, message: str, item: str = "", stuck: bool = False) -> None:
        super().__init__(message, item, stuck)  # all of it travels from a cluster's worker
        self.item, self.stuck = item, stuck

    def __str__(self) -> str:
        return str(self.args[0])


class GradingProcess:
    """A process that grades in its main thread, where alone Python can interrupt what takes too long.

    It is forked from the zygote, or a fresh interpreter; of a session of its own, so that Ctrl-C at the terminal
    reaches the coordinator only.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        leash, self._hold = os.pipe()
        try:
            self._process: Forked | subprocess.Popen[bytes] = forked(theirs.fileno(), leash) or _fresh(
                theirs.fileno(), leash
            )
        finally:
            theirs.close()
            os.close(leash)
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self.plans: set[str] = set()

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function of `worker` over there.

        Raises
        ------
        ProcessEnded
            Over it, or before.
        Refused
        """
        step = worker.Within(math.inf, "")
        try:
            self._connection.send((function, args))
            while True:
                if not self._connection.poll(None if math.isinf(step.seconds) else step.seconds):
                    raise ProcessEnded("the grading process did not come to an end", step.item, stuck=True)
                said = self._connection.recv()
                if not isinstance(said, worker.Within):
                    break
                step = said
        except (EOFError, OSError):
            raise ProcessEnded("the grading process ended unexpectedly", step.item) from None
        well, answer = said
        if not well:
            raise answer
        return answer  # type: ignore[no-any-return]

    def is_there(self) -> bool:
        """Whether one that was asked nothing still runs: there is nothing to be read from it, not even its end."""
        return not self._connection.poll()

    def close(self) -> None:
        """End it, whatever it is at; its locked processes end with it."""
        self._process.terminate()
        try:
            self._process.wait(worker.GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._hold)
        with contextlib.suppress(OSError):
            self._connection.close()


def _fresh(connection: int, leash: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P: a folder of the course may be called as a package is.
        [sys.executable, "-P", "-c", _START, str(connection), *sys.path],
        pass_fds=(connection,),
        stdin=leash,
        stdout=2,  # standard output is for data
        start_new_session=True,
    )


class Spares:
    """Grading processes that load while it is still being found out what is to be graded."""

    def __init__(self) -> None:
        self._idle: list[GradingProcess] = []
        self._lock = threading.Lock()

    def fill(self, count: int) -> None:
        """Start as many as are missing."""
        with self._lock:
            self._idle.extend(GradingProcess() for _ in range(count - len(self._idle)))

    def take(self) -> GradingProcess:
        """One of them, or a new one."""
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.is_there():
                    return process
                process.close()
        return GradingProcess()

    def close(self) -> None:
        """End those that nobody took."""
        with self._lock:
            idle, self._idle = self._idle, []
        _close_all(idle)


class Processes:
    """Grading processes that know the same plans.

    Parameters
    ----------
    plans : mapping of str to bytes
        Pickled plans by key.
    spares : Spares, optional
        Where to take processes from.
    """

    def __init__(self, plans: Mapping[str, bytes], spares: Spares | None = None) -> None:
        self._plans = plans
        self._spares = spares or Spares()
        self._own = threading.local()
        self._all: set[GradingProcess] = set()
        self._lock = threading.Lock()
        self._closed = False

    def grade(self, order: Order) -> Graded:
        """Carry out an order in the calling thread's process.

        Raises
        ------
        ProcessEnded
            The next call starts another one.
        Refused
        """
        process = self._process()
        try:
            if order.plan not in process.plans:
                process.call(worker.receive, order.plan, self._plans[order.plan])
                process.plans.add(order.plan)
            return process.call(worker.grade, order)
        except ProcessEnded:
            self._drop(process)
            raise

    def close(self) -> None:
        """End all of them at once."""
        with self._lock:
            self._closed = True
            processes, self._all = self._all, set()
        _close_all(processes)

    def _process(self) -> GradingProcess:
        process: GradingProcess | None = getattr(self._own, "process", None)
        if process is None:
            with self._lock:
                if self._closed:
                    raise ProcessEnded("grading has been stopped")
                process = self._own.process = self._spares.take()
                self._all.add(process)
        return process

    def _drop(self, process: GradingProcess) -> None:
        self._own.process = None
        with self._lock:
            ours = process in self._all
            self._all.discard(process)
        if ours:
            process.close()


def _close_all(processes: Iterable[GradingProcess]) -> None:
    """End several at once."""
    closing = [threading.Thread(target=process.close) for process in processes]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join()
