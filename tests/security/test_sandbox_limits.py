"""Limits of a locked process, and its end."""

from __future__ import annotations

import dataclasses
import errno
import os
import time
from pathlib import Path

import pytest
from sandbox_harness import ALL, LOCKED, MODEST, NAMESPACED, Running, run

from nnkit.kit.sandbox import Tier
from nnkit.kit.sandbox.limits import MIB

locked = pytest.mark.parametrize("tier", LOCKED)
namespaced = pytest.mark.parametrize("tier", NAMESPACED)
every_tier = pytest.mark.parametrize("tier", ALL)

DAEMON = """
import time
hearing, saying = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        report("daemon")
        os.write(saying, b"r")
        time.sleep(120)
    os._exit(0)
os.wait()
os.read(hearing, 1)
"""


@every_tier
def test_the_exit_status_is_told(tier: Tier) -> None:
    ended = run(tier, "sys.exit(7)").exit
    assert (ended.kind, ended.code) == ("exited", 7)


@every_tier
def test_death_by_a_signal_is_told(tier: Tier) -> None:
    ended = run(tier, "os.kill(os.getpid(), 11)").exit
    assert (ended.kind, ended.code) == ("signalled", -11)


@every_tier
def test_the_cpu_limit_has_its_own_status(tier: Tier) -> None:
    assert run(tier, "while True: pass", limits=dataclasses.replace(MODEST, cpu_s=1)).exit.kind == "cpu"


@every_tier
def test_ignoring_the_cpu_signal_does_not_help(tier: Tier) -> None:
    code = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    assert run(tier, code, limits=dataclasses.replace(MODEST, cpu_s=1)).exit.kind == "cpu"


@every_tier
def test_cpu_time_of_children_counts(tier: Tier) -> None:
    code = "import time\nif os.fork() == 0:\n    while True: pass\ntime.sleep(60)"
    assert run(tier, code, limits=dataclasses.replace(MODEST, cpu_s=0.5)).exit.kind == "cpu"


@every_tier
def test_too_much_memory_is_a_memory_error(tier: Tier) -> None:
    assert run(tier, "report(outcome(lambda: bytearray(1 << 31)))").reported[0] == "MemoryError"


@every_tier
def test_memory_of_all_processes_together_is_limited(tier: Tier) -> None:
    code = """
import time
for _ in range(3):
    if os.fork() == 0:
        mine = bytearray(b"x") * (100 << 20)
        time.sleep(60)
time.sleep(60)
"""
    assert run(tier, code, limits=dataclasses.replace(MODEST, memory_bytes=200 * MIB)).exit.kind == "memory"


@locked
def test_a_fork_storm_is_bounded(tier: Tier) -> None:
    code = """
import time
born = 0
for _ in range(300):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        born += 1
    except BlockingIOError:
        break
report(born)
"""
    assert run(tier, code).reported <= MODEST.processes


@namespaced
def test_scratch_is_full_at_its_limit(tier: Tier) -> None:
    code = """
def fill():
    for number in range(60):
        with open(f"{folder}/{number}", "wb") as file:
            file.write(bytes(1 << 20))
for folder in (".", "/tmp", "/dev/shm"):
    reason = outcome(fill)
report([reason, sum(len(os.listdir(folder)) for folder in (".", "/tmp", "/dev/shm"))])
"""
    reason, files = run(tier, code).reported
    assert reason == ["OSError", errno.ENOSPC]
    assert files <= MODEST.scratch_bytes // MIB + 3


@namespaced
def test_the_number_of_files_is_limited(tier: Tier) -> None:
    code = "report(outcome(lambda: [open(str(number), 'w').close() for number in range(20000)]))"
    assert run(tier, code).reported == ["OSError", errno.ENOSPC]


@pytest.mark.parametrize("tier", [tier for tier in ALL if tier not in NAMESPACED])
def test_without_mounts_a_full_scratch_folder_ends_the_process(tier: Tier) -> None:
    code = """
import time
for number in range(60):
    with open(str(number), "wb") as file:
        file.write(bytes(1 << 20))
time.sleep(60)
"""
    assert run(tier, code).exit.kind == "scratch"


@every_tier
def test_a_file_can_not_grow_past_its_limit(tier: Tier) -> None:
    code = "report(outcome(lambda: open('large', 'wb').write(bytes(20 << 20))))"
    assert run(tier, code).reported == ["OSError", errno.EFBIG]


