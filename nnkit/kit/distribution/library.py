"""The part of a subject module that students may have: no exercise of this or a later assignment."""

from __future__ import annotations

import ast
import re

from nnkit.kit.authoring.definitions import shown, span
from nnkit.kit.authoring.exercises import Opening, openings
from nnkit.kit.authoring.regions import at_stage, find_regions
from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.settings import Course


def library_text(course: Course, assignment: str, module: str) -> str:
    """A module's text as an assignment gives it away.

    A definition whose solution belongs to this or a later assignment, or to no notebook at all, is left out; one solved
    in earlier assignments stays without delimiters, and without the stages that are not solved yet. What the module
    imports for the parts left out goes with them.

    Raises
    ------
    BuildError
        There is no such module, or what it keeps does not parse.
    """
    path = course.module_file(module)
    if path is None:
        raise BuildError(f"there is no module {module}", file="course.toml", mend="check the name in library")
    place = shown(course, path)
    text = read_authored(path, place)
    lines = text.split("\n")
    regions = find_regions(text, file=place)
    opened = [opening for opening in openings(course) if opening.module == module]
    for node in reversed(_parse(text, place).body):
        start, end = node.lineno, node.end_lineno or node.lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            start, end = span(node, lines)
        if not any(start <= region.begin + 1 <= end for region in regions):
            continue
        name = getattr(node, "name", "")
        solved = solved_stages(course, assignment, [opening for opening in opened if opening.name == name])
        kept: list[str] = []
        if solved:
            original = "\n".join(lines[start - 1 : end])
            solved_text = at_stage(original, name, open_stages=(), solved_stages=solved, file=place, first_line=start)
            kept = solved_text.split("\n")
        lines[start - 1 : end] = kept
    left = "\n".join(lines)
    for region in find_regions(left, file=place):
        raise BuildError(
            "a solution region outside of any function or class",
            file=place,
            line=regions[0].begin + 1 if len(regions) == 1 else region.begin + 1,
            mend="only functions and classes can be exercises",
        )
    left = _without_idle_imports(left, used_before=_names(_parse(text, place)), place=place)
    return re.sub(r"\n{4,}", "\n\n\n", left).rstrip("\n") + "\n"


def solved_stages(course: Course, assignment: str, opened: list[Opening]) -> set[str | None]:
    """The stages that only earlier assignments open."""
    earlier = {each.name for each in course.earlier(assignment)}
    solved: set[str | None] = set()
    ahead: set[str | None] = set()
    for opening in opened:
        (solved if opening.assignment in earlier else ahead).update(opening.stages)
    return solved - ahead


def _without_idle_imports(text: str, *, used_before: set[str], place: str) -> str:
    """The text without the imports that nothing in it uses any more; what nothing used before is there for others."""
    tree = _parse(text, place)
    idle = used_before - _names(tree)
    lines = text.split("\n")
    for node in reversed(tree.body):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        kept = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) not in idle]
        if kept != node.names:
            node.names = kept
            lines[node.lineno - 1 : node.end_lineno] = [ast.unparse(node)] if kept else []
    return "\n".join(lines)


def _names(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _parse(text: str, place: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise BuildError(f"not Python: {error.msg}", file=place, line=error.lineno, mend="correct the syntax") from None
