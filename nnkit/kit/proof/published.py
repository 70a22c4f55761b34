"""Is what has to be secret known already? Asked before anything is proven or released."""

from __future__ import annotations

import subprocess
from contextlib import suppress

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.secret import secret_file
from nnkit.kit.course.settings import Course

EXAMPLE_SEED = "sunflower-2026"  # stood in course.toml as published; whoever copies an example copies this


def check_unpublished(course: Course) -> None:
    """Raise a CourseError if the seed is an example's, or the secret is in a git repository or about to get there."""
    if course.seed == EXAMPLE_SEED:
        mend = "write one of your own, or leave the line out: .secret is enough"
        raise course.error("this seed is the published example", ("seed",), mend)
    name = secret_file(course).name
    if _git(course, "ls-files", "--error-unmatch", name) == 0:
        mend = f"run: git rm --cached {name}; delete the file, release again, and add /{name} to .gitignore"
        raise CourseError("it is tracked by git: whoever has the repository knows it", file=name, mend=mend)
    if _git(course, "check-ignore", "--quiet", name) == 1:
        mend = f"add a line /{name} to .gitignore"
        raise CourseError("git does not ignore it, so the next commit may publish it", file=name, mend=mend)


def _git(course: Course, *arguments: str) -> int | None:
    """The exit status of a git command in the course folder; None without git."""
    with suppress(OSError):
        return subprocess.run(["git", "-C", str(course.root), *arguments], capture_output=True, check=False).returncode
    return None
