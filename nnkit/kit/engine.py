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
from nnkit.kit.grading.handed_in import UnreadableSubmission, read_file, remarks
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, summarise
from nnkit.kit.grading.sandbox import Tier
from nnkit.kit.grading.submission import parse_notebook
from nnkit.kit.hashing import hash_of_contents


@dataclass(frozen=True)
class Job:
    """One student's notebook to be graded."""

    student: str
    path: Path
    plan: Plan
    mode: Mode = "full"
    only: frozenset[str] | None = None


def grade_file(job: Job, tier: Tier) -> Graded:
    """Grade one submitted file; whatever is wrong with it, or breaks over it, ends up in the record.

    The file is read once: what is graded is what the record's hash is of.
    """
    plan, folder, name = job.plan, job.path.parent, job.path.name
    hashes: dict[str, str] = {}
    try:
        content = read_file(folder, name, plan.course.limits.submission_mb * 1_000_000)
        hashes["submission"] = hash_of_contents([content])
        notebook = parse_notebook(content, name)
        graded = grade_notebook(plan, job.student, notebook, tier=tier, mode=job.mode, only=job.only)
    except UnreadableSubmission as error:
        graded = unreadable(plan, job.student, error, tier=tier, mode=job.mode)
    except Exception as error:
        graded = _broken(job, tier, f"{type(error).__name__}: {error}")
    graded.record.hashes.update(hashes)
    graded.record.messages += remarks(folder, plan.notebook, plan.course.assignment(plan.assignment).notebooks)
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
        if left:
            # Jobs start in order, so the one that ended its process is among the first that are left: each of them is
            # graded by itself, and only that one fails.
            for job in left[:count]:
                yield job, _alone(job, tier)
        todo = left[count:]


def _executor(workers: int) -> Executor:
    # Spawned, not forked: a worker holds nothing that the coordinator happened to have open.
    return ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn"))


def _broke_the_pool(future: Future[Graded]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


def _result(future: Future[Graded], job: Job, tier: Tier) -> Graded:
    error = future.exception()
    return future.result() if error is None else _broken(job, tier, f"{type(error).__name__}: {error}")


def _alone(job: Job, tier: Tier) -> Graded:
    with _executor(1) as executor:
        future = executor.submit(grade_file, job, tier)
        if _broke_the_pool(future):
            return _broken(job, tier, "the grading process ended unexpectedly")
        return _result(future, job, tier)


def _broken(job: Job, tier: Tier, why: str) -> Graded:
    record = new_record(job.plan, job.student, tier, job.mode)
    record.status = "grader_error"
    record.messages.append(f"The grader failed on this submission: {why}. It costs nothing; a person has to look.")
    record.items = [ItemRecord(item.name, item.kind, item.points, None, "grader_error") for item in job.plan.items]
    summarise(record)
    return Graded(job.plan.release, record)
