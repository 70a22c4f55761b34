"""Examining a submission: its tests, a second try apart from earlier mistakes, and what the mistakes are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from nnkit.kit.course.items import Item
from nnkit.kit.grading.held_out import held_back
from nnkit.kit.grading.hints import KnownMistake, find_hints
from nnkit.kit.grading.locked_grader import LockedGrader, student_message
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import TestRecord, Verdict
from nnkit.kit.locked.limit_messages import explain
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.locked.sessions import Sessions, Source
from nnkit.kit.submission.matching import grade_id_of
from nnkit.student.breakage import described
from nnkit.student.errors import LIMITS, StudentError
from nnkit.student.expected import MissingExpected
from nnkit.student.submission import LocalSubmission
from nnkit.student.verdict import TestResult, TestTrace, withhold

# What a cell may come to because the reference's functions are called over the wire. Any other end is its own doing,
# and costs what it costs a notebook whose layers are right.
_COST_OF_LENDING = frozenset({"timeout", "cpu_limit", "notebook_time", "notebook_cpu", "out_of_memory"})
_MISSING_HERE = (OSError, MissingExpected)


class Runner:
    """The tests of some items on one submission.

    Parameters
    ----------
    plan : Plan
    student : str
        Seeds the random tests.
    items : sequence of Item
        Exercises and experiments.
    sessions : Sessions
        In which the submission's cells have been run.
    slow : bool
        Whether slow tests are run, too.

    Attributes
    ----------
    records : dict of str to list of TestRecord
        By item.
    """

    def __init__(
        self, plan: Plan, student: str, items: Sequence[Item], sessions: Sessions, *, slow: bool = True
    ) -> None:
        self._plan = plan
        self._items = items
        self._sessions = sessions
        self._grader = LockedGrader(
            sessions.submission,
            student=student,
            course=f"{plan.course.id}/{plan.course.seed}",
            held_back=partial(held_back, plan),
            thresholds=plan.thresholds,
            item_wall_s=plan.course.limits.item.wall_s,
            items={item.name for item in items},
            # What a full run left behind is lost with its process: experiments go before anything that can end it.
            first={item.name for item in items if item.kind == "experiment"},
            slow=slow,
        )
        self.records: dict[str, list[TestRecord]] = {item.name: [] for item in items}
        for result in self._grader.run(plan.graders) if items else ():
            self.records[result.item].append(self._record(result, self._grader.traces[result.name]))

    def follow_through(
        self, start: Callable[[], LockedSession], sources: Sequence[Source], untouched: frozenset[str]
    ) -> float:
        """Try every failing item again with the reference in place of what it is built on and what fails itself.

        Parameters
        ----------
        start : callable
            Starts a fresh locked session, for running experiments once more.
        sources : sequence of Source
            The notebook's code cells, for the same.
        untouched : frozenset of str
            Items that were not written: they are not tried again.

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
            self._grader.spent.pop(item.name, None)
            self._sessions.allow_again(item.name)
            if item.kind == "exercise":
                self._test_on_reference(item, weak)
            else:
                cpu_s += self._rerun_experiment(item, weak, start, sources)
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

    def _lent(self, names: Sequence[str]) -> dict[str, Callable[..., Any]]:
        """The reference's functions of these names; classes can't be lent over the wire."""
        namespace = self._plan.reference()
        return {name: namespace[name] for name in names if not isinstance(namespace[name], type)}

    def _test_on_reference(self, item: Item, weak: Sequence[str]) -> None:
        functions = self._lent(weak)
        if not functions:
            return

        def submission(name: str, wall_s: float) -> Any:
            session = self._sessions.session(name)
            session.override(functions, by_value=functions)
            return session.submission(wall_s)

        self._try_again(item, submission)
        try:
            self._sessions.session(item.name).restore()
        except StudentError:
            return  # the process is gone; the next one starts without the reference's functions

    def _rerun_experiment(
        self, item: Item, weak: Sequence[str], start: Callable[[], LockedSession], sources: Sequence[Source]
    ) -> float:
        """Run the notebook once more with the reference's functions, and judge what the experiment leaves behind."""
        functions = self._lent(weak)
        doubts = [
            f"It needs {name}, which does not pass its own tests" for name in weak if self._is_unlent(name, functions)
        ]
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
                self._try_again(item, sessions.submission)
                cpu_s = sessions.cpu_s()
        else:
            cpu_s = 0.0
        self.leave_open(item.name, doubts[0] if doubts else "")
        return cpu_s

    def _is_unlent(self, name: str, functions: Mapping[str, object]) -> bool:
        """Whether an experiment stands on a class of the student's that is written, but not right."""
        written = any(test.verdict != "not_implemented" for test in self.records[name])
        return name not in functions and written

    def _try_again(self, item: Item, submission: Callable[[str, float], Any]) -> None:
        records = self.records[item.name]
        for index, test in enumerate(records):
            left = self._grader.seconds_left(item.name)
            if test.verdict == "passed" or left <= 0:
                continue
            try:
                result, trace = self._grader.replay(test.name, submission(item.name, left))
            except StudentError:
                return  # it has ended its process too often: the first verdicts stand
            self._grader.on_result(result, trace)
            records[index] = self._record(result, trace)
            records[index].follow_through = result.verdict == "passed"

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
