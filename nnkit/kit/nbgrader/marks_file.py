"""nbgrader's CSV of all marks, so written that a spreadsheet shows names and runs none of them."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student
from nbgrader.plugins import CsvExportPlugin

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "not_marked_yet",
)
# What a spreadsheet takes for the beginning of a formula; a tab or a line end before one is passed over.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def spreadsheet_text(value: object) -> str:
    """A value as a cell of a CSV file: text that a spreadsheet would take for a formula begins with an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.lstrip(" ").startswith(_FORMULA) else text


class MarksFile(CsvExportPlugin):
    """nbgrader's CSV export with quoted cells, no formulas, and a column for what still waits for a person.

    The columns of nbgrader's own are there in its order. The file is written whole or not at all.
    """

    def export(self, gradebook: Gradebook) -> None:
        target = Path(self.to or "grades.csv")
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with open(temporary, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(COLUMNS)
                for row in self._rows(gradebook):
                    writer.writerow([spreadsheet_text(row.get(column)) for column in COLUMNS])
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)

    def _rows(self, gradebook: Gradebook) -> Iterator[dict[str, object]]:
        students, assignments = {str(each) for each in self.student}, {str(each) for each in self.assignment}
        for assignment in gradebook.assignments:
            for student in gradebook.students:
                if (not assignments or assignment.name in assignments) and (not students or student.id in students):
                    yield _row(gradebook, assignment, student)


def _row(gradebook: Gradebook, assignment: Assignment, student: Student) -> dict[str, object]:
    row: dict[str, object] = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "student_id": student.id,
        "last_name": student.last_name,
        "first_name": student.first_name,
        "email": student.email,
        "max_score": assignment.max_score,
    }
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return row | {"raw_score": 0.0, "late_submission_penalty": 0.0, "score": 0.0, "not_marked_yet": 0}
    penalty = submission.late_submission_penalty or 0.0
    waiting = sum(grade.needs_manual_grade for notebook in submission.notebooks for grade in notebook.grades)
    return row | {
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - penalty),
        "not_marked_yet": waiting,
    }
