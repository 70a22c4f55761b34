"""Releasing an assignment: proven first, then on nbgrader's rails, the student package beside the notebooks."""

from __future__ import annotations

import shutil

from rich.console import Console

from nnkit.kit.proof.leaks import scan
from nnkit.kit.distribution.student_package import build_student_package
from nnkit.kit.proof.verification import Verification
from nnkit.kit.proof.verify import verify
from nnkit.kit.course.settings import Course
from nnkit.kit.gradebook.database import ensure_database
from nnkit.kit.course.errors import CourseError
from nnkit.kit.gradebook.rows import register_assignment
from nnkit.kit.nbgrader.commands import generate_assignment


def release(
    course: Course, assignment: str, *, workers: int = 0, force: bool = False, console: Console | None = None
) -> Verification:
    """Verify an assignment and, if all is proven, write release/ASSIGNMENT and the gradebook's rows.

    Parameters
    ----------
    course : Course
    assignment : str
    workers : int
        Notebooks run at once; 0 means one per core.
    force : bool
        Prove anew what has been proven before.
    console : rich Console, optional
        Shows progress.

    Raises
    ------
    CourseError
        The gradebook can't be used, nbgrader refuses, or the finished folder leaks: nothing is left in release/ then.
    """
    ensure_database(course)
    verification = verify(course, [assignment], workers=workers, force=force, console=console)
    if not verification.ok:
        return verification
    folder = course.release(assignment)
    if folder.exists():
        shutil.rmtree(folder)
    try:
        generate_assignment(course, assignment)
        build_student_package(course, assignment, folder)
        leaks = scan(folder, course)
        if leaks:
            raise CourseError(f"it would leak: {leaks[0].what}", file=leaks[0].file, line=leaks[0].line)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    register_assignment(course, assignment)
    return verification
