"""The public part of grader files: their public tests, what these reach by name, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    file = Statements(read_authored(path, shown) if path.is_file() else "")
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
