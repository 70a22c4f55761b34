"""Proof before release: the reference gets every point, an untouched notebook none, every misconception is caught.

Everything is graded as a submission is: from a release folder, in a locked process, by the same graders.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from rich.console import Console

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import Misconception, load_misconceptions, mistaken_notebook
from nnkit.kit.authoring.notebook import notebook_text, release_notebook, solved_notebook, source_notebook
from nnkit.kit.authoring.sources import write_source
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.settings import Course
from nnkit.kit.course.terminal import Terminal
from nnkit.kit.distribution.student_package import build_student_package
from nnkit.kit.engine import Job, LocalExecutor, grade_all
from nnkit.kit.engine.plans import note_proof, plan_of, prepare_data
from nnkit.kit.grading.outcome import Graded
from nnkit.kit.grading.record import ItemRecord
from nnkit.kit.proof.leaks import Leak, scan
from nnkit.kit.proof.seed_values import SeedReport, check_seed_values
from nnkit.kit.reporting.progress import Progress
from nnkit.kit.sandbox.probing import best_tier

REFERENCE, UNTOUCHED = "reference", "untouched"


@dataclass
class CaughtMistake:
    """What one misconception scored on its item, and what it cost elsewhere."""

    name: str
    score: float
    caught: bool
    elsewhere: list[str] = field(default_factory=list)
    """Other items that lost points over it: the graders blame the wrong thing."""


@dataclass
class VerifiedItem:
    """What the proof says of one machine-graded item."""

    assignment: str
    notebook: str
    item: str
    points: float
    reference: float | None
    untouched: float | None
    misconceptions: list[CaughtMistake] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    """What the tests said where the reference did not get every point."""

    @property
    def ok(self) -> bool:
        return (
            self.reference == self.points
            and self.untouched == 0
            and all(mistake.caught and not mistake.elsewhere for mistake in self.misconceptions)
        )


@dataclass
class Verification:
    """The whole proof."""

    items: list[VerifiedItem] = field(default_factory=list)
    by_person: list[dict[str, Any]] = field(default_factory=list)
    seed_values: SeedReport = field(default_factory=SeedReport)
    leaks: list[Leak] = field(default_factory=list)
    tier: str = ""

    @property
    def ok(self) -> bool:
        return (
            bool(self.items)
            and all(item.ok for item in self.items)
            and all(entry["ok"] for entry in self.by_person)
            and not self.leaks
            and not self.seed_values.failed
        )

    def as_dict(self) -> dict[str, Any]:
        """The stable form that `--json` prints."""
        return {
            "ok": self.ok,
            "items": [asdict(item) for item in self.items],
            "by_person": self.by_person,
            "seed_values": asdict(self.seed_values),
            "leaks": [{**asdict(leak), "file": str(leak.file)} for leak in self.leaks],
            "tier": self.tier,
        }


def verify(
    course: Course, assignments: Sequence[str], *, workers: int = 0, console: Console | None = None
) -> Verification:
    """Prove assignments, and write the executed references to solutions/.

    Parameters
    ----------
    course : Course
    assignments : sequence of str
    workers : int
        Notebooks run at once; 0 means one per core.
    console : rich Console, optional
        Shows progress.
    """
    console = console or Terminal(quiet=True)
    tier = best_tier()
    verification = Verification(tier=tier.value, seed_values=check_seed_values(course))
    prepare_data(course)
    for assignment in assignments:
        package = build_release(course, assignment, course.root / ".cache" / "verify" / assignment)
        leaks = scan(package, course)
        verification.leaks += leaks
        if leaks:
            continue  # nothing that leaks goes out, whatever its graders say
        jobs = [
            job
            for notebook in course.assignment(assignment).notebooks
            for job in _jobs(course, assignment, notebook, package)
        ]
        console.print(f"{assignment}: {len(jobs)} notebooks (reference, untouched, misconceptions), tier {tier.value}")
        plans = {job.plan.notebook: job.plan for job in jobs}
        with Progress(len(jobs), console) as progress:
            results_by_job = grade_all(jobs, LocalExecutor(tier, workers), progress)
            graded = {(job.plan.notebook, job.student): result for job, result in results_by_job}
        for notebook in course.assignment(assignment).notebooks:
            template = load_template(course, assignment, notebook)
            results = {student: result for (name, student), result in graded.items() if name == notebook}
            _judge(template, results, verification)
            reference = results[REFERENCE]
            if reference.record.score == sum(item.points for item in template.items if item.kind != "explain"):
                note_proof(reference.notebook, plans[notebook])
            course.solutions(assignment).mkdir(parents=True, exist_ok=True)
            nbformat.write(reference.notebook, course.solutions(assignment, notebook))
    return verification


def build_release(course: Course, assignment: str, folder: Path) -> Path:
    """Build sources, then everything that students receive, into an empty folder."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    build_student_package(course, assignment, folder)
    for notebook in course.assignment(assignment).notebooks:
        write_source(course, assignment, notebook)
        source = nbformat.read(course.source(assignment, notebook), as_version=4)
        (folder / f"{notebook}.ipynb").write_text(notebook_text(release_notebook(source)), encoding="utf-8")
    return folder


