"""The table a reader finds under a graded cell, and the plain number nbgrader reads as its score."""

from __future__ import annotations

from html import escape
from typing import Any

import nbformat
from nbformat import NotebookNode

from nnkit.kit.grading.record import ItemRecord, TestRecord
from nnkit.student.errors import LIMITS
from nnkit.student.table import limit, number, readable_name

VERDICT_WORDS = {
    "passed": ("✓", "passed", "#1b7837"),
    "failed": ("✗", "failed", "#b2182b"),
    "not_implemented": ("○", "not written yet", "#6b6b6b"),
    "student_error": ("✗", "your code raised an error", "#b2182b"),
    **{limit: ("✗", words, "#b2182b") for limit, words in LIMITS.items()},
    "grader_error": ("!", "the grader itself failed: a person will look", "#8a5a00"),
    "not_run": ("–", "not run yet: a person will look", "#8a5a00"),
}
COLUMNS = ("test", "", "verdict", "measured", "allowed", "message")
CELL = "text-align:left;padding:2px 10px;vertical-align:top"


def outputs(item: ItemRecord) -> list[NotebookNode]:
    """The outputs that replace those of an item's grade cell.

    nbgrader takes the first execute_result as the score and scores any stderr as 0, so there is one of the former and
    none of the latter. An item that waits for a person shows no number at all.
    """
    table = {"text/html": as_html(item), "text/plain": as_text(item)}
    made: list[dict[str, Any]] = [{"output_type": "display_data", "metadata": {}, "data": table}]
    if item.score is not None:
        score = {"text/plain": repr(float(item.score))}
        made.append({"output_type": "execute_result", "metadata": {}, "data": score, "execution_count": None})
    # Not by nbformat.v4.new_output, which checks each against the schema: the notebook is checked as a whole.
    return [nbformat.from_dict(output) for output in made]


def headline(item: ItemRecord) -> str:
    """One line: the item, its score, and whether a later item was judged apart from an earlier mistake."""
    score = "waits for a person" if item.score is None else f"{item.score:g} of {item.points:g} points"
    apart = " (judged with the reference's earlier layers, so that an earlier mistake does not count twice)"
    return f"{item.item}: {score}{apart if item.follow_through else ''}"


def as_text(item: ItemRecord) -> str:
    """The result table for a terminal or a text-only reader."""
    lines = [headline(item), *item.messages, *(f"Hint: {hint}" for hint in hints(item))]
    for test, trace in zip(item.tests, traces(item), strict=True):
        sign, words, _ = VERDICT_WORDS[test.verdict]
        lines.append(f"  {sign} {readable_name(test.name)} ({kind(test)}): {words}{figures(test)}")
        lines.extend(f"      {part}" for part in remarks(test))
        lines.extend(f"      | {line}" for line in trace.splitlines())
    return "\n".join(lines)


def as_html(item: ItemRecord) -> str:
    """The result table for a browser; every text in it is escaped."""
    rows = []
    for test, trace in zip(item.tests, traces(item), strict=True):
        sign, words, colour = VERDICT_WORDS[test.verdict]
        notes = "<br>".join(escape(part) for part in remarks(test))
        notes += f"<pre>{escape(trace)}</pre>" if trace else ""
        rows.append(
            f'<tr><td style="{CELL}">{escape(readable_name(test.name))}</td><td style="{CELL}">{kind(test)}</td>'
            f'<td style="{CELL};color:{colour};white-space:nowrap"><b>{sign}</b> {escape(words)}</td>'
            f'<td style="{CELL}">{number(test.measured)}</td><td style="{CELL}">{limit(test.allowed, test.bound)}</td>'
            f'<td style="{CELL}">{notes}</td></tr>'
        )
    head = "".join(f'<th style="{CELL}">{name}</th>' for name in COLUMNS)
    notes = "".join(f"<p>{escape(message)}</p>" for message in item.messages)
    notes += "".join(f"<p><b>Hint:</b> {escape(hint)}</p>" for hint in hints(item))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""
    return f"<div><p><b>{escape(headline(item))}</b></p>{notes}{table}</div>"


def figures(test: TestRecord) -> str:
    """Measured against allowed, where a test measures something."""
    if test.measured is None:
        return ""
    return f" (measured {number(test.measured)}, allowed {limit(test.allowed, test.bound)})"


def kind(test: TestRecord) -> str:
    """Whether students have the test themselves."""
    return "public" if test.public else "hidden"


def hints(item: ItemRecord) -> list[str]:
    """What known mistakes explain an item's failed tests, each said once."""
    return list(dict.fromkeys(test.hint for test in item.tests if test.hint and test.verdict != "passed"))


def traces(item: ItemRecord) -> list[str]:
    """The student's lines behind each test's error, where they were not shown before."""
    seen = {""}
    shown = []
    for test in item.tests:
        shown.append("" if test.trace in seen else test.trace)
        seen.add(test.trace)
    return shown


def remarks(test: TestRecord) -> list[str]:
    """What a test says to the student."""
    return [] if test.verdict == "passed" or not test.message else [test.message]
