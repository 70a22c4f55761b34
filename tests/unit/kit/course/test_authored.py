"""What an editor, a merge or an accident did to a file of the course is said with its line, never as a traceback."""

import pytest
from tiny_course import write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import load_misconceptions
from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.errors import BuildError, CourseError
from nnkit.kit.course.file import load_course

CONFLICT = "<<<<<<< HEAD\nmine = 1\n=======\ntheirs = 2\n>>>>>>> branch\n"
AUTHORED = [
    "course.toml",
    "nnkit/layers.py",
    "source/a1/net.md",
    "tests/graders/a1/test_net.py",
    "tests/graders/a1/net.misconceptions.toml",
]


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


def complaint(course):
    """What is said when the whole course is read."""
    with pytest.raises(BuildError) as caught:
        load_misconceptions(load_template(load_course(course.root), "a1", "net"))
    return str(caught.value)


def place(name, line):
    return f"{name.removeprefix('source/')}, line {line}: "


@pytest.mark.parametrize("name", AUTHORED)
def test_a_conflict_that_git_left_is_named(course, name):
    path = course.root / name
    above = path.read_text().count("\n")
    path.write_text(path.read_text() + CONFLICT)
    assert complaint(course).startswith(place(name, above + 1) + '"<<<<<<< HEAD" is left of a conflict')


@pytest.mark.parametrize("name", AUTHORED)
def test_another_encoding_is_named_with_its_line(course, name):
    path = course.root / name
    above = path.read_text().count("\n")
    path.write_bytes(path.read_bytes() + "# Größe\n".encode("latin-1"))
    message = complaint(course)
    assert message.startswith(place(name, above + 1) + "is not UTF-8: byte 0xf6 is 'ö' in Latin-1")
    assert message.endswith("(save the file as UTF-8)")


@pytest.mark.parametrize("name", AUTHORED)
def test_utf_16_is_named(course, name):
    path = course.root / name
    path.write_text(path.read_text(), encoding="utf-16")
    assert "is written in UTF-16 (save it as UTF-8)" in complaint(course)


@pytest.mark.parametrize("name", AUTHORED)
def test_a_zero_byte_is_named_with_its_line(course, name):
    path = course.root / name
    above = path.read_text().count("\n")
    path.write_bytes(path.read_bytes() + b"# \0\n")
    assert complaint(course).startswith(place(name, above + 1) + "holds a zero byte")


@pytest.mark.parametrize("name", AUTHORED)
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(course, name):
    before = load_template(course, "a1", "net")
    path = course.root / name
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    after = load_template(load_course(course.root), "a1", "net")
    assert (after.items, after.cells) == (before.items, before.cells)
    assert len(load_misconceptions(after)) == 2


def test_a_folder_in_the_place_of_a_file_is_said(course):
    course.template("a1", "net").unlink()
    course.template("a1", "net").mkdir()
    with pytest.raises(BuildError, match="can't be read: Is a directory"):
        read_authored(course.template("a1", "net"))


def test_headings_underlined_with_equals_signs_are_no_conflict(tmp_path):
    (tmp_path / "a.md").write_text("Title\n=======\n\n<<< text\n> quoted\n")
    assert read_authored(tmp_path / "a.md").startswith("Title")


def test_what_is_wrong_with_the_settings_file_itself_is_an_error_of_the_course(course):
    course.file.write_bytes(b'id = "\xe4"\n')
    with pytest.raises(CourseError, match=r"course\.toml, line 1: is not UTF-8"):
        load_course(course.root)
