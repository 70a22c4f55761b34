"""What a student wrote into a cell that was locked: told from what was released there."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass

from nnkit.student.source import NotPython, Python, first_line, names_of, read

MOST_LINES = 2_000  # compared with one another, which takes the square of their number


@dataclass(frozen=True)
class Edits:
    """How a locked cell differs from the release.

    Attributes
    ----------
    added : str
        What can stand in a cell of its own.
    taken_out : str
        Lines that make no sense without the released ones.
    below : bool
        Whether what was added needs what the released cell defines, and may replace none of it.
    """

    added: str
    taken_out: str
    below: bool = False


def edits_of(source: str, original: str, kind: str) -> Edits | None:
    """What was done to a locked cell; None if it holds what was released."""
    if _same(source) == _same(original):
        return None
    if kind != "code":
        return Edits("\n".join(added_lines(source, original)).strip(), "", below=True)
    try:
        mine, theirs = read(source), read(original)
    except NotPython:
        return Edits("", "\n".join(added_lines(source, original)).strip())
    lines = added_lines(source, original)
    comments = "\n".join(line for line in lines if line.startswith("#"))
    added = "\n".join(part for part in (comments, _added_statements(mine, theirs)) if part)
    if not added:
        return Edits("", "\n".join(lines).strip()) if source.strip() else Edits("", "")
    names, released = names_of(added), names_of(theirs.text)
    return Edits(added, "", below=bool(names.used & released.bound) and not names.bound & released.bound)


def added_lines(source: str, original: str) -> list[str]:
    """The lines of a text that are not among those that were released there."""
    mine, theirs = source.splitlines(), original.splitlines()
    if len(mine) > MOST_LINES:
        known = {line.strip() for line in theirs}
        return [line for line in mine if line.strip() not in known]
    matcher = difflib.SequenceMatcher(None, [line.strip() for line in theirs], [line.strip() for line in mine], False)
    kept: list[str] = []
    for tag, _, _, begin, end in matcher.get_opcodes():
        if tag in ("insert", "replace"):
            kept += mine[begin:end]
    return kept


def _added_statements(mine: Python, theirs: Python) -> str:
    released = [ast.dump(statement) for statement in theirs.tree.body]
    lines, parts = mine.lines, []
    for statement in mine.tree.body:
        dump = ast.dump(statement)
        if dump in released:
            released.remove(dump)
        else:
            parts.append("\n".join(lines[first_line(statement) - 1 : statement.end_lineno]))
    return "\n".join(dict.fromkeys(parts))


def _same(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
