"""A course of another subject, tests/courses/genes, is proven, released and graded as ours is."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest

from nnkit.kit.course.file import load_course
from nnkit.kit.course.secret import make_secret
from nnkit.kit.engine.classroom import grade_class
from nnkit.kit.release.publish import release

pytestmark = pytest.mark.slow

SOURCES = Path(__file__).parents[1] / "courses" / "genes"
# What a course of any subject shares with ours.
SHARED = r"nnkit(\.student(\.testing)?|\.kit\.nbgrader| is not installed)"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    root = tmp_path_factory.mktemp("term") / "course"
    shutil.copytree(SOURCES, root, ignore=shutil.ignore_patterns("__pycache__", "*.ipynb"))
    (root / ".gitignore").write_text("/.secret\n")
    course = load_course(root)
    make_secret(course)
    verification = release(course, "sequences")
    assert verification.ok, verification.as_dict()
    return course


@pytest.fixture(scope="module")
def records(released):
    """The record of each notebook of a student with every right answer, and of one who reads the strand forwards."""
    for notebook in released.assignment("sequences").notebooks:
        text = released.solutions("sequences", notebook).read_text()
        for student in ("ada", "forwards"):
            folder = released.submitted(student, "sequences")
            folder.mkdir(parents=True, exist_ok=True)
            changed = text.replace("complement(strand)[::-1]", "complement(strand)") if student == "forwards" else text
            released.submitted(student, "sequences", notebook).write_text(changed)
    return {(record.student, record.notebook): record for record in grade_class(released, "sequences")}


def scores(record):
    return {item.item: item.score for item in record.items}


def test_it_has_no_word_of_our_subject():
    text = "\n".join(file.read_text() for file in SOURCES.rglob("*") if file.suffix in (".py", ".md", ".toml"))
    assert re.findall("network|neural|layer|cifar|loss|gradient", text, re.IGNORECASE) == []
    assert "nnkit" not in re.sub(SHARED, "", text)


def test_students_receive_nothing_of_our_subject(released):
    folder = released.release("sequences")
    assert {path.name for path in (folder / "nnkit").iterdir()} == {"__init__.py", "student"}
    assert {path.relative_to(folder).as_posix() for path in (folder / "genes").rglob("*.py")} == {
        "genes/__init__.py",
        "genes/alphabet.py",
        "genes/strands.py",
        "genes/data/__init__.py",
        "genes/data/reads.py",
    }


def test_of_a_module_with_exercises_they_receive_what_is_given(released):
    text = (released.release("sequences") / "genes" / "strands.py").read_text()
    assert "def strong_part" in text
    assert "complement" not in text


def test_every_right_answer_gets_its_points(records):
    assert scores(records["ada", "strands"]) == {
        "complement": 2, "other_strand": 3, "cutoff": 3, "pairs": 1, "heat": None
    }  # fmt: skip
    assert scores(records["ada", "proteins"]) == {"open_frame": 6, "both_strands": None}


def test_a_mistake_costs_points_on_its_own_item_and_is_explained(records):
    assert scores(records["forwards", "strands"]) == {**scores(records["ada", "strands"]), "other_strand": 0}
    hints = {test.hint for test in records["forwards", "strands"].item("other_strand").tests}
    assert hints == {"You read the other strand in the direction of the first: read it backwards."}


def test_code_for_a_person_was_run_and_shows_what_it_printed(released, records):
    graded = nbformat.read(released.autograded("ada", "sequences", "proteins"), as_version=4)
    (cell,) = [cell for cell in graded.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "both_strands"]
    assert "['ATG', 'CGA', 'TTA', 'AAT', 'GCC', 'C" in cell.outputs[0].text
