"""Running a few lines of Python in a locked process and reading what they report."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnkit.kit.sandbox import Exit, Limits, LockedProcess, Tier, View, probe, start
from nnkit.kit.sandbox.limits import MIB

# Tier E is never among the locked ones: what must fail in those would take effect on this machine.
_WANTED = os.environ.get("NNKIT_TEST_TIERS", "ABCE")
LOCKED = [tier for tier in (Tier.A, Tier.B, Tier.C) if tier.value in _WANTED and probe(tier).available]
NAMESPACED = [tier for tier in LOCKED if tier in (Tier.A, Tier.B)]
ALL = [*LOCKED, *([Tier.E] if "E" in _WANTED else [])]
MODEST = Limits(cpu_s=20, memory_bytes=1024 * MIB, processes=24, scratch_bytes=24 * MIB, file_bytes=16 * MIB)

PRELUDE = """
import json, os, sys
def report(value):
    os.write(int(os.environ["REPORT"]), (json.dumps(value) + chr(10)).encode())
def outcome(act):
    try:
        return ["done", repr(act())[:200]]
    except BaseException as error:
        return [type(error).__name__, getattr(error, "errno", None)]
"""


class Running:
    """A locked process that runs `code`, and the end of the pipe on which it reports."""

    def __init__(
        self,
        tier: Tier,
        code: str,
        limits: Limits = MODEST,
        view: View | None = None,
        env: Mapping[str, str] | None = None,
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        self.reader, writer = os.pipe()
        try:
            self.process: LockedProcess = start(
                tier,
                view or View(),
                limits,
                ["python", "-c", PRELUDE + code],
                pass_fds=[writer, *pass_fds],
                env={"REPORT": str(writer), **(env or {})},
            )
        except BaseException:
            os.close(self.reader)
            raise
        finally:
            os.close(writer)
        self._unread = b""

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close()
        os.close(self.reader)

    def next_report(self, timeout: float = 30.0) -> Any:
        """The next thing it reported; AssertionError with its standard error if nothing comes."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self._unread:
            if not self._more(deadline):
                raise AssertionError(f"no report; standard error: {self.process.stderr_tail()}")
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)

    def everyone_is_gone(self, timeout: float = 10.0) -> bool:
        """Whether nobody holds the report pipe any more: each process inside inherited it."""
        deadline = time.monotonic() + timeout
        while self._more(deadline):
            pass
        return not self._open

    _open = True

    def _more(self, deadline: float) -> bool:
        if not select.select([self.reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return False
        piece = os.read(self.reader, 65536)
        self._open = bool(piece)
        self._unread += piece
        return self._open


@dataclass
class Finished:
    """What a process that ran to its end reported, and how it ended."""

    reported: Any
    exit: Exit
    stderr: str


def run(tier: Tier, code: str, **options: Any) -> Finished:
    """Run `code` to its end."""
    with Running(tier, code, **options) as running:
        ended = running.process.wait(60)
        assert ended is not None, "it did not end"
        reported = running.next_report(1) if b"report(" in code.encode() else None
        return Finished(reported, ended, running.process.stderr_tail())


def outside(tmp_path: Path) -> Path:
    """A file and a folder that every user of the machine may read and write, but for the sandbox."""
    folder = tmp_path
    while folder != folder.parent and os.stat(folder).st_uid == os.getuid() and folder != Path("/tmp"):
        folder.chmod(folder.stat().st_mode | 0o055)
        folder = folder.parent
    tmp_path.chmod(0o777)
    canary = tmp_path / "canary"
    canary.write_text("a secret")
    canary.chmod(0o666)
    return canary
