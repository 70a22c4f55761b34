"""Processes that outlive the command that started them: this process adopts them, and so sees them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Orphans:
    """What was found running when the command had ended: a command line each."""

    found: list[str] = field(default_factory=list)


@contextlib.contextmanager
def adopted(patience: float = 5.0) -> Iterator[Orphans]:
    """Adopt whatever is orphaned in the meantime; what still runs at the end, after `patience` seconds, is ended.

    What children this process has already is none of its business.
    """
    before = set(_children())
    orphans = Orphans()
    _adopt(True)
    try:
        yield orphans
        deadline = time.monotonic() + patience
        while (left := _running(before)) and time.monotonic() < deadline:
            time.sleep(0.1)
        for pid in left:
            orphans.found.append(_command_line(pid))
    finally:
        _adopt(False)
        _end(before)


def _adopt(on: bool) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this process can't adopt orphans")


def _children() -> list[int]:
    # From the process table: not every kernel lists a process's children.
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                    found.append(int(entry.name))
    return found


def _running(before: set[int]) -> list[int]:
    """Children that are new and no zombies; zombies are buried."""
    running = []
    for pid in _children():
        if pid not in before:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    running.append(pid)
    return running


def _end(before: set[int]) -> None:
    """End the new children, and the ones that become ours when those are gone."""
    for _ in range(100):
        left = _running(before)
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return f"process {pid}"
