"""From a checked template to nbgrader's source notebook, and from that to what students get."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

import nnkit
from nnkit.kit.authoring.exercises import names_of_several
from nnkit.kit.authoring.regions import clean, find_regions, strip
from nnkit.kit.authoring.template import Cell, Template
from nnkit.kit.course.nbgrader_models import MetadataValidator, compute_checksum

TEXT_STUB = "YOUR ANSWER HERE"
# No item can be called like this: its name has no hyphen.
FIRST_CELL = "released-folder"
_FIRST_CELL = """\
# This notebook works in the folder that it came in: there it finds nnkit/ and checks/.
try:
    import nnkit.student

    assert getattr(nnkit, "__assignment__", "{assignment}") == "{assignment}"
except (ImportError, AssertionError):
    raise ImportError(
        "the folder nnkit of this assignment is not beside the notebook. Open the notebook in the folder {assignment} "
        "as you received it, with all its files; what pip installs as nnkit is something else"
    ) from None"""
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)
_MARK_SCHEME = re.compile(r"^### BEGIN MARK SCHEME\n.*?^### END MARK SCHEME\n?", re.MULTILINE | re.DOTALL)


def source_notebook(template: Template) -> NotebookNode:
    """nbgrader's source notebook: reference solutions in their regions, locked tests; the same bytes on every run."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": _KERNEL, "language_info": {"name": "python"}, "nnkit": {"assignment": template.assignment}}
    )
    notebook.cells = list(_cells(template))
    _name_notebook(notebook, template)
    _let_run_on(notebook)
    _number(notebook, f"{template.assignment}/{template.notebook}")
    notebook.metadata.nnkit.update(
        {
            "notebook": template.notebook,
            "version": nnkit.__version__,
            "content": _content_hash(release_notebook(notebook)),
        }
    )
    MetadataValidator().validate_nb(notebook)
    nbformat.validate(notebook)
    return notebook


def release_notebook(source: NotebookNode) -> NotebookNode:
    """A source notebook as students receive it: every solution a stub, tests locked, with nbgrader's checksums."""
    notebook = copy.deepcopy(source)
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("solution"):
            cell.source = _untouched(cell)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if about.get("solution") or about.get("grade") or about.get("locked"):
            cell.metadata["deletable"] = False
            if not about.get("solution"):
                cell.metadata["editable"] = False
            about["checksum"] = compute_checksum(cell)
            about["cell_type"] = cell.cell_type
    return notebook


def solved_notebook(source: NotebookNode) -> NotebookNode:
    """The notebook a student with all the right answers hands in: the release, filled in with the reference."""
    notebook = release_notebook(source)
    for cell, original in zip(notebook.cells, source.cells, strict=True):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = _solved(original)
    return notebook


def notebook_text(notebook: NotebookNode) -> str:
    """The file's text, the same for the same notebook."""
    text: str = nbformat.writes(notebook)
    return text if text.endswith("\n") else text + "\n"


def _cells(template: Template) -> Iterator[NotebookNode]:
    heading = "start"
    codes: Counter[str] = Counter()
    first = next((cell for cell in template.cells if cell.kind != "prose"), None)
    for cell in template.cells:
        if cell is first:
            yield _code(_FIRST_CELL.format(assignment=template.assignment), FIRST_CELL, locked=True)
        if cell.kind == "prose":
            if headings := _HEADING.findall(cell.source):
                heading = _slug(headings[-1])
            yield nbformat.v4.new_markdown_cell(cell.source)
        elif cell.kind == "code":
            codes[heading] += 1
            yield _code(cell.source, f"code_{heading}_{codes[heading]}", locked=True)
        else:
            yield from _graded_cells(cell)


def _graded_cells(cell: Cell) -> Iterator[NotebookNode]:
    if cell.kind == "given":
        yield _code(cell.source, f"given_{cell.name}", locked=True)
    elif cell.kind == "grade":
        yield _code(cell.source, f"test_{cell.name}", locked=True, points=cell.points)
    elif cell.kind == "exercise" or cell.kind == "experiment":
        yield _code(cell.source, cell.name, solution=True)
    elif cell.kind == "choose":
        yield _markdown(cell.prompt, f"{cell.name}_question", locked=True)
        yield _code(cell.source, cell.name, solution=True)
        yield _code(f'check("{cell.name}")', f"test_{cell.name}", locked=True, points=cell.points)
    elif cell.kind == "program":
        yield _code(cell.source, cell.name, solution=True, points=cell.points)
    else:
        yield _markdown(cell.prompt, f"{cell.name}_question", locked=True)
        yield _markdown(cell.source, cell.name, solution=True, points=cell.points)


def _name_notebook(notebook: NotebookNode, template: Template) -> None:
    """Let `check` know which notebook's item is meant where several have one of the name: no front end tells it."""
    several = names_of_several(template.course, template.assignment)
    for cell in notebook.cells:
        name = str(cell.metadata.get("nbgrader", {}).get("grade_id", "")).removeprefix("test_")
        if name in several and cell.source == f'check("{name}")':
            cell.source = f'check("{name}", notebook="{template.notebook}")'


def _let_run_on(notebook: NotebookNode) -> None:
    """Tag what may fail for want of a solution, so that *Run All* goes on below it; Validate still reports it."""
    begun = False
    for cell in notebook.cells:
        solution = cell.metadata.get("nbgrader", {}).get("solution", False)
        begun = begun or solution
        if begun and not solution and cell.cell_type == "code":
            cell.metadata["tags"] = ["raises-exception"]


def _code(source: str, grade_id: str, **about: object) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": _about(grade_id, **about)})


def _markdown(source: str, grade_id: str, **about: object) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, metadata={"nbgrader": _about(grade_id, **about)})


def _about(
    grade_id: str, *, solution: object = False, locked: object = False, points: object = None
) -> dict[str, object]:
    about = {
        "schema_version": 3,
        "grade": points is not None,
        "grade_id": grade_id,
        "locked": locked,
        "solution": solution,
        "task": False,
    }
    return about if points is None else {**about, "points": points}


def _slug(heading: str) -> str:
    words = re.findall(r"[a-z0-9]+", heading.lower())
    return "_".join(words)[:40].strip("_") or "section"


def _number(notebook: NotebookNode, place: str) -> None:
    """Cell ids that stay when other cells come or go: from the grade id, otherwise from the text."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        key = str(cell.metadata.get("nbgrader", {}).get("grade_id") or f"text:{cell.source}")
        seen[key] += 1
        digest = hashlib.sha256(json.dumps([place, key, seen[key]]).encode()).hexdigest()
        cell["id"] = digest[:12]


def _content_hash(release: NotebookNode) -> str:
    content = [[cell.cell_type, cell.source, cell.metadata.get("nbgrader", {})] for cell in release.cells]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _untouched(cell: NotebookNode) -> str:
    about = cell.metadata.nbgrader
    source = _MARK_SCHEME.sub("", cell.source)
    if cell.cell_type == "markdown":
        return TEXT_STUB
    regions = find_regions(source, file=about.grade_id)
    if not regions:
        return source
    lines = source.split("\n")
    if regions[0].begin == 1 and lines[0].startswith(f"{about.grade_id} = ...  # e.g."):
        # A choose question: the placeholder says what to write, and running it is no error.
        return lines[0]
    return strip(source, about.grade_id, file=about.grade_id)


def _solved(cell: NotebookNode) -> str:
    source = _MARK_SCHEME.sub("", cell.source)
    return clean(source, file=cell.metadata.nbgrader.grade_id).strip("\n")
