"""What is to be graded, as the coordinator knows it and as it travels, and the outcome where nothing could be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from nnkit.kit.course.hashing import hash_of_contents
from nnkit.kit.grading.outcome import Graded, Mode, new_record, unreadable
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, summarise
from nnkit.kit.sandbox import Tier
from nnkit.kit.submission.files import (
    MOST_NAMED,
    UnreadableSubmission,
    read_file,
    remarks,
    remarks_on_time,
    submission_time,
)
from nnkit.kit.submission.finding import find_notebook
from nnkit.kit.submission.reading import has_work, parse_notebook, shortened


@dataclass(frozen=True)
class Job:
    """One student's notebook to be graded."""

    student: str
    path: Path
    plan: Plan
    mode: Mode = "full"
    only: frozenset[str] | None = None

    @property
    def notebook(self) -> str:
        """The name of the notebook."""
        return self.plan.notebook


@dataclass(frozen=True)
class Content:
    """What was handed in, as bytes.

    Attributes
    ----------
    notebook : bytes
        What is graded.
    beside : dict of str to bytes
        The notebooks that it takes definitions from, by name, as far as they can be read.
    remark : str
        How it was found, if not under its name.
    others : tuple
        Names and contents of copies, which may be meant if it holds no work.
    """

    notebook: bytes
    beside: dict[str, bytes] = field(default_factory=dict)
    remark: str = ""
    others: tuple[tuple[str, bytes], ...] = ()

    @property
    def digest(self) -> str:
        """Of all of it."""
        pairs = [*self.beside.items(), *self.others, *([(self.remark, b"")] if self.remark else [])]
        named = [part for name, content in pairs for part in (name.encode("utf-8", "surrogateescape"), content)]
        return hash_of_contents([self.notebook, *named])


@dataclass(frozen=True)
class Order:
    """A job as it travels: what was handed in, and the name of a plan that went ahead.

    Attributes
    ----------
    tier : Tier or None
        The sandbox to use; None for the best one where the order arrives.
    weakest : Tier
        With less the order is refused.
    left_out : frozenset of str
        Items over whose tests a grading process was lost: a person decides on them.
    """

    plan: str
    student: str
    name: str
    content: Content
    mode: Mode
    only: frozenset[str] | None
    tier: Tier | None
    weakest: Tier
    left_out: frozenset[str] = frozenset()


class Refused(Exception):
    """A machine may not grade: the wrong nnkit, too weak a sandbox. The text says why and what to do."""


def key_of(plan: Plan) -> str:
    """What a plan is called among those of one run."""
    return f"{plan.assignment}/{plan.notebook}"


def read_content(job: Job) -> Content:
    """The submitted file and what it is built on, read once: what is graded is what the record's hash is of.

    Raises
    ------
    UnreadableSubmission
        It is no file that could be graded.
    """
    plan, folder = job.plan, job.path.parent
    siblings = plan.course.assignment(plan.assignment).notebooks
    most = plan.course.limits.submission_mb * 1_000_000
    if job.path.stem == plan.notebook:
        found = find_notebook(folder, plan.assignment, plan.notebook, siblings, most)
        content = Content(found.content, remark=found.remark, others=found.others)
    else:
        content = Content(read_file(folder, job.path.name, most))
    for notebook in plan.lenders:
        with suppress(UnreadableSubmission):  # what needs it will say so
            content.beside[notebook] = find_notebook(folder, plan.assignment, notebook, siblings, most).content
    return content


def time_of(folder: Path) -> str:
    """The digest of when a submission came in: what it costs to be late depends on it."""
    return hash_of_contents([str(submission_time(folder)).encode()])


def grade_file(job: Job, tier: Tier) -> Graded:
    """Grade one submitted file in this process; whatever is wrong with it, or breaks over it, ends up in the record."""
    try:
        content = read_content(job)
    except UnreadableSubmission as error:
        return not_opened(job, error, tier)
    graded = grade_content(job.plan, job.student, job.path.name, content, tier, job.mode, job.only)
    return completed(job, graded, content.digest)


