"""Submissions as they should not be: what is wrong with each, and what has to come of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from spoiling import (
    DISPLAYS,
    Handing,
    attach,
    beside,
    beside_nothing,
    cell,
    device,
    edited,
    file_for_a_folder,
    folders_without_end,
    in_metadata,
    linked,
    linked_folder,
    modules,
    named,
    odd_files,
    odd_values,
    of_another_assignment,
    promote,
    raw,
    text,
    timed,
    turn_flags,
    twice,
    with_cell,
    with_code,
    with_metadata,
    without,
    without_cells,
    zip_bomb,
    zip_of_links,
    zip_slip,
)

MACHINE = frozenset({"double_forward", "Net", "tuning", "zero"})
LIMIT_MB = 2
TIME = "2026-04-30 12:00:00 UTC\n"


@dataclass(frozen=True)
class Specimen:
    """One student's folder, made wrong."""

    student: str
    spoil: Callable[[Handing], None]
    status: str = "needs_person"
    """Everything right is "needs_person", too: there is a written answer to be read."""
    says: str = ""
    """Part of a message of the record or of one of its items; nothing if the specimen is nobody's business."""
    loses: frozenset[str] = frozenset()
    """Items without full marks."""
    nbgrader: str = "same"
    """`nbgrader autograde` writes the "same" rows, "refuses" before our code runs, or "stops" at the folder's name."""


UNREADABLE = {"status": "unreadable", "loses": MACHINE}
MISSING = {"status": "missing", "loses": MACHINE, "nbgrader": "refuses"}
FIRST = frozenset({"double_forward"})
# Nothing is lent to what is built on an exercise that was not written.
BUILT = frozenset({"double_forward", "Net", "tuning"})
UNTOUCHED = {"status": "graded", "loses": MACHINE}
FINE = edited(lambda notebook: None)
NO_TIME = "timestamp.txt gives no time"

