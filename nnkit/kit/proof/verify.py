"""Proof before release: the reference gets every point, an untouched notebook none, every misconception is caught, and
no attempt without solving earns anything.

Submissions are graded as ever: from a release folder, in a locked process, by the same graders.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from rich.console import Console

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import Misconception, load_misconceptions, mistaken_notebook
from nnkit.kit.authoring.notebook import notebook_text, release_notebook, solved_notebook, source_notebook
from nnkit.kit.authoring.oversights import oversights_of, oversights_of_course
from nnkit.kit.authoring.read_once import read_once
from nnkit.kit.authoring.recording import stale_expected
from nnkit.kit.authoring.regions import strip
from nnkit.kit.authoring.sources import clear_sources, write_source
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.errors import Finding
from nnkit.kit.course.secret import make_secret
from nnkit.kit.course.settings import Course
from nnkit.kit.course.targets import Target, targets
from nnkit.kit.course.terminal import Terminal
from nnkit.kit.distribution.student_package import build_student_package
from nnkit.kit.engine import Job, LocalExecutor, grade_all
from nnkit.kit.engine.plans import note_proof, plan_of
from nnkit.kit.grading.outcome import Graded
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, TestRecord
from nnkit.kit.proof.attempts_at_once import Notebook, unearned_of
from nnkit.kit.proof.digest import proof_digest, shipped_digest
from nnkit.kit.proof.leaks import scan
from nnkit.kit.proof.published import check_unpublished
from nnkit.kit.proof.reference_cells import failed_cells
from nnkit.kit.proof.seed_values import check_seed_values
from nnkit.kit.proof.store import ProofStore
from nnkit.kit.proof.verification import CaughtMistake, NotebookProof, Verification, VerifiedItem
from nnkit.kit.reporting.progress import Progress
from nnkit.kit.sandbox.probing import best_tier

REFERENCE, UNTOUCHED = "reference", "untouched"


@dataclass(frozen=True)
class _Case:
    """A notebook to be proven."""

    plan: Plan
    template: Template


def verify(
    course: Course,
    wanted: Sequence[str],
    *,
    workers: int = 0,
    force: bool = False,
    console: Console | None = None,
) -> Verification:
    """Prove assignments or single notebooks, and write the executed references to solutions/.

    What decides a notebook's proof is digested; where the digest is that of a proof in the store, this proof is given.

    Parameters
    ----------
    course : Course
    wanted : sequence of str
        ``ASSIGNMENT`` or ``ASSIGNMENT/NOTEBOOK``.
    workers : int
        Notebooks run at once; 0 means one per core.
    force : bool
        Prove anew what is in the store.
    console : rich Console, optional
        Shows progress.
    """
    console = console or Terminal(quiet=True)
    if said := make_secret(course):
        console.print(said, markup=False)
    check_unpublished(course)
    with read_once():
        tier = best_tier()
        verification = Verification(tier=tier.value, seed_values=check_seed_values(course))
        templates = {
            (each.name, notebook): load_template(course, each.name, notebook)
            for each in course.assignments
            for notebook in each.notebooks
        }
        verification.warnings += oversights_of_course(course, templates)
        for target in targets(course, wanted):
            for notebook in target.notebooks:
                verification.warnings += oversights_of(course, target.assignment, notebook, templates)
            _prove(course, target, verification, LocalExecutor(tier, workers), force, console)
    return verification


def _prove(
    course: Course, target: Target, verification: Verification, place: LocalExecutor, force: bool, console: Console
) -> None:
    """Add what the proof of an assignment, or of notebooks of it, says."""
    assignment, store = target.assignment, ProofStore(course)
    package = build_release(course, assignment, course.root / ".cache" / "verify" / assignment)
    leaks = scan(package, course)
    verification.leaks += leaks
    if leaks:
        return  # nothing that leaks goes out, whatever its graders say
    proofs: dict[str, NotebookProof] = {}
    cases: dict[str, _Case] = {}
    plans = {notebook: plan_of(course, assignment, notebook, package) for notebook in target.notebooks}
    digests = {notebook: proof_digest(plan, package, place.tier) for notebook, plan in plans.items()}
    for notebook, plan in plans.items():
        stored = None if force else store.find(assignment, notebook, digests[notebook])
        if stored is not None:
            console.print(f"{assignment}/{notebook}: proven before, nothing has changed", markup=False)
            proofs[notebook] = stored
        else:
            cases[notebook] = _Case(plan, load_template(course, assignment, notebook))
    for notebook, proof in _carried_out(cases, package, place, console):
        proofs[notebook] = proof
    _attempt([(proofs[notebook], plan) for notebook, plan in plans.items()], package, place.workers, console)
    for notebook, proof in proofs.items():
        if not proof.stored:
            store.keep(proof, digests[notebook])
    for notebook in target.notebooks:
        verification.notebooks.append(proofs[notebook])
        path = course.solutions(assignment, notebook)
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(proofs[notebook].reference, path)


def _carried_out(
    cases: Mapping[str, _Case], package: Path, place: LocalExecutor, console: Console
) -> Iterator[tuple[str, NotebookProof]]:
    """The proofs of notebooks, all of them run side by side."""
    jobs = [job for case in cases.values() for job in _jobs(case, package)]
    if not jobs:
        return
    about = f"{len(jobs)} notebooks (reference, untouched, misconceptions), tier {place.tier.value}"
    console.print(f"{jobs[0].plan.assignment}: {about}", markup=False)
    with Progress(len(jobs), console) as progress:
        graded = {(job.notebook, job.student): result for job, result in grade_all(jobs, place, progress)}
    for notebook, case in cases.items():
        results = {student: result for (name, student), result in graded.items() if name == notebook}
        proof = _judged(case.template, results)
        if all(item.reference == item.points for item in proof.items):
            note_proof(proof.reference, case.plan)
        yield notebook, proof


def _attempt(proven: Sequence[tuple[NotebookProof, Plan]], package: Path, workers: int, console: Console) -> None:
    """Try to earn points without solving, where something is shipped that was not there when this was last tried."""
    digest = shipped_digest(package)
    due = [(proof, plan) for proof, plan in proven if proof.attempted != digest]
    if not due:
        return
    console.print(f"{due[0][1].assignment}: attempts without solving, at {len(due)} notebooks", markup=False)
    notebooks = [
        Notebook(plan, stubs_of(load_template(plan.course, plan.assignment, plan.notebook)), package) for _, plan in due
    ]
    unearned = unearned_of(notebooks, workers)
    for proof, plan in due:
        proof.attempted, proof.stored = digest, False
        for item in proof.items:
            item.unearned = [each for each in unearned[plan.notebook] if each.item == item.item]


def build_release(course: Course, assignment: str, folder: Path) -> Path:
    """Build sources, then everything that students receive, into an empty folder."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    build_student_package(course, assignment, folder)
    clear_sources(course, assignment)
    for notebook in course.assignment(assignment).notebooks:
        write_source(course, assignment, notebook)
        source = nbformat.read(course.source(assignment, notebook), as_version=4)
        (folder / f"{notebook}.ipynb").write_text(notebook_text(release_notebook(source)), encoding="utf-8")
    return folder


