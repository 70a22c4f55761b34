"""A submitted notebook, read as data and matched cell by cell against the release.

Nothing here runs student code. The outcome is a notebook that has every graded cell of the release exactly once, locked
cells as they were released, and the student's own text in the cells that were open; everything else the student added
stays where it was, as an ordinary cell.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from nnkit.kit.submission.attachments import MOST_BYTES, Pictures
from nnkit.kit.submission.files import UnreadableSubmission

MAX_CELLS = 2000
# As JSON, which is how it travels to the locked process; parsing more would take the grader gigabytes.
MAX_CELL_BYTES = 500_000
REMARKS = "nnkit_remarks"
_MOST_NAMED = 5
_LONGEST_NAME = 60


@dataclass
class Matched:
    """A submission brought back into the shape of its release."""

    notebook: NotebookNode
    messages: list[str] = field(default_factory=list)
    by_item: dict[str, list[str]] = field(default_factory=dict)
    """Messages that concern one graded cell, by grade id."""


def parse_notebook(content: bytes, name: str) -> NotebookNode:
    """Read the contents of a submitted file as a notebook, without trusting any of it.

    Raises
    ------
    UnreadableSubmission
        If it is no JSON, or no nbformat 4 notebook.
    """
    if not content.strip():
        raise UnreadableSubmission(f"{name} is empty: hand in the notebook as it is saved by JupyterLab.")
    try:
        raw = json.loads(content, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise UnreadableSubmission(f"{name} is no valid notebook file (JSON): {str(error)[:200]}.") from None
    return as_notebook(raw, name)


def _integer(digits: str) -> float:
    """An integer; one that Python would refuse to read is infinite, as it is for a browser."""
    return int(digits) if len(digits) < 20 else math.inf


def as_notebook(raw: Any, name: str) -> NotebookNode:
    """A parsed file as a notebook that holds nothing but text, pictures in it, grade ids and the stamp of its release.

    Raises
    ------
    UnreadableSubmission
        If it is no nbformat 4 notebook.
    """
    if not isinstance(raw, dict):
        raise UnreadableSubmission(f"{name} holds JSON, but not a notebook.")
    if raw.get("nbformat") != 4:
        raise UnreadableSubmission(
            f"{name} is in notebook format {str(raw.get('nbformat'))[:20]!r}; only format 4 is graded: "
            "open it in JupyterLab, save it and submit again."
        )
    cells = raw.get("cells")
    if not isinstance(cells, list):
        raise UnreadableSubmission(f"{name} has no list of cells.")
    if len(cells) > MAX_CELLS:
        raise UnreadableSubmission(f"{name} has {len(cells)} cells, more than the {MAX_CELLS} that are read.")
    metadata = raw.get("metadata")
    remarks = _of_another_kernel(metadata)
    pictures = Pictures()
    kept = [_as_cell(cell, index, pictures, remarks) for index, cell in enumerate(cells) if isinstance(cell, dict)]
    if len(kept) < len(cells):
        remarks.append(f"{len(cells) - len(kept)} entries among the cells are no cells and were left out.")
    about = {**_stamp(metadata), REMARKS: remarks}
    # Not by nbformat.v4.new_…, which check each cell against the schema: the notebook is checked as a whole.
    clean = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": kept})
    nbformat.validate(clean)
    return NotebookNode(clean)


def _stamp(metadata: Any) -> dict[str, Any]:
    """What is kept of a notebook's own metadata: the stamp of the release it was made from."""
    stamp = metadata.get("nnkit") if isinstance(metadata, dict) else None
    if not isinstance(stamp, dict):
        return {}
    return {"nnkit": {key: _clean(value[:200]) for key, value in stamp.items() if isinstance(value, str)}}


def _of_another_kernel(metadata: Any) -> list[str]:
    """A remark if the notebook was saved with a kernel of another language."""
    about = metadata if isinstance(metadata, dict) else {}
    for place, key in (("kernelspec", "language"), ("language_info", "name")):
        language = about[place].get(key) if isinstance(about.get(place), dict) else None
        if isinstance(language, str) and not language.casefold().startswith(("python", "ipython")):
            short = _clean(language[:_LONGEST_NAME])
            return [f"The notebook was saved with a kernel for {short}: its cells are run as Python all the same."]
    return []