def grade_content(
    plan: Plan,
    student: str,
    name: str,
    content: Content,
    tier: Tier,
    mode: Mode,
    only: frozenset[str] | None,
    left_out: frozenset[str] = frozenset(),
) -> Graded:
    """Grade what was handed in, as bytes; whatever is wrong with it, or breaks over it, ends up in the record."""
    # Imported here: the coordinator of a class, which has this module for its names, grades nothing itself.
    from nnkit.kit.grading.grade import grade_notebook
    from nnkit.kit.locked.session import SessionLost

    def attempt() -> Graded:
        notebook, remark = _with_work(parse_notebook(content.notebook, name), content, plan)
        beside = _parsed(content.beside)
        graded = grade_notebook(
            plan, student, notebook, tier=tier, mode=mode, only=only, beside=beside, left_out=left_out
        )
        graded.record.messages[:0] = [each for each in (content.remark, remark) if each]
        graded.of_copy = bool(remark)
        return graded

    try:
        try:
            return attempt()
        except SessionLost:
            return attempt()  # the machine was out of memory, perhaps; the second time a person has to look
    except UnreadableSubmission as error:
        return unreadable(plan, student, error, tier=tier, mode=mode)
    except Exception as error:
        return broken(plan, student, tier, mode, f"{type(error).__name__}: {error}")


def _with_work(notebook: NotebookNode, content: Content, plan: Plan) -> tuple[NotebookNode, str]:
    """The notebook, or the only copy of it that anything was written in if that is not the notebook itself."""
    if not content.others or has_work(notebook, plan.release):
        return notebook, ""
    copies = _parsed(dict(content.others))
    written = {name: each for name, each in copies.items() if has_work(each, plan.release)}
    if not written:
        return notebook, ""
    shown = ", ".join(repr(shortened(name)) for name in list(written)[:MOST_NAMED])
    if len(written) > 1:
        raise UnreadableSubmission(
            f"Nothing is written in {plan.notebook}.ipynb, but in {shown}: a person decides which one is meant."
        )
    return next(iter(written.values())), f"Nothing is written in {plan.notebook}.ipynb: {shown} is graded instead."


def _parsed(beside: Mapping[str, bytes]) -> dict[str, NotebookNode]:
    """The notebooks that are notebooks."""
    found = {}
    for name, content in beside.items():
        with suppress(UnreadableSubmission):
            found[name] = parse_notebook(content, name)
    return found


def not_opened(job: Job, error: UnreadableSubmission, tier: Tier) -> Graded:
    """The outcome of a job whose file can't even be read."""
    graded = unreadable(job.plan, job.student, error, tier=tier, mode=job.mode)
    graded.record.messages += _remarks(job)
    return graded


def completed(job: Job, graded: Graded, digest: str) -> Graded:
    """Add what only the coordinator sees: the hash of what was sent, when it came in, and what else lies beside it."""
    graded.record.hashes["submission"] = digest
    graded.record.hashes["time"] = time_of(job.path.parent)
    graded.record.messages += _remarks(job, under_its_name=not graded.of_copy)
    return graded


def broken(plan: Plan, student: str, tier: Tier, mode: Mode, why: str) -> Graded:
    """The outcome where the grader itself failed: no zero, a person decides."""
    record = new_record(plan, student, tier, mode)
    record.status = "grader_error"
    record.fault = why
    record.messages.append("The grader itself failed on this submission. It costs nothing; a person has to look.")
    record.items = [ItemRecord(item.name, item.kind, item.points, None, "grader_error") for item in plan.items]
    summarise(record)
    return Graded(plan.release, record)


def _remarks(job: Job, *, under_its_name: bool = True) -> list[str]:
    plan, folder = job.plan, job.path.parent
    siblings = plan.course.assignment(plan.assignment).notebooks
    graded = under_its_name and os.path.lexists(job.path)
    return remarks(folder, plan.notebook, siblings) if graded else remarks_on_time(folder)
