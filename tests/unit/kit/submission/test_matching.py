"""A submitted file is read as data, and brought back into the shape of its release."""

import base64
import copy
import json

import nbformat
import pytest
from tiny_course import write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.submission.attachments import MOST_BYTES
from nnkit.kit.submission.files import UnreadableSubmission
from nnkit.kit.submission.matching import match
from nnkit.kit.submission.reading import (
    MAX_CELL_BYTES,
    MAX_CELLS,
    REMARKS,
    as_notebook,
    grade_id_of,
    parse_notebook,
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    course = write_course(tmp_path_factory.mktemp("course"))
    return source_notebook(load_template(course, "a1", "net"))


@pytest.fixture
def release(source):
    return release_notebook(source)


@pytest.fixture
def solved(source):
    return solved_notebook(source)


def read(notebook):
    """As it comes out of a submitted file."""
    return as_notebook(json.loads(json.dumps(notebook)), "net.ipynb")


def cell(notebook, grade_id):
    return next(each for each in notebook.cells if grade_id_of(each) == grade_id)


def order(notebook):
    return [grade_id for each in notebook.cells if (grade_id := grade_id_of(each)) is not None]


def said(matched, grade_id):
    return " ".join(matched.by_item.get(grade_id, []))


# Reading


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is empty"),
        ('{"cells": [', "JSON"),
        ("[" * 100_000, "JSON"),
        (b"\xff\xfe\x00\x01\x02", "JSON"),
        ("[1, 2]", "not a notebook"),
        ('"notebook"', "not a notebook"),
        ('{"nbformat": 3}', "no list of cells"),
        ('{"nbformat": 2, "worksheets": []}', "format '2'"),
        ("<!DOCTYPE html>\n<html></html>", r"is a web page \(HTML\)"),
        (b"\xef\xbb\xbf  <html>", r"is a web page \(HTML\)"),
        (b"PK\x03\x04 and so on", "is a zip file"),
        (b"%PDF-1.7", "is a PDF"),
        ('{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> mine\n}', "marks of a merge conflict"),
        ('{"cells": []}', "format 'None'"),
        ('{"nbformat": 4}', "no list of cells"),
        ('{"nbformat": 4, "cells": {}}', "no list of cells"),
        (json.dumps({"nbformat": 4, "cells": [{}] * (MAX_CELLS + 1)}), "more than the 2000"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused(content, complaint):
    with pytest.raises(UnreadableSubmission, match=complaint):
        parse_notebook(content if isinstance(content, bytes) else content.encode(), "net.ipynb")


def test_an_integer_of_any_length_does_no_harm():
    content = b'{"nbformat": 4, "cells": [], "nbformat_minor": 1' + b"0" * 9999 + b"}"
    assert parse_notebook(content, "net.ipynb").cells == []


def test_outputs_attachments_and_foreign_metadata_are_not_read():
    raw = {
        "nbformat": 4,
        "metadata": {"evil": {"x": 1}, "nnkit": {"content": "c"}},
        "cells": [
            {
                "cell_type": "code",
                "source": ["a\n", "b"],
                "outputs": [{"output_type": "execute_result"}],
                "metadata": {"nbgrader": {"grade_id": "x", "points": 100}, "tags": ["y"]},
                "attachments": {"z": {}},
            }
        ],
    }
    notebook = as_notebook(raw, "net.ipynb")
    (only,) = notebook.cells
    assert (only.source, only.outputs, only.metadata) == ("a\nb", [], {"nbgrader": {"grade_id": "x"}})
    assert notebook.metadata == {"nnkit": {"content": "c"}, REMARKS: []}


PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


def with_attachments(attachments, **more):
    metadata = {"nbgrader": {"grade_id": "zero_why"}}
    cell = {"cell_type": "markdown", "source": "x", "metadata": metadata, "attachments": attachments, **more}
    return as_notebook({"nbformat": 4, "metadata": {}, "cells": [cell]}, "net.ipynb")


@pytest.mark.parametrize("encoded", [PNG, [PNG[:8] + "\n", PNG[8:]]])
def test_a_picture_in_an_answer_is_kept(encoded):
    (cell,) = with_attachments({"image-1.png": {"image/png": encoded}}).cells
    assert cell.attachments == {"image-1.png": {"image/png": "".join(encoded)}}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("image (1).png", "image%20(1).png"),
        ("image (1).png", "image (1).png"),
        ("Screenshot at 3.04\u202fPM.png", "Screenshot%20at%203.04%E2%80%AFPM.png"),
        ("plot@2x.png", "plot@2x.png"),
        ("a, b.png", "a%2C%20b.png"),
        ("a, b.png", "a,%20b.png"),
        ("Ü.png", "%C3%9C.png"),
        ("../up.png", "../up.png"),
        (".hidden.png", ".hidden.png"),
        ("x" * 300 + ".png", "x" * 300 + ".png"),
        ("<b>.png", "%3Cb%3E.png"),
    ],
)
def test_a_picture_with_an_odd_name_gets_a_plain_one(name, address):
    (cell,) = with_attachments({name: {"image/png": PNG}}, source=f"See ![x](attachment:{address}).").cells
    assert (cell.attachments, cell.source) == (
        {"picture-1.png": {"image/png": PNG}},
        "See ![x](attachment:picture-1.png).",
    )


