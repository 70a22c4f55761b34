"""Every limit has a status of its own, leaves no process behind, and costs only what ran into it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from sandbox_harness import ALL, MODEST
from tiny_course import write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import solved_notebook, source_notebook
from nnkit.kit.course.settings import Limits, Pace
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.grading.grade import grade_notebook
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import Record
from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.session import LockedSession, SessionLimits
from nnkit.kit.proof.verify import build_release
from nnkit.kit.sandbox import Tier, View, best_tier
from nnkit.kit.sandbox.limits import MIB

# What a submission does to meet a limit, with the status that it must come to.
MEETING = {
    "timeout": "while True: time.sleep(0.01)",
    "cpu_limit": "while True: pass",
    "out_of_memory": "np.ones((1 << 20, 1 << 20))",
    "process_limit": "for _ in range(200): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "open_files_limit": "kept = [open('/dev/null') for _ in range(1000)]",
    "file_size_limit": "open('large', 'wb').write(bytes(6 << 20))",
    "scratch_full": "for number in range(40): open(f'{number}', 'wb').write(bytes(1 << 20))\ntime.sleep(60)",
    # Not by printing, which our own agent would cut: with reports of its own, which nobody can forbid.
    "output_limit": "while True: get_ipython().outlet._send('x', b'[]')",
    "killed": "os._exit(3)",
}
# Other ways to the same limits.
ALSO_MEETING = {
    "timeout, ignoring the interrupt": "signal.signal(2, signal.SIG_IGN)\nwhile True: time.sleep(0.01)",
    "cpu_limit in a thread": "threading.Thread(target=lambda: sum(iter(int, 1))).start()\ntime.sleep(60)",
    "cpu_limit in a child": "if os.fork() == 0:\n    while True: pass\ntime.sleep(60)",
    "cpu_limit, ignoring the interrupt": "signal.signal(2, signal.SIG_IGN)\nwhile True: pass",
    "out_of_memory in children": """
for _ in range(4):
    if os.fork() == 0:
        kept = bytearray(b"x") * (300 << 20)
        time.sleep(60)
time.sleep(60)
""",
    "process_limit by subprocesses": "kept = [subprocess.Popen(['sleep', '60']) for _ in range(100)]",
    "process_limit, wrapped": """
try:
    kept = [os.fork() or time.sleep(60) for _ in range(100)]
except OSError as error:
    raise RuntimeError('no more') from error
""",
    "file_size_limit by a library": "np.save('large.npy', np.zeros(1 << 20))",
    "file_size_limit by a signal": "signal.signal(25, signal.SIG_DFL)\nopen('large', 'wb').write(bytes(6 << 20))",
    "scratch_full by a library": "for number in range(40): np.save(f'{number}.npy', np.zeros(1 << 17))\ntime.sleep(60)",
    "output_limit by printing": "while True: os.write(1, b'x' * 65536)",
    "output_limit by updating": "shown = display('', display_id=True)\nwhile True: shown.update('x' * (1 << 20))",
    "output_cut": "print('x' * 100_000)",
    "killed by a crash": "import ctypes; ctypes.string_at(0)",
}
PRELUDE = "import os, signal, subprocess, sys, threading, time\nimport numpy as np\n"

DAEMON = """
hearing, saying = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        os.write(saying, b"r")
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)", MARK])
    os._exit(0)
os.wait()
os.read(hearing, 1)
os.close(hearing)
os.close(saying)
"""
CLOSE = dataclasses.replace(
    MODEST, memory_bytes=1024 * MIB, open_files=64, file_bytes=4 * MIB, scratch_bytes=16 * MIB, processes=32
)
every_tier = pytest.mark.parametrize("tier", ALL)
CASES = [(tier, name) for tier in ALL for name in MEETING] + [(ALL[0], name) for name in ALSO_MEETING]


def running(mark: str) -> list[int]:
    """Processes of this machine, in whatever namespace, that have `mark` in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def becomes(wanted: bool, mark: str) -> bool:
    """Whether there comes to be (or not to be) a process of that mark."""
    deadline = time.monotonic() + 10
    while bool(running(mark)) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(running(mark)) == wanted


@contextlib.contextmanager
def session_with_a_daemon(tier: Tier, mark: str) -> Iterator[LockedSession]:
    outputs = SessionLimits(grace_s=2, cell_output=20_000)
    with LockedSession(locked(tier, View(), CLOSE), outputs) as session:
        started = session.run_cell("daemon", f"{PRELUDE}MARK = {mark!r}\n{DAEMON}", 60)
        assert started.status == "ok", started
        assert becomes(True, mark)
        yield session


@pytest.mark.parametrize(("tier", "name"), CASES)
def test_a_limit_has_its_status_and_nothing_of_the_submission_is_left(tier: Tier, name: str) -> None:
    status = name.replace(",", " ").split()[0]
    if tier is Tier.E and os.geteuid() == 0 and status == "process_limit":
        pytest.skip("the kernel does not count root's processes")
    mark = f"daemon-{secrets.token_hex(8)}"
    with session_with_a_daemon(tier, mark) as session:
        session.allow_cpu(1.0 if status == "cpu_limit" else 30.0)
        result = session.run_cell("a", {**MEETING, **ALSO_MEETING}[name], 2.0 if status == "timeout" else 60.0)
        assert result.status == status
        if not session.alive:
            assert becomes(False, mark)
    assert becomes(False, mark)


@every_tier
def test_a_cell_that_used_up_its_cpu_time_is_interrupted_and_what_it_made_is_kept(tier: Tier) -> None:
    with LockedSession(locked(tier, View(), CLOSE)) as session:
        session.allow_cpu(0.5)
        assert session.run_cell("a", "made = 1\nwhile True: pass", 60).status == "cpu_limit"
        session.allow_cpu(10)
        assert session.run_cell("b", "assert made == 1", 60).status == "ok"


