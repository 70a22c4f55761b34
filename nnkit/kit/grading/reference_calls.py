"""What the reference's own functions ask of each other while the tests of an item run on them.

Follow-through lends no more than this: to student code only functions that the reference calls there, too, and about as
often; and functions that pass something between them, as a forward pass leaves its cache to a backward pass, together.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from nnkit.kit.grading.collected import collected
from nnkit.kit.grading.given_data import given_data
from nnkit.kit.grading.held_out import held_out
from nnkit.kit.grading.locked_grader import LockedGrader
from nnkit.kit.grading.plan import Plan
from nnkit.student.submission import LocalSubmission
from nnkit.student.verdict import GraderTest


@dataclass(frozen=True)
class ReferenceCalls:
    """Of the tests of one item.

    Attributes
    ----------
    most : mapping of str to mapping of str to int
        By test, how often one call that the test makes has the reference's code call each function, at most.
    sources : mapping of str to frozenset of str
        By function, the functions whose results most of its calls get handed on untouched.
    """

    most: Mapping[str, Mapping[str, int]]
    sources: Mapping[str, frozenset[str]]


def reference_calls(plan: Plan, item: str, *, slow: bool = False) -> ReferenceCalls:
    """The calls while the item's tests run on the reference; of slow tests only if they are asked for."""
    key = (plan.graders, collected(plan.graders), plan.notebook, tuple(plan.definitions.items()), item, slow)
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = _traced(plan, item, slow)
    return _known[key]


_MOST_KNOWN = 500
_known: dict[Any, ReferenceCalls] = {}


def _traced(plan: Plan, item: str, slow: bool) -> ReferenceCalls:
    trace = CallTrace(plan.reference(), tuple(plan.definitions))
    grader = _TracingGrader(
        lambda item, wall_s: trace.submission,
        student="",
        course="",
        held_out=partial(held_out, plan),
        thresholds=plan.thresholds,
        notebook_data=partial(given_data, plan),
        items={item},
        slow=slow,
    )
    grader.trace = trace
    grader.run(plan.graders)
    return ReferenceCalls({name: dict(most) for name, most in trace.most.items()}, trace.sources())


class _TracingGrader(LockedGrader):
    trace: CallTrace

    def on_start(self, test: GraderTest) -> None:
        self.trace.begin(test.name)


@dataclass
class _Argument:
    """One argument of a function: how often it was given, and how often it was a result of each other function."""

    calls: int = 0
    origins: Counter[str] = field(default_factory=Counter)


class CallTrace:
    """A namespace whose functions note their calls, and a submission of it."""

    def __init__(self, namespace: dict[str, Any], names: tuple[str, ...]) -> None:
        self.most: dict[str, Counter[str]] = {}
        self._test = ""
        self._calls: Counter[str] | None = None
        self._called: object = None
        self._arguments: dict[tuple[str, int | str], _Argument] = {}
        self._origins: dict[int, tuple[object, set[str]]] = {}
        for name in names:
            if type(namespace.get(name)) is FunctionType:
                namespace[name] = self._noting(name, namespace[name])
        self.submission = _TracedSubmission(self, namespace)

    def begin(self, test: str) -> None:
        """From now on calls belong to this test."""
        self._test = test
        self.most[test] = Counter()
        self._origins.clear()

    @contextmanager
    def call(self, function: object) -> Iterator[None]:
        """A call that the test makes."""
        before = self._calls, self._called
        self._calls, self._called = Counter(), function
        try:
            yield
        finally:
            if self._test:
                self.most[self._test] |= self._calls
            self._calls, self._called = before

    def sources(self) -> dict[str, frozenset[str]]:
        """By function, those whose results it is handed in more than half of its calls, for one of its arguments."""
        found: dict[str, set[str]] = {}
        for (name, _), argument in self._arguments.items():
            usual = {origin for origin, count in argument.origins.items() if 2 * count > argument.calls}
            found.setdefault(name, set()).update(usual - {name})
        return {name: frozenset(origins) for name, origins in found.items() if origins}

    def _noting(self, name: str, function: FunctionType) -> Callable[..., Any]:
        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            if self._called is noted:
                self._called = None  # the test's own call
            elif self._calls is not None:
                self._calls[name] += 1
            given: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
            for place, value in given:
                argument = self._arguments.setdefault((name, place), _Argument())
                argument.calls += 1
                argument.origins.update(self._origins.get(id(value), (None, set()))[1])
            result = function(*args, **kwargs)
            for value in result if type(result) is tuple else (result,):
                if type(value) is np.ndarray or type(value).__module__ != "builtins" or _is_filled(value):
                    self._origins.setdefault(id(value), (value, set()))[1].add(name)
            return result

        return noted


def _is_filled(value: object) -> bool:
    """Whether this is a container with something in it: of empty ones, and of numbers, Python has few for all."""
    return type(value) in (tuple, list, dict, set) and bool(value)


class _TracedSubmission(LocalSubmission):
    def __init__(self, trace: CallTrace, namespace: dict[str, Any]) -> None:
        super().__init__(namespace)  # type: ignore[no-untyped-call]
        self._trace = trace

    def _guard(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        with self._trace.call(function):
            return super()._guard(function, *args, **kwargs)  # type: ignore[no-untyped-call]
