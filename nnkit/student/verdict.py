"""What a grader file says about a test, and the verdict that the test comes to."""

import traceback
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nnkit.student.errors import LIMITS, CheckFailure, StudentError
from nnkit.student.measurement import Measurement

VERDICTS = (
    "passed",
    "failed",
    "student_error",
    "not_implemented",
    *LIMITS,
    "grader_error",
)


@dataclass(frozen=True)
class GraderTest:
    """What a grader file says about one test."""

    item: str
    name: str
    public: bool
    weight: float
    message: str
    notebook: str
    path: Path
    slow: bool = False


@dataclass
class TestResult:
    """One test's verdict on one submission."""

    __test__ = False  # not for pytest to collect

    item: str
    name: str
    public: bool
    weight: float
    verdict: str
    measured: float | None
    allowed: float | None
    message: str
    detail: str
    bound: str = "at most"


@dataclass
class TestTrace:
    """How a result came about, for who wants to know more than the verdict."""

    __test__ = False

    test: GraderTest
    measurements: list[Measurement] = field(default_factory=list)
    exception: BaseException | None = None
    when: str = "call"
    duration: float = 0.0


def judge(trace):
    """The result of a test, from the exception it ended with and the comparisons it made."""
    test, error = trace.test, trace.exception
    measured = allowed = None
    bound = "at most"
    message = detail = ""
    if error is None:
        verdict = "passed"
        if closest := _closest_to_limit(trace.measurements):
            measured, allowed, bound = closest.measured, closest.allowed, closest.bound
    elif isinstance(error, StudentError):
        verdict = error.kind if error.kind in VERDICTS else "student_error"
        message, detail = error.message, error.traceback_text
    elif isinstance(error, CheckFailure) or (
        trace.when == "call" and isinstance(error, AssertionError | pytest.fail.Exception)
    ):
        verdict, detail = "failed", str(error)
        if isinstance(error, CheckFailure):
            measured, allowed, bound = error.measured, error.allowed, error.bound
        message = _sentences(detail.partition("\n")[0], test.message)
    else:
        verdict = "grader_error"
        message = f"the test itself broke ({trace.when}): {type(error).__name__}: {error}".partition("\n")[0]
        detail = "".join(traceback.format_exception(error))
    return TestResult(
        test.item, test.name, test.public, test.weight, verdict, measured, allowed, message, detail, bound
    )


def _sentences(*parts):
    """The parts that say something, each ended by a full stop if another follows."""
    *first, last = [part for part in parts if part] or [""]
    return " ".join([*(part if part[-1] in ".!?" else f"{part}." for part in first), last])


def _closest_to_limit(comparisons):
    """The comparison that used most of what it was allowed, of several the last; None if no number was compared."""
    numbers = [c for c in comparisons if c.measured is not None and c.allowed is not None]
    return max(reversed(numbers), key=lambda c: c.used, default=None)
