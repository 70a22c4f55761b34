"""The data of a course: what notebooks read of them, and what is held out. Each is made once and kept in .cache."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from nnkit.kit.authoring.data_use import data_of
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.hashing import hash_of, hash_of_contents
from nnkit.kit.course.own_package import use_package_of
from nnkit.kit.course.secret import held_out_seed
from nnkit.kit.course.settings import Course
from nnkit.student.companions import companion_files, importable

KEPT = 8
HELD_OUT = "held_out"


def data_folder(course: Course, assignment: str) -> Path:
    """The folder that an assignment's notebooks read as ``data``: all its data sets, without what is held out of them.

    It is made anew, beside the old one, when a file of the data changes, or what prepares them. A data set's graders'
    side may write into it with ``prepare(path, folder)``; otherwise the files of `path` are linked.

    Raises
    ------
    CourseError
        Data can't be prepared, or would be shown with what is held out of them.
    """
    names = data_of(course, assignment)
    digest = hash_of_contents([_identity(course, name).encode() for name in names])
    cache = course.root / ".cache" / "data"
    place = cache / digest
    if not place.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        _forget_old_ones(cache)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".making-") as temporary:
            whole = Path(temporary) / "data"
            whole.mkdir()
            for name in names:
                part = Path(temporary) / name
                part.mkdir()
                _fill(course, name, part)
                _add(course, name, part, whole)
            with suppress(OSError):  # another command was faster
                whole.rename(place)
    os.utime(place)
    return place


def held_out_files(course: Course, assignment: str) -> dict[str, Path]:
    """For each data set of an assignment that has held-out data, the file that keeps them.

    It holds by the end of its name what each function ``held_out…(path, seed)`` of the graders' side gives: "" stands
    for ``held_out`` itself, "bytes" for ``held_out_bytes``.

    Raises
    ------
    CourseError
        A function fails, or gives no tuple; or the course has no secret.
    """
    files = {}
    for name in data_of(course, assignment):
        functions = _side(course, name)
        wanted = {each.removeprefix(HELD_OUT).lstrip("_"): each for each in functions if each.startswith(HELD_OUT)}
        if not wanted:
            continue
        seed = held_out_seed(course, name)
        digest = hash_of_contents([_identity(course, name).encode(), str(seed).encode()])
        files[name] = file = course.root / ".cache" / "held_out" / f"{name}-{digest}.pickle"
        if not file.is_file():
            values = {form: _called(course, name, each, _path(course, name), seed) for form, each in wanted.items()}
            for form, each in wanted.items():
                if type(values[form]) is not tuple:
                    what = f"{each} gives {type(values[form]).__name__}, expected a tuple"
                    raise CourseError(what, file=_shown(course, name), mend="return images, labels")
            _write(file, values)
            for old in file.parent.glob(f"{name}-*.pickle"):
                if old != file:
                    old.unlink(missing_ok=True)
    return files


def _path(course: Course, name: str) -> Path | None:
    stated = course.data[name].path
    return None if stated is None else course.root / stated


def _shown(course: Course, name: str) -> Path:
    return course.data_graders(name).relative_to(course.root)


def _identity(course: Course, name: str) -> str:
    """Changes with the real data's files, with what prepares them, and with what draws the stand-in."""
    path = _path(course, name)
    files = [] if path is None else [path] if path.is_file() else sorted(each for each in path.rglob("*"))
    stats = [(str(file), file.stat()) for file in files if file.is_file()]
    sides = sorted(companion_files(course.data_graders(name).parent).values())
    package = [*course.modules().values(), *map(course.data_file, course.data[name].files)]
    return repr(
        [
            name,
            [(file, each.st_dev, each.st_ino, each.st_size, each.st_mtime_ns) for file, each in stats],
            hash_of(sides),
            hash_of(file for file in package if file is not None),
        ]
    )


def _side(course: Course, name: str) -> dict[str, Callable[..., Any]]:
    """The functions of the graders' side of a data set; none if there is no such file."""
    if not course.data_graders(name).is_file():
        return {}
    with _there(course, name):
        module = import_module(name)
    return {each: value for each, value in vars(module).items() if callable(value)}


def _called(course: Course, name: str, function: str, *arguments: Any) -> Any:
    with _there(course, name):
        return getattr(import_module(name), function)(*arguments)


@contextlib.contextmanager
def _there(course: Course, name: str) -> Iterator[None]:
    """The graders' side can be imported with what stands beside it, prints nothing, and its errors name their place."""
    folder = course.data_graders(name).parent
    use_package_of(course)
    try:
        with importable(folder), contextlib.redirect_stdout(io.StringIO()):
            yield
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == folder]
        file = Path(frames[-1].filename).relative_to(course.root) if frames else _shown(course, name)
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        raise CourseError(f"{type(error).__name__}: {error}", file=file, line=line) from error


def _fill(course: Course, name: str, folder: Path) -> None:
    path, functions = _path(course, name), _side(course, name)
    if "prepare" in functions:
        _called(course, name, "prepare", path, folder)
    elif path is not None:
        if any(each.startswith(HELD_OUT) for each in functions):
            what = f"what is held out of {name} would lie among the data that notebooks read"
            mend = "write prepare(path, folder), which leaves it out"
            raise CourseError(what, file=_shown(course, name), mend=mend)
        for file in [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file()):
            link(file, folder / file.relative_to(path.parent))


def _add(course: Course, name: str, part: Path, whole: Path) -> None:
    """Move what was prepared of one data set to that of the others."""
    for made in sorted(part.iterdir()):
        if (whole / made.name).exists():
            what = f"{name} and another data set both give notebooks a {made.name}"
            raise CourseError(what, file=_shown(course, name), mend="call one of them otherwise")
        made.rename(whole / made.name)


def link(file: Path, target: Path) -> None:
    """Show a file under another name, without a copy where the file system can."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file.resolve(), target)
    except OSError:
        shutil.copyfile(file, target)


def _write(file: Path, values: dict[str, Any]) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".making-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            pickle.dump(values, stream)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink()
        raise


def _forget_old_ones(cache: Path) -> None:
    """Keep the folders that were used last: more than the commands that run at the same time use."""
    folders = sorted((path for path in cache.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in folders[: -KEPT or None]:
        shutil.rmtree(old, ignore_errors=True)
