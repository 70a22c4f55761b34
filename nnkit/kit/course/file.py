"""Reading course.toml: every wrong thing becomes one error that names the line and the mend."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.errors import BuildError, CourseError, did_you_mean
from nnkit.kit.course.package_name import trouble_with_name
from nnkit.kit.course.settings import KIT, Course
from nnkit.kit.course.toml_lines import KeyPath, line_of

_MEASURE = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")
_TOML_PLACE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")


def load_course(path: Path | str | None = None, *, check_files: bool = True) -> Course:
    """Read and check course.toml.

    Parameters
    ----------
    path : Path, optional
        course.toml or its folder. By default it is searched from the current folder upwards.
    check_files : bool
        Also check that the templates, modules and files named there exist.

    Raises
    ------
    CourseError
        Anything is wrong, with the line and the mend.
    """
    return read_course(find_course(path), check_files=check_files)


def find_course(path: Path | str | None = None) -> Path:
    """The course.toml at `path` (a file or folder), or upwards from the current folder."""
    if path is not None:
        file = Path(path) / "course.toml" if Path(path).is_dir() else Path(path)
        if file.is_file():
            return file.resolve()
        raise CourseError("there is no such file", file=file, mend="name course.toml or the folder it is in")
    here = _upwards()
    if here is None:
        what = f"not found in {Path.cwd()} or any folder above"
        mend = "go to the course folder, or pass --course; nnkit new FOLDER makes a course"
        raise CourseError(what, file="course.toml", mend=mend)
    return here


def in_course() -> bool:
    """Whether the current folder is a course's, or below one."""
    return _upwards() is not None


def _upwards() -> Path | None:
    here = Path.cwd()
    files = (folder / "course.toml" for folder in (here, *here.parents))
    return next((file for file in files if file.is_file()), None)


def read_course(file: Path, *, check_files: bool = True) -> Course:
    """Read and check one course.toml (see `load_course`)."""
    try:
        text = read_authored(file, "course.toml")
    except BuildError as error:
        raise CourseError(error.what, file=error.file, line=error.line, mend=error.mend) from None
    try:
        course = Course.model_validate(_tuples(_parse(text)))
    except ValidationError as error:
        # A misspelt key is also a missing one: say the first of the two.
        first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
        raise _explain(first, text) from None
    course._root = file.resolve().parent
    course._text = text
    _check_names(course)
    if check_files:
        _check_files(course)
    return course


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = int(place.group(1)) if place and place.group(1) else len(text.splitlines())
        what = _TOML_PLACE.sub("", str(error)).strip()
        if "date" in what:
            mend = "there is no such day or time in the calendar: write one as 2026-10-16T23:59:00"
        else:
            mend = "this is not TOML: look for a missing quote, bracket or = here or on the line above"
        raise CourseError(what, file="course.toml", line=line, mend=mend) from None


def _tuples(value: Any) -> Any:
    """Arrays as tuples: pydantic's strict mode takes no list for a frozen setting."""
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    return tuple(_tuples(inner) for inner in value) if isinstance(value, list) else value


