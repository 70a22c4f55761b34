"""The CSV of all marks."""

import csv

import pytest
from nbgrader.api import Gradebook

from nnkit.kit.course.environment import own_programs_on_path
from nnkit.kit.nbgrader.marks_file import COLUMNS, MarksFile, spreadsheet_text

NAMES = ['Smith, "Bob"', "=HYPERLINK(\"http://evil\")", "+1", "-2+3", "@SUM(A1)", "\t=1", "Zoë", "two\nlines", "  =1"]


@pytest.fixture
def exported(tmp_path):
    """What a CSV reader finds in the export of a class with these names."""
    own_programs_on_path()
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        book.add_assignment("a1")
        for number, name in enumerate(NAMES):
            book.add_student(f"s{number}", last_name=name)
        plugin = MarksFile()
        plugin.to = str(tmp_path / "grades.csv")
        plugin.export(book)
    with open(tmp_path / "grades.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_student_has_one_row_whatever_the_name(exported):
    assert sorted(row["student_id"] for row in exported) == [f"s{number}" for number in range(len(NAMES))]
    assert all(tuple(row) == COLUMNS for row in exported)


def test_no_cell_begins_a_formula(exported):
    assert not [row for row in exported if row["last_name"].lstrip().startswith(("=", "+", "-", "@"))]


def test_names_are_read_back_as_they_are(exported):
    assert sorted(row["last_name"].removeprefix("'") for row in exported) == sorted(NAMES)


def test_numbers_below_zero_stay_numbers():
    assert spreadsheet_text(-1.5) == "-1.5"


def test_a_missing_submission_is_zero_and_waits_for_nobody(exported):
    assert {(row["score"], row["not_marked_yet"]) for row in exported} == {("0.0", "0")}


def test_a_failed_export_leaves_the_old_file(tmp_path):
    (tmp_path / "grades.csv").write_text("old")
    plugin = MarksFile()
    plugin.to = str(tmp_path / "grades.csv")
    with pytest.raises(AttributeError):
        plugin.export(None)
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]
    assert (tmp_path / "grades.csv").read_text() == "old"