def test_cpu_time_of_one_cell_is_not_counted_against_the_next() -> None:
    burn = "import time\nuntil = time.process_time() + 0.7\nwhile time.process_time() < until: pass"
    with LockedSession(locked(best_tier(), View(), CLOSE)) as session:
        for cell in ("a", "b"):
            session.allow_cpu(1.2)
            assert session.run_cell(cell, burn, 60).status == "ok"


def test_what_the_locked_process_says_of_its_cpu_time_is_not_asked_for() -> None:
    with LockedSession(locked(best_tier(), View(), CLOSE)) as session:
        lie = "import resource, os\nresource.getrusage = os.times = None\nfor _ in range(10**7): pass"
        session.run_cell("a", lie, 60)
        assert 0.1 < session.usage() < 60


# Through the whole of grading: the tiny course, with limits that are quickly met.


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    root = tmp_path_factory.mktemp("course")
    for folder in (root, *root.parents[:1]):
        folder.chmod(0o755)
    course = write_course(root)
    build_release(course, "a1", root / "release" / "a1")
    pace = Pace(cpu_s=20, wall_s=60)
    limits = Limits(
        cell=pace, item=pace, notebook=Pace(cpu_s=60, wall_s=120), memory_mb=1000, processes=32, open_files=64,
        file_mb=4, scratch_mb=16, output_kb=64,
    )  # fmt: skip
    return plan_of(course.model_copy(update={"limits": limits}), "a1", "net", root / "release" / "a1")


def graded(plan: Plan, changes: dict[str, Any], limits: dict[str, Any] | None = None) -> Record:
    """The record of the reference with the source of some cells changed: by grade id, a function of the source."""
    notebook = solved_notebook(source_notebook(load_template(plan.course, "a1", "net")))
    for cell in notebook.cells:
        change = changes.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if change is not None:
            cell.source = change(cell.source)
    if limits:
        course = plan.course.model_copy(update={"limits": plan.course.limits.model_copy(update=limits)})
        plan = dataclasses.replace(plan, course=course)
    return grade_notebook(plan, "ada", nbformat.from_dict(notebook), tier=best_tier()).record


def indented(code: str) -> str:
    return code.replace("\n", "\n    ")


VALUE = {
    "timeout": "4 s by the clock",
    "cpu_limit": "1 s of CPU time",
    "out_of_memory": "1000 MB of memory",
    "process_limit": "32 processes and threads",
    "open_files_limit": "64 files open",
    "file_size_limit": "larger than 4 MB",
    "scratch_full": "16 MB of files",
    "output_limit": "64 kB",
    "killed": "ended the process it ran in",
}


@pytest.mark.parametrize("status", list(MEETING))
def test_meeting_a_limit_costs_nothing_but_the_test_that_met_it_and_the_one_it_confirms(
    plan: Plan, status: str
) -> None:
    def stops(source: str) -> str:
        """Both when the cell is run, and when the hidden test calls it."""
        assert source.count('"""Twice x."""') == 1
        source = source.replace('"""Twice x."""', '"""Twice x."""\n    if len(x) == 17:\n        stop()')
        return f"{PRELUDE}{source}\n\n\ndef stop():\n    {indented(MEETING[status])}\n\n\nstop()"

    pace = Pace(cpu_s=20, wall_s=4) if status == "timeout" else Pace(cpu_s=1, wall_s=60)
    record = graded(plan, {"double_forward": stops}, {"cell": pace, "item": pace})
    (message,) = [message for message in record.messages if "double_forward" in message]
    assert VALUE[status] in message
    public, hidden = record.item("double_forward").tests
    assert (public.verdict, hidden.verdict) == ("failed", status)
    assert VALUE[status] in hidden.message
    assert [record.item(name).score for name in ("double_forward", "Net", "tuning")] == [0, 6, 2.5]


def test_output_beyond_what_is_kept_is_told_and_costs_nothing(plan: Plan) -> None:
    record = graded(plan, {"double_forward": lambda source: f"{source}\nprint('x' * 100_000)"})
    (message,) = record.messages
    assert "64 kB for a cell" in message
    assert [record.item(name).score for name in ("double_forward", "Net", "tuning")] == [4, 6, 2.5]


@pytest.mark.parametrize(
    ("pace", "code", "said"),
    [
        (Pace(cpu_s=20, wall_s=4), "while True: time.sleep(0.01)", "may take 4 s by the clock"),
        (Pace(cpu_s=0.5, wall_s=20), "while True: pass", "may use 0.5 s of CPU time"),
    ],
)
def test_when_the_notebooks_time_is_over_its_definitions_are_graded_still(
    plan: Plan, pace: Pace, code: str, said: str
) -> None:
    record = graded(plan, {"double_forward": lambda source: f"{source}\n{PRELUDE}{code}"}, {"notebook": pace})
    assert any("The cell tuning" in message and said in message for message in record.messages)
    assert [record.item(name).score for name in ("double_forward", "Net", "tuning")] == [4, 6, 2.5]


def test_a_definition_that_ends_every_process_costs_its_own_cell_only(plan: Plan) -> None:
    poison = "class Poison:\n    import os\n    os._exit(1)"
    record = graded(plan, {"double_forward": lambda source: f"{source}\n{poison}"})
    assert {test.verdict for test in record.item("double_forward").tests} == {"student_error"}
    assert [record.item(name).score for name in ("Net", "tuning")] == [6, 2.5]
