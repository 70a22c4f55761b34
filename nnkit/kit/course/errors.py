"""What an instructor reads when a file of the course is wrong: which file, which line, what, and the mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


class BuildError(Exception):
    """A file of the course is wrong.

    Printed as ``file, line N: what (mend)``; the line and the mend are left out when there is none.
    """

    def __init__(self, what: str, *, file: Path | str, line: int | None = None, mend: str = "") -> None:
        super().__init__(what, str(file), line, mend)
        self.what = what
        self.file = str(file)
        self.line = line
        self.mend = mend

    def __str__(self) -> str:
        return located(self.what, self.file, self.line, self.mend)

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments and worker processes: without this the error cannot be unpickled.
        return _rebuild, (type(self), self.what, self.file, self.line, self.mend)


class CourseError(BuildError):
    """course.toml, or what it names, is wrong."""


@dataclass(frozen=True)
class Finding:
    """Something that was found in a file of the course: what, where, and the mend."""

    what: str
    file: str
    line: int | None = None
    mend: str = ""

    def __str__(self) -> str:
        return located(self.what, self.file, self.line, self.mend)


def located(what: str, file: str, line: int | None, mend: str) -> str:
    """``file, line N: what (mend)``, without the line or the mend where there is none."""
    place = file if line is None else f"{file}, line {line}"
    return f"{place}: {what} ({mend})" if mend else f"{place}: {what}"


def _rebuild(kind: type[BuildError], what: str, file: str, line: int | None, mend: str) -> BuildError:
    return kind(what, file=file, line=line, mend=mend)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A question naming the closest known word, or `otherwise` when none is close."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else otherwise
