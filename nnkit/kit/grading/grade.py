"""Grading one submitted notebook: match, run, test, explain, write down."""

from __future__ import annotations

import copy
import hashlib
import math
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, Literal, cast

import nbformat
from nbformat import NotebookNode

from nnkit.kit.grading.choices import grade_choice
from nnkit.kit.grading.graders import LockedGrader, student_message
from nnkit.kit.grading.heldback import held_back
from nnkit.kit.grading.hints import KnownMistake, find_hints
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, Record, TestRecord, Verdict, conclude, summarise
from nnkit.kit.grading.results import outputs
from nnkit.kit.grading.rooms import open_room
from nnkit.kit.grading.sandbox import Tier
from nnkit.kit.grading.session import LockedSession
from nnkit.kit.grading.submission import Matched, UnreadableSubmission, grade_id_of, is_open, match
from nnkit.kit.grading.workplace import Source, Workplace
from nnkit.kit.items import Item
from nnkit.student.errors import StudentError
from nnkit.student.plugin import run_graders
from nnkit.student.submission import LocalSubmission
from nnkit.student.verdict import TestResult, TestTrace

Mode = Literal["full", "quick"]
LOST = ("timeout", "out_of_memory", "killed")


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
        As `read_notebook` gives it.
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
    with Workplace(
        partial(open_room, plan, tier), wall_s=limits.notebook.wall_s, call_wall_s=limits.item.wall_s
    ) as workplace:
        if mode == "full":
            _run_cells(workplace, matched, sources, limits.cell.wall_s, record)
        else:
            workplace.define(sources)
        tested = [item for item in wanted if item.kind == "exercise" or (item.kind == "experiment" and mode == "full")]
        results = _test(plan, student, workplace, tested, tier, sources, untouched_cells(matched, plan))
        record.cpu_s = round(workplace.cpu_s(), 3)
    for item in wanted:
        record.items.append(_item_record(item, results.get(item.name, []), matched, plan))
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
        environment={
            "python": platform.python_version(),
            "platform": platform.platform(),
            **{name: version(name) for name in ("nnkit", "numpy", "ipython", "matplotlib", "nbgrader")},
        },
        seed=hashlib.sha256(f"{plan.course.seed}/{plan.notebook}/{student}".encode()).hexdigest()[:16],
    )


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
    workplace: Workplace, matched: Matched, sources: Sequence[Source], wall_s: float, record: Record
) -> None:
    results = workplace.run(sources, wall_s)
    said = {
        "timeout": "was stopped: it took too long",
        "out_of_memory": "was stopped: it needed too much memory",
        "killed": "ended the process it ran in; what came before was defined again for the rest",
    }
    for cell in matched.notebook.cells:
        if cell.cell_type != "code":
            continue
        result = results.get(cell["id"])
        cell.outputs = [] if result is None else nbformat.from_dict(result.outputs)
        cell.execution_count = None if result is None else result.execution_count
        if result is not None and result.status in said:
            record.messages.append(f"The cell {grade_id_of(cell) or cell['id']} {said[result.status]}.")


def _test(
    plan: Plan,
    student: str,
    workplace: Workplace,
    items: Sequence[Item],
    tier: Tier,
    sources: Sequence[Source],
    untouched: frozenset[str],
) -> dict[str, list[TestRecord]]:
    """Test records by item, follow-through and hints included."""
    if not items:
        return {}
    grader = LockedGrader(
        workplace.submission,
        student=student,
        course=f"{plan.course.id}/{plan.course.seed}",
        held_back=partial(held_back, plan),
        thresholds=plan.thresholds,
        item_wall_s=plan.course.limits.item.wall_s,
        items={item.name for item in items},
        # What a full run left behind is lost with its process: experiments are judged before anything can end it.
        first={item.name for item in items if item.kind == "experiment"},
    )
    records: dict[str, list[TestRecord]] = {item.name: [] for item in items}
    for result in run_graders(plan.graders, grader):
        records[result.item].append(_test_record(plan, grader, result, grader.traces[result.name]))
    for item in items:
        weak = weak_dependencies(plan, item, records)
        if not weak or item.name in untouched:
            continue
        if item.kind == "exercise":
            _follow_through(plan, workplace, grader, item, records, weak)
        else:
            _rerun_experiment(plan, grader, item, records, weak, tier, sources)
    for item in items:
        failed = [test.name for test in records[item.name] if test.verdict in ("failed", "student_error")]
        mistakes = _known_mistakes(plan, item) if failed else []
        hints = find_hints(grader, failed, mistakes)
        for test in records[item.name]:
            test.hint = hints.get(test.name, "")
    return records


def _reference_passes(plan: Plan, grader: LockedGrader, result: TestResult) -> bool:
    """Whether a test that broke works with the reference: then what the submission returned has broken it."""
    return grader.replay(result.name, LocalSubmission(plan.reference()))[0].verdict == "passed"


def weak_dependencies(plan: Plan, item: Item, records: dict[str, list[TestRecord]]) -> list[str]:
    """What a failing item is built on that does not pass its own tests."""
    if all(test.verdict == "passed" for test in records[item.name]):
        return []
    return [
        name
        for name in plan.foundations(item)
        if name in plan.definitions and any(test.verdict != "passed" for test in records.get(name, []))
    ]


