"""What a release of an assignment must not hold, collected from the course's own files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nnkit.kit.authoring.definitions import shown, top_level
from nnkit.kit.authoring.exercises import openings
from nnkit.kit.authoring.expected_file import stored_outputs
from nnkit.kit.authoring.grader_items import grader_tests, is_test
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import load_misconceptions
from nnkit.kit.authoring.regions import find_regions, solution_lines
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.authored import parse_authored, read_authored
from nnkit.kit.course.companions import companions_of
from nnkit.kit.course.settings import Assignment, Course, student_tools
from nnkit.kit.distribution.library import solved_stages
from nnkit.kit.distribution.public_checks import checks_of

SHORTEST_LINE = 12  # characters without blanks: shorter lines, such as "return out", stand in any code
SHORTEST_PROSE = 20


@dataclass
class Secrets:
    """Lines are kept without blanks; every one with what it is."""

    lines: dict[str, str] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)
    """Lines that students may have, because the given part of the subject or of a template has them."""
    words: dict[str, str] = field(default_factory=dict)
    """Names, searched as whole words."""
    messages: dict[str, str] = field(default_factory=dict)
    """What hidden tests say where they fail."""
    told: set[str] = field(default_factory=set)
    """What students read anyway: names of test cells, public tests, what modules define; public tests' messages."""
    answers: dict[str, frozenset[str]] = field(default_factory=dict)
    """The right letters by choose question."""
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    """Hidden expected values by key."""


def squeezed(line: str) -> str:
    """A line without blanks, so that neither indentation nor a formatter hides it."""
    return re.sub(r"\s+", "", line)


def secrets_of(course: Course, assignment: str) -> Secrets:
    """Everything that a release of this assignment must not hold."""
    secrets = Secrets()
    _read_subject(course, assignment, secrets)
    names = [each.name for each in course.assignments]
    for position, settings in enumerate(course.assignments):
        for notebook in settings.notebooks:
            template = load_template(course, settings.name, notebook)
            if position >= names.index(assignment):
                _read_template(template, secrets)
            if position <= names.index(assignment):
                secrets.public |= _public_lines(template)
            _read_graders(template, secrets)
            secrets.told |= {f"test_{item.name}" for item in template.items}
        _read_companions(course, settings, secrets)
    for line in secrets.public:
        secrets.lines.pop(line, None)
    for text in secrets.told:
        secrets.words.pop(text, None)
        secrets.messages.pop(text, None)
    for message, what in secrets.messages.items():
        _keep(secrets, message, what, SHORTEST_PROSE)
    return secrets


def _keep(secrets: Secrets, line: str, what: str, shortest: int = SHORTEST_LINE) -> None:
    line = squeezed(line)
    if len(line) >= shortest:
        secrets.lines.setdefault(line, what)


def _read_subject(course: Course, assignment: str, secrets: Secrets) -> None:
    """Solution regions of the subject, but for those of earlier assignments; everything else there is public."""
    opened = openings(course)
    for module, path in _shippable_files(course):
        place = shown(course, path)
        text = read_authored(path, place)
        inside = dict(solution_lines(text, file=place))
        secrets.public |= {
            squeezed(line) for number, line in enumerate(text.split("\n"), start=1) if number not in inside
        }
        secrets.told |= top_level(path, place).keys()
        for name, (first, definition) in top_level(path, place).items():
            mine = [each for each in opened if (each.module, each.name) == (module, name)]
            solved = solved_stages(course, assignment, mine)
            lines = definition.split("\n")
            for region in find_regions(definition, file=place, first_line=first):
                for index in range(region.begin + 1, region.end):
                    if region.stage in solved:
                        secrets.public.add(squeezed(lines[index]))
                    else:
                        _keep(
                            secrets, lines[index], f"a line of the solution of {name} ({place}, line {first + index})"
                        )


def _shippable_files(course: Course) -> Iterator[tuple[str, Path]]:
    """Modules of the course's package, those with exercises, and the student tools."""
    modules = {*(opening.module for opening in openings(course)), *course.modules(), *student_tools()}
    for module in sorted(modules):
        file = course.module_file(module)
        if file is not None:
            yield module, file


def _read_template(template: Template, secrets: Secrets) -> None:
    for cell in template.cells:
        if cell.kind in ("experiment", "explain", "program"):
            what = "solution" if cell.kind == "experiment" else "model answer or mark scheme"
            shortest = SHORTEST_PROSE if cell.kind == "explain" else SHORTEST_LINE
            for _, line in solution_lines(cell.source, file=template.shown):
                if not line.startswith("###"):
                    _keep(secrets, line, f"a line of the {what} of {cell.name} ({template.shown})", shortest)
        if cell.kind == "choose":
            secrets.answers[cell.name] = cell.answer
    for misconception in load_misconceptions(template):
        _keep(secrets, misconception.hint, f'the hint of the misconception "{misconception.name}"', SHORTEST_PROSE)


def _public_lines(template: Template) -> set[str]:
    lines: set[str] = set()
    for cell in template.cells:
        if cell.kind in ("prose", "code", "given"):
            lines |= {squeezed(line) for line in cell.source.split("\n")}
        lines |= {squeezed(line) for line in cell.prompt.split("\n")}
        if cell.kind in ("experiment", "program"):
            inside = dict(solution_lines(cell.source, file=template.shown))
            lines |= {squeezed(text) for at, text in enumerate(cell.source.split("\n"), start=1) if at not in inside}
    return lines


def _read_graders(template: Template, secrets: Secrets) -> None:
    """Names, docstrings and messages of hidden tests, and hidden expected values, of any assignment."""
    path = template.course.graders(template.assignment, template.notebook)
    place = path.relative_to(template.course.root)
    hidden = {test.name for test in grader_tests(path, place) if not test.public}
    body = parse_authored(path, place).body if path.is_file() else []
    tests = [node for node in body if isinstance(node, ast.FunctionDef) and is_test(node)]
    for node in tests:
        if node.name not in hidden:
            secrets.told |= {node.name, *_messages(node)}
            continue
        secrets.words[node.name] = f"the name of a hidden test ({place})"
        for line in (ast.get_docstring(node) or "").split("\n"):
            _keep(secrets, line, f"the docstring of the hidden test {node.name}")
        for message in _messages(node):
            secrets.messages.setdefault(message, f"the message of the hidden test {node.name}")
    stored = stored_outputs(template.course, template.assignment, template.notebook)
    secrets.arrays |= {key: value for key, value in stored.items() if not key.startswith("public/")}


def _read_companions(course: Course, settings: Assignment, secrets: Secrets) -> None:
    """Docstrings of what no public test reaches in the companions of grader files."""
    shipped = checks_of(load_template(course, settings.name, notebook) for notebook in settings.notebooks)
    graders = [course.graders(settings.name, notebook) for notebook in settings.notebooks]
    for path in {path for each in graders for path in companions_of(each).values()}:
        place = path.relative_to(course.root)
        for node in ast.walk(parse_authored(path, place)):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
                for line in (ast.get_docstring(node) or "").split("\n"):
                    if line not in shipped.get(path.stem, ""):
                        _keep(secrets, line, f"a docstring that no public test reaches ({place})", SHORTEST_PROSE)


def _messages(node: ast.FunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        for keyword in getattr(decorator, "keywords", []):
            if keyword.arg == "message" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)
