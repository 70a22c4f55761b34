"""A submitted notebook, matched cell by cell against the release.

Nothing here runs student code. The outcome is a notebook that has every graded cell of the release exactly once, locked
cells as they were released, and the student's own text in the cells that were open; everything else the student added
stays where it was, as an ordinary cell.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode

from nnkit.kit.submission.identity import Identified, identified
from nnkit.kit.submission.locked_cells import Edits, edits_of
from nnkit.kit.submission.reading import LONGEST_SHOWN, REMARKS, clean, grade_id_of, is_open, is_test, shortened

_MOST_NAMED = 5


@dataclass
class Matched:
    """A submission brought back into the shape of its release."""

    notebook: NotebookNode
    messages: list[str] = field(default_factory=list)
    by_item: dict[str, list[str]] = field(default_factory=dict)
    """Messages that concern one graded cell, by grade id."""

    def tell(self, grade_id: str, message: str) -> None:
        """Add a message that concerns one graded cell, once."""
        if message not in (told := self.by_item.setdefault(grade_id, [])):
            told.append(message)


def match(submitted: NotebookNode, release: NotebookNode) -> Matched:
    """Bring a submitted notebook back into the shape of the released one.

    The student's order of cells is kept, as that is the order in which the student ran them. A cell whose grade id is
    gone is found by what it holds and where it stands. Of several cells with one grade id the first that holds
    something is the graded one; the others run as ordinary cells. What was added to a locked cell gets a cell of its
    own. A released cell that is missing is put back behind the released cell it followed.
    """
    released = {grade_id: cell for cell in release.cells if (grade_id := grade_id_of(cell)) is not None}
    matched = Matched(NotebookNode(copy.deepcopy(release)))
    matched.messages += submitted.metadata.get(REMARKS, [])
    _compare_stamps(submitted, release, matched)
    found = identified(submitted, release)
    chosen = {grade_id: _chosen(places, submitted, released[grade_id]) for grade_id, places in _places(found).items()}
    cells: list[NotebookNode] = []
    for index, cell in enumerate(submitted.cells):
        grade_id = found.grade_ids[index]
        if grade_id is not None and chosen[grade_id] == index:
            cells += _restored(cell, released[grade_id], grade_id, matched)
            continue
        if grade_id is not None:
            _tell_twice(matched, grade_id, first=index > chosen[grade_id])
        cell.metadata.pop("nbgrader", None)
        if index in found.prose:
            cell.pop("attachments", None)
        cells.append(cell)
    _tell_found_again(matched, found)
    _tell_unknown(matched, [clean(name[:LONGEST_SHOWN]) for name in found.unknown])
    _put_back(cells, released, matched)
    matched.notebook.cells = cells
    for index, cell in enumerate(cells):
        if str(cell["id"]).startswith("student-"):
            cell["id"] = f"student-{index}"
        if cell.cell_type != "markdown" or not cell.get("attachments"):
            cell.pop("attachments", None)
    return matched


def _places(found: Identified) -> dict[str, list[int]]:
    places = defaultdict(list)
    for index, grade_id in enumerate(found.grade_ids):
        if grade_id is not None:
            places[grade_id].append(index)
    return places


def _chosen(places: Sequence[int], submitted: NotebookNode, original: NotebookNode) -> int:
    """Of several cells for one of the release the first that holds something; a locked one is restored anyway."""
    if is_open(original):
        for index in places:
            if submitted.cells[index].source.strip() not in ("", original.source.strip()):
                return index
    return places[0]


def _tell_twice(matched: Matched, grade_id: str, *, first: bool) -> None:
    which = "first one" if first else "first one that holds something"
    matched.tell(
        grade_id,
        f"There is more than one cell {grade_id}: the {which} stands for it, the others run as ordinary cells. "
        "Of two definitions of one name the later one counts.",
    )


def _tell_found_again(matched: Matched, found: Identified) -> None:
    if found.without_ids:
        matched.messages.append("The cells have lost their metadata: they were matched by what they hold.")
        return
    for grade_id in found.found_again:
        matched.tell(grade_id, f"The cell {grade_id} had lost its metadata: it was found by what it holds.")


def _tell_unknown(matched: Matched, names: Sequence[str]) -> None:
    if len(names) == 1:
        matched.messages.append(f"The cell {names[0]!r} is not part of this release: it runs as an ordinary cell.")
    elif names:
        shown = ", ".join(repr(name) for name in names[:_MOST_NAMED])
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        matched.messages.append(f"The cells {shown}{more} are not part of this release: they run as ordinary cells.")


def _put_back(cells: list[NotebookNode], released: dict[str, NotebookNode], matched: Matched) -> None:
    seen = {grade_id for cell in cells if (grade_id := grade_id_of(cell)) is not None}
    previous: str | None = None
    for grade_id, original in released.items():
        if grade_id not in seen:
            at = 0 if previous is None else 1 + next(i for i, c in enumerate(cells) if grade_id_of(c) == previous)
            cells.insert(at, copy.deepcopy(original))
            if is_test(original) or is_open(original):
                matched.tell(
                    grade_id, f"The cell {grade_id} was missing from the notebook and was put back as released."
                )
        previous = grade_id


def _restored(cell: NotebookNode, original: NotebookNode, grade_id: str, matched: Matched) -> list[NotebookNode]:
    """The released cell with the student's text where it was open, and what was added where it was not.

    An emptied cell counts as untouched.
    """
    restored: NotebookNode = copy.deepcopy(original)
    if not is_open(original):
        return _locked(cell, restored, grade_id, matched)
    if cell.source.strip() not in ("", original.source.strip()):
        restored.source = cell.source
        if cell.get("attachments") and original.cell_type == "markdown":
            restored["attachments"] = cell["attachments"]
    elif cell.get("attachments") and original.cell_type == "markdown":
        restored["attachments"] = cell["attachments"]
        restored.source = "\n\n".join([cell.source, *(f"![{name}](attachment:{name})" for name in cell["attachments"])])
    if cell.cell_type != original.cell_type:
        matched.tell(
            grade_id,
            f"The cell {grade_id} had become a {cell.cell_type} cell: it is read as {original.cell_type} again.",
        )
    return [restored]


def _locked(cell: NotebookNode, restored: NotebookNode, grade_id: str, matched: Matched) -> list[NotebookNode]:
    edits = edits_of(cell.source, restored.source, restored.cell_type)
    if edits is None:
        return [restored]
    own = copy.deepcopy(cell)
    own.cell_type, own.source = restored.cell_type, edits.added
    own.metadata.pop("nbgrader", None)
    if own.cell_type == "code":
        own.pop("attachments", None)
        own.update(outputs=[], execution_count=None)
    else:
        for key in ("outputs", "execution_count"):
            own.pop(key, None)
    message = _about_edits(grade_id, edits, restored)
    if is_test(restored):
        matched.tell(grade_id, message)
    else:
        matched.messages.append(message)
    if not edits.added.strip():
        return [restored]
    return [restored, own] if edits.below else [own, restored]


def _about_edits(grade_id: str, edits: Edits, restored: NotebookNode) -> str:
    message = f"The locked cell {grade_id} had been changed and was restored."
    if edits.added:
        does = "runs in a cell of its own" if restored.cell_type == "code" else "stands in a cell of its own"
        place = "below" if edits.below else "above"
        message += f" What you had written there, {shortened(edits.added, 200)!r}, {does} {place} it."
    elif edits.taken_out:
        message += f" Taken out was {shortened(edits.taken_out, 200)!r}."
    return message


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
