"""`nnkit new`: a small complete course with a package of the instructor's own, from the files in `course/` here.

They are a course themselves, whose package is called physlab: they can be read, checked and tried as they are.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.course.package_name import trouble_with_name
from nnkit.kit.course.secret import make_secret
from nnkit.kit.course.settings import Course

_FILES = Path(__file__).parent / "course"
_PACKAGE = re.compile(r"\bphyslab\b")
# Called otherwise here, where it would hide files from git.
_NAMES = {"gitignore": ".gitignore"}
_MEND = "name another one with --package NAME"


def new_course(folder: Path, package: str = "") -> Course:
    """Write the course into a folder.

    Parameters
    ----------
    folder : Path
        Empty, or not there yet.
    package : str
        The name of its package; made from the folder's name if empty.

    Raises
    ------
    CourseError
        The folder holds something, or the package can't be called so. Nothing is written then.
    """
    name = package or package_name(folder)
    _check_folder(folder)
    _check_package(name)
    for source in _files():
        place = _PACKAGE.sub(name, source.relative_to(_FILES).as_posix())
        target = folder / place
        target = target.with_name(_NAMES.get(target.name, target.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_PACKAGE.sub(name, source.read_text(encoding="utf-8")), encoding="utf-8")
    course = load_course(folder)
    make_secret(course)
    return course


def package_name(folder: Path) -> str:
    """A name for the package, made from that of the folder: ``Mechanics-1`` becomes ``mechanics_1``."""
    return re.sub(r"[^a-z0-9]+", "_", folder.resolve().name.lower()).strip("_")


def _files() -> Iterator[Path]:
    return (file for file in sorted(_FILES.rglob("*")) if file.is_file() and file.suffix != ".pyc")


def _check_folder(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise CourseError("this folder is not empty", file=folder, mend="name one that is empty, or not there yet")
    if folder.exists() and not folder.is_dir():
        raise CourseError("this is a file", file=folder, mend="name a folder that is empty, or not there yet")


def _check_package(name: str) -> None:
    what = _what_is_wrong_with(name)
    if what:
        raise CourseError(what, file=f'package "{name}"', mend=_MEND)


def _what_is_wrong_with(name: str) -> str:
    """Why no new package can be called so; empty if nothing is wrong with the name."""
    if trouble := trouble_with_name(name):
        return trouble
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.origin is not None:  # a folder without modules, such as the new one, has no origin
        return "a package of that name is installed here, and notebooks could not tell them apart"
    return ""
