"""One locked process running one submission: its cells, its calls, its end."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from nnkit.kit.locked.cells import REPORT_COST, CellResult, RunningCell, SessionLimits, error_of, status_of
from nnkit.kit.locked.exit_reasons import Exit, Process, limit_of, manner_of, stopped, told
from nnkit.kit.locked.lent_functions import LentFunctions
from nnkit.kit.locked.outputs import CellOutputs, Displays, error_output
from nnkit.kit.locked.program.channel import Channel, PeerClosed, WireTimeout
from nnkit.kit.locked.program.wire import FROM_AGENT, TO_AGENT, Message, WireError
from nnkit.kit.locked.proxy import LockedSubmission, RemoteObject
from nnkit.kit.locked.values import RemoteHandle, Values
from nnkit.student.errors import StudentError

T = TypeVar("T")


class SessionError(Exception):
    """The locked process could not be started: nothing of the submission's doing."""


class SessionLost(SessionError):
    """Something on this machine has ended the locked process, out of the submission's reach."""


class OutputFlood(WireError):
    """The locked process reports outputs without end."""


class Reply(dict[str, Any]):
    """The fields of an answer; a missing one is the locked process's fault."""

    def __missing__(self, name: str) -> Any:
        raise WireError(f"an answer lacks {name!r}")


