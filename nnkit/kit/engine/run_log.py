"""The log of a grading run: a line for every submission, in a file of the course folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

from nnkit.kit.course.settings import Course
from nnkit.kit.grading.record import Record

COLUMNS = ("time", "student", "notebook", "outcome", "score", "of", "tier", "wall_s", "cpu_s", "messages")


class RunLog:
    """Lines of tab-separated columns, each written at once: a run that is killed leaves a whole log.

    Parameters
    ----------
    course : Course
    assignment : str
    about : str
        First line: how the run was asked for.
    """

    def __init__(self, course: Course, assignment: str, about: str) -> None:
        folder = course.root / "logs"
        folder.mkdir(exist_ok=True)
        self.path, self._file = _new_file(folder, f"grade-{assignment}-{datetime.now():%Y%m%d-%H%M%S}")
        self._line("#", about)
        self._line(*COLUMNS)

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None and kind is not GeneratorExit:
            self._line("#", f"ended early: {kind.__name__} {error}")
        self._file.close()

    def add(self, record: Record, outcome: str) -> None:
        """Write what has become of one notebook."""
        self._line(
            f"{datetime.now().astimezone():%Y-%m-%dT%H:%M:%S%z}",
            record.student,
            record.notebook,
            outcome,
            f"{record.score:g}",
            f"{record.max_score:g}",
            record.tier,
            f"{record.wall_s:.2f}",
            f"{record.cpu_s:.2f}",
            " | ".join([*record.messages, *record.faults]),
        )

    def end(self, about: str) -> None:
        """The last line: what came of it all."""
        self._line("#", about)

    def _line(self, *columns: str) -> None:
        self._file.write("\t".join(_printable(column) for column in columns) + "\n")
        self._file.flush()


def _new_file(folder: Path, stem: str) -> tuple[Path, TextIO]:
    """A file that was not there: two runs may begin in the same second."""
    number = 1
    while True:
        path = folder / (f"{stem}.log" if number == 1 else f"{stem}-{number}.log")
        try:
            return path, path.open("x", encoding="utf-8", errors="backslashreplace")
        except FileExistsError:
            number += 1


def _printable(text: str) -> str:
    """Names and messages are partly a student's: no line break or control character of theirs shapes the log."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode() for char in text
    )
