"""A simulated class of the tiny course that has been graded once."""

from dataclasses import dataclass

import pytest
from class_results import STUDENTS, grade
from tiny_course import copied

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.course.settings import Course
from nnkit.kit.demo.demo import hand_in
from nnkit.kit.demo.simulated_class import Student, simulate
from nnkit.kit.engine.classroom import grade_class
from nnkit.kit.grading.record import Record


@dataclass
class GradedClass:
    course: Course
    students: dict[str, Student]
    records: dict[str, Record]


@pytest.fixture(scope="session")
def graded_class(released, tmp_path_factory):
    """The simulated class of that course, graded in full."""
    course = copied(released, tmp_path_factory.mktemp("class") / "course")
    students = {student.name: student for student in simulate(load_template(course, "a1", "net"))}
    for student in students.values():
        hand_in(course, "a1", "net", student)
    records = {record.student: record for record in grade_class(course, "a1")}
    return GradedClass(course, students, records)


@pytest.fixture(scope="session")
def small_class(released, tmp_path_factory):
    """A course with a small class that is not graded yet."""
    course = copied(released, tmp_path_factory.mktemp("class") / "course")
    students = {student.name: student for student in simulate(load_template(course, "a1", "net"))}
    for name in STUDENTS:
        hand_in(course, "a1", "net", students[name])
    return course


@pytest.fixture(scope="session")
def undisturbed(small_class, tmp_path_factory):
    """The same class after one run to the end; read only."""
    course = copied(small_class, tmp_path_factory.mktemp("undisturbed") / "course")
    assert grade(course) == 1  # torn needs attention
    return course
