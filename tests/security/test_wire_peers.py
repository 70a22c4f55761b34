"""A locked process that is not our program any more: whatever it sends or keeps back, there is a status in the end."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nnkit.kit.locked import lent_functions, proxy, values
from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.program.channel import Channel, WireTimeout
from nnkit.kit.locked.program.wire import FROM_AGENT, TO_AGENT, Handle, Message, WireError, encode
from nnkit.kit.locked.session import LockedSession, SessionLimits
from nnkit.kit.sandbox import Limits, Tier, View
from nnkit.student.testing import StudentError, StudentKilled, StudentTimeout

QUICK = SessionLimits(grace_s=0.3, cell_output=20_000, notebook_output=50_000)
A_WHILE = 60.0  # for what is not to end by the clock
SHORT = 1.0


class Peer:
    """The other end of a session's socket, in the hands of a thread."""

    def __init__(self, speak: Callable[[Peer], None]) -> None:
        self._speak = speak
        self.killed = threading.Event()

    def __call__(self, descriptor: int) -> Peer:
        self.socket = socket.socket(fileno=os.dup(descriptor))
        self.channel = Channel(self.socket, FROM_AGENT, TO_AGENT)
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def _run(self) -> None:
        try:
            self.send("ready")
            self._speak(self)
        except (OSError, WireError, WireTimeout):
            pass
        finally:
            self.socket.close()

    def send(self, kind: str, **fields: Any) -> None:
        self.channel.send(Message(kind, fields), time.monotonic() + A_WHILE)

    def receive(self) -> Message:
        return self.channel.receive(time.monotonic() + A_WHILE)

    def answer(self, request: Message, **fields: Any) -> None:
        self.send("result", **fields, request=request.fields["request"])

    def rest(self) -> None:
        self.killed.wait(A_WHILE)

    def interrupt(self) -> None:
        """It does not care."""

    def allow_cpu(self, seconds: float | None, /) -> float:
        return 0.0

    def overran(self) -> bool:
        return False

    def kill(self) -> None:
        self.killed.set()

    def wait(self, timeout: float | None = None, /) -> Any:
        return SimpleNamespace(kind="signalled", code=-9, cpu_s=0.0) if self.killed.is_set() else None

    def stderr_tail(self) -> str:
        return ""

    def close(self) -> None:
        """The thread closes its socket by itself."""


def against(speak: Callable[[Peer], None]) -> LockedSession:
    return LockedSession(Peer(speak), QUICK)


def frame(kind: str, **fields: Any) -> bytes:
    return b"".join(encode(Message(kind, fields), FROM_AGENT))


def silent(peer: Peer) -> None:
    peer.rest()


def hesitant(peer: Peer) -> None:
    request = peer.receive()
    for byte in frame("result", request=request.fields["request"], missing=False, value=1) * 1000:
        peer.socket.send(bytes([byte]))
        if peer.killed.wait(0.05):
            return


def late(peer: Peer) -> None:
    request = peer.receive()
    time.sleep(SHORT + QUICK.grace_s + 1)
    peer.answer(request, missing=False, value=1)


def endless_call_backs(peer: Peer) -> None:
    peer.receive()
    while True:
        peer.send("callback", name="lent", args=(1,), kwargs={})
        peer.receive()


@pytest.mark.parametrize("speak", [silent, hesitant, late, endless_call_backs])
def test_a_peer_that_does_not_come_to_an_answer_runs_out_of_time(speak: Callable[[Peer], None]) -> None:
    session = against(speak)
    session.lent.set({"lent": abs}, ())
    with pytest.raises(StudentTimeout):
        _ = session.submission(SHORT).anything
    assert not session.alive


def test_a_flood_after_the_deadline_is_not_waited_for() -> None:
    def speak(peer: Peer) -> None:
        peer.receive()
        time.sleep(SHORT)
        while True:
            peer.send("output", cell="a", events=b"[]")

    session = against(speak)
    assert session.run_cell("a", "1", SHORT).status in ("timeout", "output_limit")
    assert not session.alive


def before_it_was_asked(peer: Peer) -> None:
    peer.send("result", missing=False, value=1, request=1)
    peer.rest()


def half_a_frame(peer: Peer) -> None:
    request = peer.receive()
    peer.socket.sendall(frame("result", missing=False, value=1, request=request.fields["request"])[:-3])


def two_frames_into_one_another(peer: Peer) -> None:
    request = peer.receive()
    one = frame("result", missing=False, value="x" * 100, request=request.fields["request"])
    peer.socket.sendall(one[:30] + one + one[30:])
    peer.rest()


def an_answer_of(said: str = "result", /, **fields: Any) -> Callable[[Peer], None]:
    def speak(peer: Peer) -> None:
        number = peer.receive().fields["request"]
        peer.channel.send(Message(said, {**fields, "request": number}), time.monotonic() + A_WHILE)
        peer.rest()

    return speak


BREACHES = {
    "an answer before the question": before_it_was_asked,
    "half a frame": half_a_frame,
    "frames into one another": two_frames_into_one_another,
    "the name of a type with a line break": an_answer_of(missing=False, value=Handle(1, "a\nb")),
    "the name of a type that goes on": an_answer_of(missing=False, value=Handle(1, "x" * 1000)),
    "the answer to a cell": an_answer_of("cell_done", ok=True),
}


@pytest.mark.parametrize("name", list(BREACHES))
def test_a_breach_of_the_protocol_ends_the_process(name: str) -> None:
    session = against(BREACHES[name])
    with pytest.raises(StudentKilled):
        _ = session.submission(A_WHILE).anything
    assert not session.alive


