"""What is to be graded, as the coordinator knows it and as it travels, and the outcome where nothing could be."""

from __future__ import annotations

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
from nnkit.kit.submission.files import UnreadableSubmission, read_file, remarks, submission_time
from nnkit.kit.submission.matching import parse_notebook


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
    """

    notebook: bytes
    beside: dict[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of all of it."""
        named = [part for name, content in self.beside.items() for part in (name.encode(), content)]
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
    most = job.plan.course.limits.submission_mb * 1_000_000
    content = Content(read_file(job.path.parent, job.path.name, most))
    for notebook in job.plan.lenders:
        with suppress(UnreadableSubmission):  # what needs it will say so
            content.beside[notebook] = read_file(job.path.parent, f"{notebook}.ipynb", most)
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
        notebook, beside = parse_notebook(content.notebook, name), _parsed(content.beside)
        return grade_notebook(
            plan, student, notebook, tier=tier, mode=mode, only=only, beside=beside, left_out=left_out
        )

    try:
        try:
            return attempt()
        except SessionLost:
            return attempt()  # the machine was out of memory, perhaps; the second time a person has to look
    except UnreadableSubmission as error:
        return unreadable(plan, student, error, tier=tier, mode=mode)
    except Exception as error:
        return broken(plan, student, tier, mode, f"{type(error).__name__}: {error}")


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
    graded.record.messages += _remarks(job)
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


def _remarks(job: Job) -> list[str]:
    plan = job.plan
    return remarks(job.path.parent, plan.notebook, plan.course.assignment(plan.assignment).notebooks)
