"""Data of a course: what notebooks read, made once and again when the source changes, without what is held out."""

import os
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_course import change, write_course

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.course.secret import secret_file
from nnkit.kit.engine.data_sets import data_folder, held_out_files
from nnkit.kit.grading.held_out import held_out

LOADER = "def load_swings():\n    return 1\n"
SIDE = """\
import numpy as np

def held_out(path, seed):
    if path is not None:
        return tuple(line for line in path.read_text().split() if line.startswith("h"))
    return np.random.default_rng(seed).normal(size=5), "drawn"

def held_out_rounded(path, seed):
    return (np.round(held_out(path, seed)[0]),)

def prepare(path, folder):
    lines = path.read_text().split() if path else ["stand-in"]
    (folder / "swings.txt").write_text(" ".join(line for line in lines if not line.startswith("h")))
"""
ENTRY = '[data.swings]\nmodule = "nnkit.swings"\n'


@pytest.fixture
def course(tmp_path):
    course = write_course(tmp_path / "course")
    (course.root / "nnkit" / "swings.py").write_text(LOADER)
    (course.root / "tests" / "graders" / "data").mkdir()
    (course.root / "tests" / "graders" / "data" / "swings.py").write_text(SIDE)
    (course.root / "downloads").mkdir()
    (course.root / "downloads" / "given.txt").write_text("a b h1 h2")
    change(course.root, "course.toml", "[limits]", f"{ENTRY}\n[limits]")
    change(course.root, "source/a1/net.md", "import numpy as np\n", "import numpy as np\nfrom nnkit import swings\n")
    return load_course(course.root)


def with_path(course, path="downloads/given.txt"):
    change(course.root, "course.toml", ENTRY, f'{ENTRY}path = "{path}"\n')
    return load_course(course.root)


def test_notebooks_read_the_stand_in_that_was_prepared(course):
    assert (data_folder(course, "a1") / "swings.txt").read_text() == "stand-in"


def test_notebooks_read_real_data_without_what_is_held_out(course):
    folder = data_folder(with_path(course), "a1")
    assert {file.name: file.read_text() for file in folder.rglob("*")} == {"swings.txt": "a b"}


def test_data_are_prepared_once_and_again_when_size_time_or_file_change(course):
    course = with_path(course)
    given = course.root / "downloads" / "given.txt"
    first = data_folder(course, "a1")
    assert data_folder(course, "a1") == first
    given.write_text("a b h3 c")
    second = data_folder(course, "a1")
    assert (second / "swings.txt").read_text() == "a b c"
    os.utime(given, ns=(1, 1))
    third = data_folder(course, "a1")
    os.utime(given, ns=(1, 1))
    given.with_name("other").write_text("a b h3 d")
    os.utime(given.with_name("other"), ns=(1, 1))
    given.with_name("other").rename(given)
    fourth = data_folder(course, "a1")
    assert len({first, second, third, fourth}) == 4
    assert (fourth / "swings.txt").read_text() == "a b d"


def test_a_failed_preparation_leaves_nothing_and_names_file_and_line(course):
    change(course.root, "tests/graders/data/swings.py", 'if path else ["stand-in"]', "if path else 1 / 0")
    with pytest.raises(CourseError) as caught:
        data_folder(course, "a1")
    assert str(caught.value) == "tests/graders/data/swings.py, line 12: ZeroDivisionError: division by zero"
    assert list((course.root / ".cache" / "data").iterdir()) == []


def test_without_prepare_the_files_themselves_are_linked(course):
    (course.root / "tests/graders/data/swings.py").unlink()
    folder = data_folder(with_path(course, "downloads"), "a1")
    assert (folder / "downloads" / "given.txt").samefile(course.root / "downloads" / "given.txt")


def test_real_data_with_a_held_out_part_are_not_shown_as_they_are(course):
    text = SIDE[: SIDE.index("def prepare")]
    (course.root / "tests/graders/data/swings.py").write_text(text)
    with pytest.raises(CourseError, match=r"would lie among the data that notebooks read \(write prepare"):
        data_folder(with_path(course), "a1")


def test_an_assignment_is_shown_the_data_of_its_own_notebooks_only(course):
    change(course.root, "source/a1/net.md", "from nnkit import swings\n", "")
    assert list(data_folder(course, "a1").iterdir()) == []
    assert held_out_files(course, "a1") == {}


def test_two_data_sets_may_not_write_the_same_name(course):
    change(course.root, "course.toml", ENTRY, f"{ENTRY}\n{ENTRY.replace('data.swings', 'data.again')}")
    (course.root / "tests/graders/data/again.py").write_text(SIDE)
    with pytest.raises(CourseError, match=r"again and another data set both give notebooks a swings\.txt"):
        data_folder(load_course(course.root), "a1")


def grader(course):
    return SimpleNamespace(held_out=held_out_files(course, "a1"))


def test_held_out_data_come_by_the_names_of_their_functions(course):
    values, word = held_out(grader(course), "swings")
    (rounded,) = held_out(grader(course), "swings_rounded")
    assert word == "drawn"
    np.testing.assert_array_equal(rounded, np.round(values))
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 0


@pytest.mark.parametrize("name", ["swing", "swings_other", "other"])
def test_held_out_data_that_are_not_there_are_named(course, name):
    with pytest.raises(LookupError, match=rf'no held-out data "{name}" for this notebook \(there are: swings\)'):
        held_out(grader(course), name)


def test_another_secret_draws_other_data_and_another_seed_does_not(course):
    values = held_out(grader(course), "swings")[0].tolist()
    change(course.root, "course.toml", 'seed = "s"', 'seed = "t"')
    assert held_out(grader(load_course(course.root)), "swings")[0].tolist() == values
    secret_file(course).write_text("0123456789abcdef" * 2)
    assert held_out(grader(course), "swings")[0].tolist() != values


def test_held_out_data_lie_in_a_file_for_its_owner_alone_and_old_ones_go(course):
    file = held_out_files(course, "a1")["swings"]
    assert file.stat().st_mode & 0o077 == 0
    assert set(pickle.loads(file.read_bytes())) == {"", "rounded"}
    secret_file(course).write_text("0123456789abcdef" * 2)
    assert held_out_files(course, "a1")["swings"] != file
    assert not file.exists()


def test_what_is_no_tuple_is_refused(course):
    change(course.root, "tests/graders/data/swings.py", ', "drawn"', "")
    change(course.root, "tests/graders/data/swings.py", "[0]),)", "),)")
    with pytest.raises(CourseError, match="held_out gives ndarray, expected a tuple"):
        held_out_files(course, "a1")
