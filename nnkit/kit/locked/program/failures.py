"""How an exception of the student's is told to the grader: as text, and as the limit it comes from, if any."""

from __future__ import annotations

import errno
import linecache
import os
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .handles import type_name

LONGEST_MESSAGE = 2000
LONGEST_TRACEBACK = 20_000
MOST_FRAMES = 20
MOST_CAUSES = 10
_LIMIT_OF_ERRNO = {
    errno.ENOMEM: "out_of_memory",
    errno.EAGAIN: "process_limit",
    errno.EMFILE: "open_files_limit",
    errno.EFBIG: "file_size_limit",
    errno.ENOSPC: "scratch_full",
}
# Libraries that write by themselves raise without the number, or with the number in words (HDF5).
_ERRNO_IN_WORDS = re.compile(r"errno ?= ?(\d+)")
_SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")
_DEBUGGERS = {"bdb.py", "pdb.py", "debugger.py"}
_FOREIGN_CODE = (
    str(Path(__file__).parent),
    str(Path(np.__file__).parent.parent),
    str(Path(traceback.__file__).parent),
    "<frozen",
)


def message_of(error: BaseException) -> str:
    """The exception's own text; computing it runs student code, which may fail as well."""
    try:
        return str(error)[:LONGEST_MESSAGE]
    except BaseException:
        return "(its message can't be shown)"


def waiting_of(error: BaseException, cell_of: Callable[[str], str | None]) -> str:
    """What code waited for, nobody being there, and where; empty if that is not why it raised."""
    if type_name(error) not in ("StdinNotImplementedError", "BdbQuit"):
        return ""
    frames = list(traceback.walk_tb(error.__traceback__))
    names = {os.path.basename(frame.f_code.co_filename) for frame, _ in frames}
    debugger = type_name(error) == "BdbQuit" or bool(names & _DEBUGGERS)
    own = [(frame.f_code.co_filename, line) for frame, line in frames if cell_of(frame.f_code.co_filename) is not None]
    where = ""
    if own:
        file, line = own[-1]
        # A debugger stops at the line below.
        calls = (number for number in range(line, max(0, line - 5), -1) if _calls_debugger(file, number))
        where = f" in line {next(calls, line) if debugger else line} of its cell"
    if debugger:
        return f"your code stops for a debugger{where}: take breakpoint() or set_trace() out"
    return f"your code waits for input(){where}: nobody can type an answer where it is graded"


def _calls_debugger(file: str, line: int) -> bool:
    text = linecache.getline(file, line)
    return "breakpoint(" in text or "set_trace(" in text


def traceback_of(error: BaseException, cell_of: Callable[[str], str | None]) -> str:
    """The traceback, of the student's frames only, with notebook cells by their number."""
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        cell = cell_of(frame.filename)
        if cell is None and frame.filename.startswith(_FOREIGN_CODE):
            continue
        place = cell or f'File "{frame.filename}"'
        lines.append(f"{place}, line {frame.lineno}, in {frame.name}\n" + (f"    {frame.line}\n" if frame.line else ""))
    last = f"{type_name(error)}: {message_of(error)}"
    if not lines:
        return last
    return ("Traceback (most recent call last):\n" + "".join(lines[-MOST_FRAMES:]))[:LONGEST_TRACEBACK] + last


def line_in_cell(error: BaseException, cell_of: Callable[[str], str | None]) -> int | None:
    """The line of the notebook's cell at which it stopped: the outermost one, the cell's own."""
    if isinstance(error, SyntaxError) and cell_of(str(_slot_of_syntax(error, "filename"))) is not None:
        line = _slot_of_syntax(error, "lineno")
        return line if type(line) is int else None
    cells = (frame for frame in traceback.walk_tb(error.__traceback__) if cell_of(frame[0].f_code.co_filename))
    return next((line for _, line in cells), None)


def _slot_of_syntax(error: SyntaxError, name: str) -> Any:
    return vars(SyntaxError)[name].__get__(error)


def kind_of(error: BaseException) -> str:
    """The verdict an exception leads to: a limit's, if it is one that this process itself can tell.

    An exception raised because of another one counts as that one: libraries like to wrap them.
    """
    if issubclass(type(error), NotImplementedError) and type_name(error) != "StdinNotImplementedError":
        return "not_implemented"
    return next((limit for each in _causes(error) if (limit := _limit_of(each))), "student_error")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, what it was raised from or while handling, and so on."""
    for _ in range(MOST_CAUSES):
        if error is None:
            return
        yield error
        # Through the slots of BaseException: a class of the student's may have attributes of these names.
        cause = _slot(error, "__cause__")
        error = cause if cause is not None or _slot(error, "__suppress_context__") else _slot(error, "__context__")


def _slot(error: BaseException, name: str) -> Any:
    return vars(BaseException)[name].__get__(error)


def _limit_of(error: BaseException) -> str:
    if issubclass(type(error), MemoryError):
        return "out_of_memory"
    if issubclass(type(error), RuntimeError):
        return "process_limit" if "can't start new thread" in message_of(error) else ""
    if not issubclass(type(error), OSError):
        return ""
    number = vars(OSError)["errno"].__get__(error)
    if number is None:
        words = message_of(error)
        if _SHORT_WRITE.search(words):
            return _limit_of_short_write()
        found = _ERRNO_IN_WORDS.search(words)
        number = int(found[1]) if found else None
    return _LIMIT_OF_ERRNO.get(number, "") if type(number) is int else ""


def _limit_of_short_write() -> str:
    """Which limit stops a library from writing on: no room is left, or else the file is too large."""
    try:
        room = os.statvfs(os.environ.get("TMPDIR", ".")).f_bavail
    except (OSError, ValueError):
        return "file_size_limit"
    return "file_size_limit" if room else "scratch_full"
