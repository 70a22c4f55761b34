"""CPU and wall time of a command with everything that it starts, and figures of several rounds."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one run took, in seconds."""

    cpu_s: float
    wall_s: float


def cost_of(command: Sequence[str], *, cwd: Path, env: dict[str, str]) -> Cost:
    """Run a command to its end.

    CPU is the kernel's own count (wait4) of the command and of every process below it that was waited for. Locked
    processes are: each is reaped inside its PID namespace by the keeper, that by its starter, and so on upwards.

    Raises
    ------
    SystemExit
        The command failed; with what it said.
    """
    log = cwd / "measured.log"
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text(errors='replace')[-4000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall_s)


@dataclass(frozen=True)
class Ratio:
    """How many times one thing takes what another takes, over the rounds of a run."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} {self.low:.2f} {self.high:.2f}"


def ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """Median, least and greatest of the ratios within each round: what the machine was busy with cancels out."""
    each = [one / other for one, other in zip(above, below, strict=True)]
    return Ratio(statistics.median(each), min(each), max(each))


def spread(values: Sequence[float]) -> str:
    """Least, median and greatest, for people."""
    return f"{min(values):7.3f} {statistics.median(values):7.3f} {max(values):7.3f}"
