"""nbgrader's own commands, run for a course: generate_assignment, generate_feedback, export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.settings import Course
from nnkit.kit.gradebook.rows import gradebook
from nnkit.kit.nbgrader.config import configure
from nnkit.kit.nbgrader.marks_file import MarksFile


def generate_assignment(course: Course, assignment: str) -> None:
    """Write the released notebooks and register their cells in the gradebook."""
    _check(_api(course).generate_assignment(assignment, force=True), course, f"generate_assignment {assignment}")


def generate_feedback(course: Course, assignment: str) -> list[Path]:
    """Write the feedback pages of every graded submission; returns their paths.

    One run of nbgrader's for all of them: it sets up its applications and templates once.
    """
    graded = sorted(course.root.glob(f"autograded/*/{assignment}"))
    if not graded:
        return []
    _check(_api(course).generate_feedback(assignment, force=True), course, f"generate_feedback {assignment}")
    folders = [course.feedback(folder.parent.name, assignment) for folder in graded]
    return [page for folder in folders for page in sorted(folder.glob("*.html"))]


def export(course: Course, assignments: Sequence[str], to: Path) -> Path:
    """Write every mark as CSV."""
    plugin = MarksFile()
    plugin.to, plugin.assignment = str(to), list(assignments)
    with gradebook(course) as book:
        plugin.export(book)
    return to


def _api(course: Course) -> Any:
    config = Config()
    configure(config, course.root)
    api = NbGraderAPI(config=config)
    api.log_level = "ERROR"
    return api


def _check(result: dict[str, Any], course: Course, what: str) -> None:
    if not result["success"]:
        text = str(result.get("error") or result.get("log") or "no reason given").strip()
        raise CourseError(f"nbgrader {what} failed: {text.splitlines()[-1]}\n{text}", file=course.root)
