"""The outcome of grading one notebook, and how it begins: the record before anything is known."""

from __future__ import annotations

import copy
import hashlib
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Literal

from nbformat import NotebookNode

import nnkit
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, Record, summarise
from nnkit.kit.grading.results import outputs
from nnkit.kit.sandbox import Tier
from nnkit.kit.submission.files import UnreadableSubmission
from nnkit.kit.submission.reading import grade_id_of, is_open

Mode = Literal["full", "quick"]


@dataclass
class Graded:
    """A graded notebook: what formgrader shows, the record, and whether a copy stands for a notebook without work."""

    notebook: NotebookNode
    record: Record
    of_copy: bool = False


def unreadable(plan: Plan, student: str, error: UnreadableSubmission, *, tier: Tier, mode: Mode = "full") -> Graded:
    """The record of a submission that is no notebook; every item waits for a person."""
    record = new_record(plan, student, tier, mode)
    record.status = "unreadable"
    record.messages.append(str(error))
    record.items = [ItemRecord(item.name, item.kind, item.points, None, "waiting") for item in plan.items]
    summarise(record)
    notebook = copy.deepcopy(plan.release)
    write_outputs(notebook, record)
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
        environment=dict(environment()),
        seed=hashlib.sha256(
            f"{plan.input_key}/{plan.notebook}/{student}".encode(errors="surrogateescape")
        ).hexdigest()[:16],
    )


@cache
def environment() -> dict[str, str]:
    """Versions of what has a say in a grade; looked up once, as that reads every package's metadata."""
    return {
        "nnkit": nnkit.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{name: version(name) for name in ("numpy", "ipython", "matplotlib", "nbgrader")},
    }


def write_outputs(notebook: NotebookNode, record: Record) -> None:
    """Put every item's table and score below its test cell."""
    by_cell = {f"test_{item.item}": item for item in record.items if not item.by_person}
    for cell in notebook.cells:
        item = by_cell.get(grade_id_of(cell) or "")
        if item is not None and cell.cell_type == "code" and not is_open(cell):
            cell.outputs = outputs(item)
