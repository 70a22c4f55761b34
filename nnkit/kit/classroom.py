"""Grading a class: every submission in submitted/ to records, gradebook rows and autograded notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from nnkit.kit.course import Course
from nnkit.kit.engine import Job, grade_all
from nnkit.kit.errors import CourseError, did_you_mean
from nnkit.kit.grading.grade import Graded, Mode, unreadable
from nnkit.kit.grading.gradebook import open_submission, save_grades, write_autograded, zero_missing
from nnkit.kit.grading.handed_in import UnreadableSubmission, is_there, similar_notebooks, trouble_with
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, Record, summarise
from nnkit.kit.grading.sandbox import Tier
from nnkit.kit.grading.sandbox.probing import best_tier, probe
from nnkit.kit.planning import plan_of, prepare_data
from nnkit.kit.reporting.progress import watched


def grade_class(
    course: Course,
    assignment: str,
    *,
    students: Sequence[str] | None = None,
    mode: Mode = "full",
    workers: int = 0,
    accept_tier: bool = False,
    tier: Tier | None = None,
    console: Console | None = None,
) -> Iterator[Record]:
    """Grade what was submitted; records come as they are done, and are written before they are given.

    Parameters
    ----------
    course : Course
    assignment : str
    students : sequence of str, optional
        Only these.
    mode : {"full", "quick"}
    workers : int
        Submissions graded at once; 0 means one per core.
    accept_tier : bool
        Grade although the sandbox is weaker than required; every record says so.
    tier : Tier, optional
        The sandbox to use; otherwise the best one here.
    console : rich Console, optional
        Shows progress.

    Raises
    ------
    CourseError
        Nothing was released or submitted, a student is unknown, or the sandbox is not available here or too weak.
    """
    console = console or Console(quiet=True)
    tier = sufficient_tier(course, accept_tier, console, tier)
    plans = [
        plan_of(course, assignment, notebook, course.release(assignment))
        for notebook in course.assignment(assignment).notebooks
    ]
    prepare_data(course)
    jobs: list[Job] = []
    for student, folder in submissions(course, assignment, students):
        if trouble := trouble_with(student):
            yield from (_misnamed(course, plan, student, trouble, tier, mode) for plan in plans)
            continue
        open_submission(course, assignment, student, folder)
        for plan in plans:
            name = f"{plan.notebook}.ipynb"
            if is_there(folder, name):
                jobs.append(Job(student, folder / name, plan, mode))
            else:
                yield _missing(course, plan, student, tier, mode)
    for _, graded in watched(grade_all(jobs, tier, workers=workers), len(jobs), console):
        write_down(course, graded)
        yield graded.record


def write_down(course: Course, graded: Graded) -> None:
    """Gradebook rows, autograded notebook, record: in this order, so that a record means that all is written."""
    record = graded.record
    save_grades(course, graded.notebook, record)
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
    found = {
        folder.parent.name: folder
        for folder in sorted(course.root.glob(f"submitted/*/{assignment}"))
    }
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


def _missing(course: Course, plan: Plan, student: str, tier: Tier, mode: Mode) -> Record:
    """A notebook that was not handed in: nothing, as in nbgrader, but said aloud."""
    zero_missing(course, plan.assignment, student, plan.notebook)
    record = Record(student, plan.assignment, plan.notebook, status="missing", mode=mode, tier=tier.value)
    name, folder = f"{plan.notebook}.ipynb", course.submitted(student, plan.assignment)
    similar = similar_notebooks(folder, plan.notebook, course.assignment(plan.assignment).notebooks)
    mend = f" There is {', '.join(similar)}: if that is it, name it {name} and grade again." if similar else ""
    record.messages.append(f"{name} was not handed in.{mend}")
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
