"""Whether what is stored of a submission is what grading it would give: then it is passed over."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import or_

from nnkit.kit.course.nbgrader_models import (
    Assignment,
    Grade,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nnkit.kit.course.settings import Course
from nnkit.kit.engine.executors import Executor
from nnkit.kit.engine.jobs import Job, read_content, time_of
from nnkit.kit.gradebook.rows import gradebook
from nnkit.kit.grading.record import ItemRecord, Record, TestRecord
from nnkit.kit.submission.files import UnreadableSubmission

# Of the others a grader broke, or nothing was handed in: another run may know better.
_FINAL = ("graded", "needs_person", "unreadable")


@dataclass(frozen=True)
class Marks:
    """What grading has left of one notebook: how many cells it has decided on or left to a person, and the points."""

    cells: int = 0
    points: float = 0.0


def marks_by_notebook(course: Course, assignment: str) -> dict[tuple[str, str], Marks]:
    """The gradebook's marks of an assignment, by student and notebook."""
    with gradebook(course) as book:
        rows = (
            book.db.query(Student.id, Notebook.name, Grade.auto_score)
            .select_from(Grade)
            .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
            .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
            .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
            .join(Student, SubmittedAssignment.student_id == Student.id)
            .filter(Assignment.name == assignment)
            .filter(or_(Grade.auto_score.is_not(None), Grade.manual_score.is_not(None), Grade.needs_manual_grade))
        )
        scores: dict[tuple[str, str], list[float]] = {}
        for student, notebook, score in rows:
            scores.setdefault((student, notebook), []).append(score or 0.0)
    return {key: Marks(len(each), math.fsum(each)) for key, each in scores.items()}


def unchanged(course: Course, job: Job, place: Executor, marks: Mapping[tuple[str, str], Marks]) -> Record | None:
    """The stored record of a job, if nothing that decides the result has changed and everything is written.

    Parameters
    ----------
    course : Course
    job : Job
    place : Executor
        Where it would be graded: a record of another sandbox does not count.
    marks : mapping
        As `marks_by_notebook` gives them.
    """
    plan = job.plan
    record = stored_record(course.records(job.student, plan.assignment, plan.notebook))
    if record is None or record.status not in _FINAL or record.mode != job.mode:
        return None
    if record.tier not in place.tiers or not course.autograded(job.student, plan.assignment, plan.notebook).is_file():
        return None
    stored = marks.get((job.student, plan.notebook), Marks())
    if stored.cells != len(record.items) or not math.isclose(stored.points, record.score, abs_tol=1e-6):
        return None
    try:
        digest = read_content(job).digest
    except UnreadableSubmission:
        return None
    now = {**plan.hashes, "submission": digest, "time": time_of(job.path.parent)}
    return record if record.hashes == now else None


def fully_graded(course: Course, job: Job) -> Record | None:
    """The stored record of a full run on the very submission that is to be graded quickly; None for a full job.

    A quick run leaves experiments open, and what a helper computes in a cell: it never takes away what a full run has
    shown, whatever has changed since. Grading in full does.
    """
    record = stored_record(course.records(job.student, job.plan.assignment, job.notebook))
    if job.mode != "quick" or record is None or record.mode != "full" or record.status not in _FINAL:
        return None
    try:
        return record if record.hashes.get("submission") == read_content(job).digest else None
    except UnreadableSubmission:
        return None


def stored_record(path: Path) -> Record | None:
    """A record as it was saved; None if there is none that this version can read."""
    try:
        fields: dict[str, Any] = json.loads(path.read_bytes())
        items = [
            ItemRecord(**{**item, "tests": [TestRecord(**test) for test in item["tests"]]}) for item in fields["items"]
        ]
        return Record(**{**fields, "items": items})
    except (OSError, ValueError, TypeError, KeyError):
        return None
