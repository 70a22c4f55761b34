"""Where a grader broke: the line of a grader file, or of a companion beside it, that an exception came through."""

import traceback
from pathlib import Path


def place_of(error, grader_file):
    """The last line of the graders' own that an exception came through.

    Parameters
    ----------
    error : BaseException
        As caught, with its traceback.
    grader_file : Path

    Returns
    -------
    (Path, int or None)
        A file in the folder of the grader file, and its line; the grader file itself and None where there is none.
    """
    folder = grader_file.parent
    lines = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        lines.append((error.filename or "", error.lineno))
    found = next(((Path(file), line) for file, line in reversed(lines) if Path(file).parent == folder), None)
    return found or (grader_file, None)


def described(error, grader_file):
    """An exception of a test in one line: its type, what it says, and where it was raised."""
    file, line = place_of(error, grader_file)
    place = f"{file.parent.name}/{file.name}" + (f", line {line}" if line else "")
    said = f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": ")
    return f"{said} ({place})"
