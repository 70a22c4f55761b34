"""A locked process as its starter sees it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any

from .problems import SandboxError

_TAIL = 65536
_PATIENCE = 10.0  # for the keeper's answer
_CREDENTIALS = struct.Struct("iII")


@dataclass(frozen=True)
class Exit:
    """How a locked process ended.

    `kind` is ``exited`` (`code` is its status), ``signalled`` (`code` is minus the signal), ``cpu``, ``memory`` or
    ``scratch`` (it passed that limit), ``killed`` (by us, or nobody can tell by whom) or ``lost``: something outside,
    which the submission can't reach, ended the sandbox itself.
    """

    kind: str
    code: int
    cpu_s: float


class LockedProcess:
    """One process of a stranger and all that descends from it. Made by `start`; close it, or use it in a with block.

    `outer` is the process of ours that it all began with, `complaints` what that one says. None after a warm start: the
    keeper, the first process of the PID namespace, is then a child of the fork server, and the namespace ends with it.
    `enclosed` says that the submission can't reach its keeper.
    """

    def __init__(
        self,
        outer: subprocess.Popen[bytes] | None,
        control: socket.socket,
        tail: IO[bytes],
        complaints: IO[bytes] | None,
        workdir: str,
        translate: Callable[[str], str],
        clean_up: list[Callable[[], None]],
        *,
        enclosed: bool,
    ) -> None:
        self.workdir = workdir
        self.pid = 0
        self._outer = outer
        self._control = control
        self._tail = tail
        self._complaints = complaints
        self._translate = translate
        self._clean_up = clean_up
        self._enclosed = enclosed
        self._pidfds: dict[str, int] = {}
        self._pids: dict[str, int] = {}
        self._unread = b""
        self._report: dict[str, Any] | None = None
        self._exit: Exit | None = None
        self._cpu_s = 0.0
        self._readings = 0
        self._overran = False
        self._killed = False
        self._last_words: str | None = None
        self._waiting = threading.RLock()

    def __enter__(self) -> LockedProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def inside(self, path: str) -> str:
        """Where an inside path of the view really is: the same but in tiers that have no view of their own."""
        return self._translate(path)

    def await_start(self, timeout: float) -> None:
        """Wait until the program runs; SandboxError with the launcher's complaint if it never does."""
        deadline = time.monotonic() + timeout
        while True:
            message = self._next_message(deadline - time.monotonic())
            if message is None:
                why = self._complaint() or "the launcher did not answer"
                raise SandboxError(f"the locked process did not start: {why}")
            if "trouble" in message:
                raise SandboxError(f"the locked process did not start: {message['trouble']}")
            if message.get("started"):
                self.pid = self._pids["main"]
                return

    def interrupt(self) -> None:
        """Send SIGINT to the process itself, as a person does who stops a cell."""
        self._signal("main", signal.SIGINT)

    def allow_cpu(self, seconds: float | None) -> float:
        """Let all processes together use `seconds` of CPU time more from now on (None: as before).

        Past it the process itself is interrupted, and past a second more all of them are ended.

        Returns
        -------
        float
            CPU seconds used so far.
        """
        with self._waiting, contextlib.suppress(OSError, ValueError):
            seen = self._readings
            self._control.sendall(json.dumps({"allow_cpu_s": seconds}).encode() + b"\n")
            deadline = time.monotonic() + _PATIENCE
            while self._readings == seen and not self._at_end and time.monotonic() < deadline:
                self._take(self._next_message(deadline - time.monotonic()))
            if seconds is not None:
                self._overran = False
        return self._cpu_s

    def overran(self) -> bool:
        """Whether it was interrupted for using more CPU time than it was last allowed."""
        with self._waiting:
            while (message := self._next_message(0.0)) is not None:
                self._take(message)
        return self._overran

    def kill(self) -> None:
        """End the whole tree and wait until it is gone. Any thread may call it, as `interrupt`."""
        if self._exit is None:
            self._killed = True
            self._signal("main", signal.SIGKILL)
            # The keeper takes the end of the control socket as the order to end all.
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_WR)
            if self.wait(5.0) is None:
                self._signal("keeper", signal.SIGKILL)
                if self.wait(2.0) is None and self._outer is not None:
                    self._outer.kill()
                    self.wait(10.0)

    def wait(self, timeout: float | None = None) -> Exit | None:
        """How it ended, once the tree is gone; None if that takes longer than `timeout` seconds."""
        with self._waiting:
            return self._wait(timeout)

    def _wait(self, timeout: float | None) -> Exit | None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._exit is None:
            remaining = None if deadline is None else deadline - time.monotonic()
            message = self._next_message(remaining)
            if message is not None:
                self._take(message)
                continue
            if not self._at_end:
                return None
            if not self._gone(None if deadline is None else max(0.0, deadline - time.monotonic())):
                return None
            self._exit = self._judge()
        return self._exit

    def _gone(self, timeout: float | None) -> bool:
        """Whether the tree is gone, once its keeper has closed the control socket."""
        if self._outer is None:
            keeper = self._pidfds.get("keeper")
            return keeper is None or _readable(keeper, timeout)
        try:
            self._outer.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stderr_tail(self) -> str:
        """The last 64 kB that it wrote to standard error."""
        if self._last_words is not None:
            return self._last_words
        data = os.pread(self._tail.fileno(), 8 + _TAIL, 0)
        length = min(int.from_bytes(data[:8], "little"), _TAIL)
        return data[8 : 8 + length].decode(errors="replace")

    def close(self) -> None:
        """Kill what still runs and remove what it left. May be called again."""
        self.kill()
        self._last_words = self.stderr_tail()
        self._tail.close()
        self._control.close()
        for number in self._pidfds.values():
            os.close(number)
        self._pidfds.clear()
        for step in self._clean_up:
            step()
        self._clean_up.clear()
        if self._complaints is not None:
            self._complaints.close()

    _at_end = False

    def _next_message(self, timeout: float | None) -> dict[str, Any] | None:
        """The keeper's next message; None at the end of the stream (`_at_end`) or when time is up."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._unread:
            if self._at_end:
                return None
            remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not _readable(self._control, remaining):
                return None
            self._receive()
        line, _, self._unread = self._unread.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _take(self, message: dict[str, Any] | None) -> None:
        """Note what the keeper says of a process that runs, or of its end."""
        if message is None:
            return
        self._overran |= "over" in message
        self._readings += "cpu_s" in message
        self._cpu_s = message.get("cpu_s", self._cpu_s)
        self._report = message if "exit" in message else self._report

    def _receive(self) -> None:
        try:
            data, ancillary, _, _ = self._control.recvmsg(65536, 256)
        except ConnectionError:
            data, ancillary = b"", []
        if not data:
            self._at_end = True
            return
        pid = next((_sender(content) for level, kind, content in ancillary if _is_credentials(level, kind)), 0)
        self._unread += data
        # Only the launcher and the process before its program starts hold the other end, a message at a time each.
        for name in ("keeper", "main"):
            if name not in self._pids and f'"{name}"'.encode() in data:
                self._remember(name, pid or json.loads(data.partition(b"\n")[0])[name])

    def _remember(self, name: str, pid: int) -> None:
        self._pids[name] = pid
        with contextlib.suppress(AttributeError, OSError):
            self._pidfds[name] = os.pidfd_open(pid)

    def _signal(self, name: str, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, KeyError):
            if name in self._pidfds:
                signal.pidfd_send_signal(self._pidfds[name], number)
            elif not hasattr(os, "pidfd_open"):
                os.kill(self._pids[name], number)

    def _complaint(self) -> str:
        if self._complaints is None:
            return ""
        self._complaints.seek(0)
        return self._complaints.read(4000).decode(errors="replace").strip()

    def _judge(self) -> Exit:
        report = self._report
        if report is None:
            code = -signal.SIGKILL if self._outer is None else self._outer.returncode
            return Exit("lost" if self._enclosed and not self._killed else "killed", code, 0.0)
        kind = "killed" if self._killed and report["exit"] == "signalled" else report["exit"]
        return Exit(kind, report["code"], report["cpu_s"])


def _readable(channel: socket.socket | int, timeout: float | None) -> bool:
    ear = select.poll()
    ear.register(channel, select.POLLIN)
    return bool(ear.poll(None if timeout is None else 1000 * timeout))


def _is_credentials(level: int, kind: int) -> bool:
    return level == socket.SOL_SOCKET and kind == getattr(socket, "SCM_CREDENTIALS", -1)


def _sender(content: bytes) -> int:
    pid: int = _CREDENTIALS.unpack(content[: _CREDENTIALS.size])[0]
    return pid
