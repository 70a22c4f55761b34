"""One and two grading processes on the same class: wall time, in turns, as a ratio.

`bench jobs_2_vs_1_wall` is how many times faster two are; half of it is the efficiency.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import classroom
import measuring

# Ways to grade the same class, by name: the options of `nnkit grade`.
WAYS = {"jobs_1": ["--jobs", "1"], "jobs_2": ["--jobs", "2"]}
# Which way is compared with which, and what each has more of.
COMPARISONS = {"jobs_2_vs_1_wall": ("jobs_1", "jobs_2")}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--students", type=int, default=2 * classroom.STUDENTS)
    options = parser.parse_args(arguments)
    if len(os.sched_getaffinity(0)) < 2:
        print("only one core here: two processes can't be faster than one")
    costs: dict[str, list[measuring.Cost]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="nnkit-bench-") as name:
        folder = Path(name)
        course = classroom.nnkit_course(folder / "released")
        for submission in classroom.submissions(course, options.students):
            classroom.hand_in(course, submission)
        for _ in range(options.rounds):
            for way, more in WAYS.items():
                copied = folder / way
                shutil.copytree(course.root, copied)
                command = [sys.executable, "-m", "nnkit.kit.cli", "--course", str(copied), "grade", *more]
                costs[way].append(measuring.cost_of(command, cwd=copied, env=classroom.environment()))
                shutil.rmtree(copied)
    print(f"{options.students} submissions, {options.rounds} rounds: least, median, greatest")
    for way in WAYS:
        cpu, wall = ([getattr(cost, kind) for cost in costs[way]] for kind in ("cpu_s", "wall_s"))
        print(f"{way:15} CPU s {measuring.spread(cpu)}    wall s {measuring.spread(wall)}")
    for name, (one, two) in COMPARISONS.items():
        faster = measuring.ratio(*([cost.wall_s for cost in costs[way]] for way in (one, two)))
        print(f"efficiency of {two}: {faster.median / 2:.2f}")
        print(f"bench {name} {faster}")


if __name__ == "__main__":
    main()
