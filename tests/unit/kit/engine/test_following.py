"""What people see of a long run: the line that tells how far it is, the log, the summary."""

import io
from dataclasses import dataclass

import pytest
from rich.console import Console
from tiny_course import write_course

from nnkit.kit.engine import run_log
from nnkit.kit.grading.outcome import Graded
from nnkit.kit.grading.record import Record
from nnkit.kit.reporting import progress
from nnkit.kit.reporting.progress import Progress
from nnkit.kit.reporting.summary import MOST_ROWS, Summary


@dataclass
class FakeJob:
    student: str
    notebook: str


def record(student, status="graded", wall_s=1.0, message=""):
    return Record(student, "a1", "net", status, wall_s=wall_s, messages=[message] if message else [], max_score=2.0)


def printed(parts):
    console = Console(file=io.StringIO(), width=120)
    for part in parts:
        console.print(part)
    return console.file.getvalue()


@pytest.fixture
def clock(monkeypatch):
    """A clock to be set."""
    times = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: times[0])
    return times


def test_a_line_tells_how_far_the_run_is(clock):
    run = Progress(10, Console(quiet=True))
    clock[0] += 4
    run.finished(Graded(None, record("ada", wall_s=3.0)))
    run.finished(Graded(None, record("eve", "unreadable", wall_s=0.0)))
    run.changed([FakeJob("bob", "net"), FakeJob("cyd", "net")])
    line = "2 of 10 done, 2 running, 6 waiting, 1 failed, 0.5 a second, 0:16 left, slowest: "
    assert run.line() == f"{line}ada/net 3 s"
    clock[0] += 4
    run.changed([FakeJob("bob", "net")])
    assert run.line().endswith("slowest: bob/net 4 s so far")


def test_without_a_terminal_the_line_comes_now_and_then(clock):
    console = Console(file=io.StringIO(), width=200)
    with Progress(10, console) as run:
        for _ in range(25):
            clock[0] += 1
            run.changed([FakeJob("ada", "net")])
    assert console.file.getvalue().count("0 of 10 done, 1 running") == 2


def test_at_a_terminal_the_line_moves_and_goes():
    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    with Progress(3, console) as run:
        run.finished(Graded(None, record("ada")))
        run.changed([FakeJob("bob", "net")])
    assert "1 of 3 done, 1 running, 1 waiting" in console.file.getvalue()
    assert console.file.getvalue().endswith("\x1b[2K")


def test_a_small_class_is_shown_whole():
    summary = Summary()
    summary.add(record("ada"))
    summary.add(record("bob", "missing", message="net.ipynb was not handed in."), unchanged=True)
    text = printed(summary.tables())
    assert "ada" in text
    assert "bob: net.ipynb was not handed in." in text
    assert summary.line() == "2 notebooks (1 unchanged): 1 graded, 1 missing"


def test_of_a_large_class_only_what_needs_attention_is_shown():
    summary = Summary()
    for number in range(MOST_ROWS):
        summary.add(record(f"student_{number}"))
    summary.add(record("torn", "unreadable", message="no notebook"))
    text = printed(summary.tables())
    assert "student_" not in text.replace("slowest: student_", "")
    assert "torn/net: unreadable: no notebook" in text
    assert "graded" in text
    assert str(MOST_ROWS) in text
    assert summary.failed == 1


def test_a_log_has_a_line_for_every_notebook_whatever_a_student_writes(tmp_path):
    course = write_course(tmp_path)
    with run_log.RunLog(course, "a1", "asked for") as log:
        log.add(record("ada", message="first\nsecond\t\x1b[31mred"), "graded")
        log.end("1 notebook")
    first, columns, line, last = log.path.read_text().splitlines()
    assert (first, last) == ("#\tasked for", "#\t1 notebook")
    found = dict(zip(columns.split("\t"), line.split("\t"), strict=True))
    assert found["student"] == "ada"
    assert found["messages"] == r"first\nsecond\t\x1b[31mred"


def test_two_logs_of_the_same_second_are_two_files(tmp_path):
    course = write_course(tmp_path)
    logs = [run_log.RunLog(course, "a1", "one") for _ in range(2)]
    assert len({log.path for log in logs}) == 2


def test_a_run_that_ends_early_says_so_in_its_log(tmp_path):
    with pytest.raises(KeyboardInterrupt), run_log.RunLog(write_course(tmp_path), "a1", "one") as log:
        raise KeyboardInterrupt
    assert "ended early: KeyboardInterrupt" in log.path.read_text()
