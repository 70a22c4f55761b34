"""A submitted file, read as a notebook that holds nothing but text, pictures, grade ids and its release's stamp."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import nbformat
from nbformat import NotebookNode

from nnkit.kit.submission.attachments import MOST_BYTES, Pictures
from nnkit.kit.submission.files import UnreadableSubmission

MAX_CELLS = 2000
# As JSON, which is how it travels to the locked process; parsing more would take the grader gigabytes.
MAX_CELL_BYTES = 500_000
REMARKS = "nnkit_remarks"
LONGEST_SHOWN = 60
_CONFLICT = re.compile(rb"^<{7} .*?^={7}\s*$.*?^>{7} ", re.MULTILINE | re.DOTALL)
_OTHER_FILES = {
    b"PK\x03\x04": "a zip file",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
    b"7z\xbc\xaf": "a 7z file",
    b"Rar!": "a RAR file",
    b"{\\rtf": "a text document (RTF)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<!--")


def parse_notebook(content: bytes, name: str) -> NotebookNode:
    """Read the contents of a submitted file as a notebook, without trusting any of it.

    Raises
    ------
    UnreadableSubmission
        If it is no JSON, or no notebook of format 3 or 4.
    """
    if not content.strip():
        raise UnreadableSubmission(f"{name} is empty: hand in the notebook as it is saved by JupyterLab.")
    try:
        raw = json.loads(content, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        if kind := kind_of(content):
            raise UnreadableSubmission(f"{name} is {kind}, not the notebook: hand in the notebook itself.") from None
        if _CONFLICT.search(content[:MAX_CELL_BYTES]):
            raise UnreadableSubmission(
                f"{name} holds the marks of a merge conflict (<<<<<<<, =======, >>>>>>>): decide for one version of "
                "each part, and hand it in again."
            ) from None
        raise UnreadableSubmission(f"{name} is no valid notebook file (JSON): {str(error)[:200]}.") from None
    return as_notebook(raw, name)


def kind_of(content: bytes) -> str:
    """What a file is that is something well known and no notebook; empty if it may be one."""
    beginning = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, kind in _OTHER_FILES.items():
        if beginning.startswith(magic):
            return kind
    return "a web page (HTML)" if beginning[:20].lower().startswith(_MARKUP) else ""


def _integer(digits: str) -> float:
    """An integer; one that Python would refuse to read is infinite, as it is for a browser."""
    return int(digits) if len(digits) < 20 else math.inf


def as_notebook(raw: Any, name: str) -> NotebookNode:
    """A parsed file as a notebook.

    Raises
    ------
    UnreadableSubmission
        If it is no notebook of format 3 or 4.
    """
    if not isinstance(raw, dict):
        raise UnreadableSubmission(f"{name} holds JSON, but not a notebook.")
    if raw.get("nbformat") not in (3, 4):
        raise UnreadableSubmission(
            f"{name} is in notebook format {str(raw.get('nbformat'))[:20]!r}; only formats 3 and 4 are graded: "
            "open it in JupyterLab, save it and submit again."
        )
    cells = raw.get("cells")
    if raw["nbformat"] == 3 and not isinstance(cells, list):
        cells = _cells_of_format_3(raw.get("worksheets"))
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


def grade_id_of(cell: Any) -> str | None:
    """The nbgrader grade id that a cell claims to have, or None."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def is_open(cell: NotebookNode) -> bool:
    """Whether a released cell is one that the student writes in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution", False))


def is_test(cell: NotebookNode) -> bool:
    """Whether a released cell is one whose result comes from the graders."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade", False)) and not is_open(cell)


def has_work(notebook: NotebookNode, release: NotebookNode) -> bool:
    """Whether a notebook holds any text that was not released."""
    released = {cell.source.strip() for cell in release.cells}
    return any(cell.source.strip() not in released for cell in notebook.cells if cell.source.strip())


def clean(text: str) -> str:
    """The text without half characters: JSON can hold them, no file and no checksum can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def shortened(text: str, most: int = LONGEST_SHOWN) -> str:
    """A text on one line, as long as a message can show it."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _cells_of_format_3(worksheets: Any) -> list[Any] | None:
    """The cells of a notebook from before 2015, named as today."""
    if not isinstance(worksheets, list):
        return None
    found: list[Any] = []
    for sheet in worksheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        found += cells if isinstance(cells, list) else []
    return [_of_format_3(cell) if isinstance(cell, dict) else cell for cell in found]


def _of_format_3(cell: dict[str, Any]) -> dict[str, Any]:
    if cell.get("cell_type") == "code":
        return {**cell, "source": cell.get("input", "")}
    if cell.get("cell_type") != "heading":
        return cell
    source, level = cell.get("source", ""), cell.get("level")
    text = "".join(part for part in source if isinstance(part, str)) if isinstance(source, list) else source
    marks = "#" * level if type(level) is int and 1 <= level <= 6 else "#"
    return {**cell, "cell_type": "markdown", "source": f"{marks} {text}"}


def _stamp(metadata: Any) -> dict[str, Any]:
    """What is kept of a notebook's own metadata: the stamp of the release it was made from."""
    stamp = metadata.get("nnkit") if isinstance(metadata, dict) else None
    if not isinstance(stamp, dict):
        return {}
    return {"nnkit": {key: clean(value[:200]) for key, value in stamp.items() if isinstance(value, str)}}


def _of_another_kernel(metadata: Any) -> list[str]:
    """A remark if the notebook was saved with a kernel of another language."""
    about = metadata if isinstance(metadata, dict) else {}
    for place, key in (("kernelspec", "language"), ("language_info", "name")):
        language = about[place].get(key) if isinstance(about.get(place), dict) else None
        if isinstance(language, str) and not language.casefold().startswith(("python", "ipython")):
            short = clean(language[:LONGEST_SHOWN])
            return [f"The notebook was saved with a kernel for {short}: its cells are run as Python all the same."]
    return []


def _as_cell(cell: dict[str, Any], index: int, pictures: Pictures, remarks: list[str]) -> dict[str, Any]:
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(part, str) for part in source):
        source = "".join(source)
    grade_id = grade_id_of(cell)
    place = f"cell {index + 1}" if grade_id is None else f"the cell {clean(grade_id[:LONGEST_SHOWN])!r}"
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "raw") else "markdown"
    attached: dict[str, dict[str, str]] = {}
    if not isinstance(source, str):
        remarks.append(f"The source of {place} is no text: it counts as empty.")
        source = ""
    elif kind == "markdown":
        source, attached, left_out = pictures.of(source, cell.get("attachments"))
        if left_out:
            remarks.append(
                f"{left_out} attachments of {place} were left out: kept are PNG, JPEG and GIF pictures, "
                f"{MOST_BYTES // 1_000_000} MB of them in a notebook."
            )
    if len(json.dumps(source)) > MAX_CELL_BYTES:
        remarks.append(f"The source of {place} has more than {MAX_CELL_BYTES // 1000} kB: it counts as empty.")
        source = ""
    made: dict[str, Any] = {"id": f"student-{index}", "cell_type": kind, "metadata": {}, "source": clean(source)}
    if kind == "code":
        made.update(execution_count=None, outputs=[])
    elif kind == "markdown":
        made["attachments"] = attached
    if grade_id is not None:
        made["metadata"]["nbgrader"] = {"grade_id": grade_id}
    return made
