"""Which modules of the course's package a piece of Python imports, in whatever way it says so."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from nnkit.kit.authoring.definitions import bound_names
from nnkit.kit.course.authored import parse_authored, read_authored
from nnkit.kit.course.settings import Course


def modules_imported(course: Course, tree: ast.AST, within: str = "") -> frozenset[str]:
    """The modules that a text imports, at its top or inside functions, with the packages around them.

    Parameters
    ----------
    course : Course
    tree : AST
    within : str
        The module whose text it is: relative imports start there.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _names(course, node, within):
                parts = name.split(".")
                whole = [".".join(parts[:size]) for size in range(1, len(parts) + 1)]
                found.update(each for each in whole if course.module_file(each) is not None)
    return frozenset(found)


def closure(course: Course, modules: Iterable[str]) -> frozenset[str]:
    """Modules of the package and all of it that they import, directly or through others."""
    found: set[str] = set()
    pending = list(modules)
    while pending:
        module = pending.pop()
        file = course.module_file(module)
        if module not in found and file is not None:
            found.add(module)
            pending += modules_imported(course, parse_authored(file), module)
    return frozenset(found)


def imported_names(course: Course, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Each name that an import statement binds, with a statement that binds it alone.

    What ``import *`` binds can be told of the course's own modules; of others the statement stands for itself.
    """
    for each in node.names:
        if isinstance(node, ast.Import):
            yield each.asname or each.name.partition(".")[0], ast.unparse(ast.Import([each]))
        elif each.name != "*":
            yield each.asname or each.name, ast.unparse(ast.ImportFrom(node.module, [each], node.level))
        elif (file := course.module_file(node.module or "")) is not None:
            for name in sorted(bound_names(read_authored(file))):
                if not name.startswith("_"):
                    yield name, f"from {node.module} import {name}"
        else:
            yield ast.unparse(node), ast.unparse(node)


def absolute_name(course: Course, node: ast.ImportFrom, within: str) -> str:
    """The module that ``from … import`` names; of a relative import what its dots stand for, "" if there is no such."""
    if not node.level:
        return node.module or ""
    file = course.module_file(within)
    parts = within.split(".")
    if file is None or file.name != "__init__.py":
        parts = parts[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, node.module] if node.module else parts) if parts else ""


def _names(course: Course, node: ast.Import | ast.ImportFrom, within: str) -> Iterator[str]:
    """Every module that the statement may name; ``from package import name`` may name a module or what it binds."""
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    elif module := absolute_name(course, node, within):
        yield module
        yield from (f"{module}.{each.name}" for each in node.names)
