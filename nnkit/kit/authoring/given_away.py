"""Solutions that stand where students read them: pasted into a plain cell while the notebook was written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from nnkit.kit.authoring.regions import find_regions
from nnkit.kit.authoring.template import Cell, Template, plain_python
from nnkit.kit.course.errors import Finding

SHORTEST_LINE = 12  # characters without blanks: shorter lines, such as "return out", stand in any code
SHORTEST_SOLUTION = 16


def given_away(template: Template, others: Iterable[Template] = ()) -> Iterator[Finding]:
    """Plain cells that hold a good part of a solution, or define what students are to write.

    Parameters
    ----------
    template : Template
    others : iterable of Template
        Of the same and later assignments: their solutions are secret here, too.
    """
    solutions = list(_solutions([template, *others]))
    mine = {cell.name for cell in template.cells if cell.kind == "exercise"}
    for cell in template.cells:
        if cell.kind == "code":
            for node in ast.parse(plain_python(template, cell)).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in mine:
                    what = f"a plain cell defines {node.name}, which students are to write"
                    mend = "take the definition out: it replaces what they have written"
                    yield Finding(what, template.shown, cell.line + node.lineno, mend)
        if cell.kind in ("prose", "code"):
            yield from _pasted(template, cell, solutions)


def _pasted(template: Template, cell: Cell, solutions: Sequence[tuple[str, frozenset[str]]]) -> Iterator[Finding]:
    lines = {significant: number for number, significant in _numbered(cell) if significant}
    for name, solution in solutions:
        found = solution & lines.keys()
        if 2 * len(found) >= len(solution) and sum(map(len, found)) >= SHORTEST_SOLUTION:
            what = f"students read here what the solution of {name} says"
            mend = "take it out, or leave it if it is meant to be given"
            yield Finding(what, template.shown, min(lines[each] for each in found), mend)


def _solutions(templates: Iterable[Template]) -> Iterator[tuple[str, frozenset[str]]]:
    """The lines of every solution region that say something, with the name of its cell."""
    for template in templates:
        for cell in template.cells:
            if cell.kind in ("exercise", "experiment"):
                lines = cell.source.split("\n")
                for region in find_regions(cell.source, file=template.shown):
                    if said := frozenset(filter(None, map(_significant, lines[region.begin + 1 : region.end]))):
                        yield cell.name, said


def _numbered(cell: Cell) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(cell.source.split("\n"), start=cell.line + (cell.kind == "code")):
        yield number, _significant(line)


def _significant(line: str) -> str:
    """A line without blanks and comments; "" of one that could stand in any code."""
    tight = re.sub(r"\s+", "", line.partition("#")[0])
    return tight if len(tight) >= SHORTEST_LINE else ""
