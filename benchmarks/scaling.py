"""One and two grading processes on the same class, here and on a Dask cluster: wall time, in turns, as a ratio.

`bench jobs_2_vs_1_wall` and `bench dask_2_vs_1_wall` are how many times faster two are (the speed-up); half of it is
the efficiency. The time is that of the whole command, so the class has to be large enough for the start not to matter.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import classroom
import measuring

# As docs/grading.md advises: Dask's own profiler and clock would take part of the cores that are to be measured.
QUIET_DASK = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
}
# Ways to grade the same class: by name, where, and with how many processes.
WAYS = {"jobs_1": ("here", 1), "jobs_2": ("here", 2), "dask_1": ("dask", 1), "dask_2": ("dask", 2)}
COMPARISONS = {"jobs_2_vs_1_wall": ("jobs_1", "jobs_2"), "dask_2_vs_1_wall": ("dask_1", "dask_2")}
STUDENTS = 200


@contextmanager
def options_for(where: str, processes: int) -> Iterator[list[str]]:
    """The options of `nnkit grade`; a cluster is there for as long as they are used."""
    if where == "here":
        yield ["--jobs", str(processes)]
        return
    from distributed import LocalCluster  # here, because it reads the environment once

    with LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=None) as cluster:
        yield ["--scheduler", cluster.scheduler_address]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--students", type=int, default=STUDENTS)
    options = parser.parse_args(arguments)
    os.environ.update(QUIET_DASK)
    if len(os.sched_getaffinity(0)) < 2:
        print("only one core here: two processes can't be faster than one")
    costs: dict[str, list[measuring.Cost]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="nnkit-bench-") as name:
        folder = Path(name)
        course = classroom.nnkit_course(folder / "released")
        for submission in classroom.submissions(course, options.students):
            classroom.hand_in(course, submission)
        for _ in range(options.rounds):
            for way, (where, processes) in WAYS.items():
                copied = folder / way
                shutil.copytree(course.root, copied)
                command = [sys.executable, "-m", "nnkit.kit.cli", "--course", str(copied), "grade"]
                with options_for(where, processes) as more:
                    cost = measuring.cost_of([*command, *more], cwd=copied, env=classroom.environment())
                costs[way].append(cost)
                print(f"{way}: {cost.wall_s:.1f} s", flush=True)
                shutil.rmtree(copied)
    print(f"{options.students} submissions, {options.rounds} rounds: least, median, greatest")
    for way in WAYS:
        print(f"{way:15} wall s {measuring.spread([cost.wall_s for cost in costs[way]])}")
    for name, (one, two) in COMPARISONS.items():
        faster = measuring.ratio(*([cost.wall_s for cost in costs[way]] for way in (one, two)))
        print(f"efficiency of {two}: {faster.median / 2:.2f}")
        print(f"bench {name} {faster}")


if __name__ == "__main__":  # also for the workers, which import this file
    main()
