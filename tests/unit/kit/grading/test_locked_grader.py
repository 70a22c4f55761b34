"""What students read of a failed test: nothing of hidden inputs and expected values."""

from pathlib import Path

import pytest
from reference_grading import InProcessGrader

from nnkit.kit.grading.locked_grader import student_message
from nnkit.kit.grading.thresholds import Thresholds
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission

TEST = """\
from nnkit.student.testing import *

@item("a", public={public}, message="Add it up.")
def test_a(submission, thresholds):
    {body}
"""


def read(tmp_path: Path, body, *, public=False, **names):
    path = tmp_path / "test_one.py"
    path.write_text(TEST.format(public=public, body=body))
    grader = InProcessGrader(LocalSubmission(names), {"a"}, thresholds=Thresholds(validation=0.8, error=0.1))
    (result,) = run_graders(path, grader)
    return student_message(result, grader.traces["test_a"])


def carry_out(secret):
    raise ValueError(f"seen: {secret}")


def carry_out_in_a_name(secret):
    raise type(f"Seen{secret}", (Exception,), {})("x")


def not_written(secret):
    raise NotImplementedError(f"seen: {secret}")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (carry_out, "Add it up. Your code raised ValueError on hidden inputs."),
        (carry_out_in_a_name, "Add it up. Your code raised an exception on hidden inputs."),
        (not_written, "Add it up. Your code raised NotImplementedError on hidden inputs."),
    ],
)
def test_of_an_exception_on_hidden_inputs_students_read_the_type_alone(tmp_path, function, message):
    assert read(tmp_path, "submission.f(4711)", f=function) == message


def test_of_an_exception_on_public_inputs_students_read_all(tmp_path):
    assert read(tmp_path, "submission.f(4711)", public=True, f=carry_out) == "Add it up. ValueError: seen: 4711"


def test_a_missing_name_is_said_of_a_hidden_test_too(tmp_path):
    assert read(tmp_path, "submission.f(4711)") == "Add it up. f is not defined in the notebook"


def test_a_hidden_comparison_shows_the_tests_own_sentence(tmp_path):
    assert read(tmp_path, 'assert_close(1.0, 4711.0, FORWARD, "sum")') == "Add it up."


def test_a_missed_threshold_is_told_with_both_numbers(tmp_path):
    said = read(tmp_path, 'thresholds.check("validation", 0.74, "validation images")')
    assert said == "0.74 on validation images, asked for 0.80. Add it up."
