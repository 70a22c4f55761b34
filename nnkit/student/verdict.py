"""What a grader file says about a test, the verdict that the test comes to, and what else a passed test needs."""

import traceback
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nnkit.student.breakage import described
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
    needs: tuple[str, ...] = ()
    confirms: tuple[str, ...] = ()


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


def unmet_needs(tests, passed):
    """Which passed tests earn nothing, and why: what they need, or what confirms them, has not passed.

    A test needs what its `needs` name. A public test, whose inputs a student can read and look up, also needs every
    hidden test that `confirms` it; where none does, it needs at least one passed hidden test of its item. Hidden tests
    that need others in turn count only with these.

    Parameters
    ----------
    tests : iterable of GraderTest
        Of one grader file, as far as they were run; what was not run is not asked for.
    passed : collection of str
        Names of the tests that passed.

    Returns
    -------
    dict of str to tuple of str
        By name of a passed test, the tests that are missing.
    """
    tests = {test.name: test for test in tests}
    needs = {name: {each for need in test.needs for each in _runs_of(need, tests)} for name, test in tests.items()}
    confirmed = set()
    for name, test in tests.items():
        for each in {run for confirms in test.confirms for run in _runs_of(confirms, tests)}:
            needs[each].add(name)
            confirmed.add(each)
    earned, missing = set(passed) & tests.keys(), {}
    while True:
        for name in sorted(earned):
            test = tests[name]
            absent = sorted(needs[name] - earned)
            if test.public and name not in confirmed:
                hidden = [each.name for each in tests.values() if each.item == test.item and not each.public]
                if hidden and not earned & set(hidden):
                    absent += hidden
            if absent:
                missing[name] = tuple(absent)
        if not earned & missing.keys():
            return missing
        earned -= missing.keys()


def _runs_of(name, tests):
    """The tests that a name stands for: a test with parameters is run once for each, as ``test_sizes[3]``."""
    return [each for each in tests if each.partition("[")[0] == name]


def withhold(results, tests):
    """Take the pass from results that earn nothing because others of their kind have not passed; see `unmet_needs`.

    Parameters
    ----------
    results : iterable of TestResult
        Or of anything else with `name`, `verdict` and `message`. Changed in place.
    tests : iterable of GraderTest
        All that were run.
    """
    results = list(results)
    passed = {result.name for result in results if result.verdict == "passed"}
    missing = unmet_needs(tests, passed)
    for result in results:
        if result.name in missing:
            others = ", ".join(name.removeprefix("test_").replace("_", " ") for name in missing[result.name])
            result.verdict = "failed"
            result.message = f"Passed, but it counts only together with others that did not pass: {others}."


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
        about = "" if verdict == "not_implemented" else test.message
        message, detail = _sentences(about, error.message), error.traceback_text
    elif isinstance(error, CheckFailure) or (
        trace.when == "call" and isinstance(error, AssertionError | pytest.fail.Exception)
    ):
        verdict, detail = "failed", str(error)
        if isinstance(error, CheckFailure):
            measured, allowed, bound = error.measured, error.allowed, error.bound
        message = _sentences(detail.partition("\n")[0], test.message)
    else:
        verdict = "grader_error"
        message = f"the test itself broke ({trace.when}): {described(error, test.path)}"
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
