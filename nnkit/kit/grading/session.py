"""One locked process running one submission: its cells, its calls, its end."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from nnkit.kit.grading import locked as agent
from nnkit.kit.grading import sandbox
from nnkit.kit.grading.locked.channel import Channel, PeerClosed, WireTimeout
from nnkit.kit.grading.locked.wire import Limits, Message, WireError
from nnkit.kit.grading.outputs import CellOutputs, Displays, Output, error_output
from nnkit.kit.grading.proxy import LockedSubmission, RemoteObject
from nnkit.kit.grading.sandbox import Tier, View
from nnkit.kit.grading.stubs import Stubs
from nnkit.kit.grading.values import RemoteHandle, Values
from nnkit.student.testing import StudentError, StudentKilled, StudentOutOfMemory, StudentTimeout

T = TypeVar("T")

TO_AGENT = Limits(header=4 << 20, body=512 << 20)
FROM_AGENT = Limits(header=4 << 20, body=256 << 20)


class Exit(Protocol):
    """How a locked process ended."""

    @property
    def kind(self) -> str: ...
    @property
    def cpu_s(self) -> float: ...


class Process(Protocol):
    """What a session needs of the sandbox's process."""

    def interrupt(self) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None, /) -> Exit | None: ...
    def stderr_tail(self) -> str: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class SessionLimits:
    """What one session may take, besides the limits of the process itself.

    Attributes
    ----------
    start_s : float
        Until the locked process answers for the first time.
    grace_s : float
        Between an interrupt and the kill, when time is up.
    cell_output, notebook_output : int
        Characters of output that are kept.
    """

    start_s: float = 60.0
    grace_s: float = 2.0
    cell_output: int = 4_000_000
    notebook_output: int = 32_000_000


@dataclass
class CellResult:
    """A cell that has been run.

    Attributes
    ----------
    outputs : list of nbformat outputs
        A later cell may still update a display of this one.
    status : {"ok", "error", "timeout", "killed", "out_of_memory"}
    """

    outputs: list[Output]
    status: str
    duration_s: float
    execution_count: int | None = None


@dataclass
class _Cell:
    name: str
    outputs: CellOutputs
    began: float = field(default_factory=time.monotonic)


_ENDINGS: dict[str, tuple[type[StudentError], str]] = {
    "timeout": (StudentTimeout, "the submission ran past its time limit"),
    "out_of_memory": (StudentOutOfMemory, "the submission ran past its memory limit"),
    "killed": (StudentKilled, "the submission's process has ended"),
}
_KIND_OF_EXIT = {"cpu": "timeout", "memory": "out_of_memory"}


INSIDE = "/opt/nnkit/locked"


def locked(tier: Tier, view: View, limits: sandbox.Limits) -> Callable[[int], Process]:
    """How a session's process is started in the sandbox, with the agent's own program added to the view."""
    shown = View(view.inputs, {**view.readable, INSIDE: Path(agent.__file__).parent})

    def begin(descriptor: int) -> Process:
        argv = ["python", "-I", "-B", f"{INSIDE}/__main__.py", str(descriptor)]
        return sandbox.start(tier, shown, limits, argv, pass_fds=(descriptor,))

    return begin


class SessionError(Exception):
    """The locked process could not be started: nothing of the submission's doing."""


class Reply(dict[str, Any]):
    """The fields of an answer; a missing one is the locked process's fault."""

    def __missing__(self, name: str) -> Any:
        raise WireError(f"an answer lacks {name!r}")


