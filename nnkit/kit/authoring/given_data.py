"""What given cells of a notebook bind without anything of the student's, and what graders ask for of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from nnkit.kit.authoring.definitions import bound_names, free_names
from nnkit.kit.authoring.grader_items import GraderFunctions, Place, grader_tests
from nnkit.kit.authoring.template import Cell, Template, plain_python
from nnkit.kit.course.errors import BuildError, did_you_mean

FIXTURE = "notebook_data"
_DEFINITIONS = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Statement:
    """A statement of a given cell.

    Attributes
    ----------
    binds : frozenset of str
        The names it binds.
    changes : frozenset of str
        Those whose values it changes, or may: ``X[0] = 1``, ``found.append(x)``, ``shuffle(X)``.
    uses : frozenset of str
        What it takes from the cells before.
    """

    cell: Cell
    text: str
    binds: frozenset[str]
    changes: frozenset[str]
    uses: frozenset[str]


@dataclass
class GivenCells:
    """The statements of given cells that need nothing of the student's, and the names that cells bind.

    Attributes
    ----------
    statements : list of Statement
        In the order in which they run.
    given : dict of str to Cell
        The names that hold given values when the notebook has run, with the cell that bound them last.
    students : dict of str to Cell
        The names that hold what depends on the student's, likewise.
    assigned : set of str
        The names of both to which given code has assigned a value last, rather than a student's cell, or a definition.
    """

    statements: list[Statement] = field(default_factory=list)
    given: dict[str, Cell] = field(default_factory=dict)
    students: dict[str, Cell] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)

    def needed_for(self, names: Iterable[str]) -> list[tuple[Cell, str]]:
        """What has to be run for some names to hold their values, by cell."""
        needed = set(names)
        kept: list[Statement] = []
        for statement in reversed(self.statements):
            if not needed.isdisjoint(statement.binds | statement.changes):
                kept.append(statement)
                needed |= statement.uses
        by_cell = groupby(reversed(kept), key=lambda statement: statement.cell)
        return [(cell, "\n".join(statement.text for statement in inside)) for cell, inside in by_cell]


def given_cells(template: Template) -> GivenCells:
    """Go through a notebook's code as it runs, and tell what depends on the student's from what does not."""
    found = GivenCells()
    imported: set[str] = set()
    for cell in template.cells:
        if cell.kind in ("exercise", "experiment", "choose"):
            _bind(found, bound_names(plain_python(template, cell)), cell, True)
            found.assigned -= bound_names(plain_python(template, cell))
        for node in ast.parse(plain_python(template, cell)).body if cell.kind in ("code", "given") else ():
            text = ast.unparse(node)
            uses = free_names(text)
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= bound_names(text)
            if isinstance(node, _DEFINITIONS):
                found.assigned -= bound_names(text)
            else:
                found.assigned |= bound_names(text)
            if "solutions_of" in uses or not uses.isdisjoint(found.students):
                _bind(found, bound_names(text) | _stored_into(node) - imported, cell, True)
            else:
                changes = _stored_into(node) | _named_in_calls(node)
                found.statements.append(Statement(cell, text, bound_names(text), changes, uses))
                _bind(found, bound_names(text), cell, False)
    return found


def _stored_into(node: ast.AST) -> frozenset[str]:
    """The names that ``X[0] = …``, ``X.a = …`` and ``X.append(…)`` are about."""
    places = [each for each in ast.walk(node) if isinstance(getattr(each, "ctx", None), ast.Store | ast.Del)]
    places += [call.func for call in _bare_calls(node)]
    return frozenset(
        name for place in places if isinstance(place, ast.Subscript | ast.Attribute) for name in _base(place)
    )


def _named_in_calls(node: ast.AST) -> frozenset[str]:
    """The names in calls whose result nobody takes: there for what they do."""
    return frozenset(each.id for call in _bare_calls(node) for each in ast.walk(call) if isinstance(each, ast.Name))


def _bare_calls(node: ast.AST) -> Iterator[ast.Call]:
    for each in ast.walk(node):
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
            yield each.value


def _base(place: ast.expr) -> Iterator[str]:
    while isinstance(place, ast.Subscript | ast.Attribute):
        place = place.value
    if isinstance(place, ast.Name):
        yield place.id


def data_asked_for(template: Template) -> dict[str, Place]:
    """The names that a notebook's graders ask for with ``notebook_data("X_val")``, each with the first place.

    Raises
    ------
    BuildError
        A name is not written out.
    """
    names: dict[str, Place] = {}
    for place, call in _calls(template):
        for argument in call.args:
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                what = f"{FIXTURE}({ast.unparse(argument)}): which data this asks for can't be read off"
                raise BuildError(what, file=place.file, line=place.line, mend=f'write {FIXTURE}("X_val")')
            names.setdefault(argument.value, place)
    return names


def check_data_asked_for(template: Template) -> None:
    """Raise a BuildError if graders ask for data that no given cell binds, or that depend on the student's."""
    asked = data_asked_for(template)
    cells = given_cells(template) if asked else GivenCells()
    for name, place in asked.items():
        if name in cells.given:
            continue
        what = f'{FIXTURE}("{name}"): no given cell of {template.shown} binds {name}'
        mend = did_you_mean(name, cells.given, "bind it in a cell of its own, without anything of the student's")
        if name in cells.students:
            line = cells.students[name].line
            what = f'{FIXTURE}("{name}"): {name} depends on what the student writes ({template.shown}, line {line})'
            mend = "let the test compute it, or give it a cell that needs nothing of the student's"
        raise BuildError(what, file=place.file, line=place.line, mend=mend)


def check_reads(template: Template) -> None:
    """Raise a BuildError if graders read off a submission what given code assigns: a student can forge it there."""
    path = template.course.graders(template.assignment, template.notebook)
    functions, cells = GraderFunctions(path), given_cells(template)
    for test in grader_tests(path):
        for file, function in functions.reached(test.name):
            for read in functions.reads(function):
                if read.attr in cells.assigned:
                    line = (cells.given | cells.students)[read.attr].line
                    where = f"{template.shown}, line {line}"
                    what = f"reads {read.attr} off the submission, and given code assigns it ({where})"
                    mend = f'write {FIXTURE}("{read.attr}"): a submission may hold anything there'
                    if read.attr in cells.students:
                        mend = "let the test compute it from the student's answer: a submission may hold anything there"
                    raise BuildError(what, file=file.relative_to(template.course.root), line=read.lineno, mend=mend)


def _bind(found: GivenCells, names: frozenset[str], cell: Cell, depends: bool) -> None:
    there, elsewhere = (found.students, found.given) if depends else (found.given, found.students)
    for name in names:
        there[name] = cell
        elsewhere.pop(name, None)


def _calls(template: Template) -> Iterator[tuple[Place, ast.Call]]:
    """The calls of the fixture that the graders of a notebook reach."""
    path = template.course.graders(template.assignment, template.notebook)
    functions = GraderFunctions(path)
    if not functions.mention(FIXTURE):
        return
    met: set[ast.FunctionDef] = set()
    for test in grader_tests(path):
        for file, function in functions.reached(test.name):
            if function not in met:
                met.add(function)
                for call in functions.calls(function, FIXTURE):
                    yield Place(file.relative_to(template.course.root), call.lineno), call
