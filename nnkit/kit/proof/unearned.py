"""Points without solving: mechanical attempts at every exercise, none of which may earn anything.

What is tried needs no idea of the subject: everything that is shipped in the exercise's place; constants and other
answers that are worth nothing, for one exercise and for all at once; the answers to public tests from memory; a call of
what the exercise is built on, and a numerical derivative of it. Graded in this process by the rules of grading, with
follow-through; what is tried is the kit's own code.
"""

from __future__ import annotations

import ast
import contextlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from nnkit.kit.course.items import Item
from nnkit.kit.grading.in_process import LocalSessions
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import TestRecord
from nnkit.kit.grading.reference_calls import reference_calls
from nnkit.kit.grading.runner import Runner
from nnkit.kit.locked.bounded_calls import Overrun, within
from nnkit.kit.proof.built_on import called, differentiated, remembering
from nnkit.kit.proof.recorded_calls import Call, copied, fingerprint, recorded, replace_part
from nnkit.kit.proof.shipped import arity, shipped
from nnkit.kit.proof.worthless import (
    MakeStandIn,
    arbitrary,
    constant,
    echo,
    emptied,
    looked_up,
    nothing,
    right_about_zeros,
    unwritten,
)

PATIENCE_S = 10.0
"""For the calls of one test of an attempt, and for what the reference needs in one."""
MOMENT_S = 0.5
"""For one call of a shipped function that may be no answer at all."""
CALLS_TRIED = 3

# By what they do, with what is no merit of theirs.
WORTHLESS: dict[str, tuple[MakeStandIn, MakeStandIn]] = {
    "returns nothing": (nothing, unwritten),
    "returns zeros": (constant(0), unwritten),
    "returns ones": (constant(1), unwritten),
    "returns its arguments": (echo, unwritten),
    "fills its arguments with zeros": (emptied, right_about_zeros),
}


@dataclass(frozen=True, order=True)
class Unearned:
    """Points of an item that an attempt has earned without solving it."""

    item: str
    attempt: str
    points: float
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Attempt:
    """Stand-ins for parts of the reference.

    Attributes
    ----------
    what : str
        In words, as in "affine_backward: returns zeros".
    stand_ins : mapping of str to callable
        By part, what makes its stand-in of the reference's own.
    judged : mapping of str to tuple of str
        By item whose points are looked at, those of its parts that are not solved.
    untouched : frozenset of str
        Items that are as they were released.
    instead : callable
        What stands in for the unsolved parts of an item where it is asked what the others earn by themselves.
    """

    what: str
    stand_ins: Mapping[str, MakeStandIn]
    judged: Mapping[str, tuple[str, ...]]
    untouched: frozenset[str] = frozenset()
    instead: MakeStandIn = unwritten

    def stand_in(self, name: str, namespace: dict[str, Any]) -> None:
        """Replace what has just been defined, as far as it is replaced."""
        for part, make in self.stand_ins.items():
            if part.partition(".")[0] == name:
                replace_part(namespace, part, make)


def unearned(plan: Plan, stubs: Mapping[str, str], package: Path | None) -> list[Unearned]:
    """What mechanical attempts earn at the exercises of a notebook.

    Parameters
    ----------
    plan : Plan
    stubs : mapping of str to str
        Every exercise as it is released.
    package : Path, optional
        The released folder, whose functions are tried; without it, none.
    """
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        return _Attempts(plan, stubs).all(package)


