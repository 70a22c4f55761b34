"""Files of a submission, opened without trusting what they are: links, pipes and devices are refused, not followed."""

from __future__ import annotations

import difflib
import os
import stat
import unicodedata
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

LONGEST_NAME = 128  # of a student in nbgrader's gradebook
MOST_NAMED = 3
_SIMILAR = 0.75
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class UnreadableSubmission(Exception):
    """What was handed in is no notebook that can be graded; the text says why and what to do."""


def read_file(folder: Path, name: str, most: int) -> bytes:
    """Read a file of a submission, once and whole.

    Parameters
    ----------
    folder : Path
        A real folder: a link in its place could lead to another student's.
    name : str
        Of the file, or its path in the folder; no folder on the way may be a link.
    most : int
        Bytes that are accepted.

    Raises
    ------
    UnreadableSubmission
        It is missing, no regular file, too large, or the system refuses.
    """
    try:
        place = os.open(folder, _FOLDER)
    except OSError:
        kind = "a symbolic link" if folder.is_symlink() else "no folder that can be opened"
        raise UnreadableSubmission(f"{folder.name} is {kind}: hand in the folder itself.") from None
    try:
        *folders, last = PurePosixPath(name).parts
        for each in folders:
            above, place = place, os.open(each, _FOLDER, dir_fd=place)
            os.close(above)
        # Opening a device can have effects, and opening a pipe would wait for its other end: look first.
        _refuse_special(os.stat(last, dir_fd=place, follow_symlinks=False), name)
        # Not followed and not waited for, even if it has been exchanged in the meantime.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        with open(os.open(last, flags, dir_fd=place), "rb") as file:
            about = os.fstat(file.fileno())
            _refuse_special(about, name)
            content = file.read(most + 1)
    except FileNotFoundError:
        raise UnreadableSubmission(f"{name} is not in the submission.") from None
    except OSError as error:
        raise UnreadableSubmission(f"{name} can't be read: {error.strerror}.") from None
    finally:
        os.close(place)
    if len(content) > most:
        size = max(about.st_size, len(content))
        raise UnreadableSubmission(
            f"{name} has {size / 1e6:.3g} MB, more than the {most / 1e6:.3g} MB that are read: "
            "clear its outputs and hand it in again."
        )
    return content


def _refuse_special(about: os.stat_result, name: str) -> None:
    if stat.S_ISLNK(about.st_mode):
        raise UnreadableSubmission(f"{name} is a symbolic link: hand in the notebook itself.")
    if stat.S_ISDIR(about.st_mode):
        raise UnreadableSubmission(f"{name} is a folder: hand in the notebook itself.")
    if not stat.S_ISREG(about.st_mode):
        raise UnreadableSubmission(f"{name} is a special file (pipe, socket or device): hand in the notebook itself.")


def similar_notebooks(folder: Path, name: str, others: Collection[str] = ()) -> list[str]:
    """Files whose names look as if they were meant to be the notebook, shortened to be shown.

    Parameters
    ----------
    folder : Path
    name : str
        Of the notebook, without ``.ipynb``.
    others : collection of str
        The assignment's other notebooks.
    """
    if folder.is_symlink() or not folder.is_dir():
        return []
    wanted = plain_name(name)
    found = []
    for file in sorted(os.listdir(folder)):
        stem = file[: -len(".ipynb")] if file.casefold().endswith(".ipynb") else None
        if stem is None or file == f"{name}.ipynb" or stem in others:
            continue
        plain = plain_name(stem)
        if wanted in plain or difflib.SequenceMatcher(None, wanted, plain[:200]).ratio() >= _SIMILAR:
            found.append(repr(file if len(file) <= 60 else f"{file[:59]}…"))
    return found[:MOST_NAMED]


def plain_name(name: str) -> str:
    """A name without capitals, blanks and signs, to be compared."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


def submission_time(folder: Path) -> datetime | None:
    """The time in a submission's timestamp.txt (UTC, naive, as nbgrader keeps it), or None if it gives no such time."""
    # Imported here: it brings the database along, and grading processes read no times.
    from nnkit.kit.course.nbgrader_models import parse_utc

    try:
        text = read_file(folder, "timestamp.txt", 200).decode("utf-8").strip()
        parsed: datetime | None = parse_utc(text) if text else None
    except (UnreadableSubmission, ValueError, OverflowError):
        return None
    if parsed is None:
        return None
    moment = parsed if parsed.tzinfo is None else parsed.astimezone(UTC).replace(tzinfo=None)
    # A day for clocks that go wrong; what was handed in later than that was not handed in.
    return moment if moment <= datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1) else None


def remarks(folder: Path, name: str, others: Collection[str] = ()) -> list[str]:
    """What a person should know about the folder that a notebook lies in under its name."""
    similar = similar_notebooks(folder, name, others)
    said = [f"There is also {', '.join(similar)}: only {name}.ipynb is graded."] if similar else []
    return said + remarks_on_time(folder)


def remarks_on_time(folder: Path) -> list[str]:
    """What a person should know about the time of a submission."""
    if not folder.is_symlink() and os.path.lexists(folder / "timestamp.txt") and submission_time(folder) is None:
        return ["timestamp.txt gives no time that can be: lateness is not judged by it."]
    return []


def trouble_with(student: str) -> str:
    """Why nbgrader could not work with a student's folder name, or nothing.

    Its commands take names as patterns and as regular expressions: they would pass over the folder, stop at it, or
    find another student's work by it.
    """
    if student.startswith("."):
        return "begins with a dot, which nbgrader passes over"
    if student != student.strip():
        return "begins or ends with a blank, which nbgrader takes away"
    if any(char in "*?[]" for char in student):
        return "has one of the characters * ? [ ], which nbgrader takes as a pattern for other names"
    if not student.isprintable():
        return "has a character that can't be shown or is not in UTF-8"
    if len(student) > LONGEST_NAME:
        return f"is longer than the {LONGEST_NAME} characters that the gradebook keeps"
    return ""
