"""course.toml as typed, described, frozen settings, and the paths of a course."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

import nnkit
from nnkit.kit.course.errors import CourseError, did_you_mean
from nnkit.kit.course.toml_lines import line_of

SQLITE = "sqlite:///"
VARIABLE = "env:"
GRADEBOOK_KEY = ("gradebook", "url")
# The driver of the extra `postgresql`, by name: what SQLAlchemy takes without one changed from version 2.0 to 2.1.
POSTGRESQL_DRIVER = "postgresql+psycopg"
_POSTGRESQL = re.compile(r"^postgres(?:ql)?://")

# The package of this kit: what the student's tools are imported from in every course, and the default subject.
KIT = "nnkit"
STUDENT_TOOLS = "nnkit.student"
_NO_SUBJECT = ("nnkit.kit", STUDENT_TOOLS)

Tier = Literal["A", "B", "C", "D", "E"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Requirement = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\s*([<>=!~][^;]*)?$")]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


# The folder that holds the kit's package.
INSTALLED = Path(nnkit.__file__).parent.parent


def is_tool(module: str) -> bool:
    """Whether a module is part of the kit or of the student's tools, which are nobody's subject."""
    return any(module == tool or module.startswith(f"{tool}.") for tool in _NO_SUBJECT)


def student_tools() -> tuple[str, ...]:
    """The modules of the student's tools, which every release holds."""
    files = sorted(INSTALLED.joinpath(*STUDENT_TOOLS.split(".")).glob("*.py"))
    return STUDENT_TOOLS, *(f"{STUDENT_TOOLS}.{file.stem}" for file in files if file.stem != "__init__")


class Settings(BaseModel):
    """Every table of course.toml: frozen, no unknown key, no silent conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Late(Settings):
    """What a late submission costs."""

    free_hours: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="hours after the due date that cost nothing"
    )
    percent_per_day: Annotated[float, Field(ge=0, le=100)] = Field(
        default=0.0, description="per cent of the score taken off for every day begun after the free hours"
    )
    max_days: Annotated[float, Field(ge=0)] = Field(
        default=7.0, description="days late after which nothing is accepted"
    )


class Assignment(Settings):
    """One `[[assignment]]`: a folder of notebooks that is released, handed in and graded together."""

    name: Name = Field(description="folder name in source/, release/, submitted/ …")
    title: str = Field(description="what students read")
    due: datetime | None = Field(default=None, description="date and time; without offset, in the course's time zone")
    late: Late = Field(default_factory=Late, description="what a late submission costs")
    notebooks: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(description="notebooks in teaching order")
    points: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="total points a notebook's template must add up to"
    )
    hours: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="hours that a student is expected to need, by notebook"
    )
    library: tuple[str, ...] = Field(default=(), description="modules of the package that students receive")
    files: tuple[str, ...] = Field(default=(), description="further files for students, relative to the course folder")

    @field_validator("due", mode="before")
    @classmethod
    def _read_due(cls, value: object) -> object:
        if isinstance(value, str):
            value = datetime.fromisoformat(value) if len(value.strip()) > 10 else date.fromisoformat(value.strip())
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime.combine(value, time(23, 59))
        return value


class Pace(Settings):
    """Time that one piece of student code may take."""

    cpu_s: Seconds = Field(description="seconds of CPU time, of all its processes and threads together")
    wall_s: Seconds = Field(description="seconds by the clock")


class Limits(Settings):
    """What the locked process may use."""

    cell: Pace = Field(default=Pace(cpu_s=300, wall_s=600), description="one notebook cell")
    item: Pace = Field(default=Pace(cpu_s=60, wall_s=120), description="the tests of one graded item")
    notebook: Pace = Field(default=Pace(cpu_s=900, wall_s=1200), description="all cells of a notebook")
    # Below the three minimums a notebook that does nothing but import NumPy and matplotlib would not start.
    memory_mb: Annotated[int, Field(ge=384)] = Field(
        default=2048, description="address space of one process, and memory of all together, MB"
    )
    processes: Annotated[int, Field(ge=4)] = Field(default=64, description="processes and threads at a time")
    open_files: Annotated[int, Field(ge=16)] = Field(default=256, description="open files of one process at a time")
    file_mb: Count = Field(default=64, description="size of one written file, MB")
    scratch_mb: Count = Field(default=256, description="all written files together, MB")
    submission_mb: Count = Field(default=32, description="size of a notebook that is handed in, outputs included, MB")
    output_kb: Count = Field(
        default=1024, description="printed text and pictures of one cell, kB; a notebook may have 32 times as much"
    )


class DataSet(Settings):
    """One `[data.NAME]`: what notebooks load, and where real data lie. Nothing is ever downloaded."""

    module: str = Field(description="the module of the package that notebooks load the data with")
    path: str | None = Field(
        default=None, description="file or folder of the real data; without it the stand-in is used"
    )
    stand_in: str | None = Field(
        default=None, description="the name of the stand-in in [thresholds]; without it thresholds hold for both"
    )
    files: tuple[str, ...] = Field(
        default=(), description="data files of the package that its modules read, such as physlab/data/swings.h5"
    )


class Bound(Settings):
    """How good a measure has to be: at least, or at most, a number. A number by itself is the least one."""

    least: Annotated[float | None, Field(allow_inf_nan=False)] = Field(default=None, description="the least value")
    greatest: Annotated[float | None, Field(allow_inf_nan=False)] = Field(
        default=None, description="the greatest value"
    )

    @model_validator(mode="before")
    @classmethod
    def _read_number(cls, value: object) -> object:
        return {"least": value} if isinstance(value, int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _check_one(self) -> Bound:
        if (self.least is None) == (self.greatest is None):
            raise ValueError("write a number, { least = … } or { greatest = … }")
        return self


class Engine(Settings):
    """How many submissions are graded at once, and where."""

    jobs: Annotated[int, Field(ge=0)] = Field(default=0, description="submissions at once; 0 means one per CPU core")
    scheduler: str = Field(
        default="", description="address of a Dask scheduler, such as tls://host:8786; empty for this machine"
    )
    warm: bool = Field(
        default=True, description="fork submissions from a process that has loaded the libraries, where that can be"
    )


class Gradebook(Settings):
    """Where nbgrader's gradebook lives."""

    url: str = Field(
        default="sqlite:///gradebook.db",
        repr=False,  # it may hold a password
        description="sqlite:///FILE (from the course folder), postgresql://USER@HOST/DATABASE, or env:VARIABLE",
    )


