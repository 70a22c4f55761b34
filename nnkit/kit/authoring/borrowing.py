"""What a notebook takes from earlier notebooks of its assignment: ``nets = solutions_of("two_layer_net")``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from nnkit.kit.authoring.definitions import free_names
from nnkit.kit.authoring.template import Cell, Template, plain_python, read_template
from nnkit.kit.course.errors import BuildError, did_you_mean


@dataclass(frozen=True)
class Borrowed:
    """Definitions of earlier notebooks by the names that they have in this one.

    Attributes
    ----------
    notebooks : dict of str to str
        Notebook by the variable that holds its solutions.
    names : dict of str to (str, str)
        Notebook and definition by a name given to one of them: ``Net = nets.TwoLayerNet``.
    """

    notebooks: dict[str, str] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)


def borrowed(template: Template) -> Borrowed:
    """What a template's plain cells take from other notebooks.

    Raises
    ------
    BuildError
        A notebook that is none of those before this one in its assignment, or a definition that it does not show.
    """
    found = Borrowed()
    known: set[ast.AST] = set()
    for statement, cell in _assignments(template):
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="solutions_of"), args=[ast.Constant(value=str(notebook))]),
            ):
                _check_notebook(template, notebook, cell)
                found.notebooks[name] = notebook
                known.add(statement.value)
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Attribute(value=ast.Name(id=owner), attr=definition),
            ) if owner in found.notebooks:
                _check_definition(template, found.notebooks[owner], definition, cell)
                found.names[name] = found.notebooks[owner], definition
                known.add(statement.value)
    _check_forms(template, found, known)
    return found


def exercises_behind(template: Template, notebook: str, definition: str) -> tuple[str, ...]:
    """The exercises of an earlier notebook that one of its definitions is, or is built on, in their order there."""
    other = read_template(template.course, template.assignment, notebook)
    texts = other.definitions
    reached: set[str] = set()
    pending = {definition}
    while pending:
        name = pending.pop()
        if name not in reached and name in texts:
            reached.add(name)
            pending |= free_names(texts[name])
    return tuple(cell.name for cell in other.cells if cell.kind == "exercise" and cell.name in reached)


def _assignments(template: Template) -> Iterator[tuple[ast.stmt, Cell]]:
    for cell in template.cells:
        if cell.kind == "code":
            yield from ((statement, cell) for statement in _tree(template, cell).body)


def _check_forms(template: Template, found: Borrowed, known: set[ast.AST]) -> None:
    """What is borrowed in another form would be borrowed unseen: whether it is right would have no say in grading."""
    for cell in template.cells:
        if cell.kind not in ("code", "exercise", "given", "experiment"):
            continue
        for node in ast.walk(_tree(template, cell)):
            match node:
                case ast.Call(func=ast.Name(id="solutions_of")) if node not in known:
                    mend = 'write NAME = solutions_of("NOTEBOOK") in a plain cell, alone in its line'
                    raise _error(template, cell, "solutions_of is not called as build can read it", mend)
                case ast.Attribute(value=ast.Name(id=owner), attr=definition) if (
                    owner in found.notebooks and node not in known
                ):
                    mend = f"write {definition} = {owner}.{definition} in a plain cell, and use that name"
                    raise _error(template, cell, f"{owner}.{definition} is used without a name of its own", mend)


def _tree(template: Template, cell: Cell) -> ast.Module:
    """The cell's code, the same nodes each time."""
    return _parsed(plain_python(template, cell), template.shown, cell.line)


@lru_cache(maxsize=256)
def _parsed(text: str, *_place: object) -> ast.Module:
    return ast.parse(text)


def _check_notebook(template: Template, notebook: str, cell: Cell) -> None:
    names = template.course.assignment(template.assignment).notebooks
    earlier = names[: names.index(template.notebook)]
    if notebook not in earlier:
        mend = did_you_mean(notebook, earlier, f"before this one come {', '.join(earlier) or 'none'}")
        raise _error(template, cell, f'solutions_of("{notebook}") names no earlier notebook of the assignment', mend)


def _check_definition(template: Template, notebook: str, definition: str, cell: Cell) -> None:
    known = read_template(template.course, template.assignment, notebook).definitions
    if definition not in known:
        mend = did_you_mean(definition, known, f"it shows {', '.join(known) or 'nothing'}")
        raise _error(template, cell, f"{notebook}.md shows no {definition}", mend)


def _error(template: Template, cell: Cell, what: str, mend: str) -> BuildError:
    return BuildError(what, file=template.shown, line=cell.line, mend=mend)
