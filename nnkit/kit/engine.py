"""Grading many submissions: read, grade in worker processes, write gradebook and folders from one place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from nnkit.kit.grading.grade import Graded, Mode, grade_notebook, new_record, unreadable
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, summarise
from nnkit.kit.grading.sandbox import Tier
from nnkit.kit.grading.submission import UnreadableSubmission, read_notebook
from nnkit.kit.hashing import hash_of


@dataclass(frozen=True)
class Job:
    """One student's notebook to be graded."""

    student: str
    path: Path
    plan: Plan
    mode: Mode = "full"
    only: frozenset[str] | None = None


def grade_file(job: Job, tier: Tier) -> Graded:
    """Grade one submitted file; whatever is wrong with it ends up in the record."""
    try:
        notebook = read_notebook(job.path)
    except UnreadableSubmission as error:
        return unreadable(job.plan, job.student, error, tier=tier, mode=job.mode)
    graded = grade_notebook(job.plan, job.student, notebook, tier=tier, mode=job.mode, only=job.only)
    graded.record.hashes["submission"] = hash_of([job.path])
    return graded


def grade_all(jobs: Sequence[Job], tier: Tier, *, workers: int = 0) -> Iterator[tuple[Job, Graded]]:
    """Grade jobs in parallel; results come as they are done.

    A grader that breaks costs its own submission a person's time, and no other submission anything.

    Parameters
    ----------
    jobs : sequence of Job
    tier : Tier
    workers : int
        Processes; 0 means one per CPU core.
    """
    count = min(workers or os.cpu_count() or 1, max(1, len(jobs)))
    todo = list(jobs)
    while todo:
        done: set[int] = set()
        try:
            with _executor(count) as executor:
                futures = {executor.submit(grade_file, job, tier): index for index, job in enumerate(todo)}
                for future in as_completed(futures):
                    index = futures[future]
                    if not _broke_the_pool(future):
                        done.add(index)
                        yield todo[index], _result(future, todo[index], tier)
        except BrokenProcessPool:
            pass
        left = [job for index, job in enumerate(todo) if index not in done]
        if len(left) == len(todo):
            # Nothing got through: grade the first by itself, so that one bad apple is found.
            yield left[0], _alone(left[0], tier)
            left = left[1:]
        todo = left


def _executor(workers: int) -> Executor:
    # Spawned, not forked: a worker holds nothing that the coordinator happened to have open.
    return ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn"))


def _broke_the_pool(future: Future[Graded]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


def _result(future: Future[Graded], job: Job, tier: Tier) -> Graded:
    error = future.exception()
    return future.result() if error is None else _broken(job, tier, f"{type(error).__name__}: {error}")


def _alone(job: Job, tier: Tier) -> Graded:
    try:
        with _executor(1) as executor:
            return _result(executor.submit(grade_file, job, tier), job, tier)
    except BrokenProcessPool:
        return _broken(job, tier, "the grading process ended unexpectedly")


def _broken(job: Job, tier: Tier, why: str) -> Graded:
    record = new_record(job.plan, job.student, tier, job.mode)
    record.status = "grader_error"
    record.messages.append(f"The grader failed on this submission: {why}. It costs nothing; a person has to look.")
    record.items = [ItemRecord(item.name, item.kind, item.points, None, "grader_error") for item in job.plan.items]
    summarise(record)
    return Graded(job.plan.release, record)
