"""Functions and classes of the subject, found by name in their files without importing them."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from pathlib import Path

from nnkit.kit.authoring.regions import find_regions
from nnkit.kit.course.authored import parse_authored, read_authored
from nnkit.kit.course.errors import BuildError, did_you_mean
from nnkit.kit.course.settings import Course
from nnkit.student.source import Names, names_in


@dataclass(frozen=True)
class Definition:
    """One top-level function or class, verbatim with decorators and the comments directly above.

    `place` is its file as messages show it.
    """

    module: str
    name: str
    place: str
    line: int
    text: str

    @property
    def stages(self) -> frozenset[str | None]:
        """The stages of its solution regions; None stands for regions without a stage."""
        regions = find_regions(self.text, file=self.place, first_line=self.line)
        return frozenset(region.stage for region in regions)


def find_definitions(course: Course, spec: str, *, what: str, file: Path | str, line: int) -> tuple[Definition, ...]:
    """The definitions that ``"nnkit.layers:affine_forward"`` (several: ``"nnkit.layers:a,b"``) names.

    Parameters
    ----------
    what : str
        The metadata key that holds `spec`, for messages.
    file, line
        Where it stands.

    Raises
    ------
    BuildError
        There is no such module or name.
    """
    if "," in spec and spec.count(":") > 1:
        return tuple(
            found
            for part in spec.split(",")
            for found in find_definitions(course, part.strip(), what=what, file=file, line=line)
        )
    module, _, names = spec.partition(":")
    path = course.module_file(module)
    if not names or not module:
        mend = f'write "{course.package}.MODULE:NAME"'
        raise BuildError(f'{what} "{spec}" names no function or class', file=file, line=line, mend=mend)
    if path is None:
        raise BuildError(f'{what} "{spec}": there is no module {module}', file=file, line=line, mend="check its name")
    place = shown(course, path)
    known = top_level(path, place)
    found = []
    for name in (part.strip() for part in names.split(",")):
        if name not in known:
            mend = did_you_mean(name, known, f"it has {', '.join(sorted(known))}" if known else "it defines nothing")
            raise BuildError(f'{what} "{module}:{name}" names nothing in {place}', file=file, line=line, mend=mend)
        check_names_once(parse_authored(path, place), file=place, only=name)
        start, text = known[name]
        found.append(Definition(module=module, name=name, place=place, line=start, text=text))
    return tuple(found)


def shown(course: Course, file: Path) -> str:
    """A path as messages show it: relative to the course folder where it lies inside."""
    return str(file.relative_to(course.root)) if file.is_relative_to(course.root) else str(file)


def top_level(path: Path, shown: Path | str | None = None) -> dict[str, tuple[int, str]]:
    """First line and text of every top-level function and class of a file; of two with one name the last."""
    lines = read_authored(path, shown).split("\n")
    found = {}
    for node in parse_authored(path, shown).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            start, end = span(node, lines)
            found[node.name] = start, "\n".join(lines[start - 1 : end])
    return found


def check_names_once(tree: ast.Module, *, file: Path | str, only: str | None = None) -> None:
    """Raise a BuildError for a function or class that a later one of the same name replaces.

    Parameters
    ----------
    tree : Module
    file
        For the message.
    only : str, optional
        Look at this name alone.
    """
    first: dict[str, int] = {}
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or _adds_to_itself(node):
            continue
        if node.name in first and only in (None, node.name):
            what = f"a second {node.name}: it replaces the one at line {first[node.name]}, which never counts"
            raise BuildError(what, file=file, line=node.lineno, mend="give one of them another name")
        first[node.name] = node.lineno


def _adds_to_itself(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """``@area.register`` and ``@overload`` are meant to stand above a name that is there already."""
    decorators = [ast.unparse(each).partition("(")[0] for each in node.decorator_list]
    return node.name == "_" or any(each.endswith((".register", "overload")) for each in decorators)


def span(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]) -> tuple[int, int]:
    """First and last line (from 1) of a definition, with decorators, comments directly above and its last comments.

    Python's parser ends a definition with its last statement: a delimiter below that is the definition's all the same.
    """
    start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    while start > 1 and lines[start - 2].startswith("#"):
        start -= 1
    end = node.end_lineno or node.lineno
    for number in range(end + 1, len(lines) + 1):
        line = lines[number - 1]
        if line[:1] in (" ", "\t") and line.lstrip().startswith("#"):
            end = number
        elif line.strip():
            break
    return start, end


def free_names(text: str) -> frozenset[str]:
    """Global names that a piece of code takes from its surroundings: loaded, not bound by itself, no built-ins."""
    names: Names = names_in(text)
    return names.used - names.bound - set(vars(builtins))


def bound_names(text: str) -> frozenset[str]:
    """Names that a piece of code binds in the notebook's namespace (assignments, definitions, imports)."""
    names: Names = names_in(text)
    return names.bound
