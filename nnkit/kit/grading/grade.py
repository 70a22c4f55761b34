"""Grading one submitted notebook: match, run, test, explain, write down."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import nbformat
from nbformat import NotebookNode

from nnkit.kit.course.items import Item
from nnkit.kit.course.settings import Limits
from nnkit.kit.grading.answers import look_for_answer
from nnkit.kit.grading.causes import Causes
from nnkit.kit.grading.choices import grade_choice
from nnkit.kit.grading.outcome import Graded, Mode, new_record, write_outputs
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.record import ItemRecord, Record, TestRecord, conclude, summarise
from nnkit.kit.grading.runner import Runner
from nnkit.kit.grading.session_opening import open_session
from nnkit.kit.locked.cells import CellResult
from nnkit.kit.locked.limit_messages import explain
from nnkit.kit.locked.sessions import Sessions, Source
from nnkit.kit.sandbox import Tier
from nnkit.kit.submission.answers import Answers
from nnkit.kit.submission.code import Code, code_of
from nnkit.kit.submission.matching import Matched, match
from nnkit.kit.submission.reading import grade_id_of, is_open, is_test


def grade_notebook(
    plan: Plan,
    student: str,
    submitted: NotebookNode,
    *,
    tier: Tier,
    mode: Mode = "full",
    only: frozenset[str] | None = None,
    beside: Mapping[str, NotebookNode] = MappingProxyType({}),
    left_out: frozenset[str] = frozenset(),
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
        Grade these items only, without their slow tests (for `verify`); the others are left out of the record.
    beside : mapping of str to NotebookNode
        The student's notebooks that this one takes definitions from, as far as there are any.
    left_out : frozenset of str
        Items whose tests never ended on what this submission returned: they wait for a person.
    """
    began = time.monotonic()
    record = new_record(plan, student, tier, mode)
    matched = match(submitted, plan.release)
    record.messages += matched.messages
    limits = plan.course.limits
    code = code_of(matched.notebook, plan.release)
    sources = cells_to_run(matched.notebook, code)
    wanted = [item for item in plan.items if only is None or item.name in only]
    untouched = untouched_cells(matched, plan) - code.written
    start = partial(open_session, plan, tier, _files(plan, beside), drawing=mode == "full")
    asked_for = [item.name for item in plan.items if item.kind == "exercise"]
    with Sessions(start, limits, wanted=asked_for) as sessions:
        run = partial(_run_cells, matched=matched, limits=limits, record=record) if mode == "full" else Sessions.define
        results = run(sessions, sources)
        tested = [
            item
            for item in wanted
            if item.name not in left_out and (item.kind == "exercise" or (item.kind == "experiment" and mode == "full"))
        ]
        runner = Runner(plan, student, tested, sessions, slow=only is None)
        runner.judge_at_their_cells(code.names)
        extra_cpu_s = runner.follow_through(start, sources, untouched)
        for item in tested:
            if item.borrows and item.name not in untouched and runner.has_failed(item.name):
                doubt, cpu_s = _doubt(plan, student, item, beside, tier)
                runner.leave_open(item.name, doubt)
                extra_cpu_s += cpu_s
        runner.give_hints()
        runner.withhold()
        record.cpu_s = round(sessions.cpu_s() + extra_cpu_s, 3)
    causes = Causes(matched.notebook, code, results)
    answers = Answers(matched.notebook, plan.release)
    for item in wanted:
        made = _item_record(item, runner.records.get(item.name, []), matched, untouched)
        if item.kind in ("explain", "choose"):
            look_for_answer(made, answers, [each.name for each in plan.items if each.kind == "explain"])
        else:
            made.messages += [*code.by_item.get(item.name, []), *runner.remarks.get(item.name, [])]
            made.messages[:0] = causes.of(made)
        if item.name in left_out:
            made.status = "grader_error"
            made.messages.append("Its tests never ended on what your code returned: a person decides.")
        record.items.append(made)
    summarise(record)
    write_outputs(matched.notebook, record)
    record.wall_s = round(time.monotonic() - began, 3)
    return Graded(matched.notebook, record)


