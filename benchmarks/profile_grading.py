"""Where the CPU time of grading goes: the bench class graded in this process, under a profiler.

First without the profiler, for the true figures: CPU per notebook of the grader (this process) and of the locked
processes (children, reaped). Then with it: own time by library, and the time in nnkit's functions with all they call.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import classroom

from nnkit.kit.course.settings import Course
from nnkit.kit.engine import Job, grade_file
from nnkit.kit.engine.classroom import write_down
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.gradebook.writer import open_writer
from nnkit.kit.sandbox.probing import best_tier

MOST_SHOWN = 45


def children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def import_cpu_s() -> float:
    """CPU seconds of a grading process before it has graded anything."""
    before = children_cpu_s()
    command = [sys.executable, "-c", "import nnkit.kit.engine.classroom"]
    subprocess.run(command, env=classroom.environment(), check=True)
    return children_cpu_s() - before


def grading(course: Course, mode: str) -> Callable[[], None]:
    """Grading the whole class once, in this process, as one worker and the coordinator do."""
    tier = best_tier()
    plan = plan_of(course, classroom.ASSIGNMENT, classroom.NOTEBOOK, course.release(classroom.ASSIGNMENT))

    def grade() -> None:
        with open_writer(course, classroom.ASSIGNMENT) as writer:
            for folder in sorted(course.root.glob(f"submitted/*/{classroom.ASSIGNMENT}")):
                job = Job(folder.parent.name, folder / f"{classroom.NOTEBOOK}.ipynb", plan, mode)
                write_down(course, writer, grade_file(job, tier))

    return grade


def library_of(file: str) -> str:
    """The package a function belongs to, or what else it is."""
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    if "nnkit" in parts:
        return "nnkit"
    return "built in" if file == "~" else "standard library"


def show(stats: pstats.Stats, students: int) -> None:
    """Milliseconds per notebook: own time by library, then nnkit's functions with what they call."""
    own: Counter[str] = Counter()
    inclusive: Counter[str] = Counter()
    for (file, _, name), (_, _, own_s, total_s, _) in stats.stats.items():  # type: ignore[attr-defined]
        own[library_of(file)] += own_s
        if library_of(file) == "nnkit":
            inclusive[f"{Path(file).stem}.{name}"] += total_s
    print("own time by library, profiled ms per notebook")
    for name, seconds in own.most_common(14):
        print(f"  {1000 * seconds / students:8.1f}  {name}")
    print("nnkit's functions with all they call, profiled ms per notebook")
    for name, seconds in inclusive.most_common(MOST_SHOWN):
        print(f"  {1000 * seconds / students:8.1f}  {name}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=classroom.STUDENTS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mode", choices=("quick", "full"), action="append", help="default: both")
    parser.add_argument("--save", type=Path, help="folder for the profiles themselves, for snakeviz or pstats")
    options = parser.parse_args(arguments)
    print(f"imports of a grading process: {1000 * import_cpu_s():.0f} CPU ms, once")
    with tempfile.TemporaryDirectory(prefix="nnkit-bench-") as name:
        course = classroom.nnkit_course(Path(name) / "course")
        for submission in classroom.submissions(course, options.students):
            classroom.hand_in(course, submission)
        for mode in options.mode or ("quick", "full"):
            grade = grading(course, mode)
            for number in range(options.rounds):
                began, below = time.process_time(), children_cpu_s()
                grade()
                grader, locked = (
                    1000 * seconds / options.students
                    for seconds in (time.process_time() - began, children_cpu_s() - below)
                )
                print(f"{mode}, round {number + 1}: CPU ms per notebook: grader {grader:.0f}, locked {locked:.0f}")
            profile = cProfile.Profile(time.process_time)
            profile.runcall(grade)
            show(pstats.Stats(profile), options.students)
            if options.save is not None:
                profile.dump_stats(options.save / f"{mode}.prof")


if __name__ == "__main__":
    main()
