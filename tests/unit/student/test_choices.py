"""Every form in which a student may write down the letters of a choose-all question."""

import pytest

from nnkit.kit.course.items import Item
from nnkit.kit.grading.choices import grade_choice
from nnkit.student.choices import answered, recorded_letters
from nnkit.student.source import LONGEST_SOURCE

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
        "{a, c}",
        '"ac"',
        '"A and C"',
        '{"A, C"}',
        '{"A.", "C."}',
        'set(["A", "C"])',
        'frozenset({"A", "C"})',
        'sorted({"A", "C"})',
        'list("AC")',
    ],
)
def test_every_usual_way_of_writing_letters_counts(answer):
    assert grade_choice(QUESTION, [f"zero = {answer}"]).verdict == "passed"


@pytest.mark.parametrize("answer", ['{"A"}', '"A"', '{"A", "B", "C"}', "set()", "[]", '""'])
def test_a_wrong_set_fails(answer):
    assert grade_choice(QUESTION, [f"zero = {answer}"]).verdict == "failed"


@pytest.mark.parametrize("source", ['zero = ...  # e.g. {"A", "C"}', "zero = None", "", "# nothing yet"])
def test_a_placeholder_is_no_answer(source):
    record = grade_choice(QUESTION, [source])
    assert (record.verdict, record.message) == ("not_implemented", "This question was not answered.")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("zero = {", "not valid Python"),
        ("zero = \0", "not valid Python"),
        ("zero = " + "(" * 300 + ")" * 300, "not valid Python"),
        ("zero = {'A'} | {'C'}", "has to be written out"),
        ("zero = chosen()", "has to be written out"),
        ("zero = chosen", "has to be written out"),
        ("zero = {A: C}", "set of letters"),
        ("zero = {chosen}", "has to be written out"),
        ("zero = {['A'], 'C'}", "has to be written out"),
        ("zero = 1", "set of letters"),
        ("zero = {1, 3}", "set of letters"),
        ("zero = {'A': True, 'C': True}", "set of letters"),
        ("zero = " + '"' + "A" * LONGEST_SOURCE + '"', "far too long"),
    ],
)
def test_an_unusable_answer_is_named_as_such(source, complaint):
    record = grade_choice(QUESTION, [source])
    assert record.verdict == "not_run", "a person decides"
    assert complaint in record.message


@pytest.mark.parametrize(
    "cells",
    [
        ['zero = {"B"}\nzero = {"A", "C"}'],
        ['zero = {"B"}', 'zero = {"A", "C"}'],
        ['zero = {"A", "C"}', "zero = ..."],
        ["zero = ...", "x = 1", 'zero = {"A", "C"}', "zero"],
        ['zero: set = {"A", "C"}'],
        ['other = zero = {"A", "C"}'],
        ['other, zero = {"B"}, {"A", "C"}'],
        ['if True:\n    zero = {"A", "C"}'],
        ['%%time\nzero = {"A", "C"}'],
        ["zero = ...", 'Zero = {"A", "C"}'],
        ['raise SystemExit\nzero = {"A", "C"}'],
        ['def zero(:', 'zero = {"A", "C"}'],
    ],
)
def test_the_last_cell_that_assigns_letters_counts(cells):
    assert answered(cells, "zero") == {"A", "C"}


@pytest.mark.parametrize("cells", [[], ["zero = ..."], ["print(zero)"], ["zero == 'A'"], ["def f():\n    zero = 'A'"]])
def test_without_an_assignment_there_is_no_answer(cells):
    assert answered(cells, "zero") is None


def test_a_last_answer_that_cannot_be_read_is_not_replaced_by_an_earlier_one():
    with pytest.raises(ValueError, match="written out"):
        answered(['zero = {"A"}', "zero = chosen()"], "zero")


def test_a_placeholder_further_down_is_told():
    assert "delete it" in recorded_letters(['zero = {"A"}', "zero = ..."], ..., "zero", "ABC")


def test_a_failed_answer_says_nothing_of_the_right_one():
    message = grade_choice(QUESTION, ['zero = {"B"}']).message
    assert "A" not in message
    assert "C" not in message
