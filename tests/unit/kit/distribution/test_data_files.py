"""Data files of the subject: where a course finds them, what students receive, and what is held back of them."""

import io
import shutil
from contextlib import redirect_stdout
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from tiny_course import change, write_course

from nnkit.data.cats_cars import load_cats_cars
from nnkit.data.trigrams import STAND_IN, load_trigrams
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.distribution.student_package import build_student_package
from nnkit.kit.engine.plans import data_folder, prepare_data
from nnkit.kit.grading.held_out import held_back
from nnkit.kit.proof.leaks import scan

LIBRARY = 'library = ["nnkit.tools", "nnkit.gradient_check"]'
DATA_FILE = "nnkit/data/austen_fourgrams.h5"


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path / "course")


def with_data_file(course, name):
    change(course.root, "course.toml", LIBRARY, f'{LIBRARY}\ndata_files = ["{name}"]')
    return load_course(course.root)


def test_students_receive_a_data_file_where_its_loader_looks_for_it_and_it_is_no_leak(course, tmp_path):
    course = with_data_file(course, DATA_FILE)
    written = build_student_package(course, "a1", tmp_path / "a1")
    assert tmp_path / "a1" / DATA_FILE in written
    assert (tmp_path / "a1" / DATA_FILE).read_bytes() == STAND_IN.read_bytes()
    assert scan(tmp_path / "a1", course) == []


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


def plan(course, **data):
    return SimpleNamespace(
        course=SimpleNamespace(seed="s", data=SimpleNamespace(**{"cats_cars": None, "trigrams": None} | data)),
        data_folder=course.root / "none",
    )


def test_held_back_pictures_are_new_pieces_on_the_scale_of_the_notebooks(course):
    images, classes = held_back(plan(course), "cats_cars")
    with redirect_stdout(io.StringIO()):
        known = load_cats_cars()
    assert (images.shape, sorted(set(classes))) == ((1000, 32, 32), [-1.0, 1.0])
    assert images.std() == pytest.approx(known["X_test"].std(), rel=0.05)
    assert not any((images[:20, None] == known["X_test"]).all(axis=(2, 3)).any(axis=1))


def test_held_back_trigrams_are_of_the_test_text(course):
    x, d = held_back(plan(course), "trigrams")
    with redirect_stdout(io.StringIO()):
        known = load_trigrams(num_training=0, num_validation=0)
    assert (x.shape, d.shape) == ((5000, 3), (5000,))
    np.testing.assert_array_equal(x, known["x_test"][:5000])


def test_a_file_of_real_data_is_shown_to_the_notebooks_and_one_taken_off_is_not(course):
    with h5py.File(course.root / "words.h5", "w") as file:
        file["words"] = [b"the"]
    change(course.root, "course.toml", "[limits]", '[data]\ntrigrams = "words.h5"\n\n[limits]')
    prepare_data(load_course(course.root))
    shown = data_folder(course) / "trigrams.h5"
    assert shown.read_bytes() == (course.root / "words.h5").read_bytes()
    change(course.root, "course.toml", 'trigrams = "words.h5"\n', "")
    prepare_data(load_course(course.root))
    assert not shown.exists()


@pytest.mark.parametrize(
    ("setting", "folder", "files"),
    [
        ("cola", "cola", {"train_inxs.npy", "word_to_ix.csv"}),
        ("cifar10", "cifar-10-batches-py", {"data_batch_1", "test_batch"}),
        ("cifar10", "cifar-10-batches-bin", {"data_batch_1.bin", "test_batch.bin"}),
    ],
)
def test_a_folder_of_real_data_is_shown_without_what_else_lies_there_and_one_taken_off_is_not(
    course, setting, folder, files
):
    given = course.root / "given"
    given.mkdir()
    for name in (*files, "notes.txt"):
        (given / name).write_text(name)
    change(course.root, "course.toml", "[limits]", f'[data]\n{setting} = "given"\n\n[limits]')
    prepare_data(load_course(course.root))
    shown = data_folder(course) / folder
    assert {file.name for file in shown.iterdir()} == files
    change(course.root, "course.toml", f'{setting} = "given"\n', "")
    prepare_data(load_course(course.root))
    assert not shown.exists()
    assert len(list(given.iterdir())) == 1 + len(files)


def test_a_folder_of_real_data_that_is_not_there_is_named(course):
    change(course.root, "course.toml", "[limits]", '[data]\ncola = "sentences"\n\n[limits]')
    with pytest.raises(CourseError, match=r'there is no folder "sentences".*stand-in'):
        load_course(course.root)


def test_a_file_of_real_data_that_is_not_there_is_named(course):
    change(course.root, "course.toml", "[limits]", '[data]\ncats_cars = "pictures.h5"\n\n[limits]')
    with pytest.raises(CourseError, match=r'there is no file "pictures.h5".*stand-in'):
        load_course(course.root)
