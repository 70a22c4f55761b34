"""nbgrader's database, its format and the functions beside them, without the rest of nbgrader.

``import nbgrader`` loads its Jupyter server extensions, its exchange and nbconvert, which grading a class never uses
and which take longer to load than several submissions to grade. Its submodules need none of that, so they are imported
here below a package that has not been run; whoever imports nbgrader itself later gets all of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec


@contextmanager
def _package_not_run() -> Iterator[None]:
    if "nbgrader" in sys.modules:
        yield
        return
    spec = find_spec("nbgrader")
    if spec is None:
        raise ModuleNotFoundError("nbgrader is not installed", name="nbgrader")
    sys.modules["nbgrader"] = module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules["nbgrader"]


with _package_not_run():
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
