"""Choose-all questions: the letters a student ticked, read from the texts of the cells that were handed in."""

from __future__ import annotations

from collections.abc import Sequence

from nnkit.kit.course.items import Item
from nnkit.kit.grading.record import TestRecord
from nnkit.student.choices import answered, ticked


def grade_choice(item: Item, cells: Sequence[str], own: str = "") -> TestRecord:
    """One test: exactly the right letters; what can't be read is left to a person.

    Parameters
    ----------
    item : Item
    cells : sequence of str
        All code cells in order.
    own : str
        The question's own among them.
    """
    record = TestRecord(name="test_choice", verdict="passed", public=False, weight=1)
    try:
        letters = answered(cells, item.name)
        if letters is None:
            ticked(own, item.name)  # which says what is wrong with it, if anything was written there
    except ValueError as error:
        record.verdict = "not_run"
        record.message = f'{error}: a person decides. Letters are written like {{"A", "C"}}.'
        return record
    if letters is None:
        record.verdict, record.message = "not_implemented", "This question was not answered."
    elif letters != item.answer:
        record.verdict, record.message = "failed", "The ticked set is not exactly the right one."
    return record
