"""What of the reference is lent to a failing item, so that an earlier mistake does not count twice.

The reference is no oracle. Nothing is lent in place of what was not written, or is built on what was not written. The
tests themselves meet every lent function; student code meets those only that the reference calls at the same point, and
each call of a test lets it ask little more often than the reference does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nnkit.kit.course.items import Item
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.reference_calls import reference_calls
from nnkit.student.submission import LocalSubmission


@dataclass(frozen=True)
class Loan:
    """Functions of the reference that stand in for what an item is built on.

    Attributes
    ----------
    functions : mapping of str to callable
    calls : mapping of str to mapping of str to int
        By test of the item, how often one of its calls may ask for each function.
    """

    functions: Mapping[str, Callable[..., Any]]
    calls: Mapping[str, Mapping[str, int]]

    def to_code(self, test: str) -> dict[str, int]:
        """What student code may ask for in a test, and how often in each call that the test makes."""
        most = self.calls.get(test, {})
        return {name: with_slack(most[name]) for name in self.functions if most.get(name)}


def with_slack(calls: int) -> int:
    """How often student code may ask where the reference asks so often: for a pass made twice, not for a slope."""
    return 2 * calls + 2


def lendable(
    plan: Plan, item: Item, weak: Collection[str], unwritten: Collection[str]
) -> dict[str, Callable[..., Any]]:
    """What stands in for weak foundations of an item: the reference's functions; classes can't be lent over the wire.

    Parameters
    ----------
    plan : Plan
    item : Item
    weak : collection of str
        Foundations that do not pass their own tests.
    unwritten : collection of str
        Items without an answer.
    """
    items = {each.name: each for each in plan.items}
    namespace = plan.reference()
    return {
        name: namespace[name]
        for name in plan.foundations(item)
        if name in weak
        and name in plan.definitions
        and not isinstance(namespace[name], type)
        and not {name, *plan.foundations(items[name])} & set(unwritten)
    }


def partners(plan: Plan, item: Item, names: Collection[str]) -> set[str]:
    """Foundations of an item that pass something on to the named ones, as a forward pass does its cache, or get it."""
    foundations = set(plan.foundations(item)) & set(plan.definitions)
    sources = {name: reference_calls(plan, name).sources.get(name, frozenset()) for name in foundations}
    found = {source for name in names for source in sources.get(name, ())}
    found |= {name for name in foundations if sources[name] & set(names)}
    return found & foundations - set(names)


def loans(
    plan: Plan, item: Item, weak: Collection[str], unwritten: Collection[str], *, slow: bool = False
) -> Iterator[Loan]:
    """What to try a failing item with, in turn: weak foundations together with their partners, then by themselves.

    A student's own cache is of use to the student's own partner alone. `slow` says whether a slow test is tried.
    """
    alone = lendable(plan, item, weak, unwritten)
    if not alone:
        return
    calls = reference_calls(plan, item.name, slow=slow).most
    together = lendable(plan, item, {*weak, *partners(plan, item, alone)}, unwritten)
    for functions in [together, alone] if together.keys() != alone.keys() else [alone]:
        yield Loan(functions, calls)


class PartlyLent:
    """A submission whose tests meet the reference under some names. Student code meets its own there, as before."""

    def __init__(self, submission: Any, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._submission = submission
        self._lent = LocalSubmission(dict(functions))
        self._names = frozenset(functions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lent if name in self._names else self._submission, name)
