"""How an exception of the student's is told to the grader: as text."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .table import type_name

LONGEST_MESSAGE = 2000
LONGEST_TRACEBACK = 20_000
MOST_FRAMES = 20
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


def kind_of(error: BaseException) -> str:
    """The verdict an exception leads to."""
    if isinstance(error, NotImplementedError):
        return "not_implemented"
    return "out_of_memory" if isinstance(error, MemoryError) else "student_error"
