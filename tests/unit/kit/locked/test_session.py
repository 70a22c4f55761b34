"""A session ends with a status whatever the submission does."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnkit.kit.locked.outputs import overwrite
from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.program.channel import Channel, WireTimeout
from nnkit.kit.locked.program.wire import FROM_AGENT, MAGIC, PREFIX, TO_AGENT, Foreign, Message, WireError
from nnkit.kit.locked.session import (
    CellResult,
    LockedSession,
    SessionError,
    SessionLimits,
)
from nnkit.kit.sandbox import Limits, Tier, View, best_tier
from nnkit.student.testing import StudentError, StudentKilled, StudentOutOfMemory, StudentTimeout

QUICK = SessionLimits(grace_s=0.5, cell_output=20_000, notebook_output=50_000)
# For what does react to an interrupt: on a busy machine that may take its time.
PATIENT = SessionLimits(grace_s=30, cell_output=20_000, notebook_output=50_000)


@pytest.fixture
def session() -> Iterator[LockedSession]:
    with LockedSession(locked(Tier.E, View(), Limits()), PATIENT) as session:
        yield session


@pytest.fixture
def impatient() -> Iterator[LockedSession]:
    with LockedSession(locked(Tier.E, View(), Limits()), QUICK) as session:
        yield session


def text_of(result: CellResult, name: str = "stdout") -> str:
    return "".join(o["text"] for o in result.outputs if o["output_type"] == "stream" and o["name"] == name)


def test_a_cell_gives_outputs_status_and_count(session: LockedSession) -> None:
    result = session.run_cell("a", "print('x')\n6 * 7", 10)
    assert (result.status, result.execution_count, text_of(result)) == ("ok", 1, "x\n")
    assert result.outputs[1]["data"] == {"text/plain": "42"}


def test_an_error_does_not_stop_later_cells(session: LockedSession) -> None:
    assert session.run_cell("a", "1 / 0", 10).status == "error"
    assert session.run_cell("b", "1", 10).status == "ok"


def test_an_empty_cell_is_not_run(session: LockedSession) -> None:
    assert session.run_cell("a", " \n", 10).execution_count is None


def test_a_cell_past_its_time_is_interrupted_and_the_session_goes_on(session: LockedSession) -> None:
    result = session.run_cell("a", "print('begun')\nwhile True: pass", 2)
    assert (result.status, text_of(result)) == ("timeout", "begun\n")
    assert result.outputs[-1]["ename"] == "KeyboardInterrupt"
    assert session.run_cell("b", "1", 10).status == "ok"


def test_a_cell_that_awaits_for_ever_is_cancelled(session: LockedSession) -> None:
    result = session.run_cell("a", "import asyncio\nawait asyncio.sleep(600)", 2)
    assert (result.status, result.outputs[-1]["ename"]) == ("timeout", "CancelledError")
    assert session.alive


def test_a_cell_that_swallows_the_interrupt_is_killed(impatient: LockedSession) -> None:
    result = impatient.run_cell("a", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", 2)
    assert (result.status, impatient.alive) == ("timeout", False)


def test_what_a_cell_printed_before_its_process_died_is_kept(session: LockedSession) -> None:
    result = session.run_cell("a", "import os, time\nprint('last words')\ntime.sleep(0.3)\nprint()\nos._exit(1)", 10)
    assert (result.status, text_of(result).strip()) == ("killed", "last words")


def test_cells_after_the_end_have_its_status(session: LockedSession) -> None:
    session.run_cell("a", "import os; os._exit(1)", 10)
    assert session.run_cell("b", "1", 10).status == "killed"


def test_output_beyond_the_limit_is_cut_with_a_message(session: LockedSession) -> None:
    result = session.run_cell("a", "for i in range(100_000): print('flood', i)", 30)
    assert len(text_of(result)) < 25_000
    assert "cut here" in text_of(result)


def test_a_notebook_has_an_output_limit_of_its_own(session: LockedSession) -> None:
    total = sum(len(text_of(session.run_cell(str(i), "print('x' * 18_000)", 30))) for i in range(6))
    assert total < 60_000


def test_a_display_beyond_the_limit_is_left_out_with_a_message(session: LockedSession) -> None:
    result = session.run_cell("a", "from IPython.display import HTML\nHTML('x' * 100_000)", 10)
    assert [output["output_type"] for output in result.outputs] == ["stream"]


def test_a_later_cell_can_update_a_display_of_an_earlier_one(session: LockedSession) -> None:
    first = session.run_cell("a", "shown = display('old', display_id=True)", 10)
    session.run_cell("b", "shown.update('new')", 10)
    assert first.outputs[0]["data"]["text/plain"] == "'new'"


def test_a_progress_bar_leaves_its_last_state() -> None:
    assert overwrite("\r 10%\r 50%\r100%\ndone\n") == "100%\ndone\n"


def test_a_background_thread_does_not_disturb_later_calls(session: LockedSession) -> None:
    session.run_cell(
        "a",
        "import threading, time\ndef chatter():\n    while True:\n        print('x'); time.sleep(0.001)\n"
        "threading.Thread(target=chatter, daemon=True).start()\ndef one(): return 1",
        10,
    )
    submission = session.submission(10)
    assert [submission.one() for _ in range(50)] == [1] * 50


def test_a_forked_child_does_not_answer_in_its_parents_place(session: LockedSession) -> None:
    session.run_cell("a", "import os\ndef fork(): return os.fork() > 0", 10)
    submission = session.submission(10)
    assert [submission.fork() for _ in range(3)] == [True] * 3


def test_the_agent_survives_what_student_code_does_by_accident(session: LockedSession) -> None:
    session.run_cell(
        "a",
        "import os, sys, json, time\nos.chdir('/')\nsys.stdout = None\nsys.setrecursionlimit(120)\n"
        "print = len = json.dumps = time.monotonic = None\ndef one(): return 1",
        10,
    )
    assert session.submission(10).one() == 1


def test_an_endless_call_is_interrupted_and_the_session_goes_on(session: LockedSession) -> None:
    session.run_cell("a", "def loop():\n    while True: pass\ndef one(): return 1", 10)
    with pytest.raises(StudentTimeout):
        session.submission(3).loop()
    assert session.submission(30).one() == 1


def test_a_call_that_swallows_the_interrupt_ends_the_session(impatient: LockedSession) -> None:
    impatient.run_cell("a", "def loop():\n  while True:\n    try: sum(range(10**4))\n    except: pass", 30)
    submission = impatient.submission(3)
    with pytest.raises(StudentTimeout, match="did not react"):
        submission.loop()
    with pytest.raises(StudentTimeout, match="earlier call"):
        submission.loop()


def test_a_call_that_exits_the_process_is_killed(session: LockedSession) -> None:
    session.run_cell("a", "import os\ndef leave(): os._exit(0)", 10)
    with pytest.raises(StudentKilled):
        session.submission(5).leave()


def test_a_call_that_crashes_the_interpreter_is_killed(session: LockedSession) -> None:
    session.run_cell("a", "import ctypes\ndef crash(): ctypes.string_at(0)", 10)
    with pytest.raises(StudentKilled):
        session.submission(5).crash()


def test_a_call_that_asks_for_too_much_memory_is_told_apart(session: LockedSession) -> None:
    session.run_cell("a", "import numpy as np\ndef eat(): return np.ones((1 << 20, 1 << 20))", 10)
    with pytest.raises(StudentOutOfMemory):
        session.submission(5).eat()


def test_cpu_seconds_are_reported_before_and_after_the_end(session: LockedSession) -> None:
    session.run_cell("a", "sum(i * i for i in range(300_000))", 10)
    running = session.usage()
    session.close()
    assert session.usage() >= running > 0


LAYERS = """
def layer(x):
    out, cache = forward(x)
    return out + 1, cache
