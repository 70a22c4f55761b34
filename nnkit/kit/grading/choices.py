"""Choose-all questions: the letters a student ticked, read from the text of the answer cell."""

from __future__ import annotations

import ast

from nnkit.kit.grading.record import TestRecord
from nnkit.kit.items import Item

LONGEST_ANSWER = 10_000


def ticked(source: str, variable: str) -> frozenset[str] | None:
    """The letters last assigned to the variable; None if it still holds the placeholder.

    The cell is read, not run. A set, list or tuple of letters, one letter, or a text such as "A, C" are all fine.

    Raises
    ------
    ValueError
        If the cell assigns something else, or nothing.
    """
    if len(source) > LONGEST_ANSWER:
        raise ValueError("the answer cell is far too long")
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("the answer cell is not valid Python") from None
    values = [
        statement.value
        for statement in statements
        if isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == variable for target in statement.targets)
    ]
    if not values:
        unwritten = any(isinstance(statement, ast.Raise) for statement in statements)
        if unwritten or not statements:
            return None
        raise ValueError(f"the answer cell does not assign {variable}")
    answer = values[-1]
    if (
        isinstance(answer, ast.Call)
        and isinstance(answer.func, ast.Name)
        and answer.func.id == "set"
        and not answer.args
    ):
        return frozenset()
    try:
        value = ast.literal_eval(answer)
    except (ValueError, TypeError, RecursionError, MemoryError):  # TypeError: a list within a set
        raise ValueError(f'{variable} has to be written out, for example {{"A", "C"}}') from None
    if value is Ellipsis or value is None:
        return None
    parts = _letters(value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple | set) or not all(isinstance(part, str) for part in parts):
        raise ValueError(f'{variable} has to be a set of letters, for example {{"A", "C"}}')
    return frozenset(part.strip().upper() for part in parts)


def _letters(text: str) -> list[str]:
    """The letters of "A, C", "A C" or "AC"."""
    words = text.replace(",", " ").split()
    return list("".join(words)) if all(word.isupper() for word in words) else words


def grade_choice(item: Item, source: str) -> TestRecord:
    """One test: exactly the right letters."""
    record = TestRecord(name="test_choice", verdict="passed", public=False, weight=1)
    try:
        letters = ticked(source, item.name)
    except ValueError as error:
        record.verdict, record.message = "student_error", f"{error}."
        return record
    if letters is None:
        record.verdict, record.message = "not_implemented", "This question was not answered."
    elif letters != item.answer:
        record.verdict, record.message = "failed", "The ticked set is not exactly the right one."
    return record
