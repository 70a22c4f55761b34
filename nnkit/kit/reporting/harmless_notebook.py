"""A graded notebook made ready to be shown: only what a reader needs of it, in forms that the page's templates know.

nbconvert's and nbgrader's templates trust a notebook's metadata: they write grade ids, names and picture sizes into the
page as they are, frame outputs that ask for it, and stop at a missing attachment. So nothing reaches them unseen.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

import nbformat
from nbconvert.filters import strip_ansi
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from nnkit.kit.reporting.converter import CONVERTER
from nnkit.kit.reporting.sanitising import DRAWING, PICTURES, PIXELS, as_text, encoded_drawing, picture

MOST_CHARACTERS = 100_000
"""Of one text. Longer ones are cut: nobody reads them, and they take a browser minutes."""
MOST_COLOURS = 5_000
MOST_PIXELS_WIDE = 4_000

_GRADE_ID = re.compile(r"[\w-]+", re.ASCII)
_ABOUT_CELL = ("grade", "solution", "locked", "task", "grade_id", "points", "schema_version", "cell_type")


class HarmlessNotebook(Preprocessor):
    """Rebuild a notebook from the parts of it that are shown; the notebook's file stays as it is."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        CONVERTER.begin_page()
        PIXELS.begin()
        shown = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}})
        shown.cells = [_cell(cell, index) for index, cell in enumerate(nb.cells)]
        # Formgrader's page writes them as they are; they come from a roster or the name of a folder.
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        return shown, resources


def shortened(text: object) -> str:
    """A text (or a list of its lines) as far as it is shown."""
    whole = "".join(part for part in text if isinstance(part, str)) if isinstance(text, list) else str(text)
    if whole.count("\x1b") > MOST_COLOURS:
        whole = str(strip_ansi(whole))
    if len(whole) <= MOST_CHARACTERS:
        return whole
    return f"{whole[:MOST_CHARACTERS]}\n… ({len(whole) - MOST_CHARACTERS} more characters are not shown)"


def _cell(cell: NotebookNode, index: int) -> NotebookNode:
    source = shortened(cell.get("source", ""))
    if cell.get("cell_type") == "code":
        shown = nbformat.v4.new_code_cell(source)
        count = cell.get("execution_count")
        shown.execution_count = count if type(count) is int else None
        shown.outputs = [made for output in cell.get("outputs", []) if (made := _output(output)) is not None]
    elif cell.get("cell_type") == "raw":
        shown = nbformat.v4.new_raw_cell(as_text(source))
    else:
        shown = nbformat.v4.new_markdown_cell(source)
        shown["attachments"] = _attachments(cell.get("attachments"))
    shown["id"] = f"cell-{index}"
    about = cell.get("metadata", {}).get("nbgrader")
    if isinstance(about, dict) and _GRADE_ID.fullmatch(str(about.get("grade_id"))):
        shown.metadata["nbgrader"] = nbformat.from_dict({key: about[key] for key in _ABOUT_CELL if key in about})
        if not isinstance(about.get("points"), int | float):
            shown.metadata["nbgrader"]["points"] = 0
    return shown


def _attachments(attachments: Any) -> NotebookNode:
    """The pictures among a Markdown cell's attachments."""
    shown = NotebookNode()
    for name, data in attachments.items() if isinstance(attachments, dict) else ():
        for mime in (*PICTURES, DRAWING):
            encoded = picture(mime, str(data.get(mime, ""))) if isinstance(data, dict) else None
            if encoded is not None:
                shown[name] = {mime: encoded}
                break
    return shown


def _output(output: NotebookNode) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return nbformat.v4.new_output("stream", name=name, text=shortened(output.get("text", "")))
    if kind == "error":
        trace = output.get("traceback")
        text = "\n".join(line for line in trace if isinstance(line, str)) if isinstance(trace, list) else ""
        text = text or f"{output.get('ename')}: {output.get('evalue')}"
        return nbformat.v4.new_output("error", ename="", evalue="", traceback=[shortened(text)])
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return None
    shown = nbformat.v4.new_output(kind, _shown(data))
    mime = next(iter(shown.data))
    given = output.get("metadata")
    about = given.get(mime, given) if isinstance(given, dict) else {}
    if mime in PICTURES and isinstance(about, dict):
        sizes = {name: about[name] for name in ("width", "height") if _is_size(about.get(name))}
        shown.metadata[mime] = sizes
    return shown


def _is_size(value: object) -> bool:
    return type(value) in (int, float) and 0 < float(str(value)) <= MOST_PIXELS_WIDE


def _shown(data: dict[str, Any]) -> dict[str, str]:
    """The one form of an output that is shown: of those that can be, the first in nbconvert's order."""
    texts = {mime: _joined(value) for mime, value in data.items()}
    for mime in ("text/html", "text/markdown"):
        if texts.get(mime, "").strip():
            return {mime: texts[mime]}
    drawing = encoded_drawing(texts.get(DRAWING, ""))
    if drawing is not None:
        return {DRAWING: texts[DRAWING]}
    if texts.get("text/latex", "").strip():
        return {"text/html": f"<div>{escape(shortened(texts['text/latex']))}</div>"}
    for mime in PICTURES:
        encoded = picture(mime, texts.get(mime, ""))
        if texts.get(mime) and encoded is not None:
            return {mime: encoded}
    if "text/plain" in texts:
        return {"text/plain": shortened(texts["text/plain"])}
    if any(texts.get(mime) for mime in PICTURES):
        return {"text/plain": "(A picture is not shown: it is broken, too large, or one too many for a page.)"}
    names = ", ".join(sorted(texts)) or "no type"
    return {"text/plain": shortened(f"(An output of {names} is not shown.)")}


def _joined(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""