def test_two_odd_names_do_not_become_one():
    names = ["a b.png", "a  b.png", "picture-1.png"]
    (cell,) = with_attachments({name: {"image/png": PNG} for name in names}).cells
    assert len(cell.attachments) == 3


@pytest.mark.parametrize(
    ("source", "left"),
    [
        (f"![x](data:image/png;base64,{PNG})", "![x](attachment:picture-1.png)"),
        (f"[p]: data:image/png;base64,{PNG}\n", "[p]: attachment:picture-1.png\n"),
        (f'<img src="data:image/png;base64,{PNG}" width="3">', "\n\n![](attachment:picture-1.png)\n\n"),
    ],
)
def test_a_picture_in_the_text_becomes_an_attachment(source, left):
    (cell,) = with_attachments({}, source=source).cells
    assert (cell.source, cell.attachments) == (left, {"picture-1.png": {"image/png": PNG}})


def test_a_picture_of_a_megabyte_in_the_text_does_not_make_the_cell_too_long():
    large = PNG + "A" * 1_000_000
    (cell,) = with_attachments({}, source=f"![x](data:image/png;base64,{large})").cells
    assert cell.attachments == {"picture-1.png": {"image/png": large}}


def test_other_data_in_the_text_is_left_out_and_said():
    lie = base64.b64encode(b"<script>").decode()
    notebook = with_attachments({}, source=f"![x](data:image/png;base64,{lie})")
    assert "<script>" not in str(notebook)
    assert lie not in notebook.cells[0].source
    assert "1 attachments of the cell 'zero_why' were left out" in notebook.metadata[REMARKS][0]


@pytest.mark.parametrize(
    "attachments",
    [
        {"page.html": {"text/html": "<script>1</script>"}},
        {"drawing.svg": {"image/svg+xml": "<svg/>"}},
        {"lie.png": {"image/png": base64.b64encode(b"<script>").decode()}},
        {"lie.gif": {"image/gif": PNG}},
        {"torn.png": {"image/png": PNG[:-1]}},
        {"big.png": {"image/png": PNG + "A" * 4 * MOST_BYTES}},
        {"a.png": {"image/png": [PNG, None]}},
        {"a.png": "no forms"},
    ],
)
def test_other_attachments_are_left_out_and_said(attachments):
    notebook = with_attachments(attachments)
    assert notebook.cells[0].attachments == {}
    assert "1 attachments of the cell 'zero_why' were left out" in notebook.metadata[REMARKS][0]


def test_pictures_of_a_notebook_have_a_bound_together():
    half = PNG + "A" * (MOST_BYTES // 2)
    names = [f"{number}.png" for number in range(3)]
    attachments = {name: {"image/png": half[: len(half) // 4 * 4]} for name in names}
    (cell,) = with_attachments(attachments).cells
    assert list(cell.attachments) == names[:1]


def test_only_an_open_answer_keeps_its_pictures(release, solved):
    for cell in solved.cells:
        if cell.cell_type == "markdown":
            cell["attachments"] = {"a.png": {"image/png": PNG}}
    matched = match(read(solved), release).notebook
    assert [grade_id_of(cell) for cell in matched.cells if cell.get("attachments")] == ["zero_why"]
    nbformat.validate(matched)


@pytest.mark.parametrize(
    "broken",
    [
        {"source": None},
        {"source": {"a": 1}},
        {"source": [1, None]},
        {"cell_type": ["code"], "source": "x"},
        {"cell_type": "code", "source": "x", "metadata": []},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": 7}},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": ["net"]}}},
        "no cell at all",
    ],
)
def test_a_malformed_cell_does_no_harm(broken):
    nbformat.validate(as_notebook({"nbformat": 4, "metadata": None, "cells": [broken]}, "net.ipynb"))


def test_text_that_no_file_can_hold_is_replaced(tmp_path):
    half = '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}'
    nbformat.write(parse_notebook(half.encode(), "net.ipynb"), tmp_path / "again.ipynb")


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"name": "ir", "language": "R"}}, "R"),
        ({"kernelspec": {"name": "bash"}, "language_info": {"name": "bash"}}, "bash"),
        ({"kernelspec": {"name": "conda-env-nn-py", "language": "python"}}, None),
        ({"kernelspec": [], "language_info": {"name": 3}}, None),
        (None, None),
    ],
)
def test_a_kernel_of_another_language_is_remarked_on(release, metadata, language):
    matched = match(as_notebook({"nbformat": 4, "metadata": metadata, "cells": []}, "net.ipynb"), release)
    assert any(f"a kernel for {language}" in message for message in matched.messages) == (language is not None)