def back(cache):
    return backward(cache)
def forward(x):
    return -x, None
def mutate(param):
    return count(param), param
def fails(x):
    try:
        return forward(x)
    except ValueError as error:
        return str(error)
"""


@pytest.fixture
def lent(session: LockedSession) -> LockedSession:
    session.run_cell("a", LAYERS, 10)
    return session


def test_student_code_calls_a_lent_function(lent: LockedSession) -> None:
    lent.override({"forward": lambda x: (10 * x, ("secret", x))})
    out, _ = lent.submission(5).layer(np.ones(2))
    assert list(out) == [11, 11]


def test_the_lent_functions_cache_is_opaque_to_student_code_and_comes_back_whole(lent: LockedSession) -> None:
    lent.run_cell("b", "def look():\n    cache = forward(1.0)[1]\n    return repr(cache), str(dir(cache))", 10)
    lent.override({"forward": lambda x: (x, {"secret": object()}), "backward": lambda cache: len(cache)})
    submission = lent.submission(5)
    _, cache = submission.layer(1.0)
    assert submission.back(cache) == 1
    assert "secret" not in "".join(submission.look())


def test_a_lent_functions_cache_can_be_sent_by_value(lent: LockedSession) -> None:
    lent.run_cell("b", "def open_cache():\n    (x, name) = forward(2.0)[1]\n    return x", 10)
    lent.override({"forward": lambda x: (x, (x, "name"))}, by_value=["forward"])
    assert lent.submission(5).open_cache() == 2.0


def test_a_lent_function_changes_the_callers_dict(lent: LockedSession) -> None:
    def count(param: dict[str, Any]) -> int:
        param["n"] += 1
        return 0

    lent.override({"count": count})
    _, param = lent.submission(5).mutate({"n": 1})
    assert param["n"] == 2


def test_a_lent_function_may_use_the_students_objects_meanwhile(lent: LockedSession) -> None:
    lent.run_cell("b", "class Model:\n    def double(self, x): return 2 * x\ndef train(): return fit(Model())", 10)
    lent.override({"fit": lambda model: model.double(21)})
    assert lent.submission(5).train() == 42


def test_a_lent_function_may_use_the_students_objects_in_a_cell_whatever_time_earlier_tests_had(
    lent: LockedSession,
) -> None:
    lent.run_cell("b", "class Model:\n    def double(self, x): return 2 * x", 10)
    lent.override({"fit": lambda model: model.double(21)})
    lent.submission(0.0)
    assert text_of(lent.run_cell("c", "print(fit(Model()))", 10)) == "42\n"


def test_an_error_of_a_lent_function_reaches_student_code(lent: LockedSession) -> None:
    def forward(x: Any) -> Any:
        raise ValueError("shapes differ")

    lent.override({"forward": forward})
    assert lent.submission(5).fails(1) == "shapes differ"
    assert len(lent.lent.errors) == 1


def test_cells_call_lent_functions_too(lent: LockedSession) -> None:
    lent.override({"forward": lambda x: (100 * x, None)})
    assert lent.run_cell("b", "layer(1)[0]", 10).outputs[0]["data"]["text/plain"] == "101"


def test_after_restore_the_notebook_has_its_own_names_back(lent: LockedSession) -> None:
    lent.override({"forward": lambda x: (100 * x, None), "never_defined": abs})
    lent.restore()
    submission = lent.submission(5)
    assert submission.layer(1)[0] == 0
    with pytest.raises(StudentError, match="not defined"):
        _ = submission.never_defined


class Impostor:
    """A locked process whose agent is not ours any more: it says what a test wants it to say."""

    def __init__(self, speak: Callable[[socket.socket], None]) -> None:
        self._speak = speak
        self.killed = False

    def __call__(self, descriptor: int) -> Impostor:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        try:
            self._speak(self._socket)
        except (OSError, WireError, WireTimeout):
            pass
        finally:
            self._socket.close()

    def interrupt(self) -> None:
        pass

    def kill(self) -> None:
        self.killed = True

    def wait(self, timeout: float | None = None) -> Any:
        return None if not self.killed else type("Exit", (), {"kind": "killed", "code": -9, "cpu_s": 0.0})()

    def stderr_tail(self) -> str:
        return "last words"

    def close(self) -> None:
        pass


def answering(*replies: Message) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        channel = Channel(connection, FROM_AGENT, TO_AGENT)
        channel.send(Message("ready"))
        for reply in replies:
            request = channel.receive(time.monotonic() + 5)
            channel.send(Message(reply.kind, {**reply.fields, "request": request.fields["request"]}))
        channel.receive(time.monotonic() + 5)

    return speak


def result(**fields: Any) -> Message:
    return Message("result", fields)


FORGED = {
    "no value": result(),
    "unknown kind": Message("verdict", {"passed": True}),
    "a handle for a flag": result(missing=1, value=3),
    "a container": result(missing=False, value=[1]),
    "something never given": result(missing=False, value=Foreign(5)),
    "an error without text": Message("error", {"type": 3}),
    "a call-back nobody lent": Message("callback", {"name": "os.system", "args": ("x",), "kwargs": {}}),
    "a call-back without arguments": Message("callback", {"name": "f"}),
    "outputs that are none": Message("output", {"cell": "a", "events": 3}),
}


@pytest.mark.parametrize("name", list(FORGED))
def test_a_forged_answer_ends_the_session_as_killed(name: str) -> None:
    process = Impostor(answering(FORGED[name]))
    session = LockedSession(process, QUICK)
    with pytest.raises(StudentKilled, match="broke the protocol"):
        _ = session.submission(2).anything
    assert process.killed


@pytest.mark.parametrize("place", [0, 1, "x", (0,), np.zeros(2)])
def test_a_dict_that_was_not_given_to_be_changed_ends_the_session_as_killed(place: Any) -> None:
    forged = result(value=(False, 1), changed=[], dicts=[(place, {"n": 2})])
    session = LockedSession(Impostor(answering(forged)), QUICK)
    session.submission(2)
    function: Any = session._make(1, "f", "function")
    expected = {"n": 1}
    with pytest.raises(StudentKilled, match="broke the protocol"):
        function(expected)
    assert expected == {"n": 1}


def test_an_array_in_the_place_of_the_requests_number_ends_the_session_as_killed() -> None:
    def speak(connection: socket.socket) -> None:
        channel = Channel(connection, FROM_AGENT, TO_AGENT)
        channel.send(Message("ready"))
        channel.receive(time.monotonic() + 5)
        channel.send(Message("result", {"missing": False, "value": 1, "request": np.ones(2)}))

    with pytest.raises(StudentKilled, match="broke the protocol"):
        _ = LockedSession(Impostor(speak), QUICK).submission(2).anything


def test_garbage_for_an_answer_ends_the_session_as_killed() -> None:
    def speak(connection: socket.socket) -> None:
        Channel(connection, FROM_AGENT, TO_AGENT).send(Message("ready"))
        connection.recv(1)
        connection.sendall(os.urandom(1000))
        connection.recv(1 << 16)

    with pytest.raises(StudentKilled, match="broke the protocol"):
        _ = LockedSession(Impostor(speak), QUICK).submission(2).anything


def test_a_peer_that_reports_outputs_for_ever_is_ended_for_it() -> None:
    def speak(connection: socket.socket) -> None:
        channel = Channel(connection, FROM_AGENT, TO_AGENT)
        channel.send(Message("ready"))
        while True:
            channel.send(Message("output", {"cell": "a", "events": b"[]"}))

    process = Impostor(speak)
    assert LockedSession(process, QUICK).run_cell("a", "1", 60).status == "output_limit"
    assert process.killed


def test_a_flood_of_outputs_that_keeps_to_no_budget_is_bounded() -> None:
    report = b'[{"type": "stream", "name": "stdout", "text": "' + b"x" * 100_000 + b'"}]'
    flood = [Message("output", {"cell": "a", "events": report})] * 100

    def speak(connection: socket.socket) -> None:
        channel = Channel(connection, FROM_AGENT, TO_AGENT)
        channel.send(Message("ready"))
        request = channel.receive(time.monotonic() + 5).fields["request"]
        for message in [*flood, Message("cell_done", {"ok": True, "execution_count": 1, "request": request})]:
            channel.send(message)
        channel.receive(time.monotonic() + 5)

    outputs = LockedSession(Impostor(speak), QUICK).run_cell("a", "1", 10)
    assert len(text_of(outputs)) < 2_000_000


def test_a_process_that_does_not_come_up_is_no_fault_of_the_student() -> None:
    with pytest.raises(SessionError, match="last words"):
        LockedSession(Impostor(lambda connection: connection.sendall(PREFIX.pack(MAGIC, 1 << 31, 0))), QUICK)


def test_a_session_runs_in_the_best_tier_of_this_host() -> None:
    with LockedSession(locked(best_tier(), View(), Limits())) as session:
        session.run_cell("a", "import matplotlib.pyplot as plt\ndef f(x): return 2 * x\nplt.plot([1])", 60)
        assert list(session.submission(20).f(np.arange(2))) == [0, 2]


def test_a_notebook_imports_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("found = 1")
    with LockedSession(locked(Tier.E, View({"beside.py": tmp_path / "beside.py"}), Limits())) as session:
        assert session.run_cell("a", "import beside", 10).status == "ok"


def test_a_notebook_cannot_import_the_kits_own_modules(session: LockedSession) -> None:
    assert session.run_cell("a", "import session", 10).status == "error"


def test_no_process_is_left_after_close() -> None:
    session = LockedSession(locked(Tier.E, View(), Limits()))
    pid = session.submission(5)._session._process.pid  # type: ignore[attr-defined]
    session.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIG_DFL)
