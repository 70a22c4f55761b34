"""The gradebook's URL: what it may be, what is said when it leads nowhere, and that its password is never shown."""

import sys

import pytest
from tiny_course import write_course

from nnkit.kit.cli import main
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.gradebook.database import ensure_database, without_password

PASSWORD = "sesame-4711"


@pytest.fixture
def with_url(tmp_path):
    """The tiny course with the given gradebook URL."""
    write_course(tmp_path)
    text = (tmp_path / "course.toml").read_text()

    def written(url):
        (tmp_path / "course.toml").write_text(f'{text}\n[gradebook]\nurl = "{url}"\n')
        return load_course(tmp_path)

    return written


def complaint(course):
    with pytest.raises(CourseError) as caught:
        ensure_database(course)
    message = str(caught.value)
    line = course.file.read_text().splitlines().index(f'url = "{course.gradebook.url}"') + 1
    assert message.startswith(f"course.toml, line {line}: ")
    assert PASSWORD not in message
    return message


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_postgresql_means_the_driver_of_our_extra(with_url, scheme):
    assert with_url(f"{scheme}://ada@db/marks").gradebook_url == "postgresql+psycopg://ada@db/marks"


def test_another_driver_can_be_named(with_url):
    assert with_url("postgresql+pg8000://ada@db/marks").gradebook_url == "postgresql+pg8000://ada@db/marks"


def test_url_can_stand_in_an_environment_variable(with_url, monkeypatch):
    monkeypatch.setenv("MARKS", "postgresql://ada@db/marks")
    assert with_url("env:MARKS").gradebook_url == "postgresql+psycopg://ada@db/marks"


def test_a_relative_file_in_an_environment_variable_is_the_courses(with_url, monkeypatch):
    monkeypatch.setenv("MARKS", "sqlite:///marks.db")
    course = with_url("env:MARKS")
    assert course.gradebook_url == f"sqlite:///{course.root}/marks.db"


def test_an_unset_variable_is_said(with_url, monkeypatch):
    monkeypatch.delenv("MARKS", raising=False)
    assert "the environment variable MARKS is not set (export MARKS=postgresql://" in complaint(with_url("env:MARKS"))


def test_a_server_that_does_not_answer_is_said(with_url):
    message = complaint(with_url(f"postgresql://ada:{PASSWORD}@127.0.0.1:1/marks"))
    assert "the gradebook postgresql://ada:***@127.0.0.1:1/marks can't be used: " in message
    assert "refused" in message
    assert "start the server" in message


def test_a_missing_driver_is_said(with_url, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert 'pip install "nnkit-teaching[postgresql]"' in complaint(with_url(f"postgresql://ada:{PASSWORD}@db/marks"))


def test_an_unknown_driver_is_said(with_url):
    message = complaint(with_url(f"postgresql+pidgeon://ada:{PASSWORD}@db/marks"))
    assert "postgresql+pidgeon" in message
    assert "write postgresql+psycopg://" in message


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://ada:{PASSWORD}@db/marks",
        f"ada:{PASSWORD}@db/marks",
        f"postgresql://ada:x@{PASSWORD}@db/marks",
        f"postgresql://ada:{PASSWORD}/marks",
    ],
)
def test_a_url_that_is_none_of_ours_is_said_but_not_shown(with_url, url):
    message = complaint(with_url(url))
    assert "no URL of a SQLite or PostgreSQL database" in message
    assert "%40" in message


def test_passwords_are_left_out_of_what_is_shown():
    assert without_password(f"postgresql://ada:{PASSWORD}@db/marks") == "postgresql://ada:***@db/marks"


def test_a_password_among_the_parameters_is_left_out_too():
    url = f"postgresql+psycopg://ada@/marks?host=/run/db&password={PASSWORD}"
    assert without_password(url) == "postgresql://ada@/marks?host=%2Frun%2Fdb"


def test_a_course_printed_for_debugging_shows_no_password(with_url):
    assert PASSWORD not in repr(with_url(f"postgresql://ada:{PASSWORD}@db/marks"))


def test_a_url_in_the_wrong_place_is_not_shown(tmp_path):
    write_course(tmp_path)
    file = tmp_path / "course.toml"
    file.write_text(f'gradebook = "postgresql://ada:{PASSWORD}@db/marks"\n{file.read_text()}')
    with pytest.raises(CourseError, match=r"course.toml, line 1: gradebook = .*\[gradebook\] with its url") as caught:
        load_course(tmp_path)
    assert PASSWORD not in str(caught.value)


def test_release_stops_at_once_if_the_gradebook_does_not_answer(with_url, capfd):
    course = with_url(f"postgresql://ada:{PASSWORD}@127.0.0.1:1/marks")
    assert main(["--course", str(course.root), "release"]) == 1
    said = "".join(capfd.readouterr())
    assert "can't be used" in said
    assert PASSWORD not in said
    assert not course.release("a1").exists()
