"""A course whose nbgrader_config.py is not ours would be graded unlocked by nbgrader: the kit stops with the mend."""

import json
from pathlib import Path

import pytest
from tiny_course import write_course

from nnkit.kit.cli import main
from nnkit.kit.course.errors import CourseError
from nnkit.kit.nbgrader.config_file import NAME, check_config_file

OURS = (Path(__file__).parents[4] / NAME).read_text()
MEND = "from nnkit.kit.nbgrader import configure"


@pytest.fixture
def course(tmp_path):
    """A course without the file."""
    course = write_course(tmp_path)
    (course.root / NAME).unlink()
    return course


def complaint(course, text):
    (course.root / NAME).write_text(text)
    with pytest.raises(CourseError) as refused:
        check_config_file(course)
    return str(refused.value)


def test_ours_is_accepted(course):
    (course.root / NAME).write_text(OURS)
    check_config_file(course)


def test_the_course_of_this_repository_uses_the_public_import():
    assert f"{MEND}\n" in OURS


def test_one_that_sets_other_things_as_well_is_accepted(course):
    (course.root / NAME).write_text(f'{OURS}\nc = get_config()\nc.Exchange.root = "/srv/exchange"\n')
    check_config_file(course)


def test_a_missing_one_is_named_with_the_mend(course):
    with pytest.raises(CourseError, match=f"^{NAME}: the file is missing") as refused:
        check_config_file(course)
    assert MEND in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        'c = get_config()\nc.CourseDirectory.course_id = "tiny"\n',  # as nbgrader quickstart writes it
        f"{OURS}\nc = get_config()\nc.Autograde.autograde_preprocessors = []\n",
        "",
    ],
)
def test_one_that_leaves_the_grading_to_nbgrader_is_refused(course, text):
    said = complaint(course, text)
    assert "leaves the grading to nbgrader" in said
    assert MEND in said


def test_one_that_fails_is_refused_with_its_error(course):
    said = complaint(course, f"{OURS}\nnonsense\n")
    assert "the file can't be run: NameError: name 'nonsense' is not defined" in said


def test_a_change_is_noticed_after_a_good_one_was_seen(course):
    (course.root / NAME).write_text(OURS)
    check_config_file(course)
    assert "leaves the grading to nbgrader" in complaint(course, "c = get_config()\n")


@pytest.mark.parametrize("command", ["build", "release", "grade"])
def test_a_command_that_leads_to_grading_stops_without_it(course, capfd, command):
    assert main(["--course", str(course.root), command]) == 1
    assert f"{NAME}: the file is missing" in capfd.readouterr().err
    assert not (course.root / "release").exists()


@pytest.mark.slow
def test_doctor_says_so(course, capfd):
    assert main(["--course", str(course.root), "doctor", "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["course_trouble"].startswith(f"{NAME}: the file is missing")


@pytest.mark.slow
def test_doctor_needs_no_course(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    main(["doctor", "--json"])
    assert json.loads(capfd.readouterr().out)["course_trouble"] == ""
