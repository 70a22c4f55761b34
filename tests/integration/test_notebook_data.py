"""Graders get what given cells bind from the grader's own copy, whatever a submission makes of it."""

import pickle

import nbformat
import numpy as np
import pytest
from tiny_course import change, write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import solved_notebook, source_notebook
from nnkit.kit.course.errors import BuildError
from nnkit.kit.engine.bundle import bundle_of
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.grading.given_data import given_data
from nnkit.kit.grading.grade import grade_notebook
from nnkit.kit.proof.verify import build_release
from nnkit.kit.sandbox.probing import best_tier

MD, GRADERS = "source/a1/net.md", "tests/graders/a1/test_net.py"
GIVEN = """\
import numpy as np
X = np.arange(4.0)
parts = {"ends": (X[0], X[-1]), "words": ["a", "b"]}
"""
TEST = """def test_tuning_found_the_best(submission, notebook_data):
    X, parts = notebook_data("X", "parts")
    assert X.tolist() == [0, 1, 2, 3] and parts == {"ends": (0, 3), "words": ["a", "b"]}
    X[:] = 9
    assert notebook_data("X").tolist() == [0, 1, 2, 3]
    assert submission.best == 4"""


@pytest.fixture
def course(tmp_path):
    course = write_course(tmp_path / "course")
    change(course.root, MD, "import numpy as np\n", GIVEN)
    old = "def test_tuning_found_the_best(submission):\n    assert submission.best == 4"
    change(course.root, GRADERS, old, TEST)
    return course


def planned(course):
    return plan_of(course, "a1", "net", build_release(course, "a1", course.release("a1")))


def test_a_forged_copy_of_the_data_changes_nothing(course):
    plan = planned(course)
    notebook = solved_notebook(source_notebook(load_template(course, "a1", "net")))
    forged = 'X[:] = 7; parts["ends"] = None; best = 4'
    place = next(number for number, cell in enumerate(notebook.cells) if "best = None" in cell.source)
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(forged))
    graded = grade_notebook(plan, "ada", notebook, tier=best_tier())
    assert [(test.verdict, test.message) for test in graded.record.item("tuning").tests] == [("passed", "")]


def test_values_are_kept_for_their_owner_alone_and_found_anew_when_a_given_cell_changes(course):
    first = planned(course)
    assert first.given.stat().st_mode & 0o077 == 0
    written = first.given.stat().st_mtime_ns
    again = planned(course)
    assert (again.given, again.given.stat().st_mtime_ns) == (first.given, written)
    change(course.root, MD, "np.arange(4.0)", "np.arange(5.0)")
    second = planned(course)
    assert len(given_data(second, "X")) == 5
    assert not first.given.exists()
    assert first.hashes["settings"] != second.hashes["settings"]


def test_another_machine_is_sent_the_values(course, tmp_path):
    plans = bundle_of([planned(course)]).unpack(tmp_path / "there")
    plan = pickle.loads(plans["a1/net"])
    np.testing.assert_array_equal(given_data(plan, "X"), [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "np.arange(4.0)",
            "1 / 0",
            "a1/net.md, line 5: run without the student's cells, this cell fails: ZeroDivision",
        ),
        ("np.arange(4.0)", "np.random", 'line 45: notebook_data("X"): it is or holds a module, which is no'),
    ],
)
def test_what_can_not_be_kept_is_named_with_file_and_line(course, old, new, complaint):
    change(course.root, MD, old, new)
    change(course.root, MD, '{"ends": (X[0], X[-1]), "words": ["a", "b"]}', "1")
    with pytest.raises(BuildError) as caught:
        planned(course)
    assert complaint in str(caught.value)