@dataclass
class _Attempts:
    plan: Plan
    stubs: Mapping[str, str]
    _known: dict[str, dict[str, list[Call]]] = field(default_factory=dict)
    _free: dict[tuple[str, tuple[str, ...], MakeStandIn], frozenset[str]] = field(default_factory=dict)
    _useless: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.items = {item.name: item for item in self.plan.items if item.name in self.stubs}
        self.parts = {name: open_parts(name, self.plan.definitions[name], self.stubs[name]) for name in self.items}

    def all(self, package: Path | None) -> list[Unearned]:
        found: list[Unearned] = []
        for attempt in self._worthless():
            found += self.tried(attempt)
        for item in self.items.values():
            for attempt in [*self._from_memory(item), *self._built_on(item)]:
                found += self.tried(attempt)
        functions = {} if package is None else shipped(package)
        for item in self.items.values():
            for attempt in self._shipped(item, functions):
                found += self.tried(attempt)
        return sorted(set(found))

    def tried(self, attempt: Attempt) -> list[Unearned]:
        """What an attempt earns beyond what its judged items get without the parts that it stands in for."""
        found = []
        records = self._graded(attempt, slow=False).records
        for name in [each for each in attempt.judged if self._earned(attempt, each, records)]:
            records = self._graded(attempt, slow=True).records
            if earned := self._earned(attempt, name, records):
                total = sum(test.weight for test in records[name])
                points = round(self.items[name].points * sum(test.weight for test in earned) / total, 4)
                found.append(Unearned(name, attempt.what, points, tuple(sorted(test.name for test in earned))))
        return found

    def _earned(self, attempt: Attempt, name: str, records: Mapping[str, list[TestRecord]]) -> list[TestRecord]:
        passed = [test for test in records[name] if test.verdict == "passed"]
        return [test for test in passed if test.name not in self._free_tests(attempt, name)]

    def _free_tests(self, attempt: Attempt, name: str) -> frozenset[str]:
        """What an item's other parts earn by themselves: with these parts not written, or whatever they return."""
        parts, instead = attempt.judged[name], attempt.instead
        whole = parts == self.parts[name]
        if instead is unwritten:
            return frozenset() if whole else self._with(name, parts, unwritten) | self._with(name, parts, arbitrary)
        return self._with(name, parts, instead)

    def _with(self, name: str, parts: tuple[str, ...], make: MakeStandIn) -> frozenset[str]:
        """The tests of an item that pass with stand-ins for some of its parts alone."""
        if (name, parts, make) not in self._free:
            alone = Attempt("by themselves", dict.fromkeys(parts, make), {name: parts})
            tests = self._graded(alone, slow=True).records[name]
            self._free[name, parts, make] = frozenset(test.name for test in tests if test.verdict == "passed")
        return self._free[name, parts, make]

    def _graded(self, attempt: Attempt, *, slow: bool) -> Runner:
        namespace = self.plan.reference(defined=attempt.stand_in)
        names = {*attempt.judged, *(part.partition(".")[0] for part in attempt.stand_ins)}
        items = [item for item in self.items.values() if item.name in names]
        runner = Runner(self.plan, "a student", items, LocalSessions(namespace, PATIENCE_S), slow=slow)
        runner.follow_through(_never, [], attempt.untouched)
        runner.withhold()
        return runner

    def _calls(self, item: Item) -> dict[str, list[Call]]:
        if item.name not in self._known:
            self._known[item.name] = recorded(self.plan, item, self.parts[item.name], PATIENCE_S)
        return self._known[item.name]

    def _worthless(self) -> Iterator[Attempt]:
        for what, (make, instead) in WORTHLESS.items():
            # A constructor of zeros in the right shapes is half of what there is to do.
            chosen = self.parts if make is nothing else {name: _methods(parts) for name, parts in self.parts.items()}
            chosen = {name: parts for name, parts in chosen.items() if parts}
            everything = dict.fromkeys((part for parts in chosen.values() for part in parts), make)
            if len(chosen) > 1:
                yield Attempt(f"{what}, as do all others", everything, chosen, instead=instead)
            for name, parts in chosen.items():
                for some in {parts, *((part,) for part in parts)}:
                    yield Attempt(f"{_named(some)}{what}", dict.fromkeys(some, make), {name: some}, instead=instead)

    def _from_memory(self, item: Item) -> Iterator[Attempt]:
        parts, calls = self.parts[item.name], self._calls(item)
        stand_ins = {part: looked_up(calls[part]) for part in parts}
        yield Attempt("answers public tests from memory", stand_ins, {item.name: parts})

    def _built_on(self, item: Item) -> Iterator[Attempt]:
        """Calls and derivatives of what a function is built on, that being right, worthless, or not written."""
        judged = {item.name: (item.name,)}
        if self.parts != {**self.parts, **judged}:
            return
        sources = reference_calls(self.plan, item.name).sources.get(item.name, frozenset())
        seconds = self.plan.course.limits.item.cpu_s
        for name in self.plan.foundations(item):
            if self.parts.get(name) != (name,):
                continue
            what, use = f"calls {name}", {item.name: called(name)}
            yield Attempt(what, use, judged)
            yield Attempt(f"{what}, which returns zeros", {name: constant(0), **use}, judged)
            yield Attempt(f"{what}, which is not written", {name: unwritten, **use}, judged, frozenset({name}))
            if name in sources:
                what, use = f"differentiates {name} numerically", {item.name: differentiated(name, seconds, right=True)}
                yield Attempt(what, {name: remembering(None), **use}, judged)
                use = {item.name: differentiated(name, seconds, right=False)}
                yield Attempt(f"{what}, which returns zeros", {name: remembering(constant(0)), **use}, judged)

    def _shipped(self, item: Item, functions: Mapping[str, Any]) -> Iterator[Attempt]:
        for part in self.parts[item.name]:
            calls, seen = self._calls(item)[part][:CALLS_TRIED], set[str]()
            for name, function in functions.items():
                if isinstance(function, FunctionType) and name not in self._useless and calls:
                    for stand_in in self._answers(name, function, calls, seen, is_method="." in part):
                        yield Attempt(f"{_named((part,))}is {name}", {part: stand_in}, {item.name: (part,)})
        if self.parts[item.name] != (item.name,):
            for name, found in functions.items():
                if isinstance(found, type):
                    yield Attempt(f"is {name}", {item.name: _always(found)}, {item.name: self.parts[item.name]})

    def _answers(
        self, name: str, function: FunctionType, calls: list[Call], seen: set[str], *, is_method: bool
    ) -> Iterator[MakeStandIn]:
        """Ways of putting a shipped function in a part's place that give something new of the right form."""
        silent = True
        for choose in _METHOD_ARGUMENTS if is_method else _ARGUMENTS:
            stand_in = _Shipped(function, choose, calls[0].result)
            answers = [stand_in.answer_to(call) for call in calls]
            silent = silent and all(answer is None for answer in answers)
            known = fingerprint(answers) in seen
            seen.add(fingerprint(answers))
            if not known and any(map(_has_the_form, answers, [call.result for call in calls])):
                yield _always(stand_in.function())
        if silent:
            self._useless.add(name)


