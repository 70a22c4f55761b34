"""A fork server: a process that has loaded what every submission may have, and forks a fresh one for each.

It lives inside the view, in namespaces made for it, and holds nothing that a submission could not read itself. What
student code must not have, the right to make namespaces, each fork gives up before any of it runs; what one submission
must not see of another, each fork gets new.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import select
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

from . import keeper, kernel, launch

_MOST_DESCRIPTORS = 32
# Kinds of a request to fork.
WILL_DRAW, WILL_NOT_DRAW = b"d", b"n"


class Program(Protocol):
    """What is loaded once and goes on in every fork."""

    def prepare_drawing(self) -> None:
        """Load what a first figure would."""

    def resume(self) -> None:
        """Make a fork what a fresh process would be."""

    def service(self, descriptor: int) -> Callable[[], None]:
        """What serves one submission on a socket, and does not return."""


def main(settings: str, number: str) -> Callable[[], None]:
    """Load the program, then fork whenever the grader asks on the socket `number`.

    Returns
    -------
    callable
        In a fork only: what it has to do, to be called from the outermost frame.
    """
    channel = socket.socket(fileno=int(number))
    channel.set_inheritable(False)
    plan = json.loads(settings)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    loading = partial(_loading, plan["uid"], plan["gid"])
    try:
        with loading():
            program = _load(plan["program"])
    except Exception as error:
        channel.sendall(_trouble(error))
        os._exit(1)
    channel.sendall(b'{"ready": true}\n')
    return _Server(channel, program, loading).serve()


def _trouble(error: Exception) -> bytes:
    return json.dumps({"trouble": f"{type(error).__name__}: {error}"}).encode() + b"\n"


@contextlib.contextmanager
def _loading(uid: int | None, gid: int | None) -> Iterator[None]:
    """Load for all forks, and see that nothing is left that forks must not share: open files, threads."""
    before = _open_files()
    gc.unfreeze()  # what was loaded earlier is seen again by who looks for it
    gc.disable()  # libraries leave no garbage, and looking for it takes a tenth of the time to load them
    with _as_user(uid, gid):
        yield
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # changing the user has set it anew
    if left := _open_files().items() - before.items():
        raise RuntimeError(f"what was loaded has left files open: {', '.join(name for _, name in left)}")
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("what was loaded has started threads")
    gc.freeze()  # a collection in a fork need not touch, and so copy, what was there before
    gc.enable()


@contextlib.contextmanager
def _as_user(uid: int | None, gid: int | None) -> Iterator[None]:
    """Load as the submission's user would: what is closed to it stays unread."""
    if uid is None or gid is None:
        yield
        return
    before = os.geteuid(), os.getegid(), os.getgroups()
    os.setgroups([])
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(before[0])
        os.setegid(before[1])


def _load(package: str) -> Program:
    """Import the package, which lies at a path of the view, and let it load what it needs."""
    folder, name = os.path.split(package)
    sys.path.insert(0, folder)
    preparation = importlib.import_module(f"{name}.preparation")
    sys.path.remove(folder)
    program: Program = preparation.Prepared()
    return program


def _open_files() -> dict[int, str]:
    """What this process has open, by descriptor."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the listing's own descriptor
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    return found


class _Server:
    def __init__(
        self, channel: socket.socket, program: Program, loading: Callable[[], contextlib.AbstractContextManager[None]]
    ) -> None:
        self._channel = channel
        self._program = program
        self._loading = loading
        self._draws = False
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._ears = select.poll()
        self._ears.register(channel, select.POLLIN)
        self._children: dict[int, int] = {}

    def serve(self) -> Callable[[], None]:
        while True:
            for descriptor, _ in self._ears.poll():
                if descriptor != self._channel.fileno():
                    self._collect(descriptor)
                    continue
                kind, passed = self._next_request()
                if not passed:
                    os._exit(0)  # the grader is gone; the kernel ends every process of this namespace
                going_on = self._fork(passed, kind == WILL_DRAW)
                if going_on is not None:
                    return going_on

    def _next_request(self) -> tuple[bytes, list[int]]:
        """What kind of start, and its descriptors: control socket, file for the last words, the submission's own."""
        try:
            data, passed, flags, _ = socket.recv_fds(self._channel, 1, _MOST_DESCRIPTORS)
        except OSError:
            return b"", []
        return data, passed if data and not flags & socket.MSG_CTRUNC else []

    def _fork(self, passed: list[int], will_draw: bool) -> Callable[[], None] | None:
        pid = -1
        try:
            if will_draw and not self._draws:
                with self._loading():
                    self._program.prepare_drawing()
                self._draws = True
            # Only a child enters the new PID namespace, as its first process; we ourselves stay in ours.
            kernel.unshare(kernel.CLONE_NEWPID)
            pid = os.fork()
        except (OSError, RuntimeError) as error:
            os.write(passed[0], _trouble(error))
        if pid == 0:
            return self._begin(passed)
        kernel.join(self._own_pids, kernel.CLONE_NEWPID)
        if pid > 0:
            death = os.pidfd_open(pid)
            self._children[death] = pid
            self._ears.register(death, select.POLLIN)
        for descriptor in passed:
            os.close(descriptor)
        return None

    def _collect(self, death: int) -> None:
        """Collect a dead child: its CPU time becomes ours, and so that of whoever waits for us."""
        self._ears.unregister(death)
        os.close(death)
        os.waitpid(self._children.pop(death), 0)

    def _begin(self, passed: list[int]) -> Callable[[], None]:
        """Become a keeper and return in the process that it keeps: what that one has to do."""
        self._channel.close()
        for descriptor in (self._own_pids, *self._children):
            os.close(descriptor)
        control = socket.socket(fileno=passed[0])
        try:
            plan = launch.read_plan(control)
            control, plan["tail_fd"] = _place(control, passed[1:], plan["fds"])
            launch.renew(plan)
            launch.settle(plan)
            if keeper.keep(plan, control, partial(self._resume, plan)):
                if plan["code"] is not None:
                    return partial(_run_to_the_end, plan["code"])
                return self._program.service(plan["fds"][0])
        except Exception as error:
            control.sendall(_trouble(error))
            os._exit(1)
        os._exit(0)

    def _resume(self, plan: dict[str, Any]) -> None:
        """Be as if the program had been started in this process."""
        os.environ.clear()
        os.environ.update(plan["env"])
        for name in [name for name in sys.modules if name.partition(".")[0] == __package__]:
            del sys.modules[name]
        self._program.resume()


def _run_to_the_end(code: str) -> None:
    exec(code, {"__name__": "__main__"})
    os._exit(0)


def _place(control: socket.socket, passed: list[int], numbers: list[int]) -> tuple[socket.socket, int]:
    """Give the submission's descriptors the numbers that they have at the grader's, and put control and file above."""
    above = max([2, *numbers]) + 1
    moved = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, above) for number in (control.fileno(), *passed)]
    control.close()
    for number in passed:
        os.close(number)
    for number, wanted in zip(moved[2:], numbers, strict=True):
        os.dup2(number, wanted, inheritable=False)
        os.close(number)
    return socket.socket(fileno=moved[0]), moved[1]
