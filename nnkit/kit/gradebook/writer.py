"""The gradebook as a grading run writes it: one connection, and one transaction for each graded notebook.

The rows are those that nbgrader's own Gradebook, SaveAutoGrades and AssignLatePenalties write, which ask for every cell
by itself and commit after each. What a person entered (marks, comments, extra credit, extensions) is read and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.nbgrader_models import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    determine_grade,
    is_grade,
    is_solution,
    is_task,
    new_uuid,
    parse_utc,
)
from nnkit.kit.course.settings import Course
from nnkit.kit.gradebook.database import without_password
from nnkit.kit.gradebook.rows import gradebook, late_penalty, machine_comment, scores_by_cell
from nnkit.kit.grading.record import Record
from nnkit.kit.submission.files import submission_time

_STUDENTS, _SUBMISSIONS = Student.__table__, SubmittedAssignment.__table__
_NOTEBOOKS, _GRADES, _COMMENTS = SubmittedNotebook.__table__, Grade.__table__, Comment.__table__

_SET_GRADE = (
    update(_GRADES)
    .where(_GRADES.c.id == bindparam("row"))
    .values(auto_score=bindparam("score"), needs_manual_grade=bindparam("open"))
)
_SET_COMMENT = update(_COMMENTS).where(_COMMENTS.c.id == bindparam("row")).values(auto_comment=bindparam("comment"))


@dataclass(frozen=True)
class _Registered:
    """A released notebook as the gradebook has it: ids of its cells by grade id."""

    id: str
    graded: Mapping[str, str]
    commented: Mapping[str, str]


class GradebookWriter:
    """Writes the graded notebooks of one assignment."""

    def __init__(self, course: Course, assignment: str, book: Gradebook) -> None:
        self._course = course
        self._engine = book.engine
        self._late = course.assignment(assignment).late
        released = book.find_assignment(assignment)
        self._assignment, self._id, self._due = assignment, released.id, released.duedate
        self._notebooks = {each.name: _registered(each) for each in released.notebooks}
        book.db.rollback()

    def enter(self, notebook: NotebookNode, record: Record) -> None:
        """Write a graded notebook's scores, comments and late penalty, and its student and submission if they are new.

        Raises
        ------
        CourseError
            The gradebook does not know a cell of the notebook.
        """
        scores, comments = _scores(notebook, record), _comments(notebook, record)
        self._in_one_transaction(lambda connection: self._enter(connection, record, scores, comments))

    def enter_missing(self, student: str, notebook: str) -> None:
        """Score a notebook that was not handed in as 0, as nbgrader does, unless a person has marked it."""
        scores = dict.fromkeys(self._registered(notebook).graded, 0.0)

        def write(connection: Connection) -> None:
            row, _ = self._submitted(connection, student, notebook)
            self._grade(connection, row, notebook, scores)

        self._in_one_transaction(write)

    def _in_one_transaction(self, write: Callable[[Connection], None]) -> None:
        """All of it or nothing; once more if another program wrote the same student, or the server was away."""
        for last_time in (False, True):
            try:
                with self._engine.begin() as connection:
                    write(connection)
                    return
            except DBAPIError as error:
                if last_time or not (isinstance(error, IntegrityError) or error.connection_invalidated):
                    raise

    def _enter(
        self,
        connection: Connection,
        record: Record,
        scores: Mapping[str, float | None],
        comments: Mapping[str, str | None],
    ) -> None:
        row, seconds_late = self._submitted(connection, record.student, record.notebook)
        self._grade(connection, row, record.notebook, scores)
        cells = self._known(record.notebook, self._registered(record.notebook).commented, comments)
        rows = _rows(connection, select(_COMMENTS.c.cell_id, _COMMENTS.c.id).where(_COMMENTS.c.notebook_id == row))
        _write(connection, _SET_COMMENT, [{"row": rows[cells[n]], "comment": text} for n, text in comments.items()])
        penalty = None
        if seconds_late > 0:
            score = connection.execute(select(SubmittedNotebook.score).where(_NOTEBOOKS.c.id == row)).scalar_one()
            penalty = min(max(0.0, late_penalty(self._late, score, seconds_late)), score)
        connection.execute(update(_NOTEBOOKS).where(_NOTEBOOKS.c.id == row).values(late_submission_penalty=penalty))

    def _grade(self, connection: Connection, row: str, notebook: str, scores: Mapping[str, float | None]) -> None:
        cells = self._known(notebook, self._registered(notebook).graded, scores)
        found = connection.execute(
            select(_GRADES.c.cell_id, _GRADES.c.id, _GRADES.c.manual_score).where(_GRADES.c.notebook_id == row)
        )
        rows = {cell: (id_, manual is not None) for cell, id_, manual in found}
        changes = []
        for name, score in scores.items():
            id_, by_hand = rows[cells[name]]
            changes.append({"row": id_, "score": score, "open": by_hand or score is None})
        _write(connection, _SET_GRADE, changes)

    def _submitted(self, connection: Connection, student: str, notebook: str) -> tuple[str, float]:
        """The row of a submitted notebook, and how many seconds late it is; what is not there yet is made."""
        columns = (_SUBMISSIONS.c.id, _SUBMISSIONS.c.timestamp, _SUBMISSIONS.c.extension)
        is_ours = (_SUBMISSIONS.c.assignment_id == self._id) & (_SUBMISSIONS.c.student_id == student)
        row = connection.execute(select(*columns).where(is_ours)).one_or_none()
        moment = parse_utc(submission_time(self._course.submitted(student, self._assignment)))
        if row is None:
            submission, extension = new_uuid(), None
            if connection.execute(select(_STUDENTS.c.id).where(_STUDENTS.c.id == student)).one_or_none() is None:
                connection.execute(insert(_STUDENTS), {"id": student})
            new = {"id": submission, "assignment_id": self._id, "student_id": student, "timestamp": moment}
            connection.execute(insert(_SUBMISSIONS), new)
        else:
            submission, before, extension = row
            if moment is None:
                moment = before
            elif moment != before:
                connection.execute(update(_SUBMISSIONS).where(is_ours).values(timestamp=moment))
        due = self._due if self._due is None or extension is None else self._due + extension
        late = 0.0 if moment is None or due is None else (moment - due).total_seconds()
        return self._submitted_notebooks(connection, submission)[self._registered(notebook).id], late

    def _submitted_notebooks(self, connection: Connection, submission: str) -> dict[str, str]:
        """Rows of all of a submission's notebooks, by the released notebook."""
        query = select(_NOTEBOOKS.c.notebook_id, _NOTEBOOKS.c.id).where(_NOTEBOOKS.c.assignment_id == submission)
        rows = _rows(connection, query)
        new = {each.id: new_uuid() for each in self._notebooks.values() if each.id not in rows}
        _write(
            connection,
            insert(_NOTEBOOKS),
            [{"id": row, "notebook_id": notebook, "assignment_id": submission} for notebook, row in new.items()],
        )
        for table, cells_of in ((_GRADES, _graded), (_COMMENTS, _commented)):
            _write(
                connection,
                insert(table),
                [
                    {"cell_id": cell, "notebook_id": new[each.id]}
                    for each in self._notebooks.values()
                    if each.id in new
                    for cell in cells_of(each)
                ],
            )
        return rows | new

    def _registered(self, notebook: str) -> _Registered:
        if notebook not in self._notebooks:
            raise self._not_released(f"the notebook {notebook}")
        return self._notebooks[notebook]

    def _known(self, notebook: str, cells: Mapping[str, str], names: Iterable[str]) -> Mapping[str, str]:
        for name in names:
            if name not in cells:
                raise self._not_released(f"the cell {name} of {notebook}")
        return cells

    def _not_released(self, what: str) -> CourseError:
        return _not_in_gradebook(self._course, self._assignment, f"{what} of {self._assignment}")