def _never() -> Any:
    raise AssertionError("exercises need no session of their own")


def _always(function: Any) -> MakeStandIn:
    return lambda _: function


def _methods(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for part in parts if not part.endswith(".__init__"))


def _named(parts: tuple[str, ...]) -> str:
    """The methods of a class, in front of what they do; nothing for a function."""
    methods = [part.partition(".")[2] for part in parts if "." in part]
    return f"{', '.join(methods)}: " if methods else ""


def open_parts(name: str, solved: str, stub: str) -> tuple[str, ...]:
    """What a student writes of an exercise: the function, or some methods of the class."""
    (whole,), (rest,) = ([n for n in ast.parse(text).body if _defines(n, name)] for text in (solved, stub))
    if not isinstance(whole, ast.ClassDef) or not isinstance(rest, ast.ClassDef):
        return (name,)
    left = {node.name: ast.unparse(node) for node in rest.body if isinstance(node, ast.FunctionDef)}
    methods = [node for node in whole.body if isinstance(node, ast.FunctionDef) and not node.decorator_list]
    return tuple(f"{name}.{node.name}" for node in methods if _STUB in left.get(node.name, _STUB))


_STUB = "raise NotImplementedError"


def _defines(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name


Arguments = Callable[[tuple[Any, ...]], tuple[Any, ...]]
_ARGUMENTS: tuple[Arguments, ...] = (lambda args: args,)
_METHOD_ARGUMENTS: tuple[Arguments, ...] = (
    lambda args: args,
    lambda args: args[1:],
    lambda args: (getattr(args[0], "params", None), *args[1:]),
)


@dataclass(frozen=True)
class _Shipped:
    """A shipped function in a part's place: it gets as many arguments as it takes, and gives as many results."""

    shipped: FunctionType
    choose: Arguments
    like: Any

    def function(self) -> Callable[..., Any]:
        most = arity(self.shipped)

        def stand_in(*args: Any, **kwargs: Any) -> Any:
            given = self.choose(args)[:most]
            result = self.shipped(*given, **kwargs)
            if type(self.like) is not tuple:
                return result[0] if type(result) is tuple and result else result
            results = result if type(result) is tuple else (result,)
            return (*results[: len(self.like)], *[given] * (len(self.like) - len(results)))

        return stand_in

    def answer_to(self, call: Call) -> Any:
        try:
            with within(time.monotonic() + MOMENT_S):
                return self.function()(*copied(call.args), **copied(call.kwargs))
        except KeyboardInterrupt:
            raise
        except (Exception, Overrun, SystemExit):
            return None


def _has_the_form(answer: Any, right: Any) -> bool:
    """Whether anything in an answer could be taken for what is asked for."""
    if type(right) is tuple:
        return type(answer) is tuple and any(map(_has_the_form, answer, right))
    if isinstance(right, np.ndarray):
        return isinstance(answer, np.ndarray) and answer.shape == right.shape
    if isinstance(right, int | float | np.number):
        return isinstance(answer, int | float | np.number)
    return type(right) is not type(None) and type(answer) is type(right)
