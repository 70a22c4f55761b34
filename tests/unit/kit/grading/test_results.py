"""What stands under a graded cell: a table that a browser may show, and a number that nbgrader can read."""

import nbformat
import numpy as np
import pytest
from nbgrader.utils import determine_grade

from nnkit.kit.grading.record import ItemRecord, TestRecord
from nnkit.kit.grading.results import VERDICT_WORDS, as_html, as_text, headline, outputs

SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>"


def one_test(verdict="failed", **fields):
    return TestRecord(fields.pop("name", "test_it"), verdict, True, 1.0, **fields)


def item(*tests, score=2.0, status="partial", **fields):
    return ItemRecord("double", "exercise", 4.0, score, status, tests=list(tests), **fields)


def graded_cell(record, points=4.0):
    about = {"grade_id": "test_double", "grade": True, "solution": False, "locked": True, "task": False}
    about |= {"points": points, "schema_version": 3, "checksum": "0"}
    cell = nbformat.v4.new_code_cell("", metadata={"nbgrader": about})
    cell.outputs = outputs(record)
    return cell


@pytest.mark.parametrize(
    "record",
    [
        item(one_test(message=SCRIPT)),
        item(one_test(hint=SCRIPT)),
        item(one_test(name=SCRIPT)),
        item(messages=[SCRIPT]),
        ItemRecord(SCRIPT, "exercise", 4.0, 0.0, "failed"),
    ],
    ids=["message", "hint", "test name", "item message", "item name"],
)
def test_no_text_becomes_markup(record):
    page = as_html(record)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("verdict", list(VERDICT_WORDS))
def test_every_verdict_has_its_words_in_both_forms(verdict):
    record = item(one_test(verdict))
    words = VERDICT_WORDS[verdict][1]
    assert words in as_text(record)
    assert words in as_html(record)


def test_a_failed_test_shows_figures_message_and_hint():
    text = as_text(item(one_test(measured=0.123456, allowed=1e-9, message="Too large.", hint="Sum over rows.")))
    for part in ("measured 0.12, allowed 1e-09", "Too large.", "Sum over rows."):
        assert part in text


def test_a_limit_from_below_says_so():
    record = item(one_test(measured=0.4, allowed=0.5, bound="at least"))
    assert "measured 0.4, allowed at least 0.5" in as_text(record)
    assert ">at least 0.5<" in as_html(record)


def test_a_passed_test_says_no_more():
    assert "Too large." not in as_html(item(one_test("passed", message="Too large.")))


def test_follow_through_is_told():
    assert "earlier mistake does not count twice" in headline(item(follow_through=True))


def test_no_output_is_a_stream():
    assert {output.output_type for output in outputs(item(one_test()))} == {"display_data", "execute_result"}


@pytest.mark.parametrize("score", [0.0, 2.0, 2, 0.3333, 4.0, 1e-05])
def test_nbgrader_reads_the_very_score(score):
    assert determine_grade(graded_cell(item(score=score))) == (score, 4.0)


def test_a_numpy_score_is_written_as_a_plain_number():
    (result,) = [out for out in outputs(item(score=np.float64(3.0))) if out.output_type == "execute_result"]
    assert result.data["text/plain"] == "3.0"


def test_an_open_item_shows_no_number():
    assert [output.output_type for output in outputs(item(score=None, status="grader_error"))] == ["display_data"]


def test_the_outputs_are_valid():
    nbformat.validate(nbformat.v4.new_notebook(cells=[graded_cell(item(one_test()))]))


def test_a_hint_is_said_once_and_first():
    record = item(one_test(hint="Sum over rows."), one_test(name="test_other", hint="Sum over rows."))
    for page in (as_text(record), as_html(record)):
        assert page.count("Sum over rows.") == 1
        assert page.index("Sum over rows.") < page.index("other")


def test_a_traceback_is_shown_once():
    trace = "Traceback\n  x = 1 / 0\nZeroDivisionError"
    record = item(*(one_test("student_error", name=f"test_{name}", trace=trace) for name in "ab"))
    for page in (as_text(record), as_html(record)):
        assert page.count("x = 1 / 0") == 1


def test_hidden_and_public_tests_are_told_apart():
    record = item(one_test(), TestRecord("test_secretly", "failed", False, 1.0))
    text = as_text(record)
    assert "it (public)" in text
    assert "secretly (hidden)" in text
