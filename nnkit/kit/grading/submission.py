"""A submitted notebook, read as data and matched cell by cell against the release.

Nothing here runs student code. The outcome is a notebook that has every graded cell of the release exactly once, locked
cells as they were released, and the student's own text in the cells that were open; everything else the student added
stays where it was, as an ordinary cell.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

MAX_NOTEBOOK_BYTES = 64 * 1024 * 1024
MAX_CELLS = 2000


class UnreadableSubmission(Exception):
    """The submitted file is no notebook that can be graded; the text says why and what to do."""


@dataclass
class Matched:
    """A submission brought back into the shape of its release."""

    notebook: NotebookNode
    messages: list[str] = field(default_factory=list)
    by_item: dict[str, list[str]] = field(default_factory=dict)
    """Messages that concern one graded cell, by grade id."""


def read_notebook(path: Path) -> NotebookNode:
    """Read a submitted notebook without trusting any of it.

    Raises
    ------
    UnreadableSubmission
        If the file is missing, a link or special file, too large, no JSON, or no nbformat 4 notebook.
    """
    name = path.name
    if path.is_symlink():
        raise UnreadableSubmission(f"{name} is a symbolic link: submit the notebook itself.")
    if not path.is_file():
        raise UnreadableSubmission(f"{name} is not in the submission.")
    size = path.stat().st_size
    if size > MAX_NOTEBOOK_BYTES:
        limit = MAX_NOTEBOOK_BYTES // 2**20
        raise UnreadableSubmission(
            f"{name} has {size / 2**20:.0f} MB, more than the {limit} MB: clear its outputs and hand it in again."
        )
    try:
        raw = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UnreadableSubmission(f"{name} is no valid notebook file (JSON): {str(error)[:200]}.") from None
    return as_notebook(raw, name)


def as_notebook(raw: Any, name: str) -> NotebookNode:
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
    clean = nbformat.v4.new_notebook()
    clean.metadata = nbformat.from_dict(_plain_metadata(raw.get("metadata")))
    clean.cells = [_as_cell(cell, index) for index, cell in enumerate(cells) if isinstance(cell, dict)]
    return clean


def _plain_metadata(metadata: Any) -> dict[str, Any]:
    """What is kept of a notebook's own metadata: the stamp of the release it was made from."""
    stamp = metadata.get("nnkit") if isinstance(metadata, dict) else None
    return {"nnkit": {key: str(value)[:200] for key, value in stamp.items()}} if isinstance(stamp, dict) else {}


def _as_cell(cell: dict[str, Any], index: int) -> NotebookNode:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        source = ""
    # JSON can hold half a character, which no file and no checksum can.
    source = source.encode("utf-8", "replace").decode("utf-8")
    make = {"code": nbformat.v4.new_code_cell, "raw": nbformat.v4.new_raw_cell}.get(
        str(cell.get("cell_type")), nbformat.v4.new_markdown_cell
    )
    clean: NotebookNode = make(source)
    clean["id"] = f"student-{index}"
    grade_id = grade_id_of(cell)
    if grade_id is not None:
        clean.metadata["nbgrader"] = nbformat.from_dict({"grade_id": grade_id})
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
    _compare_stamps(submitted, release, matched)
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
            _tell(matched, grade_id, grade_id in released)
            cell.metadata.pop("nbgrader", None)
        cells.append(cell)
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


def _tell(matched: Matched, grade_id: str, duplicate: bool) -> None:
    short = grade_id[:60]
    if duplicate:
        matched.by_item.setdefault(grade_id, []).append(
            f"There is more than one cell {short}: the first one is graded, the others run as ordinary cells."
        )
    else:
        matched.messages.append(f"The cell {short!r} is not part of this release: it runs as an ordinary cell.")


def _restored(cell: NotebookNode, original: NotebookNode, grade_id: str, matched: Matched) -> NotebookNode:
    """The released cell with the student's text where it was open; an emptied cell counts as untouched."""
    restored: NotebookNode = copy.deepcopy(original)
    if is_open(original):
        if cell.source.strip() not in ("", original.source.strip()):
            restored.source = cell.source
        if cell.cell_type != original.cell_type:
            matched.by_item.setdefault(grade_id, []).append(
                f"The cell {grade_id} had become a {cell.cell_type} cell: it is read as {original.cell_type} again."
            )
    return restored


def _compare_stamps(submitted: NotebookNode, release: NotebookNode, matched: Matched) -> None:
    mine, theirs = release.metadata.get("nnkit", {}), submitted.metadata.get("nnkit", {})
    if mine.get("content") != theirs.get("content"):
        matched.messages.append(
            "The notebook was made from another release of this assignment: it is graded against the current one."
        )
