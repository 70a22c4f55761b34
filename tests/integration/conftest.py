"""A tiny course, released once, and a simulated class that has been graded once."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tiny_course import write_course

from nnkit.kit.authoring.template import load_template
from nnkit.kit.classroom import grade_class
from nnkit.kit.course import Course, load_course
from nnkit.kit.demo import hand_in
from nnkit.kit.grading.record import Record
from nnkit.kit.release import release
from nnkit.kit.simulated_class import Student, simulate

CONFIG = (Path(__file__).parents[2] / "nbgrader_config.py").read_text()


@dataclass
class GradedClass:
    course: Course
    students: dict[str, Student]
    records: dict[str, Record]


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A course whose only assignment has been proven and released; read only, copy it to change it."""
    root = tmp_path_factory.mktemp("course")
    course = write_course(root)
    (root / "nbgrader_config.py").write_text(CONFIG)
    verification = release(course, "a1")
    assert verification.ok, verification.as_dict()
    return course


@pytest.fixture(scope="session")
def graded_class(released, tmp_path_factory):
    """The simulated class of that course, graded in full."""
    course = copied(released, tmp_path_factory.mktemp("class") / "course")
    students = {student.name: student for student in simulate(load_template(course, "a1", "net"))}
    for student in students.values():
        hand_in(course, "a1", "net", student)
    records = {record.student: record for record in grade_class(course, "a1")}
    return GradedClass(course, students, records)


@pytest.fixture
def course(released, tmp_path):
    """A copy of the released course to change."""
    return copied(released, tmp_path / "course")


def copied(course: Course, folder: Path) -> Course:
    shutil.copytree(course.root, folder)
    return load_course(folder)
