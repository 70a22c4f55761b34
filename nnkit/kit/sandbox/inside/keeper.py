"""The keeper: starts the stranger's process, watches it, and sees that nothing of it is left.

It is the first process of the PID namespace where there is one. It holds the control socket, whose end is the order to
end everything, so that nothing outlives the grader either. Over it the grader also asks for the CPU seconds used so
far, and says how many more may be used from now on.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from . import family, main_process

_TAIL = 65536
# CPU seconds between the interrupt that a used-up allowance sends and the end of everything.
_GRACE_CPU_S = 1.0


def keep(plan: dict[str, Any], control: socket.socket, resume: Callable[[], None] | None = None) -> bool:
    """Run the plan's command to its end, report how it ended, and leave nothing behind.

    Parameters
    ----------
    plan : dict
    control : socket
    resume : callable, optional
        Instead of executing the command, the new process calls it and goes on as a fork of a fork server.

    Returns
    -------
    bool
        Whether this is the stranger's own process, which goes on. The keeper returns False when all is over.
    """
    _tell(control, {"keeper": os.getpid()})
    stderr, stderr_end = os.pipe()
    trouble, trouble_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        main_process.become(plan, control, stderr_end, trouble_end, resume)
        return True
    for descriptor in (stderr_end, trouble_end, *plan["fds"]):
        os.close(descriptor)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)
    with os.fdopen(trouble, "rb") as pipe:
        message = pipe.read().decode(errors="replace")
    if message:
        _tell(control, {"trouble": message})
        return False
    _tell(control, {"started": True})
    watch = _Watch(plan, pid, control, stderr)
    report = watch.until_the_end()
    if not plan["own_pids"]:
        family.end(pid)
    if plan["remove"] and report["exit"] == "killed":
        _remove(plan["remove"])
    _tell(control, report)
    return False


def _remove(folder: str) -> None:
    """Remove the scratch folder: the order to end may mean that the grader is dead and can't."""
    import shutil  # only here: it would cost every start some milliseconds

    shutil.rmtree(folder, ignore_errors=True)


def _tell(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        control.sendall(json.dumps(message).encode() + b"\n")


class _Watch:
    def __init__(self, plan: dict[str, Any], pid: int, control: socket.socket, stderr: int) -> None:
        self.pid = pid
        self.own_pids: bool = plan["own_pids"]
        self.limits: dict[str, Any] = plan["watch"]
        self.control = control
        self.stderr = stderr
        self.tail_file: int = plan["tail_fd"]
        self.tail = b""
        self.orders = b""
        self.cpu = 0.0
        self.allowed = math.inf
        self.told = False
        # A scan of a whole machine's process table costs more than one of our own.
        self.interval = 0.2 if self.own_pids else 0.5
        os.set_blocking(stderr, False)

    def until_the_end(self) -> dict[str, Any]:
        ears = select.poll()
        for descriptor in (self.control.fileno(), self.stderr):
            ears.register(descriptor, select.POLLIN)
        interval = self.interval
        death = -1
        try:
            death = os.pidfd_open(self.pid)
            ears.register(death, select.POLLIN)
        except (AttributeError, OSError):
            interval = 0.02  # without pidfd its death is only found by looking
        due = time.monotonic() + self.interval
        kind = ""
        status: int | None = None
        while status is None:
            for descriptor, _ in ears.poll(1000 * interval):
                if descriptor == self.control.fileno():
                    if not self._obey():
                        kind = kind or "killed"
                        self._kill()
                        ears.unregister(descriptor)
                elif descriptor == self.stderr and not self._read_stderr():
                    ears.unregister(descriptor)
            if time.monotonic() >= due and not kind:
                kind = self._exceeded()
                if kind:
                    self._kill()
                due = time.monotonic() + self.interval
            status = self._reap()
        if death >= 0:
            os.close(death)
        for _ in range(16):
            if not self._read_stderr():
                break
        return self._report(kind, status)

    def _obey(self) -> bool:
        """Carry out what the grader asks; False at the end of the control socket."""
        try:
            piece = self.control.recv(4096)
        except OSError:
            piece = b""
        *lines, self.orders = (self.orders + piece).split(b"\n")
        for line in lines:
            self._count(family.members(self.own_pids))
            allowance = json.loads(line)["allow_cpu_s"]
            if allowance is not None:
                self.allowed, self.told = self.cpu + allowance, False
            _tell(self.control, {"cpu_s": self.cpu})
        return bool(piece)

    def _kill(self) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)

    def _reap(self) -> int | None:
        """Collect the dead; the status of the main process if it is among them."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == self.pid:
                    return status
                if pid == 0:
                    return None
        return None

    def _read_stderr(self) -> bool:
        try:
            piece = os.read(self.stderr, _TAIL)
        except BlockingIOError:
            return True
        if piece:
            self.tail = (self.tail + piece)[-_TAIL:]
            # Length first, then the bytes, always in the same place: the file can't grow.
            os.pwrite(self.tail_file, len(self.tail).to_bytes(8, "little") + self.tail, 0)
        return bool(piece)

    def _exceeded(self) -> str:
        """The limit that the processes together are over, if any."""
        pids = family.members(self.own_pids)
        memory = self._count(pids)
        if self.cpu > self.limits["cpu_s"] or self.cpu > self.allowed + _GRACE_CPU_S:
            return "cpu"
        if self.cpu > self.allowed and not self.told:
            # As a person stops a cell: what the notebook holds so far is kept if the program gives way to it.
            _tell(self.control, {"over": True})
            self.told = True
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGINT)
        if memory > self.limits["memory_bytes"] and family.memory_shared_out(pids) > self.limits["memory_bytes"]:
            return "memory"
        folder, room = self.limits["scratch"], self.limits["scratch_bytes"]
        if folder and family.folder_bytes(folder, room) > room:
            return "scratch"
        return ""

    def _count(self, pids: list[int]) -> int:
        """Bring the sum of CPU seconds up to date; bytes of memory in use."""
        cpu, memory = family.usage(pids)
        # A child that nobody waited for takes its seconds with it.
        self.cpu = max(self.cpu, cpu)
        return memory

    def _report(self, kind: str, status: int) -> dict[str, Any]:
        self._count([])
        code = os.waitstatus_to_exitcode(status)
        if not kind and code < 0:
            killed_for_cpu = code == -signal.SIGKILL and self.cpu >= self.limits["cpu_s"]
            kind = "cpu" if code == -signal.SIGXCPU or killed_for_cpu else "signalled"
        return {"exit": kind or "exited", "code": code, "cpu_s": self.cpu}