def _files(plan: Plan, beside: Mapping[str, NotebookNode]) -> dict[str, bytes]:
    """What `solutions_of` reads in the locked process: the code of other notebooks, with given cells restored."""
    files = {}
    for name, lender in plan.lenders.items():
        if name not in beside:
            continue
        notebook = match(beside[name], lender.release).notebook
        texts = code_of(notebook, lender.release).texts.values()
        code = [{"cell_type": "code", "source": text} for text in texts]
        files[f"{name}.ipynb"] = json.dumps({"cells": code}).encode()
    return files


def _doubt(plan: Plan, student: str, item: Item, beside: Mapping[str, NotebookNode], tier: Tier) -> tuple[str, float]:
    """Why an item may fail for what it takes from earlier notebooks, or nothing; and the CPU seconds that took."""
    cpu_s = 0.0
    for name, lender in plan.earlier.items():
        wanted = frozenset(exercise for notebook, exercise in item.borrows if notebook == name)
        if wanted and name not in beside:
            return f"It is built on {name}.ipynb, which was not handed in or can't be read", cpu_s
        if wanted:
            record = grade_notebook(
                lender, student, beside[name], tier=tier, mode="quick", only=wanted, beside=beside
            ).record
            cpu_s += record.cpu_s
            weak = [each.item for each in record.items if each.score != each.points]
            if weak:
                return f"It is built on {weak[0]} of {name}.ipynb, which does not pass its own tests", cpu_s
    return "", cpu_s


def untouched_cells(matched: Matched, plan: Plan) -> frozenset[str]:
    """Grade ids of the open cells that still hold what was released."""
    released = {grade_id_of(cell): cell.source for cell in plan.release.cells if is_open(cell)}
    return frozenset(
        grade_id
        for cell in matched.notebook.cells
        if (grade_id := grade_id_of(cell)) is not None and released.get(grade_id) == cell.source
    )


def cells_to_run(notebook: NotebookNode, code: Code) -> list[Source]:
    """The code cells in order, without the test cells: their results come from the graders.

    With each cell goes which test cells follow: an item may be judged as the names stood there.
    """
    sources = [Source("", "")]
    for cell in notebook.cells:
        if is_test(cell):
            item = str(grade_id_of(cell)).removeprefix("test_")
            sources[-1] = replace(sources[-1], keeps=(*sources[-1].keeps, item))
        elif cell.cell_type == "code":
            sources.append(Source(cell["id"], code.texts[cell["id"]]))
    return sources


def _run_cells(
    sessions: Sessions, sources: Sequence[Source], *, matched: Matched, limits: Limits, record: Record
) -> dict[str, CellResult]:
    results = sessions.run(sources)
    for cell in matched.notebook.cells:
        if cell.cell_type != "code":
            continue
        result = results.get(cell["id"])
        cell.outputs = [] if result is None else nbformat.from_dict(result.outputs)
        cell.execution_count = None if result is None else result.execution_count
        if result is not None and result.status not in ("ok", "error"):
            subject = f"The cell {grade_id_of(cell) or cell['id']}"
            record.messages.append(explain(result.status, subject, limits, limits.cell))
    return results


def _item_record(item: Item, tests: list[TestRecord], matched: Matched, untouched: frozenset[str]) -> ItemRecord:
    record = ItemRecord(item.name, item.kind, item.points, None, "waiting", tests=tests)
    record.messages = [
        message for grade_id in (item.name, f"test_{item.name}") for message in matched.by_item.get(grade_id, [])
    ]
    if item.by_person:
        if item.name in untouched:
            record.score, record.status = 0.0, "unanswered"
            record.messages.append("No answer was written.")
    elif item.kind == "choose":
        cells = [cell for cell in matched.notebook.cells if cell.cell_type == "code"]
        own = next((cell.source for cell in cells if grade_id_of(cell) == item.name), "")
        record.tests = [grade_choice(item, [cell.source for cell in cells], own)]
        conclude(record)
    elif item.kind == "experiment" and not tests:
        record.status = "not_run"
        record.messages.append("Experiments are graded by a full run; this one ran definitions only.")
    else:
        conclude(record)
        if record.score == 0 and item.name in untouched:
            record.status = "untouched"
    return record
