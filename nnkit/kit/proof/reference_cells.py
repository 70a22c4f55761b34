"""Cells of the reference that fail: students would meet the error where the notebook gives them no part in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from nnkit.kit.authoring.template import Cell, Template
from nnkit.kit.course.errors import Finding
from nnkit.kit.grading.outcome import Graded
from nnkit.kit.submission.reading import grade_id_of

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_IN_CELL = re.compile(r"^(?:Cell|Input) In\s?\[\d+\](?:, line |:)(\d+)", re.MULTILINE)
_MEND = "correct the cell, or catch the exception if it is meant to be shown"


def failed_cells(template: Template, reference: Graded) -> Iterator[Finding]:
    """What went wrong while the reference's notebook was run, cell by cell, and what else the grader remarked on it."""
    named = {cell.name: cell for cell in template.cells if cell.kind not in ("prose", "code", "grade")}
    plain = iter([cell for cell in template.cells if cell.kind == "code"])
    for made in reference.notebook.cells:
        grade_id = grade_id_of(made) or ""
        cell = next(plain, None) if grade_id.startswith("code_") else named.get(grade_id.removeprefix("given_"))
        for output in made.get("outputs", ()):
            if output.output_type == "error":
                what = f"{_called(cell)} fails with the reference: {output.ename}: {output.evalue}".partition("\n")[0]
                yield Finding(what, template.shown, None if cell is None else _line(cell, output), _MEND)
    for message in reference.record.messages:
        yield Finding(f"of the reference's notebook the grader says: {message}", template.shown)


def _called(cell: Cell | None) -> str:
    return "a locked cell" if cell is None or cell.kind == "code" else f'the cell of {cell.kind} "{cell.name}"'


def _line(cell: Cell, output: NotebookNode) -> int:
    """The line of the template that failed; of what stands elsewhere, the line of the cell that shows it."""
    places = _IN_CELL.findall(_COLOUR.sub("", "\n".join(output.traceback)))
    return cell.line + int(places[0]) if places and cell.kind == "code" else cell.line
