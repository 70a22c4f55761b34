"""What goes from a record into nbgrader's gradebook and folders.

`nbgrader autograde` writes it with the preprocessors of `recorded_grades`, `nnkit grade` with a `GradebookWriter`: the
rows are the same.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from sqlalchemy.exc import SAWarning

from nnkit.kit.course.environment import own_programs_on_path
from nnkit.kit.course.nbgrader_models import Gradebook, compute_checksum, is_task
from nnkit.kit.course.settings import Course, Late
from nnkit.kit.gradebook.database import ensure_database
from nnkit.kit.grading.record import Record
from nnkit.kit.submission.files import submission_time

# nbgrader 0.9 adds submissions in a way that SQLAlchemy 2 warns of, for every student.
warnings.filterwarnings("ignore", category=SAWarning, module=r"nbgrader\.api")


def late_penalty(late: Late, score: float, seconds: float) -> float:
    """Points taken off a score for being late by so many seconds."""
    days = (seconds / 3600 - late.free_hours) / 24
    if days <= 0:
        return 0.0
    if days > late.max_days:
        return score
    return round(min(1.0, math.ceil(days) * late.percent_per_day / 100) * score, 4)


def scores_by_cell(record: Record) -> dict[str, float | None]:
    """Scores by grade id: what a person marks has its points in its own cell, everything else in the test cell."""
    return {item.item if item.by_person else f"test_{item.item}": item.score for item in record.items}


def machine_comment(cell: NotebookNode, record: Record) -> str | None:
    """What nbgrader's comment under a cell that students write in says by itself."""
    grade_id = cell.metadata["nbgrader"]["grade_id"]
    if cell.metadata["nbgrader"].get("checksum") != compute_checksum(cell) or is_task(cell):
        return None
    unread = {item.item for item in record.items if item.score is None and not item.tests}
    # The released cell stands in for one that nobody could read: that is not "No response."
    return " ".join(record.messages) or None if grade_id in unread else "No response."


@contextmanager
def gradebook(course: Course) -> Iterator[Any]:
    """The course's gradebook, closed again at the end."""
    own_programs_on_path()
    ensure_database(course)
    book = Gradebook(course.gradebook_url, course.id)
    try:
        yield book
    finally:
        book.close()


def register_assignment(course: Course, assignment: str) -> None:
    """Put an assignment's due date into the gradebook (nbgrader's generate_assignment put in its cells)."""
    due = course.due(assignment)
    with gradebook(course) as book:
        utc = None if due is None else due.astimezone(UTC).replace(tzinfo=None)
        book.update_or_create_assignment(assignment, duedate=utc)


def write_autograded(course: Course, notebook: NotebookNode, record: Record) -> Path:
    """Write the graded notebook where formgrader and feedback look for it."""
    folder = course.autograded(record.student, record.assignment)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.notebook}.ipynb"
    temporary = folder / f".{record.notebook}.writing"
    temporary.write_bytes(notebook_bytes(notebook))
    temporary.replace(path)
    write_time(course, record)
    return path


def notebook_bytes(notebook: NotebookNode) -> bytes:
    """A notebook as a file's content: checked, and not indented, which would take ten times as long as all the rest."""
    nbformat.validate(notebook)
    text = json.dumps(notebook, ensure_ascii=False, sort_keys=True)
    # "replace": what student code prints may hold half a character, which no file can.
    return (text + "\n").encode("utf-8", "replace")


def write_time(course: Course, record: Record) -> None:
    """Write the time of submission beside the graded notebook: nbgrader sees by it that something newer came in."""
    moment = submission_time(course.submitted(record.student, record.assignment))
    if moment is not None:
        file = course.autograded(record.student, record.assignment) / "timestamp.txt"
        file.unlink(missing_ok=True)  # nbgrader leaves it read-only
        file.write_text(f"{moment.isoformat(sep=' ')} UTC\n", encoding="utf-8")