def _explain(error: ErrorDetails, text: str) -> CourseError:
    """The first thing pydantic complains of, in words, with its line."""
    path: KeyPath = error["loc"]
    given = error.get("input")
    # What belongs to the gradebook may hold a password.
    shown = "…" if path[:1] == ("gradebook",) else _shown(given)
    key = ".".join(str(part) for part in path if isinstance(part, str))
    field = _field(path)
    description = field.description if field is not None and field.description else ""
    if error["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        what = f'unknown key "{path[-1]}"'
        mend = did_you_mean(str(path[-1]), known, f"known here: {', '.join(sorted(known))}")
    elif error["type"] == "missing":
        what, mend = f'"{key}" is missing', f"add {path[-1]} = …: {description}" if description else "add it"
    elif error["type"] in ("model_type", "dict_type"):
        what, mend = f"{key} = {shown}: a table is expected", description
    else:
        message = error["msg"].removeprefix("Value error, ")
        what = f"{key} = {shown}: {message[:1].lower()}{message[1:]}"
        mend = description
    return CourseError(what, file="course.toml", line=line_of(text, path, given), mend=mend)


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _models(path: KeyPath) -> Iterator[type[BaseModel]]:
    """The settings tables met on the way along `path`, outermost first."""
    annotation: Any = Course
    for part in (*path, None):
        model = _table(annotation)
        if model is None:
            # A dict or tuple of tables: the next part is a free name or an index.
            inner = [argument for argument in get_args(annotation) if argument is not str and argument is not ...]
            annotation = inner[0] if inner else None
            continue
        yield model
        field = _lookup(model, part)
        annotation = field.annotation if field is not None else None


def _table(annotation: Any) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _lookup(model: type[BaseModel], key: object) -> Any:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return field
    return None


def _field(path: KeyPath) -> Any:
    names = [part for part in path if isinstance(part, str)]
    models = list(_models(path))
    for model in reversed(models):
        for name in reversed(names):
            if (field := _lookup(model, name)) is not None:
                return field
    return None


def _known_keys(path: KeyPath) -> list[str]:
    *_, model = _models(path)
    return [field.alias or name for name, field in model.model_fields.items()]


def _check_names(course: Course) -> None:
    _check_package_name(course)
    try:
        ZoneInfo(course.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        mend = did_you_mean(course.time_zone, available_timezones(), "use an IANA name such as Europe/Berlin")
        raise course.error(f'unknown time zone "{course.time_zone}"', ("time_zone",), mend) from None
    for name in course.data:
        if not _MEASURE.match(name):
            raise course.error(f'a data set can\'t be called "{name}"', ("data", name), "use letters, digits and _")
    _check_thresholds(course)
    seen: set[str] = set()
    for index, assignment in enumerate(course.assignments):
        if assignment.name == "data":
            what = "an assignment can't be called data: tests/graders/data is for data sets"
            raise course.error(what, ("assignment", index, "name"), "rename it")
        if assignment.name in seen:
            raise course.error(
                f'a second assignment is named "{assignment.name}"', ("assignment", index, "name"), "rename one of them"
            )
        seen.add(assignment.name)
        listed: set[str] = set()
        for position, notebook in enumerate(assignment.notebooks):
            if notebook in listed:
                raise course.error(
                    f'notebook "{notebook}" is listed twice in {assignment.name}',
                    ("assignment", index, "notebooks", position),
                    "list it once",
                    notebook,
                )
            listed.add(notebook)
        for key in ("points", "hours"):
            for notebook in getattr(assignment, key):
                if notebook not in listed:
                    raise course.error(
                        f'{key} are stated for "{notebook}", which is no notebook of {assignment.name}',
                        ("assignment", index, key, notebook),
                        did_you_mean(notebook, listed, f"its notebooks: {', '.join(assignment.notebooks)}"),
                    )


def _check_files(course: Course) -> None:
    if course.package != KIT and course.own_package is None:
        what = f'there is no folder "{course.package}" beside course.toml'
        raise course.error(what, ("package",), f"make {course.package}/ with the course's modules, or correct the name")
    for index, assignment in enumerate(course.assignments):
        place: KeyPath = ("assignment", index)
        for position, notebook in enumerate(assignment.notebooks):
            template = course.template(assignment.name, notebook)
            if not template.is_file():
                written = sorted(path.stem for path in template.parent.glob("*.md"))
                relative = template.relative_to(course.root)
                raise course.error(
                    f'notebook "{notebook}" has no template {relative}',
                    (*place, "notebooks", position),
                    did_you_mean(notebook, written, "write the template, or take the notebook off the list"),
                    notebook,
                )
        for position, module in enumerate(assignment.library):
            if course.module_file(module) is None:
                raise course.error(
                    f'there is no module "{module}"',
                    (*place, "library", position),
                    did_you_mean(module, course.modules(), f"it has to be a file of the package {course.package}"),
                    module,
                )
        for position, name in enumerate(assignment.files):
            if not (course.root / name).is_file():
                raise course.error(
                    f'there is no file "{name}"',
                    (*place, "files", position),
                    "paths are relative to the course folder",
                    name,
                )
        _check_shipped_names(course, index)
    _check_data(course)


def _check_package_name(course: Course) -> None:
    if trouble := trouble_with_name(course.package):
        raise course.error(f'package = "{course.package}": {trouble}', ("package",), "give it a name of its own")


def _check_data(course: Course) -> None:
    for name, stated in course.data.items():
        if course.module_file(stated.module) is None:
            raise course.error(
                f'there is no module "{stated.module}"',
                ("data", name, "module"),
                did_you_mean(stated.module, course.modules(), f"it has to be a file of the package {course.package}"),
            )
        if stated.path is not None and not (course.root / stated.path).exists():
            what = f'there is no file or folder "{stated.path}"'
            raise course.error(what, ("data", name, "path"), "take the line out to use the stand-in")
        for file in stated.files:
            if course.data_file(file) is None:
                raise course.error(
                    f'there is no data file "{file}"',
                    ("data", name, "files"),
                    f"name a file of the package, as in {course.package}/data/{name}.h5",
                    file,
                )


def _check_shipped_names(course: Course, index: int) -> None:
    """No file for students takes the place of another one in the folder that they receive."""
    assignment = course.assignments[index]
    taken = {f"{notebook}.ipynb": "a notebook" for notebook in assignment.notebooks}
    taken |= {"README.md": "written by release", "requirements.txt": "written by release"}
    for position, name in enumerate(assignment.files):
        base = Path(name).name
        if base in taken:
            what = f'"{name}" would take the place of {base} in what students receive, which is {taken[base]}'
            raise course.error(what, ("assignment", index, "files", position), "give the file another name", name)
        taken[base] = f'"{name}"'


def _check_thresholds(course: Course) -> None:
    known = [*course.data, *(each.stand_in for each in course.data.values() if each.stand_in)]
    for item, by_data in course.thresholds.items():
        met: dict[str, str] = {}
        for data, measures in by_data.items():
            place: KeyPath = ("thresholds", item, data)
            if data not in known:
                mend = did_you_mean(data, known, f"known: {', '.join(known)}" if known else f"add [data.{data}]")
                raise course.error(f'no data set is named "{data}"', place, mend)
            for measure in measures:
                if not _MEASURE.match(measure) or measure == "check" or iskeyword(measure):
                    what = f'a measure can\'t be called "{measure}"'
                    mend = "use letters, digits and _: graders write thresholds.NAME"
                    raise course.error(what, (*place, measure), mend)
                if data in course.data_in_use and met.setdefault(measure, data) != data:
                    what = f'"{measure}" of {item} is stated for {met[measure]} and for {data}, and both are in use'
                    raise course.error(what, (*place, measure), "call one of the two measures otherwise")
