"""What has to hold between the cells of a template, its graders and the course's settings."""

from __future__ import annotations

import re
from pathlib import Path

from nnkit.kit.authoring.borrowing import borrowed, exercises_behind
from nnkit.kit.authoring.companion_checks import check_companions
from nnkit.kit.authoring.definitions import bound_names, free_names
from nnkit.kit.authoring.given_data import check_data_asked_for, check_reads
from nnkit.kit.authoring.grader_items import asked_of_submissions, grader_tests
from nnkit.kit.authoring.template import Cell, Template, plain_python
from nnkit.kit.course.errors import BuildError, did_you_mean
from nnkit.kit.course.items import Item

_STAR = re.compile(r"^\s*from .* import \*", re.MULTILINE)


def check_template(template: Template) -> None:
    """Raise a BuildError for the first thing that does not fit."""
    _check_ids(template)
    _check_grade_cells(template)
    _check_graders(template)
    _check_names(template)
    _check_points(template)
    check_data_asked_for(template)
    check_reads(template)


def items_of(template: Template) -> tuple[Item, ...]:
    """The graded items, in the order of the notebook, with what each builds on."""
    graded = {cell.name: cell.points for cell in template.cells if cell.kind == "grade"}
    asked = asked_of_submissions(template.course.graders(template.assignment, template.notebook))
    lent = borrowed(template)
    items = []
    for cell in template.cells:
        if cell.kind == "exercise" or cell.kind == "experiment":
            reached = _reached(template, cell, asked.get(cell.name, frozenset()))
            uses = tuple(
                each.name
                for each in template.cells
                if each.kind in ("exercise", "experiment") and each.name in reached and each.name != cell.name
            )
            borrows = {
                (notebook, exercise): None
                for name, (notebook, definition) in lent.names.items()
                if name in reached
                for exercise in exercises_behind(template, notebook, definition)
            }
            items.append(Item(cell.name, graded[cell.name], cell.kind, uses, borrows=tuple(borrows)))
        elif cell.kind == "choose" or cell.kind == "explain" or cell.kind == "program":
            items.append(Item(cell.name, cell.points, cell.kind, answer=cell.answer))
    return tuple(items)


def _reached(template: Template, cell: Cell, asked: frozenset[str]) -> set[str]:
    """The names that a cell's reference uses, directly or through given code, and those that its tests ask for."""
    through = {
        name: free_names(text) for each in template.cells if each.kind == "given" for name, text in each.defines.items()
    }
    reached: set[str] = set()
    pending = set(free_names(cell.source) | asked)
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending |= through.get(name, frozenset())
    return reached


def _error(template: Template, what: str, line: int, mend: str) -> BuildError:
    return BuildError(what, file=template.shown, line=line, mend=mend)


def _check_ids(template: Template) -> None:
    seen: dict[str, int] = {}
    for cell in template.cells:
        if cell.kind in ("prose", "code"):
            continue
        ids = {
            "given": [f"given_{cell.name}"],
            "grade": [f"test_{cell.name}"],
            "choose": [cell.name, f"test_{cell.name}"],
        }.get(cell.kind, [cell.name])
        for grade_id in ids:
            if grade_id in seen:
                what = f'grade id "{grade_id}" is already taken at line {seen[grade_id]}'
                raise _error(template, what, cell.line, "every exercise and question has one cell, every test too")
            seen[grade_id] = cell.line


def _check_grade_cells(template: Template) -> None:
    named = {cell.name: cell for cell in template.cells if cell.kind in ("exercise", "experiment")}
    graded = {cell.name for cell in template.cells if cell.kind == "grade"}
    for cell in template.cells:
        if cell.kind == "grade" and cell.name not in named:
            mend = did_you_mean(cell.name, named, "add the exercise, or take this cell out")
            raise _error(template, f'grade "{cell.name}" grades no exercise or experiment here', cell.line, mend)
        if cell.kind == "grade" and named[cell.name].line > cell.line:
            raise _error(template, f'grade "{cell.name}" stands above its exercise', cell.line, "move it below")
    for name, cell in named.items():
        if name not in graded:
            mend = f'add ```python grade="{name}" points=…'
            raise _error(template, f'{cell.kind} "{name}" has no grade cell', cell.line, mend)


def _check_graders(template: Template) -> None:
    path = template.course.graders(template.assignment, template.notebook)
    place = path.relative_to(template.course.root)
    tests = grader_tests(path, place)
    check_companions(path, place)
    tested = {test.item for test in tests}
    graded = {cell.name for cell in template.cells if cell.kind in ("grade", "choose")}
    for cell in template.cells:
        if cell.kind == "grade" and cell.name not in tested:
            what = f'grade "{cell.name}" has no test in {place}'
            mend = f'write one with @item("{cell.name}")' if path.is_file() else "the file does not exist: write it"
            raise _error(template, what, cell.line, mend)
    for test in tests:
        if test.item not in graded:
            mend = did_you_mean(test.item, graded, f"add a grade cell to {template.shown}")
            what = f'{test.name} grades "{test.item}", which has no grade cell in {template.shown}'
            raise BuildError(what, file=place, line=test.line, mend=mend)


def _check_names(template: Template) -> None:
    """Exercises and given functions run in the notebook's namespace, not in their module's."""
    bound: set[str] = set()
    for cell in template.cells:
        if cell.kind in ("prose", "explain", "grade"):
            continue
        if _STAR.search(cell.source):
            return
        bound |= bound_names(plain_python(template, cell))
    for cell in template.cells:
        if cell.kind not in ("exercise", "given", "experiment", "program"):
            continue
        for name in sorted(free_names(plain_python(template, cell)) - bound):
            what = f'{cell.kind} "{cell.name}" uses {name}, which no cell of this notebook defines'
            raise _error(template, what, cell.line, "import it in a cell, or give it")


def _check_points(template: Template) -> None:
    course = template.course
    stated = course.assignment(template.assignment).points.get(template.notebook)
    total = sum(cell.points for cell in template.cells)
    if stated is not None and abs(stated - total) > 1e-9:
        index = [assignment.name for assignment in course.assignments].index(template.assignment)
        raise course.error(
            f"{template.notebook} is worth {stated:g} points here, but {Path('source') / template.shown} adds up to "
            f"{total:g}",
            ("assignment", index, "points", template.notebook),
            "correct the one that is wrong",
        )
