"""Tracebacks of student code, without the frames that are not the student's."""

import sysconfig
import traceback
from pathlib import Path

from nnkit.student.errors import StudentError

LONGEST_MESSAGE = 2000
MOST_FRAMES = 20
_NOT_THE_STUDENTS = (
    str(Path(__file__).parent),
    "<frozen",
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
)


def student_error(error):
    """The StudentError that stands for an exception of the student's code.

    Parameters
    ----------
    error : BaseException
        As caught, with its traceback.

    Returns
    -------
    StudentError
        Of kind "not_implemented" for a NotImplementedError; the traceback text leaves out installed packages and the
        code that made the call.
    """
    name = type.__getattribute__(type(error), "__name__")
    try:
        text = str(error)
    except BaseException:
        text = "(its message can't be shown)"
    waits = name == "StdinNotImplementedError"  # IPython's, where a notebook runs with nobody in front of it
    if waits:
        text = "your code waits for input(): nobody can type an answer where it is tested"
    message = f"{name}: {text}"[:LONGEST_MESSAGE] if text else name
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_student_frame(frame.filename)]
    lines = traceback.format_list(traceback.StackSummary.from_list(frames[-MOST_FRAMES:]))
    trace = "".join(["Traceback (most recent call last):\n", *lines, message]) if frames else message
    kind = "not_implemented" if issubclass(type(error), NotImplementedError) and not waits else None
    return StudentError(message, trace, kind)


def _is_student_frame(filename):
    return not filename.startswith(_NOT_THE_STUDENTS)
