"""A known mistake explains a failed test when it gives the same wrong values, and only then."""

import numpy as np
import pytest

from nnkit.kit.grading.hints import KnownMistake, find_hints, same_mistake
from nnkit.kit.grading.locked_grader import LockedGrader
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission

GRADERS = """
import numpy as np
from nnkit.student.testing import *

@item("scaled")
def test_small(submission):
    assert_close(submission.scaled(np.array([1.0, 2.0])), np.array([2.0, 4.0]), FORWARD, "out")

@item("scaled")
def test_random(submission, rng):
    x = rng.normal(size=5)
    assert_close(submission.scaled(x), 2 * x, FORWARD, "out")
"""

TRIPLED = KnownMistake("tripled", "You took it three times.", {"scaled": lambda x: 3 * x})
HALVED = KnownMistake("halved", "You took half of it.", {"scaled": lambda x: x / 2})
# Gives what TRIPLED gives, on the small input only.
SMALL = KnownMistake("small", "Small ones are tripled.", {"scaled": lambda x: 3 * x if len(x) < 3 else 4 * x})


@pytest.fixture
def graded(tmp_path):
    """Grades a function; gives the grader, and the names of the failed tests."""
    path = tmp_path / "test_net.py"
    path.write_text(GRADERS)

    def grade(function):
        submission = LocalSubmission({"scaled": function})
        grader = LockedGrader(lambda *_: submission, student="ada", course="c", held_out=lambda name: None)
        results = run_graders(path, grader)
        return grader, [result.name for result in results if result.verdict != "passed"]

    return grade


def hints(graded, function, *mistakes):
    return find_hints(*graded(function), mistakes)


def test_the_mistake_with_the_same_wrong_values_is_named(graded):
    found = hints(graded, lambda x: x + x + x, HALVED, TRIPLED)
    assert found == {"test_small": TRIPLED.hint, "test_random": TRIPLED.hint}


def test_a_slow_test_gets_no_hint_and_no_mistake_is_tried_on_it(graded, tmp_path):
    path = tmp_path / "test_net.py"
    path.write_text(GRADERS.replace('@item("scaled")\ndef test_random', '@item("scaled", slow=True)\ndef test_random'))
    lengths = []
    tripled = KnownMistake("tripled", TRIPLED.hint, {"scaled": lambda x: lengths.append(len(x)) or 3 * x})
    submission = LocalSubmission({"scaled": lambda x: 3 * x})
    grader = LockedGrader(lambda *_: submission, student="ada", course="c", held_out=lambda name: None)
    failed = [result.name for result in run_graders(path, grader)]
    assert find_hints(grader, failed, [tripled]) == {"test_small": TRIPLED.hint}
    assert lengths == [2]


def test_another_wrong_answer_gets_no_hint(graded):
    assert hints(graded, lambda x: 5 * x, HALVED, TRIPLED) == {}


def test_a_right_answer_gets_no_hint(graded):
    assert hints(graded, lambda x: 2 * x, HALVED, TRIPLED) == {}


def test_the_mistake_that_explains_most_is_taken(graded):
    assert set(hints(graded, lambda x: 3 * x, SMALL, TRIPLED).values()) == {TRIPLED.hint}


def test_the_same_values_up_to_rounding_are_the_same_mistake(graded):
    assert hints(graded, lambda x: 3 * x * (1 + 1e-12), TRIPLED)


def test_nearly_the_same_values_are_not(graded):
    assert hints(graded, lambda x: 3 * x * (1 + 1e-4), TRIPLED) == {}


def test_the_same_values_in_another_shape_are_not_the_same_mistake(graded):
    assert hints(graded, lambda x: (3 * x)[None], TRIPLED) == {}


def test_an_unwritten_function_is_never_explained(graded):
    def unwritten(x):
        raise NotImplementedError("scaled")

    assert hints(graded, unwritten, KnownMistake("unwritten", "Write it.", {"scaled": unwritten})) == {}


def test_the_same_error_is_the_same_mistake(graded):
    def transposed(x):
        raise ValueError("shapes (5,) and (2,) not aligned")

    found = hints(graded, transposed, KnownMistake("transposed", "Transpose it.", {"scaled": transposed}), TRIPLED)
    assert set(found.values()) == {"Transpose it."}


def test_an_error_and_wrong_values_are_different_mistakes(graded):
    def broken(x):
        raise ValueError("no")

    assert hints(graded, broken, TRIPLED) == {}


def test_the_same_nans_are_the_same_mistake(graded):
    nan = KnownMistake("nan", "You divided by zero.", {"scaled": lambda x: x * np.nan})
    assert hints(graded, lambda x: np.full(len(x), np.nan), nan)


def test_a_passed_run_is_no_mistake_at_all(graded):
    grader, _ = graded(lambda x: 2 * x)
    trace = grader.traces["test_small"]
    assert not same_mistake(trace, trace)
