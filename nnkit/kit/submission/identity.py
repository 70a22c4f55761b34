"""Which cell of the release a submitted cell is: by its grade id, or else by what it holds and where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

from nnkit.kit.submission.reading import grade_id_of, is_open
from nnkit.student.source import NotPython, names_of, read


@dataclass
class Identified:
    """What was found out about the cells of a submitted notebook.

    Attributes
    ----------
    grade_ids : list of str or None
        Of every cell, the one of the release that it is; several cells may be the same one.
    prose : set of int
        Places of cells that hold nothing but released text.
    found_again : list of str
        Grade ids that were found without metadata.
    unknown : list of str
        Grade ids that are not of this release.
    without_ids : bool
        Whether no cell at all has a grade id of the release.
    """

    grade_ids: list[str | None]
    prose: set[int] = field(default_factory=set)
    found_again: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    without_ids: bool = False


def identified(submitted: NotebookNode, release: NotebookNode) -> Identified:
    """Tell the cells of a submitted notebook."""
    released = {grade_id: cell for cell in release.cells if (grade_id := grade_id_of(cell)) is not None}
    claimed = [grade_id_of(cell) for cell in submitted.cells]
    found = Identified([grade_id if grade_id in released else None for grade_id in claimed])
    found.without_ids = not any(found.grade_ids) and bool(submitted.cells)
    _by_prose(found, submitted, release)
    for find in (_by_text, _by_names, _by_place):
        for grade_id, index in find(found, submitted, released):
            found.grade_ids[index] = grade_id
            found.found_again.append(grade_id)
    found.unknown = [
        grade_id
        for grade_id, known in zip(claimed, found.grade_ids, strict=True)
        if grade_id is not None and known is None
    ]
    found.found_again = [each for each in found.found_again if is_open(released[each])]
    return found


def _by_prose(found: Identified, submitted: NotebookNode, release: NotebookNode) -> None:
    """Released prose has no grade id and nothing is written in it."""
    texts = Counter(cell.source.strip() for cell in release.cells if grade_id_of(cell) is None)
    for index, cell in enumerate(submitted.cells):
        text = cell.source.strip()
        if found.grade_ids[index] is None and cell.cell_type != "code" and texts[text] > 0:
            texts[text] -= 1
            found.prose.add(index)


def _missing(found: Identified, released: dict[str, NotebookNode]) -> list[str]:
    return [grade_id for grade_id in released if grade_id not in found.grade_ids]


def _free(found: Identified, submitted: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    for index, cell in enumerate(submitted.cells):
        if found.grade_ids[index] is None and index not in found.prose:
            yield index, cell


def _by_text(
    found: Identified, submitted: NotebookNode, released: dict[str, NotebookNode]
) -> Iterator[tuple[str, int]]:
    """Cells that hold what was released."""
    by_text: dict[str, list[int]] = {}
    for index, cell in _free(found, submitted):
        by_text.setdefault(cell.source.strip(), []).append(index)
    for grade_id in _missing(found, released):
        if places := by_text.get(released[grade_id].source.strip()):
            yield grade_id, places.pop(0)


def _by_names(
    found: Identified, submitted: NotebookNode, released: dict[str, NotebookNode]
) -> Iterator[tuple[str, int]]:
    """Code cells that define what an open cell of the release defines: the last one, which counts."""
    wanted = [each for each in _missing(found, released) if is_open(released[each])]
    wanted = [each for each in wanted if released[each].cell_type == "code"]
    if not wanted:
        return
    binding: dict[str, list[int]] = {}
    for index, cell in _free(found, submitted):
        for name in _bound(cell.source) if cell.cell_type == "code" else ():
            binding.setdefault(name, []).append(index)
    taken: set[int] = set()
    for grade_id in wanted:
        names = _bound(released[grade_id].source) | {grade_id}
        places = sorted({index for name in names for index in binding.get(name, ())} - taken)
        if places:
            taken.add(places[-1])
            yield grade_id, places[-1]


def _by_place(
    found: Identified, submitted: NotebookNode, released: dict[str, NotebookNode]
) -> Iterator[tuple[str, int]]:
    """Text between a question and the next released cell, where its answer was."""
    order = list(released)
    for grade_id in _missing(found, released):
        original, before = released[grade_id], order[order.index(grade_id) - 1]
        if not is_open(original) or original.cell_type != "markdown" or before not in found.grade_ids:
            continue
        start = found.grade_ids.index(before) + 1
        for index in range(start, len(submitted.cells)):
            if found.grade_ids[index] is not None:
                break
            cell = submitted.cells[index]
            if index not in found.prose and cell.cell_type != "code" and cell.source.strip():
                yield grade_id, index
                break


def _bound(source: str) -> frozenset[str]:
    try:
        bound: frozenset[str] = names_of(read(source).text).bound
    except NotPython:
        return frozenset()
    return bound
