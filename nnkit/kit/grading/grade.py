"""Grading one submitted notebook: match, run, test, explain, write down."""

from __future__ import annotations

import copy
import hashlib
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import Literal

import nbformat
from nbformat import NotebookNode

from nnkit.kit.course import Limits
from nnkit.kit.grading.choices import grade_choice
from nnkit.kit.grading.examination import Examination
from nnkit.kit.grading.handed_in import UnreadableSubmission
from nnkit.kit.grading.limits import explain
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, Record, TestRecord, conclude, summarise
from nnkit.kit.grading.results import outputs
from nnkit.kit.grading.rooms import open_room
from nnkit.kit.grading.sandbox import Tier
from nnkit.kit.grading.submission import Matched, grade_id_of, is_open, match
from nnkit.kit.grading.workplace import Source, Workplace
from nnkit.kit.items import Item

Mode = Literal["full", "quick"]


@dataclass
class Graded:
    """A graded notebook: what formgrader shows, and the record."""

    notebook: NotebookNode
    record: Record


def grade_notebook(
    plan: Plan,
    student: str,
    submitted: NotebookNode,
    *,
    tier: Tier,
    mode: Mode = "full",
    only: frozenset[str] | None = None,
) -> Graded:
    """Grade one submission.

    Parameters
    ----------
    plan : Plan
    student : str
        Seeds the random tests.
    submitted : NotebookNode
        As `parse_notebook` gives it.
    tier : Tier
        The sandbox to run it in.
    mode : {"full", "quick"}
        Run every cell, or only the definitions. Experiments can't be graded then.
    only : frozenset of str, optional
        Grade these items only (for `verify`); the others are left out of the record.
    """
    began = time.monotonic()
    record = new_record(plan, student, tier, mode)
    matched = match(submitted, plan.release)
    record.messages += matched.messages
    limits = plan.course.limits
    sources = cells_to_run(matched.notebook)
    wanted = [item for item in plan.items if only is None or item.name in only]
    untouched = untouched_cells(matched, plan)
    with Workplace(partial(open_room, plan, tier), limits) as workplace:
        if mode == "full":
            _run_cells(workplace, matched, sources, limits, record)
        else:
            workplace.define(sources)
        tested = [item for item in wanted if item.kind == "exercise" or (item.kind == "experiment" and mode == "full")]
        examination = Examination(plan, student, tested, workplace)
        extra_cpu_s = examination.follow_through(tier, sources, untouched)
        examination.give_hints()
        record.cpu_s = round(workplace.cpu_s() + extra_cpu_s, 3)
    for item in wanted:
        record.items.append(_item_record(item, examination.records.get(item.name, []), matched, untouched))
    summarise(record)
    _write_outputs(matched.notebook, record)
    record.wall_s = round(time.monotonic() - began, 3)
    return Graded(matched.notebook, record)


def unreadable(plan: Plan, student: str, error: UnreadableSubmission, *, tier: Tier, mode: Mode = "full") -> Graded:
    """The record of a submission that is no notebook; every item waits for a person."""
    record = new_record(plan, student, tier, mode)
    record.status = "unreadable"
    record.messages.append(str(error))
    record.items = [ItemRecord(item.name, item.kind, item.points, None, "waiting") for item in plan.items]
    summarise(record)
    notebook = copy.deepcopy(plan.release)
    _write_outputs(notebook, record)
    return Graded(notebook, record)


def new_record(plan: Plan, student: str, tier: Tier, mode: Mode) -> Record:
    """A record with everything that is known before the submission is opened."""
    return Record(
        student=student,
        assignment=plan.assignment,
        notebook=plan.notebook,
        mode=mode,
        tier=tier.value,
        tier_lacks=list(tier.lacks),
        below_required_tier=not tier.at_least(Tier(plan.course.required_tier)),
        hashes=dict(plan.hashes),
        environment=dict(_environment()),
        seed=hashlib.sha256(f"{plan.course.seed}/{plan.notebook}/{student}".encode(errors="surrogateescape")).hexdigest()[:16],
    )


@cache
def _environment() -> dict[str, str]:
    """Versions of what has a say in a grade; looked up once, as that reads every package's metadata."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{name: version(name) for name in ("nnkit", "numpy", "ipython", "matplotlib", "nbgrader")},
    }


def untouched_cells(matched: Matched, plan: Plan) -> frozenset[str]:
    """Grade ids of the open cells that still hold what was released."""
    released = {grade_id_of(cell): cell.source for cell in plan.release.cells if is_open(cell)}
    return frozenset(
        grade_id
        for cell in matched.notebook.cells
        if (grade_id := grade_id_of(cell)) is not None and released.get(grade_id) == cell.source
    )


def cells_to_run(notebook: NotebookNode) -> list[Source]:
    """The code cells in order, without the test cells: their results come from the graders."""
    return [
        Source(cell["id"], cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade", False)
    ]


def _run_cells(
    workplace: Workplace, matched: Matched, sources: Sequence[Source], limits: Limits, record: Record
) -> None:
    results = workplace.run(sources)
    for cell in matched.notebook.cells:
        if cell.cell_type != "code":
            continue
        result = results.get(cell["id"])
        cell.outputs = [] if result is None else nbformat.from_dict(result.outputs)
        cell.execution_count = None if result is None else result.execution_count
        if result is not None and result.status not in ("ok", "error"):
            subject = f"The cell {grade_id_of(cell) or cell['id']}"
            record.messages.append(explain(result.status, subject, limits, limits.cell))


def _item_record(item: Item, tests: list[TestRecord], matched: Matched, untouched: frozenset[str]) -> ItemRecord:
    record = ItemRecord(item.name, item.kind, item.points, None, "waiting", tests=tests)
    record.messages = [
        message for grade_id in (item.name, f"test_{item.name}") for message in matched.by_item.get(grade_id, [])
    ]
    cell = next((cell for cell in matched.notebook.cells if grade_id_of(cell) == item.name), None)
    if item.kind == "explain":
        if cell is not None and item.name in untouched:
            record.score, record.status = 0.0, "unanswered"
            record.messages.append("No answer was written.")
    elif item.kind == "choose":
        record.tests = [grade_choice(item, "" if cell is None else cell.source)]
        conclude(record)
    elif item.kind == "experiment" and not tests:
        record.status = "not_run"
        record.messages.append("Experiments are graded by a full run; this one ran definitions only.")
    else:
        conclude(record)
        if record.score == 0 and item.name in untouched:
            record.status = "untouched"
    return record


def _write_outputs(notebook: NotebookNode, record: Record) -> None:
    by_cell = {f"test_{item.item}": item for item in record.items if item.kind != "explain"}
    for cell in notebook.cells:
        item = by_cell.get(grade_id_of(cell) or "")
        if item is not None and cell.cell_type == "code" and not is_open(cell):
            cell.outputs = outputs(item)
