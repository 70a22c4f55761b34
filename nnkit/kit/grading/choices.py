"""Choose-all questions: the letters a student ticked, read from the text of the answer cell."""

from __future__ import annotations

from nnkit.kit.course.items import Item
from nnkit.kit.grading.record import TestRecord
from nnkit.student.choices import ticked


def grade_choice(item: Item, source: str) -> TestRecord:
    """One test: exactly the right letters."""
    record = TestRecord(name="test_choice", verdict="passed", public=False, weight=1)
    try:
        letters = ticked(source, item.name)
    except ValueError as error:
        record.verdict, record.message = "student_error", f'{error}. Write the letters, for example {{"A", "C"}}.'
        return record
    if letters is None:
        record.verdict, record.message = "not_implemented", "This question was not answered."
    elif letters != item.answer:
        record.verdict, record.message = "failed", "The ticked set is not exactly the right one."
    return record
