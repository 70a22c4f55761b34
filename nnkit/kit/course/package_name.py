"""What the package of a course can be called."""

from __future__ import annotations

import keyword
import re
import sys

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Folders that lie beside the package: in the course folder, in a release, or where a submission runs.
_FOLDERS = frozenset(
    {
        "autograded", "checks", "data", "feedback", "logs", "private", "records", "release", "solutions", "source",
        "submitted", "tests",
    }
)  # fmt: skip


def trouble_with_name(name: str) -> str:
    """Why no package can be called so; empty if nothing is wrong with the name."""
    if not _NAME.fullmatch(name):
        return "this is no name for a package: it begins with a letter and has letters, digits and _ only"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "this is a word of Python's own"
    if name in sys.stdlib_module_names:
        return "Python itself has a module of that name"
    if name.lower() in _FOLDERS:
        return "a folder beside the package is called so"
    return ""