class LockedSession:
    """Starts a locked process and talks to its agent until one of the two ends.

    Parameters
    ----------
    start : callable
        Gets the number of an open socket and starts the process that inherits it; see `process_start.locked`.
    limits : SessionLimits

    Attributes
    ----------
    lost : bool
        Whether something out of the submission's reach has ended the process.

    Raises
    ------
    SessionError
        If the process does not come up.
    """

    def __init__(self, start: Callable[[int], Process], limits: SessionLimits | None = None) -> None:
        self._limits = limits or SessionLimits()
        self._submission = LockedSubmission(self, self._limits.start_s)
        self.values = Values(self._make)
        self.lent = LentFunctions(self.values)
        self._displays = Displays()
        self._cell: RunningCell | None = None
        self._output_used = 0
        self._reported = 0
        self._has_allowance = False
        self._deadlines: list[float] = []
        self._ending = ""
        self.lost = False
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
            self._cpu_s = self._process.allow_cpu(None)
        return self._cpu_s

    def allow_cpu(self, seconds: float) -> float:
        """Let all processes of the submission together use so many CPU seconds more, from now on; those used so far.

        It may turn out that the submission has ended meanwhile: see `alive`.
        """
        if self.alive:
            self._has_allowance = True
            self._cpu_s = self._process.allow_cpu(seconds)
            if self._process.wait(0.0) is not None:
                self._end("", gently=True)
        return self._cpu_s

    def within_allowance(self) -> bool:
        """Whether it is alive and has not been interrupted for using more CPU time than it was last allowed."""
        return self.alive and self._has_allowance and not self._process.overran()

    def submission(self, wall_s: float) -> LockedSubmission:
        """The student's names, for tests; from now on there are `wall_s` seconds for calls."""
        self._submission = LockedSubmission(self, wall_s)
        return self._submission

    def place(self, name: str, content: bytes) -> None:
        """Write a file of the submission's into the folder that its cells work in."""
        self.ask("place", {"name": name, "content": content}, self._limits.grace_s, lambda _: None)

    def override(
        self,
        functions: Mapping[str, Callable[..., Any]],
        by_value: Collection[str] = (),
        most: Mapping[str, int] | None = None,
    ) -> None:
        """Put functions of the grader's in place of names in the notebook, until `restore`.

        Parameters
        ----------
        functions : mapping
            They run in this process; student code gets their results over the wire.
        by_value : collection of str
            Functions whose results are sent entirely by value. What others return besides numbers and arrays (their
            caches) student code can only hand back.
        most : mapping of str to int, optional
            How often student code may ask for each of them, in each call that a test makes.
        """
        self.lent.set(functions, by_value, most)
        self.ask("override", {"names": list(functions)}, self._limits.grace_s, lambda _: None)

    def restore(self) -> None:
        """Give the notebook its own names back."""
        self.ask("restore", {}, self._limits.grace_s, lambda _: None)
        self.lent.set({}, ())

    def keep(self, name: str) -> None:
        """Keep what the notebook's names stand for now, under a name."""
        self.ask("keep", {"name": name}, self._limits.grace_s, lambda _: None)

    def return_to(self, name: str, asked_for: Collection[str]) -> bool:
        """Let the notebook's names stand for what was kept under a name, "" for what they stood for at first.

        Returns
        -------
        bool
            Whether that is a change for any of the names that are asked for, or for what they depend on. The locked
            process's own account: another try may come of it, and nothing else.
        """

        def read(reply: Reply) -> bool:
            if type(reply["value"]) is not bool:
                raise WireError("whether something has changed is no bool")
            return reply["value"] is True

        return self.ask("return_to", {"name": name, "asked_for": list(asked_for)}, self._limits.grace_s, read)

    def run_cell(self, cell_id: str, source: str, wall_s: float, *, plain: bool = False) -> CellResult:
        """Run one cell of the notebook, or `plain` Python; whatever happens in it is in the result."""
        if not self.alive:
            return CellResult([], self._ending, 0.0)
        if not source.strip():
            return CellResult([], "ok", 0.0)
        budget = max(1, min(self._limits.cell_output, self._limits.notebook_output - self._output_used))
        cell = self._cell = RunningCell(cell_id, CellOutputs(budget, self._displays))
        self._submission = LockedSubmission(self, wall_s)  # lent functions may ask for more of what they are given
        status, count, error, line = "", None, "", None
        try:
            fields = {"cell": cell_id, "source": source, "budget": budget, "plain": plain}
            reply, in_time = self._exchange("run_cell", fields, wall_s)
            if reply.kind not in ("cell_done", "error"):
                raise self._broken(WireError("a cell's answer has an unknown kind"))
            count = reply.fields.get("execution_count")
            error, line = error_of(reply.fields)
            status = "timeout" if not in_time else "cpu_limit" if self._overran() else status_of(reply.fields)
        except StudentError as stop:
            status = stop.kind
            cell.outputs.add(error_output(type(stop).__name__, stop.message))
        finally:
            self._cell = None
            self._output_used += cell.outputs.used
        outputs = cell.outputs.finish()
        count = count if type(count) is int and 0 <= count < 1 << 31 else None
        return CellResult(outputs, status, time.monotonic() - cell.began, count, error, line)

    def ask(self, kind: str, fields: dict[str, Any], wall_s: float, read: Callable[[Reply], T]) -> T:
        """Send a request, and read its answer with `read`, whose WireErrors are the locked process's fault.

        Raises
        ------
        StudentError
            Or the subclass that says how the call, or the process, came to its end.
        """
        reply, in_time = self._exchange(kind, fields, wall_s)
        if not in_time:
            raise stopped("timeout")
        try:
            if reply.kind == "result":
                return read(Reply(reply.fields))
            if reply.kind == "error":
                raise stopped("cpu_limit") if self._overran() else told(reply.fields)
            raise WireError("an answer has an unknown kind")
        except WireError as error:
            raise self._broken(error) from None

    def _overran(self) -> bool:
        return self._has_allowance and self._process.overran()

    def _make(self, number: int, name: str, kind: str) -> RemoteHandle:
        return RemoteObject(self._submission, number, name, kind)

    def _exchange(self, kind: str, fields: dict[str, Any], wall_s: float) -> tuple[Message, bool]:
        """Send a request and wait for its answer; False if it only came after an interrupt."""
        if not self.alive:
            raise stopped(self._ending, " in an earlier call")
        if wall_s <= 0:
            raise stopped("timeout")
        number = secrets.randbits(53)
        request = Message(kind, {**fields, "request": number, "released": self.values.take_released()})
        deadline = min([time.monotonic() + wall_s, *self._deadlines])
        if not self._deadlines:
            self._reported = 0
            self.lent.begin(_calls_in(kind, fields))
        sent = False
        try:
            self._channel.send(request, deadline)
            sent = True
            return self._await(deadline, number), True
        except WireTimeout:
            reply = self._interrupt(number) if sent else None
        except PeerClosed:
            raise (self._died() if self.alive else stopped(self._ending)) from None
        except OutputFlood:
            self._end("output_limit")
            raise stopped("output_limit") from None
        except WireError as error:
            if not sent:
                raise  # the request itself has no form: an error of the grader's
            raise self._broken(error) from None
        if reply is not None:
            return reply, False
        self._end("timeout")
        raise stopped("timeout", " and did not react to an interrupt")

    def _await(self, deadline: float, number: int) -> Message:
        while True:
            message = self._channel.receive(deadline)
            if message.kind == "output":
                self._take_output(message)
            elif message.kind == "callback":
                self._deadlines.append(deadline)
                try:
                    reply = self.lent.answer(message.fields, deadline)
                finally:
                    self._deadlines.pop()
                if not self.alive:
                    raise PeerClosed("the process ended inside a call-back")
                # Here too: a long cell may call back thousands of times before the next request goes out.
                reply.fields["released"] = self.values.take_released()
                self._channel.send(reply, deadline)
            elif not _is(message.fields.get("request"), number):
                # Nobody could know the number before: whatever was sent ahead of the request is no answer to it.
                raise WireError("an answer came to what was not asked")
            else:
                return message

    def _take_output(self, message: Message) -> None:
        events = message.fields.get("events")
        if type(events) is not bytes:
            raise WireError("a report of outputs has no events")
        self._reported += REPORT_COST + len(events)
        if self._reported > self._limits.flood:
            raise OutputFlood
        if self._cell is not None and message.fields.get("cell") == self._cell.name:
            self._cell.outputs.apply(events)

    def _interrupt(self, number: int) -> Message | None:
        """Interrupt the student's code; the answer it then gives, if it gives one."""
        self._process.interrupt()
        try:
            return self._await(time.monotonic() + self._limits.grace_s, number)
        except (WireTimeout, WireError):
            return None

    def _died(self) -> StudentError:
        """The process closed the socket: it has ended, or is made to."""
        exit_ = self._end("", gently=True)
        return stopped(self._ending, manner_of(exit_) if self._ending == "killed" else "")

    def _broken(self, error: WireError) -> StudentError:
        self._end("killed")
        return stopped("killed", f": it broke the protocol ({error})")

    def _end(self, kind: str, gently: bool = False) -> Exit | None:
        self._channel.close()
        exit_ = self._process.wait(self._limits.grace_s) if gently else None
        if exit_ is None:
            self._process.kill()
            exit_ = self._process.wait(self._limits.grace_s)
        if exit_ is not None:
            self._cpu_s = max(self._cpu_s, exit_.cpu_s)
        self._last_words = self._process.stderr_tail()
        self._process.close()
        self._ending = kind or limit_of(exit_)
        self.lost = exit_ is not None and exit_.kind == "lost"
        return exit_


def _calls_in(kind: str, fields: Mapping[str, Any]) -> int:
    """How many calls of student code a request asks for."""
    if kind == "call":
        return 1
    if kind == "batch":
        return len(fields["calls"])
    return sum(step[0] == "call" for step in fields["steps"]) if kind == "run" else 0


def _is(answered: object, number: int) -> bool:
    """Whether an answer names this request; an array in the number's place would compare as one."""
    return type(answered) is int and answered == number
