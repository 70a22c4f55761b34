"""Whether nbgrader's own commands grade a course as the kit does: what its nbgrader_config.py comes to.

A course without our file, or with another, is graded by `nbgrader autograde` with nbgrader's own settings. Submissions
run unlocked then, with the hidden tests within reach. So what leads to grading looks at the file first.
"""

from __future__ import annotations

import subprocess
import sys

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.hashing import hash_of_contents, kit_hash
from nnkit.kit.course.settings import Course

NAME = "nbgrader_config.py"
_MEND = "write two lines: from nnkit.kit.nbgrader import configure, and configure(get_config())"
# Loads the file as nbgrader does, and looks at what has come of it.
_LOAD = """
import sys
from traitlets.config.loader import PyFileConfigLoader
config = PyFileConfigLoader(sys.argv[1]).load_config()
from nnkit.kit.nbgrader.config import GRADING
sys.exit(0 if config.Autograde.get("autograde_preprocessors") == GRADING else 3)
"""
_NOT_OURS = 3


def check_config_file(course: Course) -> None:
    """Load nbgrader_config.py as nbgrader would, unless the same text was found right before.

    Raises
    ------
    CourseError
        It is missing, does not run, or leaves the grading to nbgrader.
    """
    file = course.root / NAME
    if not file.is_file():
        what = "the file is missing: nbgrader autograde would run submissions unlocked"
        raise CourseError(what, file=NAME, mend=_MEND)
    digest = hash_of_contents([file.read_bytes(), kit_hash().encode()])
    note = course.root / ".cache" / "nbgrader_config"
    if note.is_file() and note.read_text(encoding="utf-8") == digest:
        return
    # -P: a folder of the course may be called as a package is.
    command = [sys.executable, "-P", "-c", _LOAD, str(file)]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
    if done.returncode == _NOT_OURS:
        what = "the file leaves the grading to nbgrader, which would run submissions unlocked"
        raise CourseError(what, file=NAME, mend=f"{_MEND}; change nothing of Autograde below them")
    if done.returncode:
        said = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise CourseError(f"the file can't be run: {said}", file=NAME, mend=_MEND)
    note.parent.mkdir(exist_ok=True)
    note.write_text(digest, encoding="utf-8")
