"""Markdown templates: read with jupytext, every cell checked and expanded, every mistake named with its line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from nnkit.kit.authoring.definitions import bound_names, find_definitions, free_names
from nnkit.kit.authoring.exercises import open_and_solved, stages_named
from nnkit.kit.authoring.package_imports import imported_names
from nnkit.kit.authoring.questions import choices_of, read_choose, read_explain, read_program
from nnkit.kit.authoring.read_once import kept_within_read_once
from nnkit.kit.authoring.regions import at_stage, clean, find_regions
from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.errors import BuildError, did_you_mean
from nnkit.kit.course.items import Item
from nnkit.kit.course.lean_imports import package_not_run
from nnkit.kit.course.settings import Course
from nnkit.student.choices import EXAMPLE
from nnkit.student.definitions import defines
from nnkit.student.source import statements

with package_not_run("jupytext"):  # its own first act is to load Jupyter's server
    from jupytext.jupytext import reads

CellKind = Literal["prose", "code", "exercise", "given", "experiment", "grade", "choose", "explain", "program"]

_NAMING = ("exercise", "given", "experiment", "grade", "question")
_KEYS: dict[str, frozenset[str]] = {
    "exercise": frozenset({"exercise", "stage"}),
    "given": frozenset({"given"}),
    "experiment": frozenset({"experiment"}),
    "grade": frozenset({"grade", "points"}),
    "question": frozenset({"question", "kind", "points", "answer"}),
    "": frozenset(),
}
_JUPYTEXT_OWN = frozenset({"lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker", "region_name", "title"})
_MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
_NAME = re.compile(r"^[A-Za-z]\w*$")
# A line by which its author means to begin a cell.
_MEANT = re.compile(rf"""^\s*(?:`{{2,}}|~{{3,}}|<!--).*\b(?:{"|".join(_NAMING)})\s*=\s*["']""")
_PYTHON = re.compile(r"^```+\s*python\b(?!3)")
_REGION = re.compile(r"^<!--\s*#(end)?region\b")
_OPENER = re.compile(r"^(```+\s*\w|<!--\s*#(?:region|markdown|md|raw)\b)")


@dataclass(frozen=True)
class Cell:
    """One cell of a template, expanded: `source` is the reference's text, its solution between plain delimiters."""

    kind: CellKind
    line: int
    source: str
    name: str = ""
    points: float = 0.0
    answer: frozenset[str] = frozenset()
    prompt: str = ""
    choices: str = ""
    """Of choose questions: the letters of the choices, such as "ABC"."""
    defines: dict[str, str] = field(default_factory=dict)
    """Of exercise and given cells: the solved text of every function and class, by name."""


@dataclass(frozen=True)
class Template:
    """A checked template. `definitions` is the reference's code by name, in the order of the notebook: exercises, given
    functions, and what these take from plain cells (imports, definitions, constants)."""

    course: Course
    assignment: str
    notebook: str
    cells: tuple[Cell, ...]
    items: tuple[Item, ...]

    @cached_property
    def definitions(self) -> Mapping[str, str]:
        shown = {name: text for cell in self.cells for name, text in cell.defines.items()}
        plain = {name: text for cell in self.cells for name, text in self._plain(cell) if name not in shown}
        needed: set[str] = set()
        pending = {name for text in shown.values() for name in free_names(text)}
        while pending:
            name = pending.pop()
            if name not in needed:
                needed.add(name)
                pending |= free_names(plain.get(name, ""))
        found: dict[str, str] = {}
        for cell in self.cells:
            names = [*cell.defines, *(name for name, _ in self._plain(cell))]
            found |= {name: shown.get(name) or plain[name] for name in names if name in shown or name in needed}
        return found

    def _plain(self, cell: Cell) -> Iterator[tuple[str, str]]:
        """The names that a plain cell defines rather than computes, each with a statement that does."""
        for node in statements(cell.source) if cell.kind == "code" else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from imported_names(self.course, node)
            elif defines(node):
                text = ast.unparse(node)
                if "solutions_of" not in free_names(text):
                    yield from ((name, text) for name in sorted(bound_names(text)))

    @property
    def shown(self) -> str:
        return f"{self.assignment}/{self.notebook}.md"


@kept_within_read_once
def read_template(course: Course, assignment: str, notebook: str) -> Template:
    """Read one template; its cells are checked one by one, not yet whether they fit together. It has no items yet.

    Raises
    ------
    BuildError
        A cell is wrong, or names what is not there.
    """
    text = read_authored(course.template(assignment, notebook), f"{assignment}/{notebook}.md")
    return Template(course, assignment, notebook, tuple(_Reader(course, assignment, notebook, text).cells()), ())


def plain_python(template: Template, cell: Cell) -> str:
    """A cell's source without IPython's magics and shell lines; nothing of a cell magic."""
    source = "" if cell.source.lstrip().startswith("%%") else _MAGIC.sub(r"\1pass", cell.source)
    try:
        compile(source, "cell", "exec")
    except SyntaxError as error:
        what, line = f"not Python: {error.msg}", cell.line + (error.lineno or 0)
        raise BuildError(what, file=template.shown, line=line, mend="correct the syntax") from None
    return source


class _Reader:
    def __init__(self, course: Course, assignment: str, notebook: str, text: str) -> None:
        self.course = course
        self.assignment = assignment
        self.notebook = notebook
        self.file = f"{assignment}/{notebook}.md"
        self.lines = text.split("\n")
        self.text = text

    def error(self, what: str, line: int, mend: str = "") -> BuildError:
        return BuildError(what, file=self.file, line=line, mend=mend)

    def cells(self) -> Iterator[Cell]:
        self._check_regions()
        for index, (raw, line) in enumerate(self._with_lines()):
            if raw.cell_type == "raw":
                if index == 0 and raw.source.startswith("---"):
                    continue  # jupytext's own header
                raise self.error("a raw cell", line, "write Markdown or ```python")
            metadata = {key: value for key, value in raw.metadata.items() if key not in _JUPYTEXT_OWN}
            naming = [key for key in _NAMING if key in metadata]
            if len(naming) > 1:
                raise self.error(f"one cell with both {naming[0]} and {naming[1]}", line, "make two cells of it")
            kind = naming[0] if naming else ""
            self._check_keys(metadata, kind, line)
            self._check_fences(raw, line)
            yield self._cell(raw.cell_type, kind, metadata, raw.source, line)

    def _with_lines(self) -> Iterator[tuple[Any, int]]:
        """jupytext's cells, each with the line (from 1) it begins at: that of its fence or comment, if it has one."""
        position = 0
        for raw in reads(self.text, fmt="md").cells:
            first = next((line for line in raw.source.split("\n") if line.strip()), None)
            fenced = raw.cell_type == "code" or any(key in raw.metadata for key in _NAMING)
            if fenced:
                while position < len(self.lines) - 1 and not _OPENER.match(self.lines[position]):
                    position += 1
            elif first is not None:
                start = position
                while start < len(self.lines) and self.lines[start].strip() != first.strip():
                    start += 1
                position = start if start < len(self.lines) else position
            yield raw, position + 1
            position = min(position + len(raw.source.split("\n")) + (1 if fenced else 0), len(self.lines) - 1)

    def _check_keys(self, metadata: dict[str, Any], kind: str, line: int) -> None:
        known = _KEYS[kind]
        for key in metadata:
            if key not in known:
                everything = frozenset().union(*_KEYS.values())
                mend = did_you_mean(key, known or everything, f"known here: {', '.join(sorted(known or everything))}")
                raise self.error(f'unknown key "{key}"', line, mend)

    def _check_regions(self) -> None:
        """Every question is ended: jupytext would take all that follows into one that is not."""
        begun = None
        for number, text in enumerate(self.lines, start=1):
            if (region := _REGION.match(text)) is None:
                if text.startswith("<!--") and _MEANT.match(text):
                    raise self._no_cell(text, number)
                continue
            if region.group(1) is None and begun is not None:
                raise self.error("this #region is never ended", begun, "write <!-- #endregion --> below the question")
            if region.group(1) is not None and begun is None:
                raise self.error("#endregion without a #region above", number, "take it out, or begin the question")
            begun = number if region.group(1) is None else None
        if begun is not None:
            raise self.error("this #region is never ended", begun, "write <!-- #endregion --> below the question")

    def _check_fences(self, raw: Any, line: int) -> None:
        """What was meant to begin a cell is no text inside of another one."""
        if raw.cell_type == "code" and raw.source.startswith("%%") and not _PYTHON.match(self.lines[line - 1]):
            what = f"{self.lines[line - 1].strip()} becomes a cell that runs {raw.source.partition(chr(10))[0]}"
            raise self.error(what, line, "write ```python for code, and ``` alone for text that is only shown")
        for text in raw.source.split("\n"):
            if _MEANT.match(text):
                at = 1 + self.lines.index(text, line - 1 if raw.cell_type != "code" else line)
                raise self._no_cell(text, at)

    def _no_cell(self, text: str, line: int) -> BuildError:
        mend = "begin it with ```python or <!-- #region, and see that the cell above is ended"
        return self.error(f'"{text.strip()}" begins no cell: it stands as text in the cell above', line, mend)

    def _cell(self, cell_type: str, kind: str, metadata: dict[str, Any], source: str, line: int) -> Cell:
        if kind == "question":
            return self._question(cell_type, metadata, source, line)
        if kind and cell_type != "code":
            raise self.error(f"{kind} on a Markdown cell", line, "begin the cell with ```python")
        if kind == "experiment":
            return self._experiment(self._text(metadata, kind, line), source, line)
        if kind and source.strip():
            raise self.error(f"a cell with {kind}=… has a body", line + 1, "leave it empty: build fills it in")
        if kind == "exercise":
            return self._exercise(self._text(metadata, kind, line), metadata.get("stage"), line)
        if kind == "given":
            return self._given(self._text(metadata, kind, line), line)
        if kind == "grade":
            name = self._name(metadata, kind, line)
            points = self._points(metadata, line)
            return Cell(kind="grade", line=line, source=f'check("{name}")', name=name, points=points)
        if find_regions(source, file=self.file, first_line=line + (cell_type == "code")):
            mend = 'name the cell: ```python experiment="…"'
            raise self.error("a solution region in a plain cell", line, mend)
        return Cell(kind="code" if cell_type == "code" else "prose", line=line, source=source)

    def _exercise(self, spec: str, stage: Any, line: int) -> Cell:
        if stage is not None and not isinstance(stage, str):
            raise self.error(f"stage={stage!r} is no name", line, 'write stage="…"')
        found = find_definitions(self.course, spec, what="exercise", file=self.file, line=line)
        if len(found) != 1:
            raise self.error(f'exercise "{spec}" names {len(found)} things', line, "give each exercise its own cell")
        (definition,) = found
        place = definition.place
        stages = definition.stages
        if not stages:
            mend = f"put regions into {place}, line {definition.line}, or use given= for it"
            raise self.error(f'exercise "{spec}" has no solution region', line, mend)
        wanted = frozenset({None}) if stage is None else stages_named(stage)
        for unknown in sorted(each for each in wanted - stages if each is not None):
            mend = did_you_mean(unknown, {each for each in stages if each}, "it has none of that name")
            raise self.error(f'"{spec}" has no region of stage "{unknown}"', line, mend)
        opened, solved = open_and_solved(
            self.course, self.assignment, self.notebook, definition.module, definition.name, wanted
        )
        text = at_stage(
            definition.text,
            definition.name,
            open_stages=opened,
            solved_stages=solved,
            file=place,
            first_line=definition.line,
        )
        if not find_regions(text, file=place):
            mend = f'its stages: {", ".join(sorted(each for each in stages if each))}: write stage="…"'
            raise self.error(f'exercise "{spec}" opens no region', line, mend)
        defines = {definition.name: clean(text)}
        return Cell(kind="exercise", line=line, source=text, name=definition.name, defines=defines)

    def _given(self, spec: str, line: int) -> Cell:
        found = find_definitions(self.course, spec, what="given", file=self.file, line=line)
        for definition in found:
            if definition.stages:
                place = definition.place
                mend = f"{place}, line {definition.line} holds a solution: use exercise= for it"
                raise self.error(f'given "{definition.module}:{definition.name}" has a solution region', line, mend)
        source = "\n\n\n".join(definition.text for definition in found)
        defines = {definition.name: definition.text for definition in found}
        return Cell(kind="given", line=line, source=source, name=found[0].name, defines=defines)

    def _experiment(self, name: str, source: str, line: int) -> Cell:
        self._check_name(name, "experiment", line)
        if not find_regions(source, file=self.file, first_line=line + 1):
            mend = "put the student's part between ### BEGIN SOLUTION and ### END SOLUTION"
            raise self.error(f'experiment "{name}" has no solution region', line, mend)
        text = at_stage(source, name, file=self.file, first_line=line + 1)
        return Cell(kind="experiment", line=line, source=text, name=name)

    def _question(self, cell_type: str, metadata: dict[str, Any], source: str, line: int) -> Cell:
        name = self._name(metadata, "question", line)
        points = self._points(metadata, line)
        kind = metadata.get("kind")
        if (cell_type == "code") != (kind == "program"):
            what = f'question "{name}" of kind {kind!r} is a {cell_type} cell'
            mend = 'kind="program" begins with ```python, every other kind with <!-- #region question=…'
            raise self.error(what, line, mend)
        if kind != "choose" and "answer" in metadata:
            raise self.error(f'{kind} question "{name}" has an answer=', line, "write the model answer into it")
        if kind == "choose":
            prompt, answer = read_choose(name, source, metadata.get("answer"), file=self.file, line=line)
            choices = choices_of(prompt)
            example = f"{name} = ...  # e.g. {EXAMPLE}"
            letters = "{" + ", ".join(f'"{letter}"' for letter in sorted(answer)) + "}" if answer else "set()"
            text = f"{example}\n### BEGIN SOLUTION\n{name} = {letters}\n### END SOLUTION"
            return Cell(
                kind="choose",
                line=line,
                source=text,
                name=name,
                points=points,
                answer=answer,
                prompt=prompt,
                choices=choices,
            )
        if kind == "explain":
            prompt, text = read_explain(name, source, file=self.file, line=line)
            return Cell(kind="explain", line=line, source=text, name=name, points=points, prompt=prompt)
        if kind == "program":
            text = read_program(name, source, file=self.file, line=line)
            return Cell(kind="program", line=line, source=text, name=name, points=points)
        mend = 'write kind="choose", kind="explain" or kind="program"'
        raise self.error(f'question "{name}" is of kind {kind!r}', line, mend)

    def _text(self, metadata: dict[str, Any], key: str, line: int) -> str:
        value = metadata[key]
        if not isinstance(value, str) or not value:
            raise self.error(f"{key}={value!r} is no name", line, f'write {key}="…"')
        return value

    def _name(self, metadata: dict[str, Any], key: str, line: int) -> str:
        name = self._text(metadata, key, line)
        self._check_name(name, key, line)
        return name

    def _check_name(self, name: str, key: str, line: int) -> None:
        if not _NAME.match(name):
            mend = "use letters, digits and _: it becomes a grade id and a Python name"
            raise self.error(f'{key} "{name}" is no name', line, mend)

    def _points(self, metadata: dict[str, Any], line: int) -> float:
        points = metadata.get("points")
        if isinstance(points, bool) or not isinstance(points, int | float) or not points > 0:
            given = "no points" if points is None else f"points={points!r}"
            raise self.error(f"{given}, expected a number above 0", line, "write points=4")
        return points
