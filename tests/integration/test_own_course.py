"""A course of one's own, from `nnkit new` to feedback, with a wheel in an environment that has nothing else of ours."""

import json
import subprocess

import nbformat
import pytest
from built_distributions import build, copy_of_the_repository, environment_with

pytestmark = pytest.mark.slow

MISTAKEN = ("dt * velocities[:, i + 1]", "dt * velocities[:, i]")
STUDENTS = ("ada", "mistaken", "untouched")


@pytest.fixture(scope="module")
def nnkit(tmp_path_factory):
    """Runs the nnkit of a fresh environment in a folder, as a person does."""
    folder = tmp_path_factory.mktemp("installed")
    wheel = build("wheel", copy_of_the_repository(folder / "sources"), folder / "wheel")
    programs = environment_with(wheel, folder / "env")

    def run(*arguments, cwd, status=0):
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder)}
        done = subprocess.run(
            [programs / "nnkit", *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True
        )
        assert done.returncode == status, done.stderr[-3000:] + done.stdout[-3000:]
        return done.stdout

    return run


@pytest.fixture(scope="module")
def course(nnkit, tmp_path_factory):
    """A new course, proven and released."""
    folder = tmp_path_factory.mktemp("term") / "mechanics"
    nnkit("new", folder, cwd=folder.parent)
    nnkit("release", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def records(nnkit, course):
    """The records of three students by name: one right, one with a known mistake, one who wrote nothing."""
    solved = nbformat.read(course / "solutions" / "a1_pendulum" / "pendulum.ipynb", as_version=4)
    untouched = nbformat.read(course / "release" / "a1_pendulum" / "pendulum.ipynb", as_version=4)
    mistaken = nbformat.from_dict(json.loads(json.dumps(solved)))
    (wrong,) = [cell for cell in mistaken.cells if MISTAKEN[0] in cell.source]
    wrong.source = wrong.source.replace(*MISTAKEN)
    for student, notebook in zip(STUDENTS, (solved, mistaken, untouched), strict=True):
        place = course / "submitted" / student / "a1_pendulum" / "pendulum.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)
    lines = nnkit("grade", "--json", cwd=course).splitlines()
    nnkit("feedback", cwd=course)
    return {record["student"]: record for record in map(json.loads, lines)}


def scores(record):
    return {item["item"]: item["score"] for item in record["items"]}


def test_verify_is_green_at_once(nnkit, course):
    assert json.loads(nnkit("verify", "--json", cwd=course))["ok"] is True


def test_what_is_released_has_only_what_the_course_needs(course):
    released = course / "release" / "a1_pendulum"
    assert {path.name for path in released.iterdir()} == {
        "README.md", "checks", "mechanics", "nnkit", "pendulum.ipynb", "requirements.txt"
    }  # fmt: skip
    assert {path.name for path in (released / "nnkit").iterdir()} == {"__init__.py", "student"}
    assert sorted(str(path.relative_to(released)) for path in (released / "mechanics").rglob("*.*")) == [
        "mechanics/__init__.py",
        "mechanics/constants.py",
        "mechanics/data/__init__.py",
        "mechanics/data/swings.csv",
        "mechanics/data/swings.py",
    ]


def test_the_right_submission_gets_every_point_of_the_machine(records):
    assert scores(records["ada"]) == {
        "acceleration": 4, "swing": 6, "period": 2, "wide_swings": None, "fit": 5, "energy_drawing": None
    }  # fmt: skip


def test_a_known_mistake_costs_points_where_it_is_and_is_explained(records):
    lost = {name for name, score in scores(records["mistaken"]).items() if score is not None} - {
        name for name, score in scores(records["mistaken"]).items() if score == scores(records["ada"])[name]
    }
    assert lost == {"swing"}
    (swing,) = [item for item in records["mistaken"]["items"] if item["item"] == "swing"]
    assert {test["hint"] for test in swing["tests"] if test["verdict"] == "failed"} == {
        "Your angle takes its step with the old velocity: take the new one."
    }


def test_an_untouched_notebook_gets_nothing(records):
    assert set(scores(records["untouched"]).values()) == {0}


def test_every_student_has_a_feedback_page(course, records):
    for student in STUDENTS:
        page = (course / "feedback" / student / "a1_pendulum" / "pendulum.html").read_text()
        assert "The pendulum" in page


def test_the_marks_are_exported(nnkit, course, records):
    nnkit("export", cwd=course)
    assert all(student in (course / "grades.csv").read_text() for student in STUDENTS)


def test_outside_of_any_course_the_demo_shows_a_new_one(nnkit, tmp_path):
    told = nnkit("demo", cwd=tmp_path)
    assert "all students graded as expected" in told
    assert (tmp_path / "demo" / "release" / "a1_pendulum" / "pendulum.ipynb").is_file()