def _clean(text: str) -> str:
    """The text without half characters: JSON can hold them, no file and no checksum can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _as_cell(cell: dict[str, Any], index: int, pictures: Pictures, remarks: list[str]) -> dict[str, Any]:
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(part, str) for part in source):
        source = "".join(source)
    grade_id = grade_id_of(cell)
    place = f"cell {index + 1}" if grade_id is None else f"the cell {_clean(grade_id[:_LONGEST_NAME])!r}"
    if not isinstance(source, str):
        remarks.append(f"The source of {place} is no text: it counts as empty.")
        source = ""
    elif len(json.dumps(source)) > MAX_CELL_BYTES:
        remarks.append(f"The source of {place} has more than {MAX_CELL_BYTES // 1000} kB: it counts as empty.")
        source = ""
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "raw") else "markdown"
    clean: dict[str, Any] = {"id": f"student-{index}", "cell_type": kind, "metadata": {}, "source": _clean(source)}
    if kind == "code":
        clean.update(execution_count=None, outputs=[])
    if grade_id is not None:
        clean["metadata"]["nbgrader"] = {"grade_id": grade_id}
        if kind == "markdown":
            clean["attachments"], left_out = pictures.among(cell.get("attachments"))
            if left_out:
                remarks.append(
                    f"{left_out} attachments of {place} were left out: kept are PNG, JPEG and GIF pictures with plain "
                    f"names, {MOST_BYTES // 1_000_000} MB of them in a notebook."
                )
    return clean


def grade_id_of(cell: Any) -> str | None:
    """The nbgrader grade id that a cell claims to have, or None."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def is_open(cell: NotebookNode) -> bool:
    """Whether a released cell is one that the student writes in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution", False))


def match(submitted: NotebookNode, release: NotebookNode) -> Matched:
    """Bring a submitted notebook back into the shape of the released one.

    The student's order of cells is kept, as that is the order in which the student ran them. Of several cells with one
    grade id the first is the graded one; the others run as ordinary cells. A released cell that is missing is put back
    behind the released cell it followed.
    """
    released = {grade_id: cell for cell in release.cells if (grade_id := grade_id_of(cell)) is not None}
    matched = Matched(NotebookNode(copy.deepcopy(release)))
    matched.messages += submitted.metadata.get(REMARKS, [])
    _compare_stamps(submitted, release, matched)
    unknown: list[str] = []
    cells: list[NotebookNode] = []
    seen: set[str] = set()
    for cell in submitted.cells:
        grade_id = grade_id_of(cell)
        if grade_id in released and grade_id not in seen:
            assert grade_id is not None
            seen.add(grade_id)
            cells.append(_restored(cell, released[grade_id], grade_id, matched))
            continue
        if grade_id is not None:
            if grade_id not in released:
                unknown.append(_clean(grade_id[:_LONGEST_NAME]))
            else:
                twice = (
                    f"There is more than one cell {grade_id}: the first one stands for it, the others run as ordinary "
                    "cells. Of two definitions of one name the later one counts."
                )
                if twice not in (told := matched.by_item.setdefault(grade_id, [])):
                    told.append(twice)
            cell.metadata.pop("nbgrader", None)
            cell.pop("attachments", None)
        cells.append(cell)
    _tell_unknown(matched, unknown)
    previous: str | None = None
    for grade_id, original in released.items():
        if grade_id not in seen:
            at = 0 if previous is None else 1 + next(i for i, c in enumerate(cells) if grade_id_of(c) == previous)
            cells.insert(at, copy.deepcopy(original))
            if original.metadata.get("nbgrader", {}).get("grade") or is_open(original):
                matched.by_item.setdefault(grade_id, []).append(
                    f"The cell {grade_id} was missing from the notebook and was put back as released."
                )
        previous = grade_id
    matched.notebook.cells = cells
    for index, cell in enumerate(cells):
        if str(cell["id"]).startswith("student-"):
            cell["id"] = f"student-{index}"
    return matched


def _tell_unknown(matched: Matched, names: Sequence[str]) -> None:
    if len(names) == 1:
        matched.messages.append(f"The cell {names[0]!r} is not part of this release: it runs as an ordinary cell.")
    elif names:
        shown = ", ".join(repr(name) for name in names[:_MOST_NAMED])
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        matched.messages.append(f"The cells {shown}{more} are not part of this release: they run as ordinary cells.")


def _restored(cell: NotebookNode, original: NotebookNode, grade_id: str, matched: Matched) -> NotebookNode:
    """The released cell with the student's text where it was open; an emptied cell counts as untouched."""
    restored: NotebookNode = copy.deepcopy(original)
    if is_open(original):
        if cell.source.strip() not in ("", original.source.strip()):
            restored.source = cell.source
            if cell.get("attachments") and original.cell_type == "markdown":
                restored["attachments"] = cell["attachments"]
        if cell.cell_type != original.cell_type:
            matched.by_item.setdefault(grade_id, []).append(
                f"The cell {grade_id} had become a {cell.cell_type} cell: it is read as {original.cell_type} again."
            )
    return restored


def _compare_stamps(submitted: NotebookNode, release: NotebookNode, matched: Matched) -> None:
    mine, theirs = release.metadata.get("nnkit", {}), submitted.metadata.get("nnkit", {})
    name = "/".join(str(theirs.get(key)) for key in ("assignment", "notebook"))
    if theirs and name != "/".join(str(mine.get(key)) for key in ("assignment", "notebook")):
        matched.messages.append(f"The notebook was released as {name}: was the right file handed in?")
    elif not theirs:
        matched.messages.append("The notebook does not say which release it was made from: it is graded as this one.")
    elif mine.get("content") != theirs.get("content"):
        matched.messages.append(
            "The notebook was made from another release of this assignment: it is graded against the current one."
        )