def test_a_source_too_long_to_send_counts_as_empty(release):
    long = {"cell_type": "code", "source": "x" * MAX_CELL_BYTES, "metadata": {"nbgrader": {"grade_id": "Net"}}}
    matched = match(as_notebook({"nbformat": 4, "cells": [long]}, "net.ipynb"), release)
    assert cell(matched.notebook, "Net").source == cell(release, "Net").source
    assert any("'Net' has more than 500 kB" in message for message in matched.messages)


# Matching


def test_an_unchanged_submission_matches_without_a_word(release, solved):
    matched = match(read(solved), release)
    assert (matched.messages, matched.by_item) == ([], {})


def test_the_students_text_stands_in_the_open_cells(release, solved):
    matched = match(read(solved), release)
    assert cell(matched.notebook, "double_forward").source == cell(solved, "double_forward").source


@pytest.mark.parametrize("grade_id", ["test_double_forward", "given_shifted", "zero_question"])
def test_an_edited_locked_cell_is_restored(release, solved, grade_id):
    cell(solved, grade_id).source = "print('mine')"
    assert cell(match(read(solved), release).notebook, grade_id).source == cell(release, grade_id).source


def test_edited_metadata_changes_nothing(release, solved):
    about = cell(solved, "test_double_forward").metadata["nbgrader"]
    about.update(points=100, grade=False, solution=True, locked=False, checksum="0")
    restored = cell(match(read(solved), release).notebook, "test_double_forward")
    assert restored.metadata == cell(release, "test_double_forward").metadata


@pytest.mark.parametrize("grade_id", ["double_forward", "test_double_forward"])
def test_a_missing_graded_cell_is_put_back_where_it_was(release, solved, grade_id):
    solved.cells.remove(cell(solved, grade_id))
    matched = match(read(solved), release)
    assert order(matched.notebook) == order(release)
    assert "put back" in said(matched, grade_id)


def test_a_missing_first_cell_is_put_back_first(release, solved):
    first = order(release)[0]
    solved.cells.remove(cell(solved, first))
    assert grade_id_of(match(read(solved), release).notebook.cells[0]) == first


def test_a_missing_given_cell_is_put_back_in_silence(release, solved):
    solved.cells.remove(cell(solved, "given_shifted"))
    matched = match(read(solved), release)
    assert cell(matched.notebook, "given_shifted").source == cell(release, "given_shifted").source
    assert matched.by_item == {}


def test_an_empty_notebook_gets_every_released_cell_back(release):
    empty = read(nbformat.v4.new_notebook(metadata=release.metadata))
    assert order(match(empty, release).notebook) == order(release)


def test_of_two_cells_with_one_id_the_first_is_graded(release, solved):
    at = solved.cells.index(cell(solved, "double_forward"))
    second = copy.deepcopy(solved.cells[at])
    second.update(id="second", source="def double_forward(x):\n    return 'second'")
    solved.cells.insert(at + 1, second)
    matched = match(read(solved), release)
    assert "second" not in cell(matched.notebook, "double_forward").source
    assert "more than one cell" in said(matched, "double_forward")
    assert matched.notebook.cells[at + 1].source == second.source, "the second runs as an ordinary cell"


def test_a_renamed_cell_is_found_by_what_it_defines(release, solved):
    cell(solved, "double_forward").metadata["nbgrader"]["grade_id"] = "my_double"
    matched = match(read(solved), release)
    assert cell(matched.notebook, "double_forward").source == cell(solved, "my_double").source
    assert "found by what it holds" in said(matched, "double_forward")


