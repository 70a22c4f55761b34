"""Grading processes, one for each thread that hands out work; a thread outlives a process that ends."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from nnkit.kit.engine import desk
from nnkit.kit.engine.jobs import Order
from nnkit.kit.engine.zygote import Forked, forked
from nnkit.kit.grading.graded import Graded

# Not with -m: the module has to be the one that arriving functions are of.
_START = f"""
import os, sys
from {desk.__name__} import load, main
load()
main(int(sys.argv[1]), os.dup(0))
"""
P = ParamSpec("P")
T = TypeVar("T")


class ProcessEnded(Exception):
    """A grading process has ended without an answer."""


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
        """Call a function of `desk` over there.

        Raises
        ------
        ProcessEnded
            Over it, or before.
        Refused
        """
        try:
            self._connection.send((function, args))
            well, answer = self._connection.recv()
        except (EOFError, OSError):
            raise ProcessEnded("the grading process ended unexpectedly") from None
        if not well:
            raise answer
        return answer  # type: ignore[no-any-return]

    def close(self) -> None:
        """End it, whatever it is at; its locked processes end with it."""
        self._process.terminate()
        try:
            self._process.wait(desk.GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._hold)
        with contextlib.suppress(OSError):
            self._connection.close()


def _fresh(connection: int, leash: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _START, str(connection)],
        pass_fds=(connection,),
        stdin=leash,
        stdout=2,  # standard output is for data
        start_new_session=True,
    )


class Processes:
    """Grading processes that know the same plans.

    Parameters
    ----------
    plans : mapping of str to bytes
        Pickled plans by key.
    """

    def __init__(self, plans: Mapping[str, bytes]) -> None:
        self._plans = plans
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
                process.call(desk.receive, order.plan, self._plans[order.plan])
                process.plans.add(order.plan)
            return process.call(desk.grade, order)
        except ProcessEnded:
            self._drop(process)
            raise

    def close(self) -> None:
        """End all of them at once."""
        with self._lock:
            self._closed = True
            processes, self._all = self._all, set()
        closing = [threading.Thread(target=process.close) for process in processes]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    def _process(self) -> GradingProcess:
        process: GradingProcess | None = getattr(self._own, "process", None)
        if process is None:
            with self._lock:
                if self._closed:
                    raise ProcessEnded("grading has been stopped")
                process = self._own.process = GradingProcess()
                self._all.add(process)
        return process

    def _drop(self, process: GradingProcess) -> None:
        self._own.process = None
        with self._lock:
            ours = process in self._all
            self._all.discard(process)
        if ours:
            process.close()
