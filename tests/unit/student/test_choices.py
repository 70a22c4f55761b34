"""Every form in which a student may write down the letters of a choose-all question."""

import pytest

from nnkit.kit.course.items import Item
from nnkit.kit.grading.choices import grade_choice
from nnkit.student.choices import LONGEST_ANSWER, ticked

QUESTION = Item("zero", 1.5, "choose", answer=frozenset("AC"))


@pytest.mark.parametrize(
    "answer",
    [
        '{"A", "C"}',
        '["C", "A"]',
        '("A", "C")',
        '"A, C"',
        '"a c"',
        '{"a", " c "}',
        "{A, C}",
        "A, C",
        '{A, "C"}',
        '["A", "A", "C"]',
        '{\n    "A",  # nothing\n    "C",\n}',
    ],
)
def test_every_usual_way_of_writing_letters_counts(answer):
    assert grade_choice(QUESTION, f"zero = {answer}").verdict == "passed"


@pytest.mark.parametrize("answer", ['{"A"}', '"A"', '{"A", "B", "C"}', "set()", "[]", '""'])
def test_a_wrong_set_fails(answer):
    assert grade_choice(QUESTION, f"zero = {answer}").verdict == "failed"


@pytest.mark.parametrize("source", ['zero = ...  # e.g. {"A", "C"}', "zero = None", "", "# nothing yet"])
def test_a_placeholder_is_no_answer(source):
    record = grade_choice(QUESTION, source)
    assert (record.verdict, record.message) == ("not_implemented", "This question was not answered.")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("zero = {", "not valid Python"),
        ("zero = \0", "not valid Python"),
        ("zero = " + "(" * 300 + ")" * 300, "not valid Python"),
        ("none = {'A'}", "does not assign zero"),
        ("zero = {'A'} | {'C'}", "has to be written out"),
        ("zero = chosen()", "has to be written out"),
        ("zero = chosen", "has to be written out"),
        ("zero = {a, c}", "has to be written out"),
        ("zero = {A: C}", "set of letters"),
        ("zero = {['A'], 'C'}", "has to be written out"),
        ("zero = 1", "set of letters"),
        ("zero = {1, 3}", "set of letters"),
        ("zero = {'A': True, 'C': True}", "set of letters"),
        ("zero = " + '"' + "A" * LONGEST_ANSWER + '"', "far too long"),
    ],
)
def test_an_unusable_answer_is_named_as_such(source, complaint):
    record = grade_choice(QUESTION, source)
    assert record.verdict == "student_error"
    assert complaint in record.message


def test_the_last_assignment_counts():
    assert ticked('zero = {"B"}\nzero = {"C"}', "zero") == {"C"}


def test_the_answer_cell_is_read_and_not_run():
    assert ticked('raise SystemExit\nzero = {"A"}', "zero") == {"A"}


def test_a_failed_answer_says_nothing_of_the_right_one():
    message = grade_choice(QUESTION, 'zero = {"B"}').message
    assert "A" not in message
    assert "C" not in message
