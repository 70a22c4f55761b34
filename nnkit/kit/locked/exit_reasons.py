"""How student code comes to a stop: which limit it met, and who can tell.

The keeper tells of CPU time, memory and scratch, the grader's clock of time, the grader's count of a flood of outputs.
The locked process itself can only put a label on an exception: that is shown to a reader, and never worth a point.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, Protocol

from nnkit.kit.locked.program.wire import WireError
from nnkit.student.errors import StudentError, StudentKilled, StudentOutOfMemory, StudentStopped, StudentTimeout

LONGEST_MESSAGE = 2500
LONGEST_TRACEBACK = 25_000
TOLD_BY_ITSELF = frozenset(
    {"out_of_memory", "process_limit", "open_files_limit", "file_size_limit", "scratch_full", "output_limit"}
)

_OF_EXIT = {"cpu": "cpu_limit", "memory": "out_of_memory", "scratch": "scratch_full"}
_CLASSES: dict[str, type[StudentStopped]] = {
    "timeout": StudentTimeout,
    "out_of_memory": StudentOutOfMemory,
    "killed": StudentKilled,
}
_SAID = {
    "timeout": "the submission ran past its time limit",
    "cpu_limit": "the submission ran past its limit of CPU time",
    "out_of_memory": "the submission ran past its memory limit",
    "file_size_limit": "the submission was ended for writing too large a file",
    "scratch_full": "the submission was ended for writing too many files",
    "output_limit": "the submission was ended for putting out without end",
    "killed": "the submission's process has ended",
}


class Exit(Protocol):
    """How a locked process ended."""

    @property
    def kind(self) -> str: ...
    @property
    def code(self) -> int: ...
    @property
    def cpu_s(self) -> float: ...


class Process(Protocol):
    """What a session needs of the sandbox's process."""

    def interrupt(self) -> None: ...
    def allow_cpu(self, seconds: float | None, /) -> float: ...
    def overran(self) -> bool: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None, /) -> Exit | None: ...
    def stderr_tail(self) -> str: ...
    def close(self) -> None: ...


def limit_of(exit_: Exit | None) -> str:
    """The limit that a process ended by; "killed" if none is known."""
    if exit_ is None:
        return "killed"
    if exit_.kind == "signalled" and exit_.code == -signal.SIGXFSZ:
        return "file_size_limit"
    return _OF_EXIT.get(exit_.kind, "killed")


def manner_of(exit_: Exit | None) -> str:
    """How a process left that was not ended for a limit, in brackets; empty if there is nothing to say."""
    if exit_ is None or exit_.kind not in ("exited", "signalled"):
        return ""
    if exit_.kind == "exited":
        return f" (exit status {exit_.code})"
    try:
        return f" ({signal.Signals(-exit_.code).name})"
    except ValueError:
        return f" (signal {-exit_.code})"


def stopped(limit: str, more: str = "") -> StudentStopped:
    """The error of student code that was stopped at a limit."""
    message = _SAID[limit] + more
    return _CLASSES[limit](message) if limit in _CLASSES else StudentStopped(message, kind=limit)


def told(fields: Mapping[str, Any]) -> StudentError:
    """The error that an answer of the locked process tells of; WireError if it has no proper form."""
    name, message, trace, kind = (fields.get(key) for key in ("type", "message", "traceback", "kind"))
    if not all(type(text) is str for text in (name, message, trace, kind)):
        raise WireError("an error has no type, message and traceback")
    # Our own program keeps to these lengths; another one may not, and they end up in records and the gradebook.
    text = (f"{name}: {message}" if name and message else str(name or message))[:LONGEST_MESSAGE]
    trace = str(trace)[:LONGEST_TRACEBACK]
    if kind == "out_of_memory":
        return StudentOutOfMemory(text, trace)
    if kind in TOLD_BY_ITSELF:
        return StudentStopped(text, trace, kind)
    return StudentError(text, trace, "not_implemented" if kind == "not_implemented" else None)
