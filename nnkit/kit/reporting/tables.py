"""A class and single records as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nnkit.kit.grading.record import Record

SIGNS = {
    "passed": "✓",
    "partial": "◐",
    "failed": "✗",
    "untouched": "○",
    "waiting": "…",
    "unanswered": "○",
    "grader_error": "!",
    "not_run": "–",
}


def class_tables(records: Sequence[Record]) -> Iterator[Table | Text]:
    """One line per notebook: score, status, and a sign for every item; then what there is to say of some."""
    ordered = sorted(records, key=lambda each: (each.student, each.notebook))
    several = len({record.notebook for record in records}) != 1
    table = Table(title="class" if several else records[0].notebook)
    for name in ("student", *(["notebook"] if several else []), "score", "of", "status", "items"):
        table.add_column(name, justify="right" if name in ("score", "of") else "left", overflow="fold")
    for record in ordered:
        signs = " ".join(f"{SIGNS[item.status]}{'→' if item.follow_through else ''}" for item in record.items)
        table.add_row(
            escape(record.student),
            *([escape(record.notebook)] if several else []),
            f"{record.score:g}",
            f"{record.max_score:g}",
            record.status,
            signs,
            style={"grader_error": "red", "unreadable": "red", "missing": "yellow"}.get(record.status, ""),
        )
    table.caption = "✓ full  ◐ part  ✗ none  ○ untouched  … waits for a person  → judged apart from an earlier mistake"
    yield table
    for record in ordered:
        if text := remark(record):
            yield Text(f"{record.student}{f'/{record.notebook}' if several else ''}: {text}")


def remark(record: Record) -> str:
    """The most telling thing about a record: how a grader broke, a message, or the first hint."""
    if record.faults:
        return f"the grader broke: {record.faults[0]}"
    if record.messages:
        return record.messages[0]
    hints = [test.hint for item in record.items for test in item.tests if test.hint]
    return hints[0] if hints else ""
