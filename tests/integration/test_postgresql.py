"""PostgreSQL as gradebook: the same path, the same rows as on SQLite, on a real server."""

import csv
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import postgresql_server
import pytest
from gradebook_rows import everything
from stock_nbgrader import nbgrader, rows
from tiny_course import GRADE_IDS, copied

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.cli import main
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.demo.demo import hand_in
from nnkit.kit.demo.simulated_class import simulate
from nnkit.kit.gradebook import database
from nnkit.kit.gradebook.rows import gradebook, register_assignment
from nnkit.kit.nbgrader.commands import generate_assignment

pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed: pip install nnkit-teaching[postgresql]")

BINARIES = postgresql_server.programs()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARIES is None, reason="no PostgreSQL server is installed: apt-get install postgresql"),
]

STUDENTS = ("ada", "mistaken_1", "blank", "late")


@pytest.fixture(scope="module")
def server():
    with postgresql_server.running(BINARIES) as running:
        yield running


def with_gradebook(course, url):
    """The course with another gradebook, empty so far."""
    (course.root / "gradebook.db").unlink()
    with course.file.open("a") as file:
        file.write(f'\n[gradebook]\nurl = "{url}"\n')
    return load_course(course.root)


@pytest.fixture(scope="module")
def students(released):
    everybody = simulate(load_template(released, "a1", "net"))
    return [student for student in everybody if student.name in STUDENTS]


@pytest.fixture(scope="module")
def on_postgresql(server, released, students, tmp_path_factory):
    """Four students, from release to export, by the commands."""
    course = copied(released, tmp_path_factory.mktemp("postgresql") / "course")
    shutil.rmtree(course.release("a1"))
    course = with_gradebook(course, server.new_database("marks"))
    hand_in_all(course, students)
    for command in (["release"], ["grade", "--jobs", "2"], ["feedback"], ["export"]):
        assert main(["--course", str(course.root), *command]) == 0
    return course


def hand_in_all(course, students):
    for student in students:
        hand_in(course, "a1", "net", student)


@pytest.fixture(scope="module")
def on_sqlite(released, students, tmp_path_factory):
    """The same on a SQLite file."""
    course = copied(released, tmp_path_factory.mktemp("sqlite") / "course")
    hand_in_all(course, students)
    for command in (["grade", "--jobs", "2"], ["export"]):
        assert main(["--course", str(course.root), *command]) == 0
    return course


def test_every_row_is_that_of_sqlite(on_postgresql, on_sqlite):
    here, there = everything(on_postgresql), everything(on_sqlite)
    assert set(here) == set(there)
    for table in there:
        assert here[table] == there[table], table
    assert len(here["grade"]) == len(STUDENTS) * len(GRADE_IDS)


@pytest.fixture(scope="module")
def by_nbgrader(server, released, students, tmp_path_factory):
    course = copied(released, tmp_path_factory.mktemp("nbgrader") / "course")
    course = with_gradebook(course, server.new_database("by_nbgrader"))
    generate_assignment(course, "a1")
    register_assignment(course, "a1")
    hand_in_all(course, students)
    done = nbgrader(course, "autograde", "a1")
    assert done.returncode == 0, done.stderr
    return course, done.stdout + done.stderr


@pytest.mark.parametrize("student", STUDENTS)
def test_nbgrader_autograde_gives_the_rows_of_nnkit_grade(by_nbgrader, on_postgresql, student):
    assert rows(by_nbgrader[0], student) == rows(on_postgresql, student)


def test_feedback_is_written(on_postgresql):
    assert "You multiplied by three." in on_postgresql.feedback("mistaken_1", "a1", "net").read_text(encoding="utf-8")


def test_export_is_that_of_sqlite(on_postgresql, on_sqlite):
    # nbgrader exports in the order of the database.
    here, there = (
        sorted(csv.DictReader((course.root / "grades.csv").open()), key=lambda row: row["student_id"])
        for course in (on_postgresql, on_sqlite)
    )
    assert len(here) == len(STUDENTS)
    assert here == there


def test_the_password_is_in_no_file_but_course_toml(on_postgresql, by_nbgrader):
    for course in (on_postgresql, by_nbgrader[0]):
        files = [path for path in course.root.rglob("*") if path.is_file()]
        assert len(files) > 20
        secret = postgresql_server.PASSWORD.encode()
        assert [path.name for path in files if secret in path.read_bytes()] == ["course.toml"]


def test_nbgrader_does_not_print_the_password(by_nbgrader):
    assert "autograded" in by_nbgrader[1]
    assert postgresql_server.PASSWORD not in by_nbgrader[1]


def test_a_refused_password_is_said_and_not_shown(server, course):
    course = with_gradebook(course, server.url("marks", password="swordfish"))
    with pytest.raises(CourseError, match="password authentication failed for user") as caught:
        database.ensure_database(course)
    assert "swordfish" not in str(caught.value)


def test_a_database_that_is_not_there_is_said(server, course):
    course = with_gradebook(course, server.url("nowhere"))
    with pytest.raises(CourseError, match='database "nowhere" does not exist'):
        database.ensure_database(course)


def test_several_first_users_at_once_make_the_tables_once(server, course):
    course = with_gradebook(course, server.new_database("crowded"))
    with ThreadPoolExecutor(6) as crowd:
        list(crowd.map(database.ensure_database, [course] * 6))
    with gradebook(course) as book:
        assert book.assignments == []


def test_two_graders_at_once_lose_nothing(on_postgresql):
    before = everything(on_postgresql)
    command = [sys.executable, "-m", "nnkit.kit.cli", "--course", str(on_postgresql.root), "grade", "--force"]
    crowd = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in crowd]
    refused = [text for process, text in zip(crowd, said, strict=True) if process.returncode]
    assert len(refused) <= 1, said  # none, if the first has ended before the second begins
    assert all("another nnkit grade is at work here" in text for text in refused), said
    assert everything(on_postgresql) == before
