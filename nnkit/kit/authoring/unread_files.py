"""Files that an author has written for the course and that nobody reads: misnamed, or not named in course.toml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nnkit.kit.course.errors import Finding, did_you_mean
from nnkit.kit.course.settings import Course

_MISCONCEPTIONS = ".misconceptions.toml"


def unread_files(course: Course) -> Iterator[Finding]:
    """Templates, graders, expected values, misconceptions and releases that belong to no notebook of the course."""
    yield from _folders(course, course.root / "source", ("*.md",), "its templates are not built")
    yield from _folders(
        course,
        course.root / "tests" / "graders",
        ("test_*.py", f"*{_MISCONCEPTIONS}"),
        "its graders are not used",
    )
    yield from _folders(course, course.root / "release", ("*.ipynb",), "it was released once")
    for assignment in course.assignments:
        notebooks = assignment.notebooks
        shipped = {course.root / name for name in assignment.files}
        for path in sorted((course.root / "source" / assignment.name).glob("*.md")):
            if path.stem not in notebooks and path.name != "README.md" and path not in shipped:
                mend = did_you_mean(path.stem, notebooks, f'add "{path.stem}" to its notebooks, or move the file away')
                yield _finding(course, path, f"no notebook of {assignment.name} in course.toml", mend)
        for path in sorted((course.root / "tests" / "graders" / assignment.name).glob("*")):
            if (what := _meant_for(path)) is not None and (name := _notebook_of(path)) not in notebooks:
                mend = did_you_mean(name, notebooks, f"its notebooks: {', '.join(notebooks)}")
                yield _finding(course, path, f"{what} of no notebook of {assignment.name}: nobody reads it", mend)


def _folders(course: Course, parent: Path, patterns: tuple[str, ...], what: str) -> Iterator[Finding]:
    """Folders called like no assignment that hold what only an assignment has."""
    names = [assignment.name for assignment in course.assignments]
    for folder in sorted(parent.glob("*")):
        if folder.is_dir() and folder.name not in names and any(any(folder.glob(each)) for each in patterns):
            mend = did_you_mean(folder.name, names, "add the assignment, or move the folder away")
            yield _finding(course, folder, f"course.toml has no assignment {folder.name}: {what}", mend)


def _meant_for(path: Path) -> str | None:
    """What a file beside graders is, by its name; None of a companion, and of what only looks on."""
    if path.suffix == ".toml":
        return "misconceptions" if path.name.endswith(_MISCONCEPTIONS) else "a file of settings"
    if path.suffix == ".h5":
        return "expected values"
    return "graders" if path.suffix == ".py" and path.name.startswith("test_") else None


def _notebook_of(path: Path) -> str:
    if path.suffix == ".toml":
        return path.name.removesuffix(_MISCONCEPTIONS)
    return path.stem.removeprefix("test_") if path.suffix == ".py" else path.stem


def _finding(course: Course, path: Path, what: str, mend: str) -> Finding:
    return Finding(what, str(path.relative_to(course.root)), None, mend)