def test_a_second_answer_is_not_taken_for_the_next_one() -> None:
    def speak(peer: Peer) -> None:
        request = peer.receive()
        peer.answer(request, missing=False, value=1)
        peer.answer(request, missing=False, value=2)
        peer.rest()

    submission = against(speak).submission(A_WHILE)
    assert submission.first == 1
    with pytest.raises(StudentKilled, match="not asked"):
        _ = submission.second


def test_a_cell_that_is_answered_as_a_call_is_ended() -> None:
    assert against(an_answer_of(ok=True)).run_cell("a", "1", A_WHILE).status == "killed"


def test_an_errors_text_is_cut_to_what_a_record_holds() -> None:
    long = "x" * 1_000_000
    session = against(an_answer_of("error", type="E", message=long, traceback=long, kind="student_error"))
    with pytest.raises(StudentError) as caught:
        _ = session.submission(A_WHILE).anything
    assert len(caught.value.message) + len(caught.value.traceback_text) < 50_000


@pytest.mark.parametrize("length", [-1, 1 << 40, True, "3", 2.0])
def test_a_length_that_is_none_breaks_the_protocol(length: Any) -> None:
    session = against(an_answer_of(value=length))
    with pytest.raises(StudentKilled, match="length"):
        len(session._make(1, "x", "list"))  # type: ignore[arg-type]


def test_a_membership_that_is_no_bool_breaks_the_protocol() -> None:
    session = against(an_answer_of(value=1))
    with pytest.raises(StudentKilled, match="bool"):
        _ = 1 in session._make(1, "x", "list")  # type: ignore[operator]


def test_more_elements_than_the_agent_sends_break_the_protocol() -> None:
    session = against(an_answer_of(value=[0] * (proxy.MOST_ITEMS + 1)))
    with pytest.raises(StudentKilled):
        list(session._make(1, "x", "list"))  # type: ignore[call-overload]


def test_the_number_of_objects_that_are_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MOST_HELD", 100)

    def speak(peer: Peer) -> None:
        number = 0
        while True:
            request = peer.receive()
            peer.answer(request, value=[Handle(number := number + 1, "x") for _ in range(30)])

    session = against(speak)
    stranger: Any = session._make(0, "x", "list")
    held = [list(iter(stranger)) for _ in range(3)]
    with pytest.raises(StudentKilled, match="handed out"):
        list(iter(stranger))
    assert len(held[0]) == 30


def test_what_was_released_is_told_in_messages_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MOST_RELEASED", 10)
    held = values.Values(lambda number, name, kind: None)  # type: ignore[arg-type, return-value]
    for number in range(25):
        held.incoming(Handle(number), "x")
        held.let_go(number)
    assert sorted(held.take_released() + held.take_released() + held.take_released()) == list(range(25))


@pytest.fixture(scope="module")
def honest() -> Iterator[LockedSession]:
    with LockedSession(locked(Tier.E, View(), Limits())) as session:
        yield session


@pytest.mark.parametrize("number", [0, 10**9, (1 << 53) - 1])
def test_an_object_that_was_never_given_is_a_student_error(honest: LockedSession, number: int) -> None:
    honest.submission(A_WHILE)
    with pytest.raises(StudentError, match="no object number"):
        honest._make(number, "x", "list")()  # type: ignore[operator]
    assert honest.alive


def test_call_backs_inside_call_backs_are_bounded() -> None:
    depths: list[int] = []

    def speak(peer: Peer) -> None:
        depth = 0
        while True:
            message = peer.receive()
            if message.kind == "failure":
                depths.append(depth)
                peer.rest()
            depth += 1
            peer.send("callback", name="again", args=(Handle(1, "Model"),), kwargs={})

    session = against(speak)
    session.lent.set({"again": lambda model: model()}, ())
    with pytest.raises(StudentTimeout):
        _ = session.submission(5.0).anything
    assert depths == [lent_functions.DEEPEST + 1]


def calling_back(*args: Any, answers: list[Message]) -> Callable[[Peer], None]:
    def speak(peer: Peer) -> None:
        request = peer.receive()
        peer.send("callback", name="lent", args=args, kwargs={})
        answers.append(peer.receive())
        peer.answer(request, missing=False, value=1)
        peer.rest()

    return speak


def test_a_lent_function_that_does_not_end_is_stopped_at_the_deadline() -> None:
    def lent(steps: int) -> None:
        while steps:
            try:
                steps -= 1
            except Exception:
                continue

    answers: list[Message] = []
    session = against(calling_back(1 << 200, answers=answers))
    session.lent.set({"lent": lent}, ())
    with pytest.raises(StudentTimeout):
        _ = session.submission(SHORT).anything
    assert [answer.fields["type"] for answer in answers] == ["TimeoutError"]


def test_a_lent_function_does_not_get_all_memory() -> None:
    answers: list[Message] = []
    session = against(calling_back(1 << 29, answers=answers))
    session.lent.set({"lent": lambda size: float(np.zeros(size)[0])}, ())
    assert session.submission(A_WHILE).anything == 1
    assert "Memory" in answers[0].fields["type"]


def test_more_arguments_than_functions_have_break_the_protocol() -> None:
    session = against(calling_back(*range(1000), answers=[]))
    session.lent.set({"lent": lambda *args: None}, ())
    with pytest.raises(StudentKilled, match="arguments"):
        _ = session.submission(A_WHILE).anything


def test_a_process_that_ends_inside_a_call_back_has_ended() -> None:
    def speak(peer: Peer) -> None:
        peer.receive()
        peer.send("callback", name="lent", args=(Handle(1, "Model"),), kwargs={})
        peer.receive()

    session = against(speak)
    session.lent.set({"lent": lambda model: model()}, ())
    submission = session.submission(A_WHILE)
    with pytest.raises(StudentKilled):
        _ = submission.anything
    with pytest.raises(StudentKilled):
        _ = submission.anything
