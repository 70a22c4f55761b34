"""Where submissions are graded: an executor and what goes with it. This machine's; see `cluster` for Dask's."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from nnkit.kit.course.settings import Course, Gradebook
from nnkit.kit.engine.jobs import Order, key_of
from nnkit.kit.engine.processes import ProcessEnded, Processes
from nnkit.kit.grading.outcome import Graded
from nnkit.kit.grading.plan import Plan
from nnkit.kit.sandbox import Tier


@dataclass(frozen=True)
class Counter:
    """Where orders are handed in.

    Attributes
    ----------
    submit : callable
        Gives the future of an order's outcome.
    capacity : callable
        How many orders are carried out at a time.
    lost : tuple of exception types
        With which a future ends if a process or machine was lost over its order.
    """

    submit: Callable[[Order], Future[Graded]]
    capacity: Callable[[], int]
    lost: tuple[type[BaseException], ...]


class Executor(Protocol):
    """A place with grading processes."""

    @property
    def tier(self) -> Tier | None:
        """The sandbox of every order; None for the best one wherever it is carried out."""

    @property
    def tiers(self) -> frozenset[Tier]:
        """The sandboxes that are used."""

    @property
    def weakest(self) -> Tier:
        """With less an order is refused."""

    def open(self, plans: Sequence[Plan]) -> AbstractContextManager[Counter]:
        """Make the plans known there and take orders."""


@dataclass(frozen=True)
class LocalExecutor:
    """Processes of this machine.

    Parameters
    ----------
    tier : Tier
    workers : int
        Submissions graded at once; 0 means one per core that may be used.
    """

    tier: Tier
    workers: int = 0

    @property
    def tiers(self) -> frozenset[Tier]:
        return frozenset({self.tier})

    @property
    def weakest(self) -> Tier:
        return self.tier

    @contextmanager
    def open(self, plans: Sequence[Plan]) -> Iterator[Counter]:
        count = self.workers or cores()
        processes = Processes({key_of(plan): pickle.dumps(without_secrets(plan)) for plan in plans})
        executor = ThreadPoolExecutor(count, thread_name_prefix="grading")
        try:
            yield Counter(lambda order: executor.submit(processes.grade, order), lambda: count, (ProcessEnded,))
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            processes.close()
            executor.shutdown()


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def without_secrets(plan: Plan) -> Plan:
    """The plan without what grading does not need: the gradebook's URL, and the text of course.toml that holds it."""
    course: Course = plan.course.model_copy(update={"gradebook": Gradebook()})
    course._text = ""
    earlier = {name: without_secrets(each) for name, each in plan.earlier.items()}
    return replace(plan, course=course, earlier=earlier)
