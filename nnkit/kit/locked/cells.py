"""A cell of a notebook that is run: what may be kept of it, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nnkit.kit.locked.exit_reasons import TOLD_BY_ITSELF
from nnkit.kit.locked.outputs import CellOutputs, Output

# What a report of outputs costs besides its bytes, so that a flood of empty ones is one too.
REPORT_COST = 1024
LONGEST_NAME = 100
LONGEST_ERROR = 500
MOST_LINES = 1_000_000


@dataclass(frozen=True)
class SessionLimits:
    """What one session may take, besides the limits of the process itself.

    Attributes
    ----------
    start_s : float
        Until the locked process answers for the first time.
    grace_s : float
        Between an interrupt and the kill, when time is up.
    cell_output, notebook_output : int
        Characters of output that are kept.
    """

    start_s: float = 60.0
    grace_s: float = 2.0
    cell_output: int = 4_000_000
    notebook_output: int = 32_000_000

    @property
    def flood(self) -> int:
        """What reported outputs may cost, kept or not, before a process is ended for them.

        Our agent stays below: an event costs it 64 characters of its budget, and a character at most 6 bytes.
        """
        return 24 * self.cell_output + (4 << 20)


@dataclass
class CellResult:
    """A cell that has been run.

    Attributes
    ----------
    outputs : list of nbformat outputs
        A later cell may still update a display of this one.
    status : str
        "ok", "error", "output_cut" (what it put out is not complete), or which of `nnkit.student.errors.LIMITS` it met.
    error : str
        What it raised, as the locked process tells it: type and text.
    line : int or None
        Of the cell, where it stopped; likewise.
    """

    outputs: list[Output]
    status: str
    duration_s: float
    execution_count: int | None = None
    error: str = ""
    line: int | None = None


@dataclass
class RunningCell:
    """The cell that is being run, and what it has put out so far."""

    name: str
    outputs: CellOutputs
    began: float = field(default_factory=time.monotonic)


def status_of(answer: Mapping[str, Any]) -> str:
    """What became of a cell by the locked process's own account."""
    kind = answer.get("kind")
    if type(kind) is str and kind in TOLD_BY_ITSELF:
        return kind
    if answer.get("cut") is True:
        return "output_cut"
    return "ok" if answer.get("ok") is True else "error"


def error_of(answer: Mapping[str, Any]) -> tuple[str, int | None]:
    """What a cell raised, and in which of its lines, by the locked process's own account."""
    name, message, line = answer.get("type"), answer.get("message"), answer.get("line")
    if type(name) is not str or type(message) is not str:
        return "", None
    text = ": ".join(part for part in (name[:LONGEST_NAME], message[:LONGEST_ERROR]) if part)
    return text, line if type(line) is int and 0 < line <= MOST_LINES else None
