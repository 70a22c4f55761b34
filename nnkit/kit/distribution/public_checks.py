"""The public part of grader files: their public tests, what these reach by name, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py

from nnkit.kit.authoring.expected_file import stored_outputs
from nnkit.kit.authoring.grader_items import grader_tests
from nnkit.kit.authoring.module_parts import Statements
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.settings import Course
from nnkit.student.companions import companion_files


def checks_of(templates: Iterable[Template]) -> dict[str, str]:
    """What students receive of the graders of an assignment: text by the name of the module."""
    texts: dict[str, str] = {}
    wanted: dict[Path, set[str]] = {}
    for template in templates:
        path = template.course.graders(template.assignment, template.notebook)
        items = [item.name for item in template.items if item.kind != "choose" and not item.by_person]
        choices = {cell.name: cell.choices for cell in template.cells if cell.kind == "choose"}
        part = public_checks(path, path.relative_to(template.course.root), template.notebook, items, choices)
        texts[path.stem] = part.text
        for name, names in part.companions.items():
            wanted.setdefault(path.with_name(f"{name}.py"), set()).update(names)
    return texts | public_companions(wanted)


@dataclass(frozen=True)
class PublicPart:
    """The grader file that students receive.

    Attributes
    ----------
    text : str
    companions : dict of str to frozenset of str
        The names it takes from each companion, by the companion's name.
    """

    text: str
    companions: dict[str, frozenset[str]]


def public_checks(
    path: Path, shown: Path | str, notebook: str, items: Iterable[str], choices: Mapping[str, str] | None = None
) -> PublicPart:
    """The public part of a grader file.

    Every statement is left out unless a public test reaches a name it binds. What stays is kept as it is written,
    without the comments above it; docstrings of the file, and imports that only hidden tests need, are left out. That a
    public test counts only together with a hidden one is for grading: its marker is shipped without that name.

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
    hidden = {test.name for test in tests.values() if not test.public}
    file = Statements(_not_needing(hidden, read_authored(path, shown)) if path.is_file() else "")
    reached = file.reached(test.name for test in tests.values() if test.public)
    for name in reached:
        if name in tests and not tests[name].public:
            what = f"a public test reaches the hidden test {name}"
            raise BuildError(what, file=shown, line=tests[name].line, mend="move what both need into a function")
    checked = {test.item for test in tests.values() if test.public}
    hidden_only = [item for item in items if item not in checked]
    constants = []
    if hidden_only:
        listed = ", ".join(f'"{item}"' for item in hidden_only)
        constants.append(f"HIDDEN_ONLY = [{listed}]")
    if choices:
        listed = ", ".join(f'"{question}": "{letters}"' for question, letters in choices.items())
        constants.append(f"CHOICES = {{{listed}}}")
    text = file.part(reached, f"Public tests of {notebook}: the notebook's check(…) runs them.", constants)
    return PublicPart(text, file.imported(reached, companion_files(path.parent)))


def _not_needing(hidden: Collection[str], text: str) -> str:
    """The text of a grader file whose markers do not name hidden tests as what they need."""
    lines, tree = [line.encode() for line in text.split("\n")], ast.parse(text)
    constants = {
        target.id: _strings(node.value, {})
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    # From the end, so that places further up stay where they are.
    for node in reversed(tree.body):
        for marker in getattr(node, "decorator_list", ()):
            stated = [*getattr(marker, "args", ()), *getattr(marker, "keywords", ())]
            for before, each in zip(stated[-2::-1], stated[:0:-1], strict=True):
                if isinstance(each, ast.keyword) and each.arg == "needs":
                    names = _strings(each.value, constants)
                    if not names.isdisjoint(hidden):
                        _cut(lines, before, each, sorted(names.difference(hidden)))
    return b"\n".join(lines).decode()


def _strings(value: ast.expr, constants: Mapping[str, set[str]]) -> set[str]:
    """The texts that an expression holds, by itself or in constants of the file."""
    found = {part.value for part in ast.walk(value) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found.union(*(constants.get(part.id, set()) for part in ast.walk(value) if isinstance(part, ast.Name)))


def _cut(lines: list[bytes], before: ast.expr | ast.keyword, needs: ast.keyword, left: Sequence[str]) -> None:
    """Write `needs` behind what stands before it with the names that are left, or not at all."""
    first, last = before.end_lineno or 0, needs.end_lineno or 0
    start, end = lines[first - 1][: before.end_col_offset], lines[last - 1][needs.end_col_offset :]
    instead = ", ".join(f'"{name}"' for name in left)
    lines[first - 1 : last] = [start + (f", needs=[{instead}]" if left else "").encode() + end]


def public_companions(wanted: Mapping[Path, Iterable[str]]) -> dict[str, str]:
    """The companions that students receive: what their checks take from each, and what that stands on.

    Parameters
    ----------
    wanted : mapping of Path to iterable of str
        The names that the checks take, by companion.

    Returns
    -------
    dict of str to str
        Text by name.
    """
    files: dict[Path, Statements] = {}
    reached: dict[Path, frozenset[str]] = {}
    pending = [(path, frozenset(names)) for path, names in wanted.items()]
    while pending:
        path, names = pending.pop()
        if path not in files:
            files[path], reached[path] = Statements(read_authored(path)), frozenset()
        new = files[path].reached(names) - reached[path]
        if new:
            reached[path] |= new
            taken = files[path].imported(new, companion_files(path.parent))
            pending += [(path.with_name(f"{name}.py"), names) for name, names in taken.items()]
    return {path.stem: files[path].part(reached[path], "What public tests share.") for path in sorted(files)}


def copy_public_expected(course: Course, assignment: str, notebook: str, target: Path) -> list[str]:
    """Copy the group "public" of a notebook's expected values, key by key; the same values give the same bytes.

    Returns
    -------
    list of str
        The keys copied; no file is written when there are none.
    """
    stored = stored_outputs(course, assignment, notebook)
    values = {key: value for key, value in stored.items() if key.startswith("public/")}
    if values:
        with h5py.File(target, "w") as file:
            for key in sorted(values):
                file.create_dataset(key, data=values[key], track_times=False)
    return sorted(values)
