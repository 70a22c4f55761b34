"""Data files of the package: where a course finds them, and what students receive."""

import shutil

import pytest
from tiny_course import change, write_course

from nnkit.data.trigrams import STAND_IN
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.distribution.student_package import build_student_package
from nnkit.kit.proof.leaks import scan

DATA_FILE = "nnkit/data/austen_fourgrams.h5"
LOADING = "from nnkit.data.trigrams import load_trigrams\n"


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path / "course")


def with_data_file(course, name):
    entry = f'[data.trigrams]\nmodule = "nnkit.data.trigrams"\nfiles = ["{name}"]\n\n[limits]'
    change(course.root, "course.toml", "[limits]", entry)
    change(course.root, "source/a1/net.md", "import numpy as np\n", f"import numpy as np\n{LOADING}")
    return load_course(course.root)


def test_students_receive_a_data_set_s_modules_and_file_without_a_word_in_the_library(course, tmp_path):
    course = with_data_file(course, DATA_FILE)
    written = {str(path.relative_to(tmp_path / "a1")) for path in build_student_package(course, "a1", tmp_path / "a1")}
    assert {DATA_FILE, "nnkit/data/trigrams.py", "nnkit/data/hdf5.py", "nnkit/data/__init__.py"} <= written
    assert "nnkit/data/cifar10.py" not in written
    assert (tmp_path / "a1" / DATA_FILE).read_bytes() == STAND_IN.read_bytes()
    assert scan(tmp_path / "a1", course) == []


def test_data_that_no_notebook_of_the_assignment_uses_is_not_shipped(course, tmp_path):
    course = with_data_file(course, DATA_FILE)
    change(course.root, "source/a1/net.md", LOADING, "")
    build_student_package(course, "a1", tmp_path / "a1")
    assert not (tmp_path / "a1" / "nnkit" / "data").exists()


def test_the_same_file_elsewhere_in_a_release_is_a_leak(course, tmp_path):
    build_student_package(course, "a1", tmp_path / "a1")
    shutil.copyfile(STAND_IN, tmp_path / "a1" / "austen.h5")
    assert "outside the group public" in str(scan(tmp_path / "a1", course)[0])


def test_a_course_may_have_data_files_of_its_own(course):
    own = course.root / "nnkit" / "data" / "own.h5"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"")
    assert with_data_file(course, "nnkit/data/own.h5").data_file("nnkit/data/own.h5") == own


@pytest.mark.parametrize("name", ["nnkit/data/nothing.h5", "tests/graders/a1/net.h5"])
def test_a_file_that_is_no_data_file_is_named_with_its_line_and_the_mend(course, name):
    with pytest.raises(CourseError) as caught:
        with_data_file(course, name)
    assert f'there is no data file "{name}"' in str(caught.value)
    assert "line" in str(caught.value)
