"""Grading a class: every submission in submitted/ to records, gradebook rows and autograded notebooks."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from nnkit.kit.course.errors import CourseError, did_you_mean
from nnkit.kit.course.installation import install_extra
from nnkit.kit.course.settings import Course
from nnkit.kit.course.terminal import Terminal
from nnkit.kit.engine import Executor, Job, LocalExecutor, Refused, grade_all
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.engine.run_log import RunLog
from nnkit.kit.engine.up_to_date import fully_graded, marks_by_notebook, unchanged
from nnkit.kit.gradebook.rows import write_autograded
from nnkit.kit.gradebook.writer import GradebookWriter, open_writer
from nnkit.kit.grading.outcome import Graded, Mode, unreadable
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, Record, summarise
from nnkit.kit.reporting.progress import Progress
from nnkit.kit.reporting.summary import Summary
from nnkit.kit.sandbox import Tier
from nnkit.kit.sandbox.probing import best_tier, probe
from nnkit.kit.submission.files import UnreadableSubmission, trouble_with
from nnkit.kit.submission.finding import LEFT_BY_PROGRAMS, is_handed_in

UNCHANGED = "unchanged"


def grade_class(
    course: Course,
    assignment: str,
    *,
    notebooks: Sequence[str] | None = None,
    students: Sequence[str] | None = None,
    mode: Mode = "full",
    workers: int = 0,
    scheduler: str = "",
    accept_tier: bool = False,
    tier: Tier | None = None,
    force: bool = False,
    summary: Summary | None = None,
    console: Console | None = None,
) -> Iterator[Record]:
    """Grade what was submitted; records come as they are done, and are written before they are given.

    What is unchanged since it was graded is passed over, and its stored record given: a run that was stopped or killed
    goes on where it was.

    Parameters
    ----------
    course : Course
    assignment : str
    notebooks : sequence of str, optional
        Only these of the assignment.
    students : sequence of str, optional
        Only these.
    mode : {"full", "quick"}
        What a full run has graded, a quick one passes over: it would know less.
    workers : int
        Submissions graded at once; 0 means one per core, or as many as the cluster has threads.
    scheduler : str
        Address of a Dask scheduler; empty for processes of this machine.
    accept_tier : bool
        Grade although the sandbox is weaker than required; every record says so.
    tier : Tier, optional
        The sandbox to use; otherwise the best one where a submission is graded.
    force : bool
        Also grade what is unchanged, though never quickly what was graded in full.
    summary : Summary, optional
        Counts.
    console : rich Console, optional
        Shows progress.

    Raises
    ------
    CourseError
        Nothing was released or submitted, a student is unknown, the sandbox is not available here or too weak, the
        cluster can't be used, or the course is being graded by somebody else.
    KeyboardInterrupt
        After Ctrl-C, with everything finished written.
    """
    console = console or Terminal(quiet=True)
    summary = Summary() if summary is None else summary
    with alone_in(course), _place(course, scheduler, workers, accept_tier, tier, console) as place:
        plans = [
            plan_of(course, assignment, notebook, course.release(assignment))
            for notebook in notebooks or course.assignment(assignment).notebooks
        ]
        found = submissions(course, assignment, students)
        where = scheduler or f"this machine, sandbox tier {max(place.tiers).value}"
        about = f"nnkit {plans[0].hashes['kit']}, {mode}, {len(found)} students, {where}"
        with open_writer(course, assignment) as writer, RunLog(course, assignment, about) as log:
            jobs: list[Job] = []
            for record, outcome in _without_grading(course, writer, plans, found, place, mode, force, jobs):
                log.add(record, outcome)
                summary.add(record, unchanged=outcome == UNCHANGED)
                yield record
            with Progress(len(jobs), console) as progress, _refusals(scheduler):
                for _, graded in grade_all(jobs, place, progress):
                    write_down(course, writer, graded)
                    log.add(graded.record, graded.record.status)
                    summary.add(graded.record)
                    yield graded.record
            log.end(summary.line())
            console.print(f"log: {log.path.relative_to(course.root)}", markup=False)


def _without_grading(
    course: Course,
    writer: GradebookWriter,
    plans: Sequence[Plan],
    found: Sequence[tuple[str, Path]],
    place: Executor,
    mode: Mode,
    force: bool,
    jobs: list[Job],
) -> Iterator[tuple[Record, str]]:
    """Records of what needs no grading, and why; everything else is added to `jobs`."""
    worst = max(place.tiers)
    siblings, most = course.assignment(plans[0].assignment).notebooks, course.limits.submission_mb * 1_000_000
    marks = {} if force else marks_by_notebook(course, plans[0].assignment)
    for student, folder in found:
        if trouble := trouble_with(student):
            yield from ((_misnamed(course, plan, student, trouble, worst, mode), "unreadable") for plan in plans)
            continue
        for plan in plans:
            job = Job(student, folder / f"{plan.notebook}.ipynb", plan, mode)
            if not is_handed_in(folder, plan.assignment, plan.notebook, siblings, most):
                yield _missing(course, writer, plan, student, worst, mode), "missing"
            elif (not force and (record := unchanged(course, job, place, marks)) is not None) or (
                record := fully_graded(course, job)
            ) is not None:
                yield record, UNCHANGED
            else:
                jobs.append(job)


@contextmanager
def _place(
    course: Course, scheduler: str, workers: int, accept_tier: bool, tier: Tier | None, console: Console
) -> Iterator[Executor]:
    """The processes of this machine, or the cluster."""
    if not scheduler:
        yield LocalExecutor(sufficient_tier(course, accept_tier, console, tier), workers)
        return
    try:
        from nnkit.kit.engine.cluster import cluster
    except ImportError as error:
        raise CourseError(
            f"Dask is not installed: {error}", file=scheduler, mend=f"run: {install_extra('dask')}"
        ) from None
    weakest = Tier.E if accept_tier else Tier(course.required_tier)
    with _refusals(scheduler), cluster(scheduler, tier=tier, weakest=weakest, most=workers) as place:
        tiers = ", ".join(sorted(place.tiers))
        console.print(f"{scheduler}: sandbox tier {tiers}, required: {course.required_tier}", markup=False)
        yield place


@contextmanager
def _refusals(scheduler: str) -> Iterator[None]:
    try:
        yield
    except Refused as error:
        raise CourseError(str(error), file=scheduler or "this machine") from None


@contextmanager
def alone_in(course: Course) -> Iterator[None]:
    """Keep a second run away from the course's folders, for as long as this one lives.

    Raises
    ------
    CourseError
        There is another one.
    """
    path = course.root / ".cache" / "grading.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(
                "another nnkit grade is at work here", file=course.root, mend="wait for its end, or stop it"
            ) from None
        yield


def write_down(course: Course, writer: GradebookWriter, graded: Graded) -> None:
    """Gradebook rows, autograded notebook, record: in this order, so that a record means that all is written."""
    record = graded.record
    writer.enter(graded.notebook, record)
    write_autograded(course, graded.notebook, record)
    record.save(course.records(record.student, record.assignment, record.notebook))


def sufficient_tier(course: Course, accept_tier: bool, console: Console, tier: Tier | None = None) -> Tier:
    """The sandbox asked for, or the best one here, if it is good enough for official grading or was accepted.

    Raises
    ------
    CourseError
        It is weaker than course.toml requires, or not available here.
    """
    asked_for = tier is not None
    if tier is None:
        tier = best_tier()
    elif not (report := probe(tier)).available:
        raise CourseError(
            f"not available on this machine: {report.reason}",
            file=f"--tier {tier.value}",
            mend=f"leave out --tier to use the best tier here, {best_tier().value}; nnkit doctor shows all of them",
        )
    required = Tier(course.required_tier)
    console.print(f"sandbox: tier {tier.value} ({tier.built_with}), required: {required.value}")
    if not tier.at_least(required) and not accept_tier:
        raise course.error(
            f"official grading requires tier {required.value}, "
            + (f"not tier {tier.value}" if asked_for else f"this machine offers tier {tier.value}"),
            ("required_tier",),
            "see nnkit doctor; --accept-tier grades all the same and says so in every record",
        )
    return tier


def submissions(course: Course, assignment: str, students: Sequence[str] | None) -> list[tuple[str, Path]]:
    """Student and folder of everything submitted for an assignment.

    Raises
    ------
    CourseError
        There is nothing, or a named student handed in nothing.
    """
    folders = sorted(course.root.glob(f"submitted/*/{assignment}"))
    found = {folder.parent.name: folder for folder in folders if folder.parent.name not in LEFT_BY_PROGRAMS}
    if not found:
        raise CourseError(
            f"no submission of {assignment}",
            file=course.root / "submitted",
            mend=f"collect them into submitted/STUDENT/{assignment}/ (nbgrader collect or zip_collect)",
        )
    for student in students or ():
        if student not in found:
            mend = did_you_mean(student, found, "look into submitted/")
            raise CourseError(
                f'student "{student}" submitted no {assignment}', file=course.root / "submitted", mend=mend
            )
    return [(student, folder) for student, folder in found.items() if not students or student in students]


def _missing(course: Course, writer: GradebookWriter, plan: Plan, student: str, tier: Tier, mode: Mode) -> Record:
    """A notebook that was not handed in: nothing, as in nbgrader, but said aloud."""
    writer.enter_missing(student, plan.notebook)
    record = Record(student, plan.assignment, plan.notebook, status="missing", mode=mode, tier=tier.value)
    record.messages.append(f"{plan.notebook}.ipynb was not handed in.")
    record.items = [ItemRecord(item.name, item.kind, item.points, 0.0, "untouched") for item in plan.items]
    summarise(record)
    record.save(course.records(student, plan.assignment, plan.notebook))
    return record


def _misnamed(course: Course, plan: Plan, student: str, trouble: str, tier: Tier, mode: Mode) -> Record:
    """A folder whose name nbgrader can't work with: a record that says so, and no row in the gradebook."""
    shown = student if len(student) <= 60 else f"{student[:59]}…"
    refused = UnreadableSubmission(f"The folder's name {shown!r} {trouble}: rename it in submitted/ and grade again.")
    record = unreadable(plan, student, refused, tier=tier, mode=mode).record
    record.save(course.records(student, plan.assignment, plan.notebook))
    return record
