"""Examining a submission: its tests, a second try apart from earlier mistakes, and what the mistakes are."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, cast

from nnkit.kit.course.items import Item
from nnkit.kit.course.own_package import use_package_of
from nnkit.kit.grading.given_data import given_data
from nnkit.kit.grading.held_out import held_out
from nnkit.kit.grading.hints import KnownMistake, find_hints
from nnkit.kit.grading.lending import Loan, PartlyLent, lendable, loans, partners
from nnkit.kit.grading.locked_grader import LockedGrader, student_message
from nnkit.kit.grading.own_slope import OwnSlope
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import TestRecord, Verdict
from nnkit.kit.grading.reference_calls import reference_calls
from nnkit.kit.locked.limit_messages import explain
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.locked.sessions import Sessions, Source
from nnkit.kit.submission.reading import grade_id_of
from nnkit.student.breakage import described
from nnkit.student.errors import LIMITS, StudentError
from nnkit.student.expected import MissingExpected
from nnkit.student.submission import LocalSubmission
from nnkit.student.verdict import TestResult, TestTrace, withhold

# What a cell may come to because the reference's functions are called over the wire. Any other end is its own doing,
# and costs what it costs a notebook whose layers are right.
_COST_OF_LENDING = frozenset({"timeout", "cpu_limit", "notebook_time", "notebook_cpu", "out_of_memory"})
LONGEST_TRACE = 1500  # characters; the end of it says most
_MISSING_HERE = (OSError, MissingExpected)
# A forward pass that earns no more of its marks than this is no measure of a backward pass.
MOSTLY = 0.5


class Lends(Protocol):
    """A process of a submission, as far as functions are lent to it."""

    def submission(self, wall_s: float) -> Any: ...
    def override(
        self, functions: Mapping[str, Callable[..., Any]], by_value: Collection[str], most: Mapping[str, int]
    ) -> None: ...
    def restore(self) -> None: ...


class Serves(Protocol):
    """What runs a submission for its tests: `Sessions`, or `LocalSessions` where a proof trusts the code."""

    def submission(self, item: str, wall_s: float) -> Any: ...
    def session(self, item: str) -> Lends: ...
    def return_to(self, item: str, names: Collection[str]) -> bool: ...
    def allow_again(self, item: str) -> None: ...


class Runner:
    """The tests of some items on one submission.

    Parameters
    ----------
    plan : Plan
    student : str
        Seeds the random tests.
    items : sequence of Item
        Exercises and experiments.
    sessions : Sessions, or LocalSessions
        In which the submission's cells have been run.
    slow : bool
        Whether slow tests are run, too.

    Attributes
    ----------
    records : dict of str to list of TestRecord
        By item.
    remarks : dict of str to list of str
        What else is to be said of an item.
    """

    def __init__(
        self, plan: Plan, student: str, items: Sequence[Item], sessions: Serves, *, slow: bool = True
    ) -> None:
        use_package_of(plan.course)
        self._plan = plan
        self._items = items
        self._sessions = sessions
        self._grader = LockedGrader(
            sessions.submission,
            student=student,
            course=plan.input_key,
            held_out=partial(held_out, plan),
            thresholds=plan.thresholds,
            notebook_data=partial(given_data, plan),
            item_wall_s=plan.course.limits.item.wall_s,
            items={item.name for item in items},
            # What a full run left behind is lost with its process: experiments go before anything that can end it.
            first={item.name for item in items if item.kind == "experiment"},
            slow=slow,
        )
        self.remarks: dict[str, list[str]] = {item.name: [] for item in items}
        self.records: dict[str, list[TestRecord]] = {item.name: [] for item in items}
        for result in self._grader.run(plan.graders) if items else ():
            self.records[result.item].append(self._record(result, self._grader.traces[result.name]))

    def judge_at_their_cells(self, names: Mapping[str, Collection[str]]) -> None:
        """Try failing items again with the names as they stood at their own test cells: full marks there count.

        Parameters
        ----------
        names : mapping
            What each item's cell binds as it was released.
        """
        for item in self._items:
            asked_for = {item.name, *item.uses, *names.get(item.name, ())}
            if not self.has_failed(item.name) or not self._return_to(item.name, asked_for):
                continue
            self._grader.spent.pop(item.name, None)
            tried = self._replayed(item)
            if all(test.verdict == "passed" for test in tried):
                self.records[item.name] = tried
                self.remarks[item.name].append(
                    "It passes with the names as they stood at its own test cell, and is judged by that; cells further "
                    "down have changed them."
                )
            with suppress(StudentError):
                self._sessions.return_to("", ())

    def _return_to(self, item: str, names: Collection[str]) -> bool:
        try:
            return self._sessions.return_to(item, sorted(names))
        except StudentError:
            return False

    def _replayed(self, item: Item) -> list[TestRecord]:
        """All tests of an item, once more."""
        tried: list[TestRecord] = []
        for test in self.records[item.name]:
            left = self._grader.seconds_left(item.name)
            try:
                submission = self._sessions.submission(item.name, max(0.0, left))
            except StudentError:
                return [*tried, test]
            result, trace = self._grader.replay(test.name, submission)
            self._grader.spent[item.name] = self._grader.spent.get(item.name, 0.0) + trace.duration
            tried.append(self._record(result, trace))
        return tried

    def follow_through(
        self, start: Callable[[], LockedSession], sources: Sequence[Source], untouched: frozenset[str]
    ) -> float:
        """Try every failing item again with the reference in place of what it is built on and what fails itself.

        A second attempt counts where it passes; otherwise the first one's verdict, message and hint stand.

        Parameters
        ----------
        start : callable
            Starts a fresh locked session, for running experiments once more.
        sources : sequence of Source
            The notebook's code cells, for the same.
        untouched : frozenset of str
            Items that were not written: they are not tried again, and nothing is lent in their place.

        Returns
        -------
        float
            CPU seconds that experiments took.
        """
        cpu_s = 0.0
        for item in self._items:
            weak = self._weak_foundations(item)
            if not weak or item.name in untouched:
                continue
            unwritten = untouched | {name for name in self.records if self._is_unwritten(name)}
            self._grader.spent.pop(item.name, None)
            self._sessions.allow_again(item.name)
            if item.kind == "exercise":
                self._test_on_reference(item, weak, unwritten)
                self._test_on_own_slope(item, weak)
            else:
                cpu_s += self._rerun_experiment(item, weak, unwritten, start, sources)
        return cpu_s

    def has_failed(self, item: str) -> bool:
        """Whether any test of an item has not passed."""
        return any(test.verdict != "passed" for test in self.records[item])

    def leave_open(self, item: str, doubt: str) -> None:
        """Leave the failed tests of an item to a person; nothing happens without a doubt."""
        for test in self.records[item] if doubt else ():
            if test.verdict != "passed":
                test.verdict = "not_run"
                test.message = f"{doubt}: a person decides."

    def give_hints(self) -> None:
        """Name the misconceptions that explain failed tests."""
        for item in self._items:
            failed = [test for test in self.records[item.name] if test.verdict in ("failed", "student_error")]
            if failed:
                hints = find_hints(self._grader, [test.name for test in failed], self._known_mistakes(item))
                for test in failed:
                    test.hint = hints.get(test.name, "")

    def withhold(self) -> None:
        """Let tests that need others, or are confirmed by others, count only together with these."""
        withhold([test for tests in self.records.values() for test in tests], self._grader.tests)

    def _weak_foundations(self, item: Item) -> list[str]:
        """What a failing item is built on that does not pass its own tests."""
        if all(test.verdict == "passed" for test in self.records[item.name]):
            return []
        return [
            name
            for name in self._plan.foundations(item)
            if name in self._plan.definitions and any(test.verdict != "passed" for test in self.records.get(name, []))
        ]

    def _is_unwritten(self, name: str) -> bool:
        tests = self.records[name]
        return bool(tests) and all(test.verdict == "not_implemented" for test in tests)

    def _test_on_reference(self, item: Item, weak: Sequence[str], unwritten: frozenset[str]) -> None:
        slow = any(self._grader.traces[test.name].test.slow for test in self._failing(item))
        for loan in loans(self._plan, item, weak, unwritten, slow=slow):

            def submission(test: str, wall_s: float, loan: Loan = loan) -> Any:
                session, most = self._sessions.session(item.name), loan.to_code(test)
                session.restore()
                session.override({name: loan.functions[name] for name in most}, by_value=most, most=most)
                return PartlyLent(session.submission(wall_s), loan.functions)

            self._try_again(item, submission)
            try:
                self._sessions.session(item.name).restore()
            except StudentError:
                return  # the process is gone; the next one starts without the reference's functions

    def _test_on_own_slope(self, item: Item, weak: Sequence[str]) -> None:
        """Try a backward pass once more by its own forward pass, if that one is not right, but more than nothing."""
        if not self._failing(item):
            return
        reference = self._plan.reference()
        for name in reference_calls(self._plan, item.name).sources.get(item.name, frozenset()) & set(weak):
            if self._share(name) > MOSTLY:
                pair = {each: reference[each] for each in (name, item.name)}

                def submission(test: str, wall_s: float, name: str = name, pair: dict[str, Any] = pair) -> Any:
                    own = self._sessions.submission(item.name, wall_s)
                    rng = self._grader.make_rng(self._grader.traces[test].test)  # type: ignore[no-untyped-call]
                    return OwnSlope(own, name, item.name, pair, rng)

                self._try_again(item, submission)

    def _share(self, item: str) -> float:
        """The share of an item's weight that its tests have passed."""
        tests = self.records[item]
        return sum(test.weight for test in tests if test.verdict == "passed") / sum(test.weight for test in tests)

    def _failing(self, item: Item) -> list[TestRecord]:
        return [test for test in self.records[item.name] if test.verdict != "passed"]

    def _rerun_experiment(
        self,
        item: Item,
        weak: Sequence[str],
        unwritten: frozenset[str],
        start: Callable[[], LockedSession],
        sources: Sequence[Source],
    ) -> float:
        """Run the notebook once more with the reference's functions, and judge what the experiment leaves behind."""
        functions = lendable(self._plan, item, weak, unwritten)
        functions = lendable(self._plan, item, {*weak, *partners(self._plan, item, functions)}, unwritten)
        doubts = [
            f"It needs {name}, which does not pass its own tests"
            for name in weak
            if name not in functions and name not in unwritten
        ]
        cpu_s = 0.0
        if functions:
            cells = {grade_id_of(cell): cell["id"] for cell in self._plan.release.cells}
            limits = self._plan.course.limits
            with Sessions(
                start,
                limits,
                lent={cells[name]: {name: function} for name, function in functions.items() if name in cells},
            ) as sessions:
                results = sessions.run(sources)
                if any(result.status in _COST_OF_LENDING for result in results.values()):
                    doubts.append("The notebook did not run to its end with the reference's layers")
                self._try_again(item, lambda test, wall_s: sessions.submission(item.name, wall_s))
                cpu_s = sessions.cpu_s()
        self.leave_open(item.name, doubts[0] if doubts else "")
        return cpu_s

    def _try_again(self, item: Item, submission: Callable[[str, float], Any]) -> None:
        """Run an item's failed tests once more, on what `submission` gives for a test and the seconds left."""
        records = self.records[item.name]
        for index, test in enumerate(records):
            left = self._grader.seconds_left(item.name)
            if test.verdict == "passed" or left <= 0:
                continue
            try:
                result, trace = self._grader.replay(test.name, submission(test.name, left))
            except StudentError:
                return  # it has ended its process too often: the first verdicts stand
            self._grader.spend(result, trace)
            if result.verdict == "passed":
                self._grader.traces[test.name] = trace
                records[index] = self._record(result, trace)
                records[index].follow_through = True

    def _known_mistakes(self, item: Item) -> list[KnownMistake]:
        return [
            KnownMistake(mistake.name, mistake.hint, self._plan.reference(mistake.item, mistake.source))
            for mistake in self._plan.mistakes
            if mistake.item == item.name
        ]

    def _record(self, result: TestResult, trace: TestTrace) -> TestRecord:
        fault = self._fault(trace) if result.verdict == "grader_error" else ""
        if result.verdict == "grader_error" and self._grader_works(result, trace):
            result.verdict = "student_error"  # what the submission returned has broken the test
        return TestRecord(
            name=result.name,
            verdict=cast(Verdict, result.verdict),
            public=result.public,
            weight=float(result.weight),
            measured=_finite(result.measured),
            allowed=_finite(result.allowed),
            message=self._message(result, trace),
            duration_s=round(trace.duration, 4),
            bound=result.bound,
            fault=fault,
            # Where the test itself broke on what was returned, the lines are the grader's.
            trace=result.detail[-LONGEST_TRACE:] if result.public and isinstance(trace.exception, StudentError) else "",
            private="" if result.public else (result.detail or result.message)[-LONGEST_TRACE:],
        )

    def _fault(self, trace: TestTrace) -> str:
        """How a test broke, for instructors."""
        if trace.exception is None:
            return ""
        mend = f"; run nnkit record {self._plan.assignment}/{self._plan.notebook}"
        said = str(described(trace.exception, trace.test.path))
        return said + mend if isinstance(trace.exception, MissingExpected) else said

    def _message(self, result: TestResult, trace: TestTrace) -> str:
        said = student_message(result, trace)
        if result.verdict not in LIMITS:
            return said
        limits = self._plan.course.limits
        subject = f"In the tests of {result.item}, your code"
        return f"{said.rstrip('.')}. {explain(result.verdict, subject, limits, limits.item)}"

    def _grader_works(self, result: TestResult, trace: TestTrace) -> bool:
        """Whether a test that broke would not have with the reference."""
        if any(item.name == result.item and item.kind == "experiment" for item in self._items):
            # To run an experiment for this would take minutes. It was run, with these graders, for their proof; what
            # the proof can't know of is what lies about today: held-back data, expected values.
            return self._plan.proven and trace.when == "call" and not isinstance(trace.exception, _MISSING_HERE)
        reference = LocalSubmission(self._plan.reference())
        return bool(self._grader.replay(result.name, reference)[0].verdict == "passed")


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
