"""Where a line of a release was written: in a template, a grader file, or a module of the course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nnkit.kit.authoring.definitions import shown
from nnkit.kit.authoring.exercises import openings
from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.settings import Course
from nnkit.kit.proof.secrets import squeezed


@dataclass(frozen=True)
class Origins:
    """The files of which a released file is made."""

    course: Course
    files: Sequence[Path]

    def line_of(self, line: str) -> str:
        """File and line, or "" if none of the files has such a line."""
        return self._places.get(squeezed(line), "")

    @cached_property
    def _places(self) -> dict[str, str]:
        places: dict[str, str] = {}
        for file in self.files:
            for number, line in enumerate(read_authored(file).split("\n"), start=1):
                places.setdefault(squeezed(line), f"{shown(self.course, file)}, line {number}")
        return places


def origins_of(course: Course, assignment: str, place: str) -> Origins:
    """What a file of the release of an assignment is made of; nothing is read before it is asked for."""
    path = Path(place)
    files: list[Path | None] = []
    if path.suffix == ".ipynb":
        files = [course.template(assignment, path.stem)]
        files += [course.module_file(each.module) for each in openings(course) if each.notebook == path.stem]
    elif path.parts[0] == "checks":
        files = [course.root / "tests" / "graders" / assignment / path.name]
    elif path.suffix == ".py":
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        files = [course.module_file(module)]
    return Origins(course, [file for file in dict.fromkeys(files) if file is not None and file.is_file()])
