"""Which companions a grader file stands on: modules beside it that it imports, directly or through others."""

from __future__ import annotations

import ast
from pathlib import Path

from nnkit.kit.course.authored import parse_authored
from nnkit.student.companions import companion_files


def companions_of(path: Path) -> dict[str, Path]:
    """The companions of a grader file by name, in alphabetical order; none if there is no such file.

    Raises
    ------
    BuildError
        One of the files can't be read, or is not Python.
    """
    beside = companion_files(path.parent)
    found: dict[str, Path] = {}
    pending = [path] if path.is_file() else []
    while pending:
        tree = parse_authored(pending.pop())
        for name in imported_modules(tree) & beside.keys() - found.keys():
            found[name] = beside[name]
            pending.append(beside[name])
    return dict(sorted(found.items()))


def imported_modules(tree: ast.Module) -> set[str]:
    """The top-level modules that a file imports anywhere, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return names


def grader_files(path: Path, expected: Path) -> list[Path]:
    """All files that decide the verdicts of a notebook's graders, for their digest."""
    return [path, expected, *companions_of(path).values()]
