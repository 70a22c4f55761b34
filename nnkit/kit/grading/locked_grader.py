"""The grader of a locked submission: time limits, held-out data, and tests that can be run again.

The tests run here, in the grader process; what they call runs in the locked one. A test that failed can be replayed
with another submission in place of the student's: with the reference's earlier layers (follow-through), or with a known
misconception (hints).
"""

from __future__ import annotations

import builtins
import copy
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nnkit.kit.grading.collected import OpenFile, collected
from nnkit.kit.grading.thresholds import ThresholdMissed, Thresholds
from nnkit.kit.grading.watched import SLACK_S, announce
from nnkit.kit.locked.bounded_calls import within
from nnkit.kit.locked.cells import SessionLimits
from nnkit.student.errors import CheckFailure, StudentError, StudentTimeout
from nnkit.student.plugin import TEST, GraderPlugin, run_graders
from nnkit.student.verdict import GraderTest, TestResult, TestTrace, judge

# Of a test's time beyond what its item has left: the submission's own limit comes first, and says more. A session takes
# one grace for the interrupt, and two for the end of a process that ignores it.
GRACE_S = 3 * SessionLimits.grace_s
LONGEST_S = 24 * 3600.0


class LockedGrader(GraderPlugin):
    """Grades through whatever submission is alive when a test starts.

    Parameters
    ----------
    current : callable
        Gives the submission for a test of an item that has so many seconds left; starts a fresh locked process if the
        last one is gone.
    student, course : str
        Seed the tests' random numbers.
    held_out : callable
        ``name -> data``: data sets whose labels never enter a locked process.
    thresholds : callable, optional
        ``item -> Thresholds``, or None where there are none.
    notebook_data : callable, optional
        ``*names -> data`` that the notebook's given cells load.
    item_wall_s : float
        Seconds that the tests of one item may take together.
    items : set of str, optional
        Only tests of these items.
    first : set of str, optional
        Items whose tests run before all others.
    slow : bool
        Whether slow tests are run, too.
    """

    def __init__(
        self,
        current: Callable[[str, float], Any],
        *,
        student: str,
        course: str,
        held_out: Callable[[str], Any],
        thresholds: Callable[[str], Thresholds | None] = lambda item: None,
        notebook_data: Callable[..., Any] | None = None,
        item_wall_s: float = math.inf,
        items: set[str] | None = None,
        first: set[str] | None = None,
        slow: bool = True,
    ) -> None:
        super().__init__(None, public_only=False, student=student, course=course, items=items)
        self.current = current
        self.held_out = held_out
        self.stated = thresholds
        self.given_data = notebook_data
        self.item_wall_s = item_wall_s
        self.first = first or set()
        self.slow = slow
        self.spent: dict[str, float] = {}
        self.traces: dict[str, TestTrace] = {}
        self.wanted: str | None = None  # the only test to be run
        self._open: OpenFile | None = None

    def make_submission(self, test: GraderTest) -> Any:
        """The submission that is alive, unless the item's time is over."""
        left = self.seconds_left(test.item)
        if left <= 0:
            raise StudentTimeout(f"not tried: the time for {test.item} ({self.item_wall_s:g} s) was already used up")
        submission = self.current(test.item, left)
        submission.clear_mutations()
        return submission

    def make_data(self, test: GraderTest) -> Any:
        """Held-out data; hidden tests only, so that no public check depends on them."""
        if test.public:
            raise LookupError(f"{test.name} is public: students have no held-out data")
        return self.held_out

    def make_thresholds(self, test: GraderTest) -> Thresholds:
        """The thresholds of course.toml for a test's item and the data in use."""
        stated = self.stated(test.item)
        if stated is None:
            raise LookupError(f"course.toml has no [thresholds] for {test.item} or its notebook, and the data in use")
        return stated

    def make_notebook_data(self, test: GraderTest) -> Any:
        """What the reference's given cells loaded; of a submission's data nothing is taken."""
        if self.given_data is None:
            raise LookupError(f"{test.name}: the data of the notebook's given cells are not at hand")
        return self.given_data

    @pytest.fixture
    def thresholds(self, request: pytest.FixtureRequest) -> Thresholds:
        return self.make_thresholds(request.node.stash[TEST])

    def seconds_left(self, item: str) -> float:
        """What remains of an item's time."""
        return self.item_wall_s - self.spent.get(item, 0.0)

    def on_result(self, result: TestResult, trace: TestTrace) -> None:
        self.spend(result, trace)
        self.traces[result.name] = trace

    def spend(self, result: TestResult, trace: TestTrace) -> None:
        """Charge the time of a test to its item."""
        self.spent[result.item] = self.spent.get(result.item, 0.0) + trace.duration

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        super().pytest_collection_modifyitems(items)
        items[:] = [node for node in items if self._is_asked_for(node.stash[TEST]) and self.wanted in (None, node.name)]
        items.sort(key=lambda node: node.stash[TEST].item not in self.first)

    def run(self, path: Path) -> list[TestResult]:
        """Run the tests of a grader file, as `run_graders` does, without a session where there is no need for one.

        Raises
        ------
        GraderFileError
            The file is malformed. No test has run then.
        """
        file = collected(path)
        if not file.plain:
            return list(run_graders(path, self))
        self.results = []
        self.tests = [test for test in file.tests.values() if self._is_asked_for(test)]
        for test in sorted(self.tests, key=lambda test: test.item not in self.first):
            self.on_start(test)
            trace = self._tried(test, partial(self.make_submission, test))
            result = judge(trace)
            self.on_result(result, trace)
            self.results.append(result)
        return list(self.results)

    def _is_asked_for(self, test: GraderTest) -> bool:
        return (self.items is None or test.item in self.items) and (self.slow or not test.slow)

    def replay(self, name: str, submission: Any) -> tuple[TestResult, TestTrace]:
        """Run one test again, with another submission and the same random numbers."""
        test = self.traces[name].test

        def given() -> Any:
            submission.clear_mutations()
            return submission

        if collected(test.path).plain:
            trace = self._tried(test, given)
            return judge(trace), trace
        again = copy.copy(self)
        again.wanted, again.current, again.item_wall_s, again.traces = name, lambda *_: given(), math.inf, {}
        (result,) = run_graders(test.path, again)
        return result, again.traces[name]

    def _tried(self, test: GraderTest, submission: Callable[[], Any]) -> TestTrace:
        """Run a test of a plain file."""
        if self._open is None or self._open.path != test.path:
            self._open = OpenFile(collected(test.path))
        trace = TestTrace(test)
        fixtures: dict[str, Callable[[], Any]] = {
            "submission": submission,
            "rng": lambda: self.make_rng(test),
            "expected": lambda: self.make_expected(test),
            "data": lambda: self.make_data(test),
            "thresholds": lambda: self.make_thresholds(test),
            "notebook_data": lambda: self.make_notebook_data(test),
        }
        seconds = min(self.item_wall_s, max(0.0, self.seconds_left(test.item))) + GRACE_S
        announce.get()(seconds + SLACK_S, test.item)
        try:
            # What the submission returned may keep the test's own code busy for ever, or take all memory.
            with within(time.monotonic() + min(seconds, LONGEST_S)):
                self._open.run(trace, fixtures)
        except pytest.exit.Exception as error:
            raise RuntimeError(f"{test.path}: pytest broke off: {error!r}") from error
        return trace


def student_message(result: TestResult, trace: TestTrace) -> str:
    """What a student may read of a failed test.

    Of a hidden test that compared numbers this is only the test's own message: the comparison would show an expected
    value. Complaints about type, shape and dtype show none. Of an exception it is the type alone: its words are the
    submission's, which could put the hidden inputs into them.
    """
    error = trace.exception
    if isinstance(error, StudentError):
        return result.message if result.public or not error.exception else _type_only(error, trace.test.message)
    if result.verdict == "passed" or result.public:
        return result.message
    if result.verdict == "student_error":
        return f"What your code returned is of no use to this test. {trace.test.message}".rstrip()
    if result.verdict == "grader_error":
        return "This test broke by itself. It costs nothing; a person will look at it."
    if isinstance(error, ThresholdMissed) or (isinstance(error, CheckFailure) and error.measured is None):
        return result.message
    return trace.test.message or "The result differs from what is expected."


def _type_only(error: StudentError, message: str) -> str:
    """That student code raised; of Python's own exceptions, which: others have the names that they are given."""
    known = getattr(builtins, error.exception, None)
    kind = error.exception if isinstance(known, type) and issubclass(known, BaseException) else "an exception"
    return f"{message} Your code raised {kind} on hidden inputs.".lstrip()
