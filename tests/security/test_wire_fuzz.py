"""Damaged frames never get further than a status: a stated number of them, each made from a seed and its number."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import wire_fuzzer

CASES = 20_000


def test_damaged_frames_end_in_a_status_within_the_memory_given() -> None:
    """The fuzzer limits its own address space, and stops at the first case that ends in anything else."""
    program = Path(wire_fuzzer.__file__)
    argv = [sys.executable, str(program), "--cases", str(CASES), "--seed", "1"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    summary = json.loads(done.stdout.splitlines()[-1])
    print(summary)
    assert (summary["cases"], sum(summary["outcomes"].values())) == (CASES, CASES)


def test_some_damaged_frames_get_through_as_values() -> None:
    """Else the fuzzer would only show that the first check works."""
    outcomes = {_outcome(number) for number in range(1500)}
    assert {"ended", "wire error", "closed", "cell ok", "value of call", "value of get", "student_error"} <= outcomes


@pytest.fixture(autouse=True)
def a_number_known_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.randbits", lambda bits: wire_fuzzer.REQUEST)


def _outcome(number: int) -> str:
    return wire_fuzzer.case(1, number, FRAMES)[1]()


FRAMES = wire_fuzzer.recorded()