def _jobs(case: _Case, package: Path) -> Iterator[Job]:
    """The reference and the untouched notebook whole, and so misconceptions of experiments; those of functions by their
    definitions alone. Misconceptions do without slow tests: these say little and take most of the time.

    Each beside the reference of the notebooks that it takes definitions from.
    """
    plan, template = case.plan, case.template
    source = source_notebook(template)
    folder = package.parent / f"{plan.assignment}.submissions" / plan.notebook
    shutil.rmtree(folder, ignore_errors=True)
    beside = {
        name: notebook_text(solved_notebook(source_notebook(load_template(plan.course, plan.assignment, name))))
        for name in plan.lenders
    }

    def submission(name: str, content: NotebookNode) -> Path:
        """Hand a notebook in, with those that it takes definitions from."""
        (folder / name).mkdir(parents=True)
        for file, text in {**beside, plan.notebook: notebook_text(content)}.items():
            (folder / name / f"{file}.ipynb").write_text(text, encoding="utf-8")
        return folder / name / f"{plan.notebook}.ipynb"

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


def stubs_of(template: Template) -> dict[str, str]:
    """Every exercise of a notebook as it is released, by name."""
    return {
        cell.name: strip(cell.source, cell.name, file=template.shown)
        for cell in template.cells
        if cell.kind == "exercise"
    }


def _judged(template: Template, results: Mapping[str, Graded]) -> NotebookProof:
    """What the records of the reference, the untouched notebook and the misconceptions come to."""
    reference, untouched = results[REFERENCE].record, results[UNTOUCHED].record
    misconceptions = load_misconceptions(template)
    items: list[VerifiedItem] = []
    by_person: list[dict[str, Any]] = []
    for item in template.items:
        solved, empty = reference.item(item.name), untouched.item(item.name)
        if item.by_person:
            entry = {"assignment": template.assignment, "notebook": template.notebook, "item": item.name}
            states = {"points": item.points, "answered": solved.status, "unanswered": empty.status}
            ok = (solved.status, empty.status) == ("waiting", "unanswered")
            by_person.append({**entry, **states, "ok": ok})
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
        items.append(verified)
    faults = [*failed_cells(template, results[REFERENCE]), *stale_expected(template), *_broken(template, results)]
    return NotebookProof(
        template.assignment, template.notebook, items, by_person, faults, reference=results[REFERENCE].notebook
    )


def _broken(template: Template, results: Mapping[str, Graded]) -> Iterator[Finding]:
    """How the graders themselves broke, each way once: with the reference, if over that."""
    place = str(template.course.graders(template.assignment, template.notebook).relative_to(template.course.root))
    seen: set[str] = set()
    for name, result in sorted(results.items(), key=lambda each: (each[0] != REFERENCE, each[0])):
        for fault in result.record.faults:
            if fault not in seen:
                seen.add(fault)
                yield Finding(f"the grader breaks over {name}: {fault}", place)


def _complaints(item: ItemRecord) -> list[str]:
    """What an instructor has to know of tests that did not pass: hidden ones tell them all."""
    return [
        f"{test.name}: {test.verdict}: {test.fault or test.private or test.message}{_figures(test)}"
        for test in item.tests
        if test.verdict != "passed"
    ]


def _figures(test: TestRecord) -> str:
    if test.measured is None or test.allowed is None:
        return ""
    return f" (measured {test.measured:.4g}, asked for {test.bound} {test.allowed:.4g})"


def _lost(item: ItemRecord) -> bool:
    return not item.by_person and item.score != item.points
