"""Submissions are data: whatever is handed in gets a status and a message, and stops nobody else's grading."""

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from specimens import FOR_NBGRADER, LIMIT_MB, MACHINE, NAMELESS, SPECIMENS, hand_in_all
from stock_nbgrader import nbgrader, rows
from tiny_course import change, copied

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.course.file import load_course
from nnkit.kit.course.settings import Course
from nnkit.kit.gradebook.rows import gradebook

pytestmark = pytest.mark.slow

SAME = [specimen for specimen in FOR_NBGRADER if specimen.nbgrader == "same"]
REFUSED = [specimen for specimen in FOR_NBGRADER if specimen.nbgrader == "refuses"]


def named(specimens):
    return pytest.mark.parametrize("specimen", specimens, ids=lambda specimen: ascii(specimen.student)[1:41])


@dataclass
class Zoo:
    course: Course
    marker: Path
    records: dict
    """All records that `nnkit grade --json` printed, by student."""


def fill(released, folder, specimens):
    course = copied(released, folder / "course")
    change(course.root, "course.toml", "[limits]\n", f"[limits]\nsubmission_mb = {LIMIT_MB}\n")
    source = source_notebook(load_template(course, "a1", "net"))
    solved, untouched = (json.loads(json.dumps(make(source))) for make in (solved_notebook, release_notebook))
    marker = folder / "was-run"
    hand_in_all(specimens, course.root / "submitted", solved, untouched, marker)
    return load_course(course.root), marker


def nnkit(course, *arguments):
    """Run the installed command, as a person does."""
    command = [Path(sys.executable).parent / "nnkit", "--course", course.root, *arguments]
    return subprocess.run(command, cwd=course.root.parent, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def zoo(released, tmp_path_factory):
    course, marker = fill(released, tmp_path_factory.mktemp("zoo"), SPECIMENS)
    done = nnkit(course, "grade", "a1", "--json")
    records = defaultdict(list)
    for line in done.stdout.splitlines():
        record = json.loads(line)
        records[record["student"]].append(record)
    assert done.returncode == 1, f"some need attention: {done.stderr}"
    return Zoo(course, marker, records)


@pytest.fixture(scope="module")
def by_nbgrader(released, tmp_path_factory):
    course, marker = fill(released, tmp_path_factory.mktemp("nbgrader"), [*SAME, *REFUSED])
    done = nbgrader(course, "autograde", "a1")
    assert done.returncode == 1, f"some are refused: {done.stderr}"
    return Zoo(course, marker, {})


def messages(record):
    return [*record["messages"], *(message for item in record["items"] for message in item["messages"])]


def lost(record):
    """Machine-graded items without full marks."""
    return {item["item"] for item in record["items"] if item["item"] in MACHINE and item["score"] != item["points"]}


@named(SPECIMENS)
def test_every_submission_gets_one_record_with_its_status_and_message(zoo, specimen):
    (record,) = zoo.records[specimen.student]
    assert record["status"] == specimen.status
    if specimen.says:
        assert any(specimen.says in message for message in messages(record)), messages(record)
    else:
        assert messages(record) == []


@named(SPECIMENS)
def test_what_is_wrong_costs_what_it_touches_and_nothing_else(zoo, specimen):
    (record,) = zoo.records[specimen.student]
    assert lost(record) == specimen.loses


@named([each for each in SPECIMENS if each.status != "missing"])
def test_only_what_was_read_gets_a_score(zoo, specimen):
    (record,) = zoo.records[specimen.student]
    scored = [item["item"] for item in record["items"] if item["item"] in MACHINE and item["score"] is not None]
    assert bool(scored) == (specimen.status != "unreadable")


def test_the_others_are_graded_as_if_nothing_had_happened(zoo):
    (ada,), (blank,) = zoo.records["ada"], zoo.records["blank"]
    assert (lost(ada), ada["messages"]) == (set(), [])
    assert [item["score"] for item in blank["items"]] == [0, 0, 0, 0, 0]


@named([each for each in SPECIMENS if each.status != "missing" and each not in NAMELESS])
def test_what_a_person_opens_is_a_valid_notebook(zoo, specimen):
    notebook = nbformat.read(zoo.course.autograded(specimen.student, "a1", "net"), as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) >= 10


@named([each for each in SPECIMENS if each not in NAMELESS])
def test_every_student_has_rows_in_the_gradebook_that_say_what_the_record_says(zoo, specimen):
    (record,) = zoo.records[specimen.student]
    written = {row[0].removeprefix("test_"): row[1] for row in rows(zoo.course, specimen.student)["grades"]}
    assert written == {item["item"]: item["score"] for item in record["items"]}


@named(NAMELESS)
def test_a_name_that_nbgrader_cannot_work_with_gets_no_row(zoo, specimen):
    with gradebook(zoo.course) as book:
        assert specimen.student not in {student.id for student in book.students}


def test_nothing_beside_a_notebook_is_run_or_copied(zoo):
    assert not zoo.marker.exists()
    assert {path.name for path in zoo.course.root.glob("autograded/*/*/*")} <= {"net.ipynb", "timestamp.txt"}


def test_no_file_that_a_link_leads_to_is_shown(zoo):
    secrets = [line for line in Path("/etc/passwd").read_text().splitlines() if line]
    for student in ("link_to_passwd", "link_to_neighbour", "folder_is_link"):
        shown = zoo.course.records(student, "a1", "net").read_text()
        shown += zoo.course.autograded(student, "a1", "net").read_text()
        assert not [secret for secret in [*secrets, "np.add(x, x) * 1"] if secret in shown]


def test_names_within_a_notebook_lead_nowhere(zoo):
    """Attachments and outputs can carry file names; nothing is written where they point."""
    assert not list(zoo.course.root.parent.rglob("escaped*"))


def test_feedback_and_marks_are_written_for_everybody(zoo):
    done = [nnkit(zoo.course, command, "a1") for command in ("feedback", "export")]
    assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]
    graded = [each.student for each in SPECIMENS if each.status != "missing" and each not in NAMELESS]
    assert [name for name in graded if not zoo.course.feedback(name, "a1", "net").is_file()] == []
    assert not list(zoo.course.root.parent.rglob("escaped*"))
    assert not zoo.marker.exists()


