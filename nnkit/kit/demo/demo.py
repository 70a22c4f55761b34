"""The main job end to end on a simulated class, in a folder of its own."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.engine.classroom import grade_class
from nnkit.kit.course.settings import INSTALLED, KIT, Course
from nnkit.kit.course.file import load_course
from nnkit.kit.course.errors import CourseError
from nnkit.kit.grading.record import Record
from nnkit.kit.nbgrader.commands import export, generate_feedback
from nnkit.kit.release.publish import release
from nnkit.kit.proof.tables import verification_tables
from nnkit.kit.reporting.tables import class_tables
from nnkit.kit.demo.simulated_class import Student, simulate

MARKER = ".nnkit-demo"


def run_demo(course: Course, folder: Path, shown: str = "", *, workers: int = 0, console: Console) -> int:
    """Copy the course's sources to `folder`; build, verify, release, grade a simulated class, write feedback and marks.

    Parameters
    ----------
    course : Course
    folder : Path
    shown : str
        ``ASSIGNMENT/NOTEBOOK``, to which the demo keeps; the course's first notebook if empty.
    workers : int
        Submissions graded at once; 0 means one per core.
    console : Console

    Returns
    -------
    int
        0 if the notebook was proven and every student was graded as expected.
    """
    began = time.monotonic()
    first = course.assignments[0]
    assignment, _, notebook = (shown or f"{first.name}/{first.notebooks[0]}").partition("/")
    course.only(assignment, notebook)
    demo = set_up(course, folder.resolve()).only(assignment, notebook)
    console.rule("build, verify, release")
    verification = release(demo, assignment, workers=workers, console=console)
    for table in verification_tables(verification):
        console.print(table)
    if not verification.ok:
        return 1
    console.rule("a simulated class hands in")
    students = list(simulate(load_template(demo, assignment, notebook)))
    for student in students:
        hand_in(demo, assignment, notebook, student)
    console.rule(f"grading {len(students)} students")
    records = {
        record.student: record
        for record in grade_class(demo, assignment, workers=workers, accept_tier=True, console=console)
        if record.notebook == notebook
    }
    for part in class_tables(list(records.values())):
        console.print(part)
    console.rule("feedback and export")
    generate_feedback(demo, assignment)
    marks = export(demo, [assignment], demo.root / "grades.csv")
    surprises = [text for student in students for text in surprises_of(student, records[student.name])]
    console.print(_paths(demo, assignment, notebook, marks))
    for surprise in surprises:
        console.print(f"[red]✗[/] {escape(surprise)}")
    minutes = (time.monotonic() - began) / 60
    outcome = "all students graded as expected" if not surprises else f"{len(surprises)} surprises"
    console.print(f"{len(students)} students, {outcome}, {minutes:.1f} min")
    return 1 if surprises else 0


def set_up(course: Course, folder: Path) -> Course:
    """A course of its own in `folder`, from the sources of another.

    Raises
    ------
    CourseError
        The folder holds something that is not a demo.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise CourseError("there is something else here", file=folder, mend="name an empty folder with --folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARKER).touch()
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copy(course.root / name, folder / name)
    ignore = shutil.ignore_patterns("*.ipynb", "__pycache__", ".ipynb_checkpoints")
    shutil.copytree(course.root / "source", folder / "source", ignore=ignore)
    shutil.copytree(course.root / "tests" / "graders", folder / "tests" / "graders", ignore=ignore)
    own = course.own_package
    if own is not None and own.resolve() != (INSTALLED / KIT).resolve():
        shutil.copytree(own, folder / own.name, ignore=ignore)
    return load_course(folder)


def hand_in(course: Course, assignment: str, notebook: str, student: Student) -> None:
    """Write a submission as nbgrader's collect would, with its time."""
    folder = course.submitted(student.name, assignment)
    folder.mkdir(parents=True)
    due = course.due(assignment) or datetime.now(UTC)
    moment = due.astimezone(UTC) + (timedelta(days=student.late_days) if student.late_days else -timedelta(hours=3))
    (folder / "timestamp.txt").write_text(f"{moment:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
    if student.text is not None:
        course.submitted(student.name, assignment, notebook).write_text(student.text, encoding="utf-8")


def surprises_of(student: Student, record: Record) -> list[str]:
    """Where a simulated student's record is not what it has to be."""
    found = []
    lost = {item.item for item in record.items if item.score is not None and item.score < item.points}
    machine = {item.item for item in record.items if not item.by_person}
    if student.name in ("ada", "noisy", "deleter", "late") and lost:
        found.append(f"{student.name} lost points on {', '.join(sorted(lost))}")
    if student.name in ("blank", "spy", "liar", "boaster") and record.score:
        found.append(f"{student.name} got {record.score:g} points")
    if student.misconceptions:
        expected = {misconception.exercise for misconception in student.misconceptions}
        undecided = {item.item for item in record.items if item.score is None}
        if lost & machine != expected - undecided:
            found.append(f"{student.name} lost points on {sorted(lost)}, expected {sorted(expected)}")
    if student.name == "torn" and record.status != "unreadable":
        found.append(f"torn is {record.status}, expected unreadable")
    return found


def _paths(course: Course, assignment: str, notebook: str, marks: Path) -> Table:
    table = Table(title="to open", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for what, path in (
        ("what students receive", course.release(assignment, notebook)),
        ("the executed reference", course.solutions(assignment, notebook)),
        ("a graded notebook", course.autograded("mistaken_1", assignment, notebook)),
        ("its feedback page", course.feedback("mistaken_1", assignment, notebook)),
        ("its record", course.records("mistaken_1", assignment, notebook)),
        ("all marks", marks),
    ):
        table.add_row(what, str(path))
    table.add_row("marking by hand", f"cd {course.root} && nbgrader formgrader (in JupyterLab)")
    return table