def _unwritten(tests: Sequence[TestRecord]) -> bool:
    return all(test.verdict == "not_implemented" for test in tests)


def _stand_ins(plan: Plan, names: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """The reference's functions of these names; classes can't stand in over the wire."""
    namespace = plan.reference()
    return {name: namespace[name] for name in names if not isinstance(namespace[name], type)}


def _follow_through(
    plan: Plan,
    workplace: Workplace,
    grader: LockedGrader,
    item: Item,
    records: dict[str, list[TestRecord]],
    weak: Sequence[str],
) -> None:
    """Try an item's failed tests again with the reference's versions of what it is built on."""
    functions = _stand_ins(plan, weak)
    if not functions:
        return
    grader.spent.pop(item.name, None)

    def with_stand_ins() -> Any:
        session: LockedSession = workplace.session()
        # By value: what the reference's forward pass leaves in a cache, the student's backward pass may open.
        session.override(functions, by_value=functions)
        return workplace.submission()

    try:
        _try_again(plan, grader, item, records, with_stand_ins)
        workplace.session().restore()
    except StudentError:
        return


def _rerun_experiment(
    plan: Plan,
    grader: LockedGrader,
    item: Item,
    records: dict[str, list[TestRecord]],
    weak: Sequence[str],
    tier: Tier,
    sources: Sequence[Source],
) -> None:
    """Run the notebook once more with the reference's layers, and judge what the experiment then leaves behind."""
    functions = _stand_ins(plan, weak)
    cells = {grade_id_of(cell): cell["id"] for cell in plan.release.cells}
    limits = plan.course.limits
    grader.spent.pop(item.name, None)
    with Workplace(
        partial(open_room, plan, tier),
        wall_s=limits.notebook.wall_s,
        call_wall_s=limits.item.wall_s,
        stand_ins={cells[name]: {name: function} for name, function in functions.items() if name in cells},
    ) as workplace:
        workplace.run(sources, limits.cell.wall_s)
        _try_again(plan, grader, item, records, workplace.submission)
    unlent = [name for name in weak if name not in functions and not _unwritten(records[name])]
    if unlent:
        for test in records[item.name]:
            if test.verdict != "passed":
                test.verdict = "not_run"
                test.message = (
                    f"This experiment needs {unlent[0]}, which does not pass its own tests: a person decides."
                )


def _try_again(
    plan: Plan,
    grader: LockedGrader,
    item: Item,
    records: dict[str, list[TestRecord]],
    submission: Callable[[], Any],
) -> None:
    for index, test in enumerate(records[item.name]):
        if test.verdict == "passed":
            continue
        if grader.seconds_left(item.name) <= 0:
            return
        result, trace = grader.replay(test.name, submission())
        grader.on_result(result, trace)
        again = _test_record(plan, grader, result, trace)
        again.follow_through = result.verdict == "passed"
        records[item.name][index] = again


def _known_mistakes(plan: Plan, item: Item) -> list[KnownMistake]:
    return [
        KnownMistake(mistake.name, mistake.hint, plan.reference(mistake.item, mistake.source))
        for mistake in plan.mistakes
        if mistake.item == item.name and mistake.item in plan.definitions
    ]


def _test_record(plan: Plan, grader: LockedGrader, result: TestResult, trace: TestTrace) -> TestRecord:
    if result.verdict == "grader_error" and _reference_passes(plan, grader, result):
        result.verdict = "student_error"
    return TestRecord(
        name=result.name,
        verdict=cast(Verdict, result.verdict),
        public=result.public,
        weight=float(result.weight),
        measured=_finite(result.measured),
        allowed=_finite(result.allowed),
        message=student_message(result, trace),
        duration_s=round(trace.duration, 4),
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _item_record(item: Item, tests: list[TestRecord], matched: Matched, plan: Plan) -> ItemRecord:
    record = ItemRecord(item.name, item.kind, item.points, None, "waiting", tests=tests)
    record.messages = [
        message for grade_id in (item.name, f"test_{item.name}") for message in matched.by_item.get(grade_id, [])
    ]
    cell = next((cell for cell in matched.notebook.cells if grade_id_of(cell) == item.name), None)
    if item.kind == "explain":
        if cell is not None and not is_answered(cell):
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
        if record.score == 0 and item.name in untouched_cells(matched, plan):
            record.status = "untouched"
    return record


def is_answered(cell: NotebookNode) -> bool:
    """Whether a prose answer differs from the released placeholder (nbgrader's own rule: its checksum)."""
    from nbgrader.utils import compute_checksum

    return bool(cell.metadata["nbgrader"].get("checksum") != compute_checksum(cell))


def _write_outputs(notebook: NotebookNode, record: Record) -> None:
    by_cell = {f"test_{item.item}": item for item in record.items if item.kind != "explain"}
    for cell in notebook.cells:
        item = by_cell.get(grade_id_of(cell) or "")
        if item is not None and cell.cell_type == "code" and not is_open(cell):
            cell.outputs = outputs(item)
