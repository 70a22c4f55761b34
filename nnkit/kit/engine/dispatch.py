"""One loop over futures, for the processes here and for a cluster: a bounded number of submissions is on its way."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Protocol

from nnkit.kit.engine.executors import Counter, Executor
from nnkit.kit.engine.interrupt import noted_interrupts
from nnkit.kit.engine.jobs import Job, Order, Refused, broken, completed, key_of, not_opened, read_content
from nnkit.kit.engine.processes import ProcessEnded
from nnkit.kit.grading.outcome import Graded
from nnkit.kit.submission.files import UnreadableSubmission

TICK_S = 0.5
GRACE_S = 3.0
# A waiting order for each one that is carried out: a process need not wait while the coordinator writes.
AHEAD = 2
MOST_TRIES = 2


class Watcher(Protocol):
    """Sees how a run goes on."""

    def changed(self, running: Sequence[Job]) -> None:
        """What is carried out now; called often, also where nothing has changed."""

    def finished(self, graded: Graded) -> None:
        """One more is done."""


class _Nobody:
    def changed(self, running: Sequence[Job]) -> None: ...

    def finished(self, graded: Graded) -> None: ...


@dataclass
class _Run:
    """Jobs that wait, jobs that were handed in, and jobs whose process was lost."""

    waiting: deque[Job]
    place: Executor
    handed_in: dict[Future[Graded], tuple[Job, str]] = field(default_factory=dict)
    losses: dict[int, list[ProcessEnded]] = field(default_factory=dict)

    def hand_in(self, counter: Counter, job: Job) -> None:
        """Send a job's bytes off.

        Raises
        ------
        UnreadableSubmission
        """
        content = read_content(job)
        order = Order(
            plan=key_of(job.plan),
            student=job.student,
            name=job.path.name,
            content=content,
            mode=job.mode,
            only=job.only,
            tier=self.place.tier,
            weakest=self.place.weakest,
            left_out=self.left_out(job),
        )
        self.handed_in[counter.submit(order)] = job, content.digest

    def next_done(self, timeout: float) -> Future[Graded] | None:
        """A future that is done, or None after a while."""
        done, _ = wait(self.handed_in, timeout, FIRST_COMPLETED)
        return next(iter(done), None)

    def outcome(self, future: Future[Graded], counter: Counter) -> tuple[Job, Graded] | None:
        """What has become of a job; None if it is tried again, after all others: it may not have been its own doing."""
        job, digest = self.handed_in.pop(future)
        if future.cancelled():
            raise Refused("the cluster's scheduler was lost: start it again, then go on with the same command")
        error = future.exception()
        if error is None:
            return job, completed(job, future.result(), digest)
        if not isinstance(error, counter.lost):
            raise error
        losses = self.losses.setdefault(id(job), [])
        before = self.left_out(job)
        losses.append(error if isinstance(error, ProcessEnded) else ProcessEnded(str(error)))
        if len(losses) < MOST_TRIES or self.left_out(job) != before:
            self.waiting.append(job)
            return None
        graded = broken(job.plan, job.student, max(self.place.tiers), job.mode, str(error))
        return job, completed(job, graded, digest)

    def left_out(self, job: Job) -> frozenset[str]:
        """Items whose tests got a process stuck, or ended two."""
        losses = [loss for loss in self.losses.get(id(job), ()) if loss.item]
        items = [loss.item for loss in losses]
        return frozenset(loss.item for loss in losses if loss.stuck or items.count(loss.item) >= MOST_TRIES)


def grade_all(jobs: Sequence[Job], place: Executor, watcher: Watcher | None = None) -> Iterator[tuple[Job, Graded]]:
    """Grade jobs in parallel; results come as they are done.

    A submission over which its process ends is tried once more, without the item whose tests did not come to an end,
    if it was one's; then it waits for a person. It costs no other one anything.

    Parameters
    ----------
    jobs : sequence of Job
        Of one course; of each notebook one plan.
    place : Executor
    watcher : Watcher, optional

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, when what was done then has been given. Locked processes are gone; the rest is as it was.
    Refused
        A machine may not grade, or the cluster is gone.
    """
    watcher = watcher or _Nobody()
    plans = list({id(job.plan): job.plan for job in jobs}.values())
    if not jobs:
        return
    with noted_interrupts() as interrupted, place.open(plans) as counter:
        run = _Run(deque(jobs), place)
        while run.waiting or run.handed_in:
            while run.waiting and len(run.handed_in) < AHEAD * max(1, counter.capacity()):
                job = run.waiting.popleft()
                try:
                    run.hand_in(counter, job)
                except UnreadableSubmission as error:
                    graded = not_opened(job, error, max(place.tiers))
                    watcher.finished(graded)
                    yield job, graded
            watcher.changed([job for job, _ in list(run.handed_in.values())[: counter.capacity()]])
            if interrupted.is_set():
                yield from _last_ones(run, counter, watcher)
                raise KeyboardInterrupt
            future = run.next_done(TICK_S)
            outcome = None if future is None else run.outcome(future, counter)
            if outcome is not None:
                watcher.finished(outcome[1])
                yield outcome


def _last_ones(run: _Run, counter: Counter, watcher: Watcher) -> Iterator[tuple[Job, Graded]]:
    """What is done, or done in a moment."""
    for future in [future for future in run.handed_in if future.cancel()]:
        del run.handed_in[future]
    deadline = time.monotonic() + GRACE_S
    while run.handed_in and (done := run.next_done(max(0.0, deadline - time.monotonic()))) is not None:
        outcome = run.outcome(done, counter)
        if outcome is not None:
            watcher.finished(outcome[1])
            yield outcome
