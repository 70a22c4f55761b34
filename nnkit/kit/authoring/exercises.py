"""Which notebook opens which exercise, over the whole course, in teaching order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nnkit.kit.course import Course

_EXERCISE = re.compile(r"""^```\s*python\s.*?\bexercise\s*=\s*["']([\w.]+):(\w+)["'](.*)$""", re.MULTILINE)
_STAGE = re.compile(r"""\bstage\s*=\s*["'](\w+)["']""")


@dataclass(frozen=True)
class Opening:
    """One exercise cell: the notebook in which the regions of a stage are to be written."""

    assignment: str
    notebook: str
    module: str
    name: str
    stage: str | None


def openings(course: Course) -> tuple[Opening, ...]:
    """Every exercise cell of the course's templates, in teaching order."""
    found = []
    for assignment in course.assignments:
        for notebook in assignment.notebooks:
            template = course.template(assignment.name, notebook)
            text = template.read_text(encoding="utf-8") if template.is_file() else ""
            for module, name, rest in _EXERCISE.findall(text):
                stage = _STAGE.search(rest)
                found.append(Opening(assignment.name, notebook, module, name, stage.group(1) if stage else None))
    return tuple(found)


def open_and_solved(
    course: Course, assignment: str, notebook: str, module: str, name: str, stage: str | None
) -> tuple[frozenset[str | None], frozenset[str | None]]:
    """The stages of a definition that a notebook opens, and those already solved.

    What earlier assignments opened is solved. What earlier notebooks of the same assignment opened is open again: its
    solution may not be given away before the assignment is handed in. Regions without a stage belong to the first
    notebook that opens any.
    """
    solved: set[str | None] = set()
    opened: set[str | None] = {stage}
    earlier = {each.name for each in course.earlier(assignment)}
    met_before = False
    for opening in openings(course):
        if (opening.module, opening.name) != (module, name):
            continue
        if (opening.assignment, opening.notebook) == (assignment, notebook):
            break
        (solved if opening.assignment in earlier else opened).add(opening.stage)
        if not met_before:
            (solved if opening.assignment in earlier else opened).add(None)
        met_before = True
    if not met_before:
        opened.add(None)
    return frozenset(opened), frozenset(solved - opened)
