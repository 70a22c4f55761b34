"""`nnkit new`: a course of one's own, or a sentence that says why there is none and what to do."""

import stat
from pathlib import Path

import pytest

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.cli import main
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.secret import secret_file
from nnkit.kit.nbgrader.config_file import check_config_file
from nnkit.kit.scaffold.new import new_course, package_name

REPOSITORY = Path(__file__).parents[4]
KINDS = {"prose", "code", "exercise", "given", "grade", "experiment", "choose", "explain", "program"}


@pytest.fixture
def course(tmp_path):
    return new_course(tmp_path / "mechanics")


def files_of(course):
    return [file for file in course.root.rglob("*") if file.is_file()]


def test_the_package_has_the_folders_name(course):
    assert course.package == "mechanics"
    assert (course.root / "mechanics" / "motion.py").is_file()


def test_the_package_has_the_name_that_was_asked_for(tmp_path):
    assert new_course(tmp_path / "autumn 2026", "optics").package == "optics"


def test_nothing_in_it_keeps_the_name_of_the_example(course):
    assert [file for file in files_of(course) if "physlab" in str(file) or "physlab" in file.read_text()] == []


def test_its_notebook_has_a_cell_of_every_kind(course):
    assert {cell.kind for cell in load_template(course, "a1_pendulum", "pendulum").cells} == KINDS


def test_one_exercise_is_built_on_the_other(course):
    items = {item.name: item for item in load_template(course, "a1_pendulum", "pendulum").items}
    assert items["swing"].uses == ("acceleration",)


def test_its_secret_is_its_own_readable_by_nobody_else_and_kept_from_git(course, tmp_path):
    secret = secret_file(course)
    assert secret.read_text() != secret_file(new_course(tmp_path / "other")).read_text()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert f"/{secret.name}" in (course.root / ".gitignore").read_text().split()


def test_nbgrader_is_set_up_as_in_this_repository(course):
    check_config_file(course)
    assert (course.root / "nbgrader_config.py").read_text() == (REPOSITORY / "nbgrader_config.py").read_text()


@pytest.mark.parametrize(
    ("folder", "name"), [("Mechanics-1", "mechanics_1"), ("physics lab", "physics_lab"), ("_lab_", "lab")]
)
def test_a_folders_name_is_made_a_packages(tmp_path, folder, name):
    assert package_name(tmp_path / folder) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("class", "a word of Python's own"),
        ("match", "a word of Python's own"),
        ("statistics", "Python itself has a module of that name"),
        ("nnkit", "is installed here"),
        ("numpy", "is installed here"),
        ("tests", "a folder beside the package is called so"),
        ("phys-lab", "this is no name for a package"),
        ("1st", "this is no name for a package"),
        ("größe", "this is no name for a package"),
    ],
)
def test_a_name_that_no_package_can_have_is_refused_with_the_mend(tmp_path, name, why):
    with pytest.raises(CourseError) as refused:
        new_course(tmp_path / "course", name)
    assert why in str(refused.value)
    assert "--package NAME" in str(refused.value)
    assert not (tmp_path / "course").exists()


@pytest.mark.parametrize("folder", ["2026", "nnkit", "import"])
def test_so_is_a_folder_that_gives_no_name(tmp_path, folder):
    with pytest.raises(CourseError, match="--package NAME"):
        new_course(tmp_path / folder)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CourseError, match="this folder is not empty"):
        new_course(tmp_path, "optics")
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "optics").mkdir()
    assert new_course(tmp_path / "optics").package == "optics"


def test_a_file_in_its_place_is_named(tmp_path):
    (tmp_path / "optics").write_text("")
    with pytest.raises(CourseError, match="this is a file"):
        new_course(tmp_path / "optics")


def test_the_command_says_what_to_do_next(tmp_path, capsys):
    assert main(["new", str(tmp_path / "optics")]) == 0
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert told[2:] == ["nnkit verify", "nnkit release a1_pendulum"]


def test_the_command_refuses_with_status_1(tmp_path, capsys):
    assert main(["new", str(tmp_path / "class")]) == 1
    assert "a word of Python's own" in capsys.readouterr().err
