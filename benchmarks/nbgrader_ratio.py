"""nnkit quick, nnkit full and stock nbgrader on the same twenty submissions: CPU and wall time, as ratios.

The three take turns within one run, each time on a fresh copy of its released course, one submission after the other.
Everything counts: starting, reading, running, testing, gradebook, autograded notebooks. Before that, the scores of the
two systems are compared: a benchmark of different work would say nothing.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import classroom
import measuring

SYSTEMS = ("nnkit quick", "nnkit full", "stock nbgrader")


def command(system: str, folder: Path) -> list[str]:
    """What grades a course, as a person would type it."""
    if system == "stock nbgrader":
        return [sys.executable, "-m", "nbgrader", "autograde", classroom.ASSIGNMENT]
    grade = [sys.executable, "-m", "nnkit.kit.cli", "--course", str(folder), "grade", "--jobs", "1"]
    return [*grade, "--quick"] if system == "nnkit quick" else grade


def prepare(folder: Path, students: int) -> dict[str, Path]:
    """Both courses, released, with the class's submissions."""
    course = classroom.nnkit_course(folder / "nnkit")
    stock = classroom.stock_course(folder / "stock", course)
    for submission in classroom.submissions(course, students):
        classroom.hand_in(course, submission)
        classroom.hand_in_stock(stock, submission)
    return {"nnkit quick": course.root, "nnkit full": course.root, "stock nbgrader": stock}


def graded_copy(system: str, released: Path, folder: Path) -> measuring.Cost:
    """Grade a fresh copy of a course."""
    shutil.copytree(released, folder)
    if system == "stock nbgrader":
        (folder / "nbgrader_config.py").write_text(classroom.NBGRADER_CONFIG.format(root=str(folder)))
    cost = measuring.cost_of(command(system, folder), cwd=folder, env=classroom.environment())
    missing = [
        path.parents[1].name
        for path in (folder / "submitted").glob(f"*/*/{classroom.NOTEBOOK}.ipynb")
        if not (folder / "autograded" / path.relative_to(folder / "submitted")).is_file()
    ]
    if missing:
        raise SystemExit(f"{system} wrote no autograded notebook of {', '.join(sorted(missing))}")
    return cost


def measure(released: dict[str, Path], folder: Path, rounds: int) -> dict[str, list[measuring.Cost]]:
    """The systems in turn, round after round."""
    costs: dict[str, list[measuring.Cost]] = {system: [] for system in SYSTEMS}
    for number in range(rounds):
        for system in SYSTEMS:
            place = folder / f"{system.replace(' ', '_')}_{number}"
            cost = graded_copy(system, released[system], place)
            costs[system].append(cost)
            print(f"round {number + 1}, {system}: {cost.cpu_s:.1f} CPU s, {cost.wall_s:.1f} s", flush=True)
            if number == 0 and system == SYSTEMS[-1]:
                compare_scores(folder)
            elif number > 0:
                shutil.rmtree(place)
    return costs


def compare_scores(folder: Path) -> None:
    """Both systems gave every student the same points for every exercise, or there is nothing to measure."""
    ours, stock = (
        classroom.machine_scores(folder / f"{system.replace(' ', '_')}_0" / "gradebook.db") for system in SYSTEMS[1:]
    )
    for student, scores in ours.items():
        if stock[student] != scores:
            raise SystemExit(f"{student} has {scores} from nnkit and {stock[student]} from stock nbgrader")
    print(f"the scores of {len(ours)} students are the same in both systems")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--students", type=int, default=classroom.STUDENTS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="nnkit-bench-") as name:
        folder = Path(name)
        released = prepare(folder, options.students)
        costs = measure(released, folder, options.rounds)
    print(f"\nper notebook, {options.students} submissions, {options.rounds} rounds: least, median, greatest")
    for system in SYSTEMS:
        cpu, wall = ([getattr(cost, kind) / options.students for cost in costs[system]] for kind in ("cpu_s", "wall_s"))
        print(f"{system:15} CPU s {measuring.spread(cpu)}    wall s {measuring.spread(wall)}")
    for name, system in (("quick", SYSTEMS[0]), ("full", SYSTEMS[1])):
        for kind in ("wall_s", "cpu_s"):
            stock, ours = ([getattr(cost, kind) for cost in costs[each]] for each in (SYSTEMS[2], system))
            print(f"bench {name}_vs_nbgrader_{kind.removesuffix('_s')} {measuring.ratio(stock, ours)}")


if __name__ == "__main__":
    main()
