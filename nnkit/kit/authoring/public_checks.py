"""The public part of a grader file: its public tests, what they reach by name, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import h5py

from nnkit.kit.authoring.definitions import bound_names, free_names
from nnkit.kit.authoring.grader_items import grader_tests
from nnkit.kit.errors import BuildError


def public_checks(
    path: Path, shown: Path | str, notebook: str, items: Iterable[str], choices: Mapping[str, str] | None = None
) -> str:
    """The text of the grader file that students receive.

    Every statement is left out unless a public test reaches a name it binds. What stays is kept as it is written,
    without the comments above it; docstrings of the file, and imports that only hidden tests need, are left out.

    Parameters
    ----------
    items : iterable of str
        The graded exercises and experiments of the notebook. Those without public tests are listed, so that `check`
        can say so.
    choices : mapping of str to str, optional
        The letters that each choose question offers: `check` tells an answer from a slip of the pen.

    Raises
    ------
    BuildError
        A public test calls a hidden one.
    """
    tests = {test.name: test for test in grader_tests(path, shown)}
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    body = ast.parse(text).body
    segments = [_segment(node, text) for node in body]
    bound = [bound_names(segment) for segment in segments]
    reached = _reached([test.name for test in tests.values() if test.public], body, segments, bound)
    for name in reached:
        if name in tests and not tests[name].public:
            what = f"a public test reaches the hidden test {name}"
            raise BuildError(what, file=shown, line=tests[name].line, mend="move what both need into a function")
    checked = {test.item for test in tests.values() if test.public}
    hidden_only = [item for item in items if item not in checked]
    header = [f'"""Public tests of {notebook}: the notebook\'s check(…) runs them."""']
    imports = [_import(node, reached) for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    if any(imports):
        header.append("\n".join(line for line in imports if line))
    if hidden_only:
        listed = ", ".join(f'"{item}"' for item in hidden_only)
        header.append(f"HIDDEN_ONLY = [{listed}]")
    if choices:
        listed = ", ".join(f'"{question}": "{letters}"' for question, letters in choices.items())
        header.append(f"CHOICES = {{{listed}}}")
    parts = ["\n\n".join(header)]
    for node, segment, names in zip(body, segments, bound, strict=True):
        if not isinstance(node, ast.Import | ast.ImportFrom) and names & reached:
            parts.append(segment)
    return "\n\n\n".join(parts) + "\n"


def copy_public_expected(source: Path, target: Path) -> list[str]:
    """Copy the group "public" of a file of expected values, key by key; the same values give the same bytes.

    Returns
    -------
    list of str
        The keys copied; no file is written when there are none.
    """
    values = {}
    if source.is_file():
        with h5py.File(source, "r") as file:

            def keep(key: str, node: object) -> None:
                if isinstance(node, h5py.Dataset) and key.startswith("public/"):
                    values[key] = node[()]

            file.visititems(keep)
    if values:
        with h5py.File(target, "w") as file:
            for key in sorted(values):
                file.create_dataset(key, data=values[key], track_times=False)
    return sorted(values)


def _segment(node: ast.stmt, text: str) -> str:
    """A top-level statement as it is written, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    start = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(text.split("\n")[start - 1 : node.end_lineno])


def _reached(
    names: list[str], body: list[ast.stmt], segments: list[str], bound: list[frozenset[str]]
) -> frozenset[str]:
    reached: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in reached:
            continue
        reached.add(name)
        for node, segment, mine in zip(body, segments, bound, strict=True):
            if name in mine:
                pending += free_names(segment)
                if isinstance(node, ast.FunctionDef):
                    # A fixture of the file is asked for by the name of an argument.
                    pending += [argument.arg for argument in node.args.args]
    return frozenset(reached)


def _import(node: ast.Import | ast.ImportFrom, reached: frozenset[str]) -> str:
    """An import statement with the names that are reached only; '' if there is none."""
    wanted = [each for each in node.names if (each.asname or each.name.partition(".")[0]) in reached]
    if not wanted:
        return ""
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(names=wanted))
    line = ast.unparse(ast.ImportFrom(module=node.module, names=wanted, level=node.level))
    if len(line) <= 100:
        return line
    names = "".join(f"    {ast.unparse(each)},\n" for each in wanted)
    return f"from {'.' * node.level}{node.module or ''} import (\n{names})"
