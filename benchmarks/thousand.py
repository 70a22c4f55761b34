"""A large class in one run: throughput, the memory of coordinator and workers over time, the size of the database."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import classroom

from nnkit.kit.engine.zygote import GRADING, ZYGOTE

EVERY_S = 1.0
PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1_000_000


def memory_of(pid: int) -> int:
    """Resident bytes of one process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (FileNotFoundError, ProcessLookupError):
        return 0


def workers_of(pid: int) -> list[int]:
    """The grading processes of a coordinator: what its zygote has forked."""
    return [worker for zygote in children(pid, ZYGOTE) for worker in children(zygote, GRADING)]


def children(pid: int, name: str) -> list[int]:
    """The processes of a name that a process has started."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            started = (thread / "children").read_text().split()
            found += [int(child) for child in started if Path(f"/proc/{child}/comm").read_text().strip() == name]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def watch(process: subprocess.Popen[bytes], records: Path) -> list[tuple[int, int, int]]:
    """Done submissions, the coordinator's bytes and the largest worker's bytes, every second."""
    seen = []
    while process.poll() is None:
        done = sum(1 for _ in records.glob("*/*/*.json"))
        largest = max((memory_of(worker) for worker in workers_of(process.pid)), default=0)
        seen.append((done, memory_of(process.pid), largest))
        time.sleep(EVERY_S)
    return seen


def growth(seen: Sequence[tuple[int, int, int]], students: int, which: int) -> str:
    """Peak memory at a quarter, half and all of the class: flat is what it should be."""
    parts = []
    for share in (0.25, 0.5, 0.75, 1.0):
        until = [row[which] for row in seen if row[0] <= share * students]
        parts.append(f"{max(until, default=0) / MEGABYTE:.0f}")
    return ", ".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=0, help="default: one per core")
    parser.add_argument("--quick", action="store_true", help="run definitions only")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="nnkit-bench-") as name:
        course = classroom.nnkit_course(Path(name) / "course")
        for submission in classroom.submissions(course, options.students):
            classroom.hand_in(course, submission)
        command = [sys.executable, "-m", "nnkit.kit.cli", "--course", str(course.root), "grade"]
        command += ["--jobs", str(options.jobs), *(["--quick"] if options.quick else [])]
        with (course.root / "grading.log").open("wb") as log:
            began = time.monotonic()
            process = subprocess.Popen(command, env=classroom.environment(), stdout=log, stderr=subprocess.STDOUT)
            seen = watch(process, course.root / "records")
            seconds = time.monotonic() - began
        if process.returncode != 0:
            raise SystemExit((course.root / "grading.log").read_text()[-4000:])
        database = (course.root / "gradebook.db").stat().st_size
    print(f"{options.students} submissions in {seconds:.0f} s: {options.students / seconds:.2f} a second")
    print(
        f"peak memory up to a quarter, a half, three quarters and all of the class, MB: "
        f"coordinator {growth(seen, options.students, 1)}; largest worker {growth(seen, options.students, 2)}"
    )
    print(f"gradebook: {database / MEGABYTE:.1f} MB, {database / options.students / 1000:.1f} kB a submission")


if __name__ == "__main__":
    main()
