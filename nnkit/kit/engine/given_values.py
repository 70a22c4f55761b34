"""Values that given cells of a notebook bind, found once by running them and kept for the graders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnkit.kit.authoring.given_data import FIXTURE, data_asked_for, given_cells
from nnkit.kit.authoring.grader_items import Place
from nnkit.kit.authoring.template import Cell, Template
from nnkit.kit.course.errors import BuildError
from nnkit.kit.engine.private_files import write_privately
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.session_opening import open_session
from nnkit.kit.locked.proxy import RemoteObject
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.sandbox.probing import best_tier
from nnkit.student.errors import StudentError
from nnkit.student.values import type_name

DEEPEST = 8


def keep_given_values(template: Template, plan: Plan) -> None:
    """Run a notebook's given cells, as far as they need nothing of the student's, and keep what its graders ask for.

    Raises
    ------
    BuildError
        A cell does not run by itself, or binds something else than data.
    """
    assert plan.given is not None
    asked = data_asked_for(template)
    cells = given_cells(template).needed_for(asked)
    with open_session(plan, best_tier()) as session:
        _run(template, session, cells)
        submission = session.submission(plan.course.limits.cell.wall_s)
        values = {name: _fetched(submission, name, place) for name, place in asked.items()}
    write_privately(plan.given, values)
    for old in plan.given.parent.glob(f"{template.assignment}.{template.notebook}-*.pickle"):
        if old != plan.given:
            old.unlink(missing_ok=True)


def _run(template: Template, session: LockedSession, cells: Sequence[tuple[Cell, str]]) -> None:
    limits = template.course.limits
    for cell, text in cells:
        session.allow_cpu(limits.notebook.cpu_s)
        result = session.run_cell(f"given_{cell.line}", text, limits.notebook.wall_s)
        if result.status != "ok":
            said = next((each for each in result.outputs if each.get("output_type") == "error"), {})
            why = f"{said['ename']}: {said['evalue']}" if said else result.status
            what = f"run without the student's cells, this cell fails: {why}"
            raise BuildError(what, file=template.shown, line=cell.line, mend="graders ask for data of given cells")


def _fetched(submission: Any, name: str, place: Place) -> Any:
    try:
        return _plain(getattr(submission, name), name, DEEPEST)
    except (StudentError, TypeError) as error:
        what = f'{FIXTURE}("{name}"): {error}'
        mend = "ask for arrays, numbers, text, and for tuples, lists and dicts of them"
        raise BuildError(what, file=place.file, line=place.line, mend=mend) from None


def _plain(value: Any, name: str, depth: int) -> Any:
    """A value with all that it holds, instead of something that stands for it.

    Raises
    ------
    TypeError
        It is no data.
    """
    if type(value) is np.ndarray:
        return value.copy()
    if type(value) is tuple:
        return tuple(_plain(each, name, depth - 1) for each in value)
    if not isinstance(value, RemoteObject):
        return value
    kind = value._type_name
    if depth and kind == "dict":
        return {key: _plain(value[key], name, depth - 1) for key in value}
    if depth and kind in ("list", "tuple"):
        items = [_plain(each, name, depth - 1) for each in value]
        return items if kind == "list" else tuple(items)
    raise TypeError(f"it is or holds {type_name(value)}, which is no data")