def _jobs(course: Course, assignment: str, notebook: str, package: Path) -> Iterator[Job]:
    """The reference and the untouched notebook whole, and so misconceptions of experiments; those of functions by their
    definitions alone. Misconceptions do without slow tests: these say little and take most of the time.

    Each beside the reference of the notebooks that it takes definitions from.
    """
    plan = plan_of(course, assignment, notebook, package)
    template = load_template(course, assignment, notebook)
    source = source_notebook(template)
    folder = package.parent / f"{assignment}.submissions" / notebook
    folder.mkdir(parents=True, exist_ok=True)

    def submission(name: str, content: NotebookNode) -> Path:
        path = folder / f"{name}.ipynb"
        path.write_text(notebook_text(content), encoding="utf-8")
        return path

    for lender in plan.lenders:
        submission(lender, solved_notebook(source_notebook(load_template(course, assignment, lender))))
    yield Job(REFERENCE, submission(REFERENCE, solved_notebook(source)), plan)
    yield Job(UNTOUCHED, submission(UNTOUCHED, release_notebook(source)), plan)
    kinds = {item.name: item.kind for item in plan.items}
    everything = frozenset(kinds)
    exercises = frozenset(name for name in everything if kinds[name] == "exercise")
    for misconception in load_misconceptions(template):
        name = student_of(misconception)
        path = submission(name, mistaken_notebook(source, [misconception]))
        if kinds[misconception.exercise] == "exercise":
            yield Job(name, path, plan, mode="quick", only=exercises)
        else:
            yield Job(name, path, plan, only=everything)


def student_of(misconception: Misconception) -> str:
    """The name under which a misconception hands in."""
    return f"{misconception.exercise}.{misconception.name}"


def _judge(template: Template, results: dict[str, Graded], verification: Verification) -> None:
    reference, untouched = results[REFERENCE].record, results[UNTOUCHED].record
    misconceptions = load_misconceptions(template)
    for item in template.items:
        solved, empty = reference.item(item.name), untouched.item(item.name)
        if item.kind == "explain":
            entry = {"assignment": template.assignment, "notebook": template.notebook, "item": item.name}
            states = {"points": item.points, "answered": solved.status, "unanswered": empty.status}
            ok = (solved.status, empty.status) == ("waiting", "unanswered")
            verification.by_person.append({**entry, **states, "ok": ok})
            continue
        verified = VerifiedItem(
            template.assignment, template.notebook, item.name, item.points, solved.score, empty.score
        )
        if solved.score != item.points:
            verified.trouble = [*solved.messages, *_complaints(solved)]
        for misconception in misconceptions:
            if misconception.exercise == item.name:
                record = results[student_of(misconception)].record
                score = record.item(item.name).score
                verified.misconceptions.append(
                    CaughtMistake(
                        misconception.name,
                        -1.0 if score is None else score,
                        score is not None and score < item.points,
                        [other.item for other in record.items if _lost(other) and other.item != item.name],
                    )
                )
        verification.items.append(verified)


def _complaints(item: ItemRecord) -> list[str]:
    return [f"{test.name}: {test.verdict}: {test.message}" for test in item.tests if test.verdict != "passed"]


def _lost(item: ItemRecord) -> bool:
    return item.kind != "explain" and item.score != item.points
