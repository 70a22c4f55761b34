"""Named wrong variants of the reference solutions: `<notebook>.misconceptions.toml`, read and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from nnkit.kit.authoring.notebook import solved_notebook
from nnkit.kit.authoring.regions import clean
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.errors import BuildError, did_you_mean
from nnkit.kit.course.toml_lines import KeyPath, line_of

_KNOWN = ("exercise", "name", "find", "replace", "hint", "edit")
_EDIT = ("find", "replace")
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True)
class Misconception:
    """One wrong variant: edits of an exercise's solution, and the sentence that explains the mistake."""

    exercise: str
    name: str
    edits: tuple[tuple[str, str], ...]
    hint: str
    line: int

    def apply(self, text: str, file: str = "") -> str:
        """The solved text of the exercise with the edits.

        Raises
        ------
        BuildError
            An edit fits in no place, or in more than one.
        """
        for find, replace in self.edits:
            count = text.count(find)
            if not find or count != 1:
                raise BuildError(
                    f"{find!r} occurs {count} times in the reference solution of {self.exercise}",
                    file=file,
                    line=self.line,
                    mend="find has to occur exactly once: copy it from the solution, with more of the line if need be",
                )
            text = text.replace(find, replace)
        return text


def load_misconceptions(template: Template) -> tuple[Misconception, ...]:
    """The misconceptions of a notebook, in the order of the file; none if there is no file.

    Raises
    ------
    BuildError
        A key is wrong or missing, an exercise unknown, a name taken twice, or an edit does not fit the reference.
    """
    path = template.course.misconceptions(template.assignment, template.notebook)
    if not path.is_file():
        return ()
    place = path.relative_to(template.course.root)
    found = _Reader(read_authored(path, place), place).read()
    solutions = {
        cell.name: clean(cell.source) for cell in template.cells if cell.kind in ("exercise", "experiment", "choose")
    }
    first: dict[tuple[str, str], Misconception] = {}
    for misconception in found:
        if misconception.exercise not in solutions:
            raise BuildError(
                f'"{misconception.name}" is about "{misconception.exercise}", which is no item of {template.shown}',
                file=place,
                line=misconception.line,
                mend=did_you_mean(misconception.exercise, solutions, f"its items: {', '.join(solutions)}"),
            )
        mistaken = misconception.apply(solutions[misconception.exercise], str(place))
        same = first.setdefault((misconception.exercise, mistaken), misconception)
        if same is not misconception:
            raise BuildError(
                f'"{misconception.name}" makes the same mistake as "{same.name}" at line {same.line}',
                file=place,
                line=misconception.line,
                mend="keep one of them: students read the hint of the first one only",
            )
    return found


def mistaken_notebook(source: NotebookNode, misconceptions: Sequence[Misconception]) -> NotebookNode:
    """The solved notebook with misconceptions in it, at most one of each exercise."""
    notebook = solved_notebook(source)
    for misconception in misconceptions:
        for cell in notebook.cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("grade_id") == misconception.exercise and about.get("solution"):
                cell.source = misconception.apply(cell.source)
    return notebook


class _Reader:
    def __init__(self, text: str, place: Path) -> None:
        self.text = text
        self.place = place

    def error(self, what: str, path: KeyPath, mend: str) -> BuildError:
        return BuildError(what, file=self.place, line=line_of(self.text, path), mend=mend)

    def read(self) -> tuple[Misconception, ...]:
        try:
            tables = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            match = _PLACE.search(str(error))
            line = int(match.group(1)) if match and match.group(1) else None
            what = _PLACE.sub("", str(error))
            mend = "this is not TOML: look here or on the line above"
            raise BuildError(what, file=self.place, line=line, mend=mend) from None
        entries = tables.pop("misconception", [])
        for key in tables:
            raise self.error(f'unknown key "{key}"', (key,), "every entry begins with [[misconception]]")
        found: dict[tuple[str, str], Misconception] = {}
        for index, entry in enumerate(entries):
            misconception = self._entry(entry, ("misconception", index))
            pair = (misconception.exercise, misconception.name)
            if pair in found:
                what = f'"{misconception.name}" of {misconception.exercise} is already at line {found[pair].line}'
                raise self.error(what, ("misconception", index, "name"), "give it a name of its own")
            found[pair] = misconception
        return tuple(found.values())

    def _entry(self, entry: dict[str, Any], path: KeyPath) -> Misconception:
        self._check_keys(entry, path, _KNOWN)
        edits = []
        if "find" in entry or "replace" in entry or not entry.get("edit"):
            edits.append((self._text(entry, "find", path), self._text(entry, "replace", path)))
        for index, edit in enumerate(entry.get("edit", [])):
            inner = (*path, "edit", index)
            self._check_keys(edit, inner, _EDIT)
            edits.append((self._text(edit, "find", inner), self._text(edit, "replace", inner)))
        return Misconception(
            exercise=self._text(entry, "exercise", path),
            name=self._text(entry, "name", path),
            edits=tuple(edits),
            hint=self._text(entry, "hint", path),
            line=line_of(self.text, path),
        )

    def _check_keys(self, table: dict[str, Any], path: KeyPath, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                mend = did_you_mean(key, known, f"known here: {', '.join(known)}")
                raise self.error(f'unknown key "{key}"', (*path, key), mend)

    def _text(self, table: dict[str, Any], key: str, path: KeyPath) -> str:
        value = table.get(key)
        if value is None:
            raise self.error(f'"{key}" is missing', path, f"add {key} = …")
        if not isinstance(value, str) or (not value and key != "replace"):
            raise self.error(f"{key} = {value!r} is no text", (*path, key), f'write {key} = "…"')
        return value
