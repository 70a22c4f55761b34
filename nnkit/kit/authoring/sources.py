"""The built notebooks of an assignment: `source/ASSIGNMENT/*.ipynb`, which belong to build alone."""

from __future__ import annotations

import json
from pathlib import Path

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import notebook_text, source_notebook
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.settings import Course


def write_source(course: Course, assignment: str, notebook: str) -> bool:
    """Build source/<assignment>/<notebook>.ipynb; False if it was already up to date."""
    content = notebook_text(source_notebook(load_template(course, assignment, notebook))).encode()
    path = course.source(assignment, notebook)
    if path.is_file() and path.read_bytes() == content:
        return False
    path.write_bytes(content)
    return True


def clear_sources(course: Course, assignment: str) -> list[Path]:
    """Remove what was once built for notebooks that the assignment no longer has: nbgrader releases all that it finds.

    Returns
    -------
    list of Path
        What was removed.

    Raises
    ------
    BuildError
        A notebook is there that build has not made.
    """
    wanted = course.assignment(assignment).notebooks
    stale = [path for path in sorted((course.root / "source" / assignment).glob("*.ipynb")) if path.stem not in wanted]
    for path in stale:
        if not _is_built(path, assignment):
            place = path.relative_to(course.root)
            what = "a notebook that course.toml does not name and that build has not made: nbgrader would release it"
            raise BuildError(what, file=place, mend=f"move it out of {place.parent}, or write a template for it")
    for path in stale:
        path.unlink()
    return stale


def _is_built(path: Path, assignment: str) -> bool:
    try:
        return bool(json.loads(path.read_bytes())["metadata"]["nnkit"]["assignment"] == assignment)
    except (OSError, ValueError, KeyError, TypeError):
        return False
