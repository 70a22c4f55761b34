"""Serves one submission: runs its cells, calls its functions, and reports values. It judges nothing."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from . import streams
from .channel import Channel, PeerClosed
from .events import Events
from .failures import kind_of, line_in_cell, message_of, traceback_of, waiting_of
from .handles import Handles, type_name
from .requests import Requests
from .shell import Notebook, ZMQInteractiveShell, new_shell
from .wire import FROM_AGENT, TO_AGENT, Message, WireError

_RAISABLE = {
    error.__name__: error
    for error in (ArithmeticError, AttributeError, FloatingPointError, IndexError, KeyError, TypeError, ValueError)
}


class Agent:
    """The loop that answers the grader, around student code that may do anything by accident."""

    def __init__(self, channel: Channel, shell: ZMQInteractiveShell | None = None) -> None:
        self._channel = channel
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._thread = threading.current_thread()
        self._recursion_limit = sys.getrecursionlimit()
        self._in_student_code = False
        self._interrupted = False
        self._silence = streams.Discard()
        self.handles = Handles()
        self.events = Events(self._report_outputs, stop=lambda: os.kill(self._process, signal.SIGINT))
        self._drain = streams.install(self.events.stream)
        self.notebook = Notebook(self.events, shell or new_shell())
        self._requests = Requests(self.handles, self.notebook.namespace, self.student_code, self.call_back)

    def serve(self) -> None:
        """Answer requests until the grader closes the socket or says stop."""
        signal.signal(signal.SIGINT, _ignore)
        self._post(Message("ready"))
        while True:
            message = self._receive()
            if message.kind == "stop":
                return
            self._answer(message)

    def _answer(self, message: Message) -> None:
        number = message.fields.pop("request")
        try:
            self.handles.release(message.fields.pop("released", ()))
            if message.kind == "run_cell":
                reply = self._run_cell(**message.fields)
            else:
                reply = Message("result", self._requests.answer(message.kind, message.fields))
        except BaseException as error:
            reply = self._failure(error)
        if os.getpid() != self._process:
            os._exit(0)  # a child that student code forked and forgot: only one process may answer
        try:
            self._post(_numbered(reply, number))
        except PeerClosed:
            raise
        except WireError as error:
            self._post(_numbered(self._failure(error), number))

    def _failure(self, error: BaseException) -> Message:
        fields = {**self._told(error), "kind": kind_of(error)}
        try:
            fields["traceback"] = traceback_of(error, self._cell_of)
        except BaseException:
            fields["traceback"] = ""
        return Message("error", fields)

    def _cell_of(self, filename: str) -> str | None:
        named = self.notebook.shell.compile.format_code_name(filename)
        return None if named is None else " ".join(map(str, named))

    def _run_cell(self, cell: str, source: str, budget: int, plain: bool = False) -> Message:
        self.events.begin(cell, budget)
        problem: BaseException | None = None
        count = 0
        try:
            with self._interruptible():
                problem, count = self.notebook.define(source) if plain else self.notebook.run_cell(source)
        except BaseException as error:
            problem = error
            self.events.add(
                {
                    "type": "error",
                    "ename": type_name(error),
                    "evalue": message_of(error),
                    "traceback": traceback_of(error, self._cell_of).splitlines(),
                }
            )
        finally:
            self._drain()
            self.events.end()
        kind = "output_limit" if self.events.flooded else "" if problem is None else kind_of(problem)
        fields = {"ok": problem is None, "kind": kind, "cut": self.events.cut, "execution_count": count}
        if problem is not None:
            fields |= {**self._told(problem), "line": self._line_of(problem)}
        return Message("cell_done", {"cell": cell, **fields})

    def _told(self, error: BaseException) -> dict[str, str]:
        try:
            waiting = waiting_of(error, self._cell_of)
        except BaseException:
            waiting = ""
        if waiting:
            return {"type": "", "message": waiting}
        return {"type": type_name(error), "message": message_of(error)}

    def _line_of(self, error: BaseException) -> int | None:
        """The line of the cell that was run last in which it stopped."""
        try:
            return line_in_cell(error, self._cell_of)
        except BaseException:
            return None

    def _report_outputs(self, cell: str, events: bytes) -> None:
        self._post(Message("output", {"cell": cell, "events": events}))

    @contextmanager
    def student_code(self) -> Iterator[None]:
        """Around calls: what they print is dropped, an interrupt reaches them, and damage is undone."""
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = self._silence
        try:
            with self._interruptible():
                yield
        finally:
            sys.stdout, sys.stderr = before

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        # Python's own handler in C, so that no frame of ours is in the student's traceback.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            sys.setrecursionlimit(self._recursion_limit)

    def _remember_interrupt(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Put an interrupt off: half a frame would be the end of the conversation."""
        if threading.current_thread() is not self._thread:
            yield
            return
        before = signal.signal(signal.SIGINT, self._remember_interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            if self._interrupted:
                self._interrupted = False
                if callable(before):
                    before(signal.SIGINT, None)

    def _post(self, message: Message) -> None:
        with self._undisturbed(), self._lock:
            self._channel.send(message)

    def _receive(self) -> Message:
        with self._undisturbed():
            return self._channel.receive()

    def call_back(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Have the grader call one of its own functions; requests it makes meanwhile are answered."""
        if threading.current_thread() is not self._thread or os.getpid() != self._process:
            raise RuntimeError(f"{name} can be called from the notebook's main thread only")
        outgoing = self.handles.outgoing_argument
        sent = tuple(map(outgoing, args)), {key: outgoing(value) for key, value in kwargs.items()}
        self._post(Message("callback", {"name": name, "args": sent[0], "kwargs": sent[1]}))
        while (message := self._receive()).kind not in ("reply", "failure"):
            self._answer(message)
        self.handles.release(message.fields["released"])
        if message.kind == "failure":
            raise _RAISABLE.get(message.fields["type"], RuntimeError)(message.fields["message"])
        for path, content in message.fields["dicts"]:
            target: Any = kwargs if isinstance(path[0], str) else args
            for step in path:
                target = target[step]
            target.clear()
            target.update(self.handles.incoming(content))
        return self.handles.incoming(message.fields["value"])


def _ignore(number: int, frame: FrameType | None) -> None:
    """An interrupt that comes when no student code runs is late, and nobody's business."""


def _numbered(reply: Message, number: int) -> Message:
    return Message(reply.kind, {**reply.fields, "request": number})


def serve(descriptor: int, shell: ZMQInteractiveShell | None = None) -> None:
    """Serve one submission on an inherited socket; ends this process.

    Parameters
    ----------
    descriptor : int
    shell : optional
        One that has run nothing yet; None: a new one.
    """
    os.set_inheritable(descriptor, False)
    connection = socket.socket(fileno=descriptor)
    with suppress(PeerClosed):
        Agent(Channel(connection, FROM_AGENT, TO_AGENT), shell).serve()
    # Threads that a submission left running must not keep the process alive.
    os._exit(0)