def test_a_cell_with_an_unknown_name_runs_as_an_ordinary_one(release, solved):
    solved.cells.append(nbformat.v4.new_code_cell("1", metadata={"nbgrader": {"grade_id": "other"}}))
    matched = match(read(solved), release)
    assert any("'other' is not part of this release" in message for message in matched.messages)
    assert matched.notebook.cells[-1].source == "1"


def test_cells_without_any_metadata_are_found_by_what_they_hold(release, solved):
    for each in solved.cells:
        each.metadata = {}
    matched = match(read(solved), release)
    assert order(matched.notebook) == order(release)
    for grade_id in ("double_forward", "Net", "tuning", "zero", "zero_why"):
        assert cell(matched.notebook, grade_id).source != cell(release, grade_id).source, grade_id
    assert any("have lost their metadata" in message for message in matched.messages)


def test_of_two_copies_the_first_that_holds_something_is_graded(release, solved):
    at = solved.cells.index(cell(solved, "zero_why"))
    first = copy.deepcopy(solved.cells[at])
    first.update(id="first", source="YOUR ANSWER HERE")
    solved.cells.insert(at, first)
    matched = match(read(solved), release)
    assert "emptiness" in cell(matched.notebook, "zero_why").source
    assert "first one that holds something" in said(matched, "zero_why")


@pytest.mark.parametrize(
    ("grade_id", "more", "place"),
    [
        ("code_a_tiny_notebook_1", "import math", -1),
        ("code_a_tiny_notebook_1", "ones = np.ones(3)", 1),
        ("code_a_tiny_notebook_1", "np = None", -1),
        ("test_Net", "x = 1", -1),
        ("zero_question", "I think that A and C are.", 1),
    ],
)
def test_what_was_added_to_a_locked_cell_gets_one_of_its_own(release, solved, grade_id, more, place):
    cell(solved, grade_id).source += f"\n{more}"
    matched = match(read(solved), release)
    restored = matched.notebook.cells.index(cell(matched.notebook, grade_id))
    assert matched.notebook.cells[restored].source == cell(release, grade_id).source
    assert matched.notebook.cells[restored + place].source == more
    assert more in " ".join([*matched.messages, said(matched, grade_id)])
    nbformat.validate(matched.notebook)


def test_a_changed_line_of_a_locked_cell_is_quoted(release, solved):
    cell(solved, "zero_question").source = cell(solved, "zero_question").source.replace("nothing", "something")
    assert any("something" in message for message in match(read(solved), release).messages)


def test_a_moved_cell_stays_where_the_student_put_it(release, solved):
    moved = cell(solved, "double_forward")
    solved.cells.remove(moved)
    solved.cells.append(moved)
    matched = match(read(solved), release)
    assert grade_id_of(matched.notebook.cells[-1]) == "double_forward"
    assert matched.by_item == {}


def test_a_retyped_cell_is_read_as_what_it_was(release, solved):
    written = cell(solved, "double_forward")
    at = solved.cells.index(written)
    solved.cells[at] = nbformat.v4.new_markdown_cell(written.source, metadata=written.metadata)
    matched = match(read(solved), release)
    restored = cell(matched.notebook, "double_forward")
    assert (restored.cell_type, restored.source) == ("code", written.source)
    assert "had become a markdown cell" in said(matched, "double_forward")


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_emptied_cell_counts_as_untouched(release, solved, text):
    cell(solved, "double_forward").source = text
    restored = cell(match(read(solved), release).notebook, "double_forward")
    assert restored.source == cell(release, "double_forward").source


def test_a_students_own_cells_stay_in_their_places(release, solved):
    solved.cells.insert(3, nbformat.v4.new_code_cell("mine = 1"))
    assert match(read(solved), release).notebook.cells[3].source == "mine = 1"


def test_another_release_is_told(release, solved):
    solved.metadata["nnkit"]["content"] = "0" * 16
    assert any("another release" in message for message in match(read(solved), release).messages)


def test_a_matched_notebook_is_valid_and_its_ids_are_unique(release, solved):
    solved.cells.extend(nbformat.v4.new_code_cell("x") for _ in range(3))
    matched = match(read(solved), release).notebook
    nbformat.validate(matched)
    ids = [each["id"] for each in matched.cells]
    assert len(ids) == len(set(ids))


def test_matching_leaves_the_release_as_it_is(release, solved):
    before = copy.deepcopy(release)
    match(read(solved), release)
    assert release == before