class LockedSession:
    """Starts a locked process and talks to its agent until one of the two ends.

    Parameters
    ----------
    start : callable
        Gets the number of an open socket and starts the process that inherits it; see `locked`.
    limits : SessionLimits

    Raises
    ------
    SessionError
        If the process does not come up.
    """

    def __init__(self, start: Callable[[int], Process], limits: SessionLimits | None = None) -> None:
        self._limits = limits or SessionLimits()
        self._submission = LockedSubmission(self, self._limits.start_s)
        self.values = Values(self._make)
        self.stubs = Stubs(self.values)
        self._displays = Displays()
        self._cell: _Cell | None = None
        self._output_used = 0
        self._deadlines: list[float] = []
        self._ending = ""
        self._cpu_s = 0.0
        self._last_words = ""
        ours, theirs = socket.socketpair()
        self._channel = Channel(ours, TO_AGENT, FROM_AGENT)
        try:
            self._process = start(theirs.fileno())
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._greet()

    def _greet(self) -> None:
        try:
            if self._channel.receive(time.monotonic() + self._limits.start_s).kind == "ready":
                return
            trouble = "it sent something else than a greeting"
        except (WireError, WireTimeout) as error:
            trouble = str(error) or "it did not answer in time"
        self._end("killed", gently=True)
        raise SessionError(f"the locked process did not start: {trouble}\n{self._last_words}".rstrip())

    @property
    def alive(self) -> bool:
        """Whether cells and calls can still be run."""
        return not self._ending

    def __enter__(self) -> LockedSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; no harm if it has ended already."""
        if self.alive:
            self._end("killed", gently=True)

    def usage(self) -> float:
        """CPU seconds used so far, children included."""
        if self.alive:
            with contextlib.suppress(StudentError):
                self._note_usage(self.ask("usage", {}, self._limits.grace_s, lambda reply: reply["value"]))
        return self._cpu_s

    def submission(self, call_wall_s: float) -> LockedSubmission:
        """The student's names, for tests; a call may take `call_wall_s` seconds."""
        self._submission = LockedSubmission(self, call_wall_s)
        return self._submission

    def override(self, functions: Mapping[str, Callable[..., Any]], by_value: Collection[str] = ()) -> None:
        """Put functions of the grader's in place of names in the notebook, until `restore`.

        Parameters
        ----------
        functions : mapping
            They run in this process; student code gets their results over the wire.
        by_value : collection of str
            Functions whose results are sent entirely by value. What others return besides numbers and arrays (their
            caches) student code can only hand back.
        """
        self.stubs.set(functions, by_value)
        self.ask("override", {"names": list(functions)}, self._limits.grace_s, lambda _: None)

    def restore(self) -> None:
        """Give the notebook its own names back."""
        self.ask("restore", {}, self._limits.grace_s, lambda _: None)
        self.stubs.set({}, ())

    def run_cell(self, cell_id: str, source: str, wall_s: float) -> CellResult:
        """Run one cell of the notebook; whatever happens in it is in the result."""
        if not self.alive:
            return CellResult([], self._ending, 0.0)
        if not source.strip():
            return CellResult([], "ok", 0.0)
        budget = max(1, min(self._limits.cell_output, self._limits.notebook_output - self._output_used))
        cell = self._cell = _Cell(cell_id, CellOutputs(budget, self._displays))
        status, count = "", None
        try:
            fields = {"cell": cell_id, "source": source, "budget": budget}
            reply, in_time = self._exchange("run_cell", fields, wall_s)
            count = reply.fields.get("execution_count")
            status = "timeout" if not in_time else "ok" if reply.fields.get("ok") is True else "error"
            self._note_usage(reply.fields.get("cpu_s"))
        except StudentError as error:
            status = error.kind
            cell.outputs.add(error_output(type(error).__name__, error.message))
        finally:
            self._cell = None
            self._output_used += cell.outputs.used
        outputs = cell.outputs.finish()
        return CellResult(outputs, status, time.monotonic() - cell.began, count if type(count) is int else None)

    def ask(self, kind: str, fields: dict[str, Any], wall_s: float, read: Callable[[Reply], T]) -> T:
        """Send a request, and read its answer with `read`, whose WireErrors are the locked process's fault.

        Raises
        ------
        StudentError
            Or the subclass that says how the call, or the process, came to its end.
        """
        reply, in_time = self._exchange(kind, fields, wall_s)
        if not in_time:
            raise _ended("timeout", f"{_ENDINGS['timeout'][1]} ({wall_s:g} s)")
        try:
            if reply.kind == "result":
                return read(Reply(reply.fields))
            if reply.kind == "error":
                raise _student_error(reply.fields)
            raise WireError("an answer has an unknown kind")
        except WireError as error:
            raise self._broken(error) from None

    def _make(self, number: int, name: str, kind: str) -> RemoteHandle:
        return RemoteObject(self._submission, number, name, kind)

    def _exchange(self, kind: str, fields: dict[str, Any], wall_s: float) -> tuple[Message, bool]:
        """Send a request and wait for its answer; False if it only came after an interrupt."""
        if not self.alive:
            raise _ended(self._ending, f"{_ENDINGS[self._ending][1]} in an earlier call")
        request = Message(kind, {**fields, "released": self.values.take_released()})
        deadline = min([time.monotonic() + wall_s, *self._deadlines])
        sent = False
        try:
            self._channel.send(request, deadline)
            sent = True
            return self._await(deadline), True
        except WireTimeout:
            reply = self._interrupt() if sent else None
        except PeerClosed:
            raise self._died() from None
        except WireError as error:
            if not sent:
                raise  # the request itself has no form: an error of the grader's
            raise self._broken(error) from None
        if reply is not None:
            return reply, False
        self._end("timeout")
        raise _ended("timeout", f"{_ENDINGS['timeout'][1]} ({wall_s:g} s) and did not react to an interrupt")

    def _await(self, deadline: float) -> Message:
        while True:
            message = self._channel.receive(deadline)
            if message.kind == "output":
                self._take_output(message)
            elif message.kind == "callback":
                self._deadlines.append(deadline)
                try:
                    reply = self.stubs.answer(message.fields)
                finally:
                    self._deadlines.pop()
                # Here too: a long cell may call back thousands of times before the next request goes out.
                reply.fields["released"] = self.values.take_released()
                self._channel.send(reply, deadline)
            else:
                return message

    def _take_output(self, message: Message) -> None:
        events = message.fields.get("events")
        if type(events) is not bytes:
            raise WireError("a report of outputs has no events")
        if self._cell is not None and message.fields.get("cell") == self._cell.name:
            self._cell.outputs.apply(events)

    def _interrupt(self) -> Message | None:
        """Interrupt the student's code; the answer it then gives, if it gives one."""
        self._process.interrupt()
        try:
            return self._await(time.monotonic() + self._limits.grace_s)
        except (WireTimeout, WireError):
            return None

    def _note_usage(self, seconds: object) -> None:
        if isinstance(seconds, float) and 0 <= seconds < 1e9:
            self._cpu_s = max(self._cpu_s, seconds)

    def _died(self) -> StudentError:
        """The process closed the socket: it has ended, or is made to."""
        ending = self._end("", gently=True)
        return _ended(ending, _ENDINGS[ending][1])

    def _broken(self, error: WireError) -> StudentError:
        self._end("killed")
        return _ended("killed", f"the submission's process was ended: it broke the protocol ({error})")

    def _end(self, kind: str, gently: bool = False) -> str:
        self._channel.close()
        exit_ = self._process.wait(self._limits.grace_s) if gently else None
        if exit_ is None:
            self._process.kill()
            exit_ = self._process.wait(self._limits.grace_s)
        if exit_ is not None:
            self._note_usage(float(exit_.cpu_s))
        self._last_words = self._process.stderr_tail()
        self._process.close()
        self._ending = kind or _KIND_OF_EXIT.get(exit_.kind if exit_ is not None else "", "killed")
        return self._ending


def _ended(kind: str, message: str) -> StudentError:
    return _ENDINGS[kind][0](message)


def _student_error(fields: dict[str, Any]) -> StudentError:
    name, message, trace, kind = (fields.get(key) for key in ("type", "message", "traceback", "kind"))
    if not all(type(text) is str for text in (name, message, trace, kind)):
        raise WireError("an error has no type, message and traceback")
    text = f"{name}: {message}" if message else str(name)
    if kind == "out_of_memory":
        return StudentOutOfMemory(text, trace)
    own_kind = "not_implemented" if kind == "not_implemented" else None
    return StudentError(text, trace, own_kind)
