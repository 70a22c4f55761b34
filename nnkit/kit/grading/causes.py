"""Why an item failed, where that is known: a cell that did not run to its end said so, and is the first to be heard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from nbformat import NotebookNode

from nnkit.kit.grading.record import ItemRecord
from nnkit.kit.locked.cells import CellResult
from nnkit.kit.submission.code import Code
from nnkit.kit.submission.reading import grade_id_of, shortened
from nnkit.student.errors import LIMITS
from nnkit.student.source import NotPython, names_of, read

MOST_CAUSES = 3
_MISSING_NAME = re.compile(r"name '(\w+)' is not defined|^(\w+) is not defined in the notebook")
_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")
_ASSIGNED = re.compile(r"^\s*(?:def|class)\s+(\w+)|^(\w+)\s*=(?!=)|^\s*import\s+(\w+)", re.MULTILINE)


class Causes:
    """The cells of a notebook that stopped.

    Parameters
    ----------
    notebook : NotebookNode
        As matched.
    code : Code
        As it was run.
    results : mapping of str to CellResult
        Of its cells, by id.
    """

    def __init__(self, notebook: NotebookNode, code: Code, results: Mapping[str, CellResult]) -> None:
        self._places = code.places
        self._stopped: dict[str, str] = {}
        self._binding: dict[str, list[str]] = {}
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            text, result = code.texts.get(cell["id"], ""), results.get(cell["id"])
            stop = _stop(text, result)
            if not stop:
                continue
            name = grade_id_of(cell) or f"that begins {shortened(text, 40)!r}"
            self._stopped[cell["id"]] = f"The cell {name} stopped {stop}"
            for bound in _bound(text):
                self._binding.setdefault(bound, []).append(cell["id"])
            if (grade_id := grade_id_of(cell)) is not None:
                self._binding.setdefault(f"cell {grade_id}", []).append(cell["id"])

    def of(self, item: ItemRecord) -> list[str]:
        """What to say first of an item that lost points."""
        if item.score == item.points:
            return []
        cells = [*self._binding.get(f"cell {item.item}", ()), *self._binding.get(item.item, ())]
        for test in item.tests:
            for match in _MISSING_NAME.finditer(test.message):
                cells += self._binding.get(match[1] or match[2], ())
        cells += [cell for cell in self._places.get(item.item, ()) if cell in self._stopped]
        return [self._stopped[cell] for cell in dict.fromkeys(cells)][:MOST_CAUSES]


def _stop(text: str, result: CellResult | None) -> str:
    """Where and why a cell stopped; nothing if it did not."""
    try:
        read(text)
    except NotPython as error:
        line = f" in line {error.line}" if error.line is not None else ""
        return f"before it began: it is not Python{line} ({error})."
    if result is not None and result.status in LIMITS:
        return f"before its end: {LIMITS[result.status]}."
    if result is None or result.status != "error" or not result.error:
        return ""
    lines = text.split("\n")
    where = "while it ran"
    if result.line is not None and result.line <= len(lines):
        where = f"in line {result.line}, `{shortened(lines[result.line - 1])}`"
    return f"{where}: {_explained(result.error)}"


def _explained(error: str) -> str:
    kind, _, text = error.partition(":")
    if kind in ("ModuleNotFoundError", "ImportError") and (match := _MISSING_MODULE.search(text)):
        return f"{match[1]} is not installed where it is graded ({shortened(error, 120)})."
    if kind == "FileNotFoundError":
        return f"that file is not there where it is graded ({shortened(error, 200)})."
    return f"{shortened(error, 200)}."


def _bound(text: str) -> Iterator[str]:
    try:
        yield from names_of(read(text).text).bound
    except NotPython:
        for match in _ASSIGNED.finditer(text):
            yield next(name for name in match.groups() if name)