@contextmanager
def open_writer(course: Course, assignment: str) -> Iterator[GradebookWriter]:
    """The gradebook, open for one assignment's grades.

    Raises
    ------
    CourseError
        It can't be used, or the assignment was never released.
    """
    with gradebook(course) as book:
        try:
            writer = GradebookWriter(course, assignment, book)
        except MissingEntry:
            raise _not_in_gradebook(course, assignment, f"assignment {assignment}") from None
        yield writer


def _not_in_gradebook(course: Course, assignment: str, what: str) -> CourseError:
    file, mend = without_password(course.gradebook_url), f"run: nnkit release {assignment}"
    return CourseError(f"{what} is not in the gradebook", file=file, mend=mend)


def _scores(notebook: NotebookNode, record: Record) -> dict[str, float | None]:
    """Scores of all graded cells, by grade id; those that the record does not know of are nbgrader's own."""
    known = scores_by_cell(record)
    names = {cell.metadata.nbgrader["grade_id"]: cell for cell in notebook.cells if is_grade(cell)}
    return {name: known[name] if name in known else determine_grade(cell)[0] for name, cell in names.items()}


def _comments(notebook: NotebookNode, record: Record) -> dict[str, str | None]:
    return {
        cell.metadata.nbgrader["grade_id"]: machine_comment(cell, record)
        for cell in notebook.cells
        if is_solution(cell) or is_task(cell)
    }


def _registered(notebook: Any) -> _Registered:
    tasks = {cell.name: cell.id for cell in notebook.task_cells}
    graded = {cell.name: cell.id for cell in notebook.grade_cells}
    return _Registered(notebook.id, graded | tasks, {cell.name: cell.id for cell in notebook.solution_cells} | tasks)


def _graded(notebook: _Registered) -> Iterable[str]:
    return notebook.graded.values()


def _commented(notebook: _Registered) -> Iterable[str]:
    return notebook.commented.values()


def _rows(connection: Connection, query: Any) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _write(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)
