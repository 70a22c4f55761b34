"""nbgrader's database, its format and the functions beside them, without the rest of nbgrader.

``import nbgrader`` loads its Jupyter server extensions, its exchange and nbconvert, which grading a class never uses
and which take longer to load than several submissions to grade. Its submodules need none of that; nor JupyterHub's
users, for whom it loads a client for web services.
"""

from __future__ import annotations

from nnkit.kit.course.lean_imports import package_not_run

with package_not_run("nbgrader"), package_not_run("nbgrader.auth") as auth:
    from nbgrader.auth.base import Authenticator

    auth.Authenticator = Authenticator  # type: ignore[attr-defined] # what nbgrader.api takes of it
    from nbgrader.api import (
        Assignment,
        Comment,
        Grade,
        Gradebook,
        MissingEntry,
        Notebook,
        Student,
        SubmittedAssignment,
        SubmittedNotebook,
        new_uuid,
    )
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task, parse_utc

__all__ = [
    "Assignment",
    "Comment",
    "Grade",
    "Gradebook",
    "MetadataValidator",
    "MissingEntry",
    "Notebook",
    "Student",
    "SubmittedAssignment",
    "SubmittedNotebook",
    "compute_checksum",
    "determine_grade",
    "is_grade",
    "is_solution",
    "is_task",
    "new_uuid",
    "parse_utc",
]