class Course(Settings):
    """A course: its settings and the places of its files. Read it with `course.file.load_course`."""

    id: Name = Field(description="short name, as nbgrader's course id")
    title: str = Field(description="what people read")
    package: Name = Field(default=KIT, description="the package with the solutions, a folder beside course.toml")
    requirements: tuple[Requirement, ...] = Field(
        default=(), description="further packages that notebooks and the library import, such as scipy>=1.11,<2"
    )
    time_zone: str = Field(default="UTC", description="IANA name, such as Europe/Berlin")
    seed: str = Field(
        default="", description="part of every seed of random test inputs; another one gives other inputs"
    )
    required_tier: Tier = Field(default="C", description="weakest sandbox tier accepted for official grading")
    assignments: tuple[Assignment, ...] = Field(default=(), alias="assignment", description="the assignments, in order")
    limits: Limits = Field(default_factory=Limits, description="what student code may use")
    data: dict[str, DataSet] = Field(
        default_factory=dict, description='[data.NAME]: a table with its module and perhaps its path = "…"'
    )
    thresholds: dict[str, dict[str, dict[str, Bound]]] = Field(
        default_factory=dict,
        description="[thresholds.NAME.DATA]: MEASURE = 0.8 or { greatest = 0.1 }, for an experiment or a notebook",
    )
    engine: Engine = Field(default_factory=Engine, description="grading many submissions")
    gradebook: Gradebook = Field(default_factory=Gradebook, description="a table [gradebook] with its url")

    _root: Path = PrivateAttr(default=Path())
    _text: str = PrivateAttr(default="")

    @property
    def root(self) -> Path:
        """The folder of course.toml (absolute)."""
        return self._root

    @property
    def file(self) -> Path:
        return self._root / "course.toml"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def gradebook_url(self) -> str:
        """The gradebook's URL as SQLAlchemy takes it; it may hold a password.

        A variable is looked up, SQLite's path is absolute, PostgreSQL's driver is named.

        Raises
        ------
        CourseError
            course.toml names an environment variable that is not set.
        """
        url = self.gradebook.url
        if url.startswith(VARIABLE):
            name = url.removeprefix(VARIABLE)
            url = os.environ.get(name, "")
            if not url:
                mend = f"export {name}=postgresql://USER@HOST/DATABASE before this command"
                raise self.error(f"the environment variable {name} is not set", GRADEBOOK_KEY, mend)
        if url.startswith(SQLITE) and not url.startswith(SQLITE + "/") and url != SQLITE + ":memory:":
            return SQLITE + str(self.root / url.removeprefix(SQLITE))
        return _POSTGRESQL.sub(f"{POSTGRESQL_DRIVER}://", url)

    def error(self, what: str, path: tuple[str | int, ...], mend: str = "", value: object = None) -> CourseError:
        """An error about the key at `path` of this course.toml, with its line."""
        return CourseError(what, file="course.toml", line=line_of(self._text, path, value), mend=mend)

    def assignment(self, name: str) -> Assignment:
        """The assignment of that name.

        Raises
        ------
        CourseError
            No assignment has the name.
        """
        names = [assignment.name for assignment in self.assignments]
        if name not in names:
            mend = did_you_mean(name, names, f"it has {', '.join(names)}" if names else "it has none")
            raise CourseError(f'no assignment is named "{name}"', file="course.toml", mend=mend)
        return self.assignments[names.index(name)]

    def due(self, assignment: str) -> datetime | None:
        """The due date with its offset."""
        due = self.assignment(assignment).due
        return due.replace(tzinfo=self.zone) if due is not None and due.tzinfo is None else due

    def earlier(self, assignment: str) -> tuple[Assignment, ...]:
        """The assignments before this one, in order: what they taught may be given away."""
        return self.assignments[: self.assignments.index(self.assignment(assignment))]

    def only(self, assignment: str, notebook: str) -> Course:
        """This course as far as one notebook: the assignments before it, and of its own no other notebook."""
        chosen = self.assignment(assignment)
        if notebook not in chosen.notebooks:
            mend = did_you_mean(notebook, chosen.notebooks, f"it has {', '.join(chosen.notebooks)}")
            raise CourseError(f'{assignment} has no notebook "{notebook}"', file="course.toml", mend=mend)
        shortened = chosen.model_copy(update={"notebooks": (notebook,)})
        return self.model_copy(update={"assignments": (*self.earlier(assignment), shortened)})

    @property
    def own_package(self) -> Path | None:
        """The folder of the course's package, if it lies beside course.toml; otherwise the installed one is meant."""
        folder = self.root / self.package
        return folder if folder.is_dir() else None

    def module_file(self, module: str) -> Path | None:
        """The file of a module of the course's package, or of the installed nnkit; it is never imported."""
        parts = Path(*module.split("."))
        for place in self._places(module):
            for file in (place / parts.with_suffix(".py"), place / parts / "__init__.py"):
                if file.is_file():
                    return file
        return None

    def _places(self, module: str) -> Iterator[Path]:
        """The folders that may hold a module's package: the course folder's own comes first."""
        top = module.partition(".")[0]
        if top == self.package and not is_tool(module):
            yield self.root
        if top == KIT:
            yield INSTALLED

    def modules(self) -> dict[str, Path]:
        """The modules of the course's package by name, with their files; nothing of the kit or the student's tools."""
        found: dict[str, Path] = {}
        for place in self._places(self.package):
            for file in sorted((place / self.package).rglob("*.py")):
                name = ".".join(file.relative_to(place).with_suffix("").parts).removesuffix(".__init__")
                if not is_tool(name):
                    found.setdefault(name, file)
        return dict(sorted(found.items()))

    def data_file(self, name: str) -> Path | None:
        """A data file of the package, such as ``physlab/data/swings.h5``, found as `module_file` finds modules."""
        places = self._places(name.partition("/")[0])
        return next((place / name for place in places if (place / name).is_file()), None)

    @property
    def data_in_use(self) -> frozenset[str]:
        """What thresholds call the data that notebooks read: real data by their name, a stand-in by its own."""
        return frozenset(
            name if each.path is not None or each.stand_in is None else each.stand_in
            for name, each in self.data.items()
        )

    def data_graders(self, name: str) -> Path:
        """The graders' side of a data set: what is held out, and how the rest is prepared for notebooks."""
        return self.root / "tests" / "graders" / "data" / f"{name}.py"

    def template(self, assignment: str, notebook: str) -> Path:
        return self.root / "source" / assignment / f"{notebook}.md"

    def source(self, assignment: str, notebook: str) -> Path:
        return self.root / "source" / assignment / f"{notebook}.ipynb"

    def release(self, assignment: str, notebook: str | None = None) -> Path:
        return self._stage("release", assignment, notebook, ".ipynb")

    def solutions(self, assignment: str, notebook: str | None = None) -> Path:
        return self._stage("solutions", assignment, notebook, ".ipynb")

    def submitted(self, student: str, assignment: str, notebook: str | None = None) -> Path:
        return self._stage(f"submitted/{student}", assignment, notebook, ".ipynb")

    def autograded(self, student: str, assignment: str, notebook: str | None = None) -> Path:
        return self._stage(f"autograded/{student}", assignment, notebook, ".ipynb")

    def feedback(self, student: str, assignment: str, notebook: str | None = None) -> Path:
        return self._stage(f"feedback/{student}", assignment, notebook, ".html")

    def records(self, student: str, assignment: str, notebook: str | None = None) -> Path:
        return self._stage(f"records/{student}", assignment, notebook, ".json")

    def graders(self, assignment: str, notebook: str) -> Path:
        return self.root / "tests" / "graders" / assignment / f"test_{notebook}.py"

    def expected(self, assignment: str, notebook: str) -> Path:
        return self.root / "tests" / "graders" / assignment / f"{notebook}.h5"

    def misconceptions(self, assignment: str, notebook: str) -> Path:
        return self.root / "tests" / "graders" / assignment / f"{notebook}.misconceptions.toml"

    def _stage(self, stage: str, assignment: str, notebook: str | None, suffix: str) -> Path:
        folder = self.root / stage / assignment
        return folder if notebook is None else folder / (notebook + suffix)
