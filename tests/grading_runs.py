"""`nnkit grade` as a process of its own, to be watched, stopped and killed."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from nnkit.kit.engine.zygote import GRADING, ZYGOTE

PATIENCE_S = 180
MAIN = "import sys; from nnkit.kit.cli import main; sys.exit(main())"
FRESH_GRADER = b"nnkit.kit.engine.desk"


class Run:
    """A running `nnkit grade --quick --jobs 2`, in a process group of its own as at a terminal.

    Parameters
    ----------
    course : Course
    arguments : str
        More of the command line.
    before : str
        Python to run in that process first.
    """

    def __init__(self, course, *arguments, before=""):
        self.course = course
        self.log = course.root / "run.txt"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    f"{before}\n{MAIN}",
                    "--course",
                    str(course.root),
                    "grade",
                    "--quick",
                    *arguments,
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def until_recorded(self, count):
        """Wait until so many of the submissions that are graded have their record."""
        until(lambda: len(recorded(self.course)) >= count or self.process.poll() is not None)
        assert len(recorded(self.course)) >= count, self.log.read_text()

    def graders(self):
        """The ids of its grading processes."""
        return graders_of(self.process.pid)

    def zygotes(self):
        return zygotes_of(self.process.pid)

    def end(self):
        """Wait for the end; its status."""
        return self.process.wait(PATIENCE_S)


def recorded(course):
    return [path for path in course.root.glob("records/*/*/*.json") if path.parents[1].name != "absent"]


def children(pid):
    """The processes that any thread of a process has started."""
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def graders_of(pid):
    """The grading processes of a coordinator or worker, whether it has a zygote or not."""
    forked = [child for zygote in zygotes_of(pid) for child in children(zygote) if name_of(child) == GRADING]
    return forked + [child for child in children(pid) if FRESH_GRADER in command_of(child)]


def zygotes_of(pid):
    return [child for child in children(pid) if name_of(child) == ZYGOTE]


def holds(pid, words):
    """Whether a process has some bytes anywhere in the memory it may write."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            where, rights, *_ = line.split()
            if rights.startswith("rw"):
                begin, end = (int(number, 16) for number in where.split("-"))
                memory.seek(begin)
                if words in memory.read(end - begin):
                    return True
    return False


def name_of(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def command_of(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def is_gone(pid):
    """Whether a process has ended; one that nobody has waited for yet also has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def until(condition):
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def kill_group(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
