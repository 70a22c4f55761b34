"""What a command is asked for: whole assignments, or single notebooks of them as ``ASSIGNMENT/NOTEBOOK``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nnkit.kit.course.errors import CourseError, did_you_mean
from nnkit.kit.course.settings import Course


@dataclass(frozen=True)
class Target:
    """Notebooks of one assignment, in teaching order."""

    assignment: str
    notebooks: tuple[str, ...]


def targets(course: Course, words: Sequence[str] = ()) -> tuple[Target, ...]:
    """What the words name, in the order of the course; everything where there is no word.

    Raises
    ------
    CourseError
        An assignment or a notebook is not in the course.
    """
    wanted: dict[str, set[str]] = {}
    for word in words or [assignment.name for assignment in course.assignments]:
        name, slash, notebook = word.strip("/").partition("/")
        notebooks = course.assignment(name).notebooks
        if slash and notebook not in notebooks:
            mend = did_you_mean(notebook, notebooks, f"it has {', '.join(notebooks)}")
            raise CourseError(f'{name} has no notebook "{notebook}"', file="course.toml", mend=mend)
        wanted.setdefault(name, set()).update([notebook] if slash else notebooks)
    return tuple(
        Target(each.name, tuple(notebook for notebook in each.notebooks if notebook in wanted[each.name]))
        for each in course.assignments
        if each.name in wanted
    )
