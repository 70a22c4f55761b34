"""How far a long run has come: a line that moves at a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nnkit.kit.grading.outcome import Graded

PLAIN_EVERY_S = 10.0
_FAILED = ("grader_error", "unreadable")
_BAR = 24


class Running(Protocol):
    """A notebook that is being graded."""

    @property
    def student(self) -> str: ...

    @property
    def notebook(self) -> str: ...


class Progress:
    """Watches a run: done, running, waiting, failed, rate, time left, the slowest submission.

    Parameters
    ----------
    total : int
    console : rich Console
    """

    def __init__(self, total: int, console: Console) -> None:
        self.total = total
        self.done = 0
        self.failed = 0
        self._console = console
        self._began = self._said = time.monotonic()
        self._running: dict[tuple[str, str], float] = {}
        self._slowest = (0.0, "")
        self._live = Live(console=console, transient=True, get_renderable=self._moving) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._live is not None and self.total:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def changed(self, running: Sequence[Running]) -> None:
        """What is carried out now."""
        now = time.monotonic()
        names = [(job.student, job.notebook) for job in running]
        self._running = {name: self._running.get(name, now) for name in names}
        if self._live is None and now - self._said >= PLAIN_EVERY_S:
            self._said = now
            self._console.print(self.line(), markup=False)

    def finished(self, graded: Graded) -> None:
        """One more is done."""
        record = graded.record
        self.done += 1
        self.failed += record.status in _FAILED
        self._slowest = max(self._slowest, (record.wall_s, f"{record.student}/{record.notebook}"))

    def line(self) -> str:
        """All of it in words."""
        parts = [
            f"{self.done} of {self.total} done",
            f"{len(self._running)} running",
            f"{max(0, self.total - self.done - len(self._running))} waiting",
            f"{self.failed} failed",
        ]
        if self.done:
            rate = self.done / max(time.monotonic() - self._began, 1e-3)
            parts += [f"{rate:.2g} a second", f"{_clock((self.total - self.done) / rate)} left"]
        moment = time.monotonic()
        now = max(((moment - began, "/".join(name)) for name, began in self._running.items()), default=(0.0, ""))
        seconds, name = max(self._slowest, now)
        if name:
            shown = "".join(char if char.isprintable() else "?" for char in name[:40])
            parts.append(f"slowest: {shown} {seconds:.0f} s{' so far' if now >= self._slowest else ''}")
        return ", ".join(parts)

    def _moving(self) -> Table:
        row = Table.grid(padding=(0, 1))
        row.add_row(ProgressBar(total=max(1, self.total), completed=self.done, width=_BAR), Text(self.line()))
        return row


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