@every_tier
def test_open_files_are_limited(tier: Tier) -> None:
    code = "report(outcome(lambda: [os.dup(0) for _ in range(1000)]))"
    assert run(tier, code).reported == ["OSError", errno.EMFILE]


@every_tier
def test_a_flood_on_standard_error_is_read_and_only_its_end_kept(tier: Tier) -> None:
    code = "for _ in range(3000): sys.stderr.write('noise' * 200)\nsys.stderr.write('the end')\nsys.stderr.flush()"
    ended = run(tier, code)
    assert ended.exit.kind == "exited"
    assert ended.stderr.endswith("the end")
    assert len(ended.stderr) <= 65536


@every_tier
def test_interrupt_reaches_a_sleeping_process(tier: Tier) -> None:
    # Python looks for a signal before it sleeps, not in between: one that comes there waits for the end of the sleep.
    code = """
import time
try:
    report("ready")
    for _ in range(600):
        time.sleep(0.1)
except KeyboardInterrupt:
    report("interrupted")
"""
    with Running(tier, code) as running:
        assert running.next_report() == "ready"
        running.process.interrupt()
        assert running.next_report() == "interrupted"


@every_tier
def test_waiting_gives_up_when_its_time_is_over(tier: Tier) -> None:
    with Running(tier, "import time; time.sleep(60)") as running:
        assert running.process.wait(0.05) is None


@every_tier
def test_a_killed_process_says_so(tier: Tier) -> None:
    with Running(tier, "import time; time.sleep(60)") as running:
        running.process.kill()
        ended = running.process.wait(0)
        assert ended is not None
        assert ended.kind == "killed"


@every_tier
def test_a_daemon_is_gone_after_kill(tier: Tier) -> None:
    with Running(tier, DAEMON + "time.sleep(60)") as running:
        assert running.next_report() == "daemon"
        running.process.kill()
        assert running.everyone_is_gone()


@every_tier
def test_a_daemon_is_gone_after_a_normal_exit(tier: Tier) -> None:
    with Running(tier, DAEMON) as running:
        assert running.next_report() == "daemon"
        ended = running.process.wait(20)
        assert ended is not None
        assert ended.kind == "exited"
        assert running.everyone_is_gone()


@every_tier
def test_a_daemon_is_gone_after_the_process_is_killed_by_a_signal(tier: Tier) -> None:
    with Running(tier, DAEMON + "os.kill(os.getpid(), 9)") as running:
        assert running.next_report() == "daemon"
        assert running.process.wait(20) is not None
        assert running.everyone_is_gone()


@every_tier
def test_everything_is_gone_when_the_grader_dies(tier: Tier) -> None:
    reader, writer = os.pipe()
    grader = os.fork()
    if grader == 0:
        try:
            os.close(reader)
            running = Running(tier, DAEMON + "time.sleep(60)", env={"EXTRA": str(writer)}, pass_fds=(writer,))
            running.next_report()
            os.write(writer, b"r")
            time.sleep(60)
        finally:
            os._exit(1)
    os.close(writer)
    try:
        assert os.read(reader, 1) == b"r"
        os.kill(grader, 9)
        assert os.read(reader, 1) == b""
    finally:
        os.waitpid(grader, 0)
        os.close(reader)


@pytest.mark.parametrize("tier", [tier for tier in ALL if tier not in NAMESPACED])
def test_the_scratch_folder_is_gone_when_the_grader_dies(tier: Tier) -> None:
    reader, writer = os.pipe()
    grader = os.fork()
    if grader == 0:
        try:
            running = Running(tier, "open('left', 'w').close(); report(1); import time; time.sleep(60)")
            running.next_report()
            os.write(writer, running.process.workdir.encode())
            time.sleep(60)
        finally:
            os._exit(1)
    os.close(writer)
    try:
        workdir = Path(os.read(reader, 4096).decode())
        assert (workdir / "left").exists()
    finally:
        os.kill(grader, 9)
        os.waitpid(grader, 0)
        os.close(reader)
    deadline = time.monotonic() + 10
    while workdir.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not workdir.exists()


@every_tier
def test_closing_twice_is_harmless_and_leaves_no_scratch(tier: Tier) -> None:
    with Running(tier, "import time; time.sleep(60)") as running:
        running.process.close()
        running.process.close()
        assert tier in NAMESPACED or not Path(running.process.workdir).exists()
