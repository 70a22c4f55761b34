"""A graded notebook goes into the gradebook whole or not at all, with the rows that nbgrader's own code writes."""

from datetime import timedelta

import nbformat
import pytest
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import event
from stock_nbgrader import rows
from tiny_course import copied
from traitlets.config import Config

from nnkit.kit.course.errors import CourseError
from nnkit.kit.gradebook import writer as module
from nnkit.kit.gradebook.rows import gradebook
from nnkit.kit.gradebook.writer import open_writer
from nnkit.kit.grading.record import ItemRecord, Record
from nnkit.kit.nbgrader.recorded_grades import RECORD, LatePolicy, SaveRecordedGrades
from nnkit.kit.submission.files import submission_time

IN_TIME, LATE = "2026-05-01 09:00:00 UTC\n", "2026-05-03 13:00:00 UTC\n"


@pytest.fixture
def notebook(course):
    """As released, with the question answered."""
    read = nbformat.read(course.release("a1") / "net.ipynb", as_version=4)
    for cell in read.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "zero_why":
            cell.source = "Because."
    return read


def record(student="ada", net=1.5):
    """One item right, one partly, one whose grader broke; of the questions the record says nothing."""
    found = [
        ("double_forward", 4.0, 4.0, "passed"),
        ("Net", 6.0, net, "partial"),
        ("tuning", 2.5, None, "grader_error"),
    ]
    return Record(student, "a1", "net", items=[ItemRecord(name, "exercise", *rest) for name, *rest in found])


def submit(course, student="ada", time=IN_TIME):
    folder = course.submitted(student, "a1")
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(time)


def enter(course, notebook, record):
    with open_writer(course, "a1") as writer:
        writer.enter(notebook, record)


def enter_by_nbgrader(course, notebook, record):
    """As `nbgrader autograde` does it: its own Gradebook, and the preprocessors that nbgrader_config.py sets."""
    with gradebook(course) as book:
        book.update_or_create_student(record.student)
        time = submission_time(course.submitted(record.student, "a1"))
        book.update_or_create_submission("a1", record.student, timestamp=time)
    names = {"student": record.student, "assignment": "a1", "notebook": "net", "db_url": course.gradebook_url}
    config = Config()
    config.AssignLatePenalties.plugin_class = LatePolicy
    config.LatePolicy.root = str(course.root)
    for preprocessor in (SaveRecordedGrades(), AssignLatePenalties(config=config)):
        preprocessor.preprocess(notebook, {"nbgrader": names, RECORD: record})


def by_hand(course):
    """A person's marks, an extension and a comment."""
    with gradebook(course) as book:
        for name, score, extra in (("test_double_forward", 1.0, None), ("zero_why", 2.0, 0.5), ("test_Net", None, 1.0)):
            grade = book.find_grade(name, "net", "a1", "ada")
            grade.manual_score, grade.extra_credit = score, extra
        book.find_comment("zero_why", "net", "a1", "ada").manual_comment = "Nicely put."
        book.find_submission("a1", "ada").extension = timedelta(days=1)
        book.db.commit()


@pytest.mark.parametrize("time", [IN_TIME, LATE, "no time at all"])
@pytest.mark.parametrize("marked", [False, True])
def test_the_rows_are_those_of_nbgraders_own_code(course, notebook, tmp_path, time, marked):
    submit(course, time=time)
    other = copied(course, tmp_path / "other")
    for each, way in ((course, enter), (other, enter_by_nbgrader)):
        way(each, notebook, record())
        if marked:
            by_hand(each)
            way(each, notebook, record(net=3.0))
    assert rows(course, "ada") == rows(other, "ada")
    assert (rows(course, "ada")["late"] > 0) == (time == LATE)


def test_each_notebook_is_one_transaction(course, notebook):
    submit(course)
    with open_writer(course, "a1") as writer:
        commits = []
        event.listen(writer._engine, "commit", commits.append)
        writer.enter(notebook, record())
        assert len(commits) == 1


def test_what_breaks_off_leaves_nothing_behind(course, notebook, monkeypatch):
    submit(course)

    def broken(connection, statement, rows):
        if statement is module._SET_COMMENT:
            raise RuntimeError("the power is gone")
        write(connection, statement, rows)

    write = module._write
    monkeypatch.setattr(module, "_write", broken)
    with open_writer(course, "a1") as writer, pytest.raises(RuntimeError, match="the power"):
        writer.enter(notebook, record())
    with gradebook(course) as book:
        assert (book.students, book.assignment_submissions("a1")) == ([], [])


def test_a_cell_that_was_not_released_is_named(course, notebook):
    submit(course)
    notebook.cells[-1].metadata["nbgrader"] = {"grade_id": "new", "grade": False, "solution": True, "locked": False}
    with pytest.raises(CourseError, match=r"the cell new of net of a1 is not in the gradebook.*nnkit release a1"):
        enter(course, notebook, record())


def test_a_new_time_of_submission_counts(course, notebook):
    submit(course)
    with open_writer(course, "a1") as writer:
        writer.enter(notebook, record())
        (course.submitted("ada", "a1") / "timestamp.txt").write_text(LATE)
        writer.enter(notebook, record())
    assert rows(course, "ada")["late"] > 0


def test_another_program_that_enters_the_student_first_costs_nothing(course, notebook, monkeypatch):
    submit(course)
    with open_writer(course, "a1") as writer:
        real, calls = writer._enter, []

        def late(connection, *rest):
            if not calls:
                calls.append(1)
                raise module.IntegrityError("insert", {}, Exception("there is one already"))
            real(connection, *rest)

        monkeypatch.setattr(writer, "_enter", late)
        writer.enter(notebook, record())
    assert {name: score for name, score, *_ in rows(course, "ada")["grades"]}["test_Net"] == 1.5


def test_a_notebook_that_was_not_handed_in_scores_nothing(course):
    submit(course)
    with open_writer(course, "a1") as writer:
        writer.enter_missing("ada", "net")
    grades = rows(course, "ada")["grades"]
    assert {(auto, needs_person) for _, auto, _, _, needs_person, _ in grades} == {(0.0, False)}