FILES = [
    Specimen("empty", raw(lambda _: ""), says="is empty", **UNREADABLE),
    Specimen("binary", raw(lambda _: bytes(range(256)) * 8), says="no valid notebook file", **UNREADABLE),
    Specimen("torn", raw(lambda text: text[:2000]), says="no valid notebook file", **UNREADABLE),
    Specimen("list", raw(lambda _: "[1, 2]"), says="not a notebook", **UNREADABLE),
    Specimen("deep", raw(lambda _: "[" * 100_000), says="no valid notebook file", **UNREADABLE),
    Specimen("deep_within", raw(lambda text: in_metadata(text, "[" * 800 + "]" * 800))),
    Specimen("odd_values", raw(odd_values)),
    Specimen("huge_integer", raw(lambda text: in_metadata(text, "1" + "0" * 9999))),
    Specimen("utf_16", raw(lambda text: text.encode("utf-16"))),
    Specimen("byte_order_mark", raw(lambda text: text.encode("utf-8-sig"))),
    Specimen("format_2", edited(lambda nb: nb.update(nbformat=2)), says="format '2'", **UNREADABLE),
    Specimen("format_3", edited(lambda nb: nb.update(nbformat=3, worksheets=[]))),
    Specimen(
        "format_3_empty", edited(lambda nb: nb.update(nbformat=3, cells=None)), says="no list of cells", **UNREADABLE
    ),
    Specimen("format_5_9", edited(lambda nb: nb.update(nbformat=5, nbformat_minor=9)), says="format '5'", **UNREADABLE),
    Specimen("no_format", edited(lambda nb: nb.pop("nbformat")), says="format 'None'", **UNREADABLE),
    Specimen("cells_no_list", edited(lambda nb: nb.update(cells={})), says="no list of cells", **UNREADABLE),
    Specimen("many_cells", edited(lambda nb: nb.update(cells=[{}] * 2001)), says="more than the 2000", **UNREADABLE),
    Specimen("too_large", with_code("1", outputs=["x" * LIMIT_MB * 10**6]), says="clear its outputs", **UNREADABLE),
    Specimen("just_not_too_large", with_code("1", outputs=["x" * (LIMIT_MB * 10**6 - 50_000)])),
    Specimen("pipe", lambda at: os.mkfifo(at.file), says="special file", **UNREADABLE),
    Specimen("socket", lambda at: os.mknod(at.file, stat.S_IFSOCK | 0o600), says="special file", **UNREADABLE),
    Specimen("device", device, says="special file", **UNREADABLE),
    Specimen("folder", lambda at: at.file.mkdir(), says="is a folder", **UNREADABLE),
    Specimen("link_to_neighbour", linked(lambda at: at.neighbour / "net.ipynb"), says="symbolic link", **UNREADABLE),
    Specimen("link_to_passwd", linked(lambda at: "/etc/passwd"), says="symbolic link", **UNREADABLE),
    Specimen("link_to_nothing", linked(lambda at: "nowhere"), says="symbolic link", **UNREADABLE),
    Specimen("link_to_folder", linked(lambda at: at.neighbour), says="symbolic link", **UNREADABLE),
    Specimen("link_to_itself", linked(lambda at: "net.ipynb"), says="symbolic link", **UNREADABLE),
    Specimen("folder_is_link", linked_folder, says="a1 is a symbolic link", **UNREADABLE),
    Specimen("folder_is_file", file_for_a_folder, "unreadable", "a1 is no folder", loses=MACHINE),
]
CELLS = [
    Specimen("no_source", without("double_forward", "source"), says="is no text", loses=BUILT),
    Specimen("mixed_source", with_cell("double_forward", source=["x", 1, None]), says="is no text", loses=BUILT),
    Specimen("long_source", with_cell("double_forward", source="x = 1\n" * 10**5), says="500 kB", loses=BUILT),
    Specimen("no_metadata", without("double_forward", "metadata"), says="had lost its metadata"),
    Specimen("unknown_type", with_cell("double_forward", cell_type="quantum"), says="had become a markdown cell"),
    Specimen("no_cell", edited(lambda nb: nb["cells"].extend([None, 1, []])), says="3 entries among the cells"),
    Specimen("no_cells", edited(lambda nb: nb["cells"].clear()), says="put back", **UNTOUCHED),
    Specimen(
        "only_prose",
        edited(lambda nb: nb.update(cells=[nbformat.v4.new_markdown_cell("I know it all.", id="added")])),
        says="put back",
        loses=MACHINE,
    ),
    Specimen("same_grade_ids", edited(twice), says="more than one cell"),
    Specimen(
        "renamed",
        edited(lambda nb: cell(nb, "zero")["metadata"]["nbgrader"].update(grade_id="nil")),
        says="found by what it holds",
    ),
    Specimen("no_answer", without_cells("double_forward"), says="put back", loses=BUILT),
    Specimen("no_tests", without_cells("test_double_forward", "test_Net", "test_tuning", "test_zero"), says="put back"),
    Specimen(
        "reversed",
        edited(lambda nb: nb["cells"].reverse()),
        says="name 'Net' is not defined",
        loses=frozenset({"tuning"}),
    ),
    Specimen("answer_as_prose", with_cell("double_forward", cell_type="markdown"), says="had become a markdown cell"),
    Specimen("prose_as_code", with_cell("zero_why", cell_type="code"), says="had become a code cell"),
    Specimen("promoted", edited(promote, "released"), says="No answer", **UNTOUCHED),
    Specimen("turned_flags", edited(turn_flags)),
    Specimen(
        "list_of_nbgrader", edited(lambda nb: cell(nb, "Net")["metadata"].update(nbgrader=[])), says="lost its metadata"
    ),
    Specimen("nested_answer", with_cell("zero", source="zero = " + "(" * 9000), loses=frozenset({"zero"})),
    Specimen("long_chain", with_code("\0y = x" + ".a" * 100_000)),
    Specimen("other_kernel", with_metadata(kernelspec={"name": "ir", "language": "R"}), says="a kernel for R"),
    Specimen("no_notebook_metadata", edited(lambda nb: nb.update(metadata=[])), says="does not say which release"),
    Specimen(
        "last_year",
        edited(lambda nb: nb["metadata"]["nnkit"].update(content="0", version="0.0.1")),
        says="another release of this assignment",
    ),
    Specimen("other_assignment", edited(of_another_assignment), says="was released as a0/other", loses=MACHINE),
    Specimen("attachments", edited(attach), says="attachments of cell 1 were left out"),
    Specimen("displays", with_code(DISPLAYS)),
]
FOLDERS = [
    Specimen("modules", beside(modules)),
    Specimen("odd_files", beside(odd_files)),
    Specimen("time_garbage", beside(lambda at: (at.folder / "timestamp.txt").write_text("yesterday?")), says=NO_TIME),
    Specimen(
        "time_of_christ", timed(lambda file: file.write_text("0000-12-25 00:00:00 UTC")), says=NO_TIME, **UNREADABLE
    ),
    Specimen("time_to_come", timed(lambda file: file.write_text("9999-12-31 23:59:59 -9")), says=NO_TIME, **UNREADABLE),
    Specimen("time_folder", timed(lambda file: file.mkdir()), says=NO_TIME, **UNREADABLE),
    Specimen("time_pipe", timed(os.mkfifo), says=NO_TIME, **UNREADABLE),
    Specimen("time_link", timed(lambda file: file.symlink_to("/etc/passwd")), says=NO_TIME, **UNREADABLE),
    Specimen("two_of_them", beside(named("Net.ipynb")), says="There is also 'Net.ipynb'"),
    Specimen("other_case", named("Net.ipynb"), says="'Net.ipynb' is graded"),
    Specimen("second_download", named("net (1).ipynb"), says="'net (1).ipynb' is graded"),
    Specimen("folders_without_end", folders_without_end, says="was not handed in", **MISSING),
    Specimen("zip_bomb", zip_bomb, says="There is 'bomb.zip'", **UNREADABLE),
    Specimen("zip_slip", zip_slip, says="slip.zip", **UNREADABLE),
    Specimen("zip_of_links", zip_of_links, says="no valid notebook file", **UNREADABLE),
    Specimen(
        "link_to_zip",
        beside_nothing(lambda at: (at.folder / "a.zip").symlink_to("/dev/zero")),
        says="was not handed in",
        **MISSING,
    ),
    Specimen("nothing", lambda at: None, says="net.ipynb was not handed in.", **MISSING),
]
NAMES = [
    *(Specimen(name, FINE) for name in ("Anna Müller 名前", "-rf {x}%s", "<script>'\"a.b..c")),
    Specimen("[a]*?", FINE, says="pattern for other names", nbgrader="refuses", **UNREADABLE),
    Specimen(".hidden", FINE, says="begins with a dot", nbgrader="refuses", **UNREADABLE),
    Specimen(" blank ", FINE, says="begins or ends with a blank", nbgrader="refuses", **UNREADABLE),
    Specimen("n" * 200, FINE, says="longer than the 128", nbgrader="refuses", **UNREADABLE),
    Specimen("caf\udce9", FINE, says="not in UTF-8", nbgrader="refuses", **UNREADABLE),
    Specimen("two\nlines", FINE, says="can't be shown", nbgrader="stops", **UNREADABLE),
]
NAMELESS = [each for each in NAMES if each.status == "unreadable"]
SPECIMENS = [*FILES, *CELLS, *FOLDERS, *NAMES]
# What nbgrader meets before our code could, and a few notebooks that its own preprocessors would stumble over.
FOR_NBGRADER = [
    each
    for each in SPECIMENS
    if each not in CELLS or each.student in ("promoted", "turned_flags", "no_cells", "attachments", "displays")
]


def hand_in_all(specimens: list[Specimen], submitted: Path, solved: dict, released: dict, marker: Path) -> None:
    """Write the submissions of all specimens, and of ada, who has everything right, and blank, who did nothing."""
    for student, notebook in (("ada", solved), ("blank", released)):
        folder = submitted / student / "a1"
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text(TIME)
        (folder / "net.ipynb").write_text(text(notebook))
    for specimen in specimens:
        folder = submitted / specimen.student / "a1"
        folder.mkdir(parents=True)
        specimen.spoil(Handing(folder, solved, released, submitted / "ada" / "a1", marker))
