"""What real people hand in counts, whatever was done to the notebook, and every message names the real cause."""

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from real_notebooks import FILES, FULL, SITUATIONS, hand_in
from stock_nbgrader import nbgrader, rows
from tiny_course import copied

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.course.settings import Course

pytestmark = pytest.mark.slow

QUICK = [each for each in SITUATIONS if each.quick]
# nbgrader takes several times as long: what it does differently is how it finds files, the rest is a sample.
BY_NBGRADER = [each for number, each in enumerate(SITUATIONS) if each in FILES or number % 6 == 0]


def named(situations):
    return pytest.mark.parametrize("situation", situations, ids=lambda situation: situation.name)


@dataclass
class Graded:
    course: Course
    records: dict


def handed_in(released, folder, situations):
    course = copied(released, folder / "course")
    source = source_notebook(load_template(course, "a1", "net"))
    solved, untouched = (json.loads(json.dumps(make(source))) for make in (solved_notebook, release_notebook))
    hand_in(situations, course.root / "submitted", solved, untouched)
    return course


def nnkit(course, *arguments):
    """Run the installed command, as a person does."""
    command = [Path(sys.executable).parent / "nnkit", "--course", course.root, *arguments]
    return subprocess.run(command, cwd=course.root.parent, capture_output=True, text=True, timeout=900)


def graded_by(course, *arguments):
    done = nnkit(course, "grade", "a1", "--json", *arguments)
    records = defaultdict(list)
    for line in done.stdout.splitlines():
        record = json.loads(line)
        records[record["student"]].append(record)
    assert records, done.stderr
    return Graded(course, {student: record for student, (record,) in records.items()})


@pytest.fixture(scope="module")
def graded(released, tmp_path_factory):
    course = handed_in(released, tmp_path_factory.mktemp("graded"), SITUATIONS)
    (course.root / "submitted" / "__MACOSX" / "a1").mkdir(parents=True)
    (course.root / "submitted" / "__MACOSX" / "a1" / "._net.ipynb").write_bytes(b"\0\5\x16\7")
    (course.root / "submitted" / ".DS_Store").write_bytes(b"\0")
    return graded_by(course)


@pytest.fixture(scope="module")
def quickly_graded(released, tmp_path_factory):
    return graded_by(handed_in(released, tmp_path_factory.mktemp("quick"), QUICK), "--quick")


@pytest.fixture(scope="module")
def by_nbgrader(released, tmp_path_factory):
    course = handed_in(released, tmp_path_factory.mktemp("nbgrader"), BY_NBGRADER)
    done = nbgrader(course, "autograde", "a1")
    assert done.returncode == 0, done.stderr[-3000:]
    return course


def scores(record):
    return {item["item"]: item["score"] for item in record["items"]}


def messages(record):
    said = [*record["messages"]]
    for item in record["items"]:
        said += item["messages"]
        said += [text for test in item["tests"] for text in (test["message"], test["hint"]) if text]
    return said


def test_there_are_at_least_120_situations():
    assert len(SITUATIONS) >= 120


@named(SITUATIONS)
def test_what_counts(graded, situation):
    record = graded.records[situation.name]
    assert scores(record) == situation.expected, "\n".join(messages(record))


@named(SITUATIONS)
def test_what_is_said(graded, situation):
    said = messages(graded.records[situation.name])
    assert [part for part in situation.says if not any(part in message for message in said)] == [], said
    if situation.silent:
        assert said == []


@named([each for each in SITUATIONS if each.holds])
def test_what_a_person_finds(graded, situation):
    notebook = graded.course.autograded(situation.name, "a1", "net").read_text()
    assert [text for text in situation.holds if json.dumps(text)[1:-1] not in notebook] == []


@named(QUICK)
def test_a_quick_run_keeps_what_a_full_run_keeps(quickly_graded, situation):
    expected = {**situation.expected, "tuning": None}
    assert scores(quickly_graded.records[situation.name]) == expected


@named(BY_NBGRADER)
def test_nbgrader_autograde_gives_the_same(by_nbgrader, graded, situation):
    assert rows(by_nbgrader, situation.name) == rows(graded.course, situation.name)


def test_what_a_file_manager_left_is_no_student(graded):
    assert set(graded.records) == {situation.name for situation in SITUATIONS}


def test_every_item_is_named_in_the_expectations(graded):
    assert scores(graded.records["as_it_should_be"]).keys() == FULL.keys()