@named([each for each in SAME if each.status == "unreadable"])
def test_a_student_whose_file_was_not_read_is_not_told_that_nothing_was_written(zoo, specimen):
    comments = {automatic for _, automatic, _ in rows(zoo.course, specimen.student)["comments"]}
    assert all(specimen.says in comment for comment in comments), comments


@named(SAME)
def test_nbgrader_autograde_writes_the_rows_of_nnkit_grade(zoo, by_nbgrader, specimen):
    assert rows(by_nbgrader.course, specimen.student) == rows(zoo.course, specimen.student)


@named(SAME)
def test_nbgrader_autograde_leaves_the_record_and_the_notebook_of_nnkit_grade(zoo, by_nbgrader, specimen):
    (record,) = zoo.records[specimen.student]
    other = json.loads(by_nbgrader.course.records(specimen.student, "a1", "net").read_text())
    assert (other["status"], messages(other), lost(other)) == (record["status"], messages(record), lost(record))
    assert other["hashes"] == record["hashes"]
    nbformat.validate(nbformat.read(by_nbgrader.course.autograded(specimen.student, "a1", "net"), as_version=4))


@named(REFUSED)
def test_nbgrader_autograde_gives_no_marks_for_what_it_refuses(by_nbgrader, specimen):
    with gradebook(by_nbgrader.course) as book:
        given = [s.score for s in book.assignment_submissions("a1") if s.student.id == specimen.student]
    assert sum(given) == 0


def test_nbgrader_autograde_runs_and_copies_nothing_beside_a_notebook(by_nbgrader):
    assert not by_nbgrader.marker.exists()
    assert not list(by_nbgrader.course.root.parent.rglob("escaped*"))
    assert {path.name for path in by_nbgrader.course.root.glob("autograded/*/*/*")} <= {"net.ipynb", "timestamp.txt"}
