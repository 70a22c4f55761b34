"""Which notebook opens which exercise, over the whole course, in teaching order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.settings import Course

_EXERCISE = re.compile(r"""^```\s*python\s.*?\bexercise\s*=\s*["']([\w.]+):(\w+)["'](.*)$""", re.MULTILINE)
_STAGE = re.compile(r"""\bstage\s*=\s*["']([^"']*)["']""")


_CELL = r"^(?:```\s*python\b|<!--\s*#region\b)"
_GRADED = re.compile(_CELL + r"""[^\n]*?\b(?:grade|question)\s*=\s*["'](\w+)["']""", re.MULTILINE)


@dataclass(frozen=True)
class Opening:
    """One exercise cell: the notebook in which the regions of some stages are to be written.

    Regions without a stage, written None, belong to the first notebook that opens any of the definition's.
    """

    assignment: str
    notebook: str
    module: str
    name: str
    stages: frozenset[str | None]


def stages_named(text: str) -> frozenset[str | None]:
    """The stages that ``stage="normalisation"`` (several: ``stage="normalisation, dropout"``) names."""
    return frozenset(part.strip() for part in text.split(","))


def names_of_several(course: Course, assignment: str) -> frozenset[str]:
    """The graded items that more than one notebook of an assignment has under the same name."""
    seen: set[str] = set()
    several: set[str] = set()
    for notebook in course.assignment(assignment).notebooks:
        template = course.template(assignment, notebook)
        text = read_authored(template, f"{assignment}/{notebook}.md") if template.is_file() else ""
        names = set(_GRADED.findall(text))
        several |= names & seen
        seen |= names
    return frozenset(several)


def openings(course: Course) -> tuple[Opening, ...]:
    """Every exercise cell of the course's templates, in teaching order."""
    found: list[Opening] = []
    met: set[tuple[str, str]] = set()
    for assignment in course.assignments:
        for notebook in assignment.notebooks:
            template = course.template(assignment.name, notebook)
            text = read_authored(template, f"{assignment.name}/{notebook}.md") if template.is_file() else ""
            for module, name, rest in _EXERCISE.findall(text):
                stage = _STAGE.search(rest)
                stages = stages_named(stage.group(1)) if stage else frozenset({None})
                if (module, name) not in met:
                    stages |= {None}
                    met.add((module, name))
                found.append(Opening(assignment.name, notebook, module, name, stages))
    return tuple(found)


def open_and_solved(
    course: Course, assignment: str, notebook: str, module: str, name: str, stages: frozenset[str | None]
) -> tuple[frozenset[str | None], frozenset[str | None]]:
    """The stages of a definition that are open in a notebook whose cell names `stages`, and those already solved.

    What earlier assignments opened is solved. Regions without a stage that an earlier notebook of the same assignment
    opened are open again: everything builds on them, and their solution may not be given away before the assignment is
    handed in. Every other stage is not there, unless the cell names it, so that no notebook has to wait for what a
    student writes in another one.
    """
    before: list[Opening] = []
    for opening in openings(course):
        if (opening.module, opening.name) == (module, name):
            if (opening.assignment, opening.notebook) == (assignment, notebook):
                break
            before.append(opening)
    earlier = {each.name for each in course.earlier(assignment)}
    solved: set[str | None] = set()
    again: set[str | None] = set() if before else {None}
    for opening in before:
        if opening.assignment in earlier:
            solved |= opening.stages
        else:
            again |= opening.stages & {None}
    opened = stages | again
    return opened, frozenset(solved - opened)
