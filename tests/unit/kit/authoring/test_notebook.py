"""Notebooks: valid for nbgrader, the same bytes every time, and stripped as nbgrader itself would."""

import copy
import logging

import nbformat
import pytest
from nbformat.validator import normalize
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from nbgrader.utils import determine_grade
from tiny_course import change, write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import Misconception, mistaken_notebook
from nnkit.kit.authoring.notebook import (
    notebook_text,
    release_notebook,
    solved_notebook,
    source_notebook,
)
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.file import load_course


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


@pytest.fixture
def source(course):
    return source_notebook(load_template(course, "a1", "net"))


def cell(notebook, grade_id):
    (found,) = (each for each in notebook.cells if each.metadata.get("nbgrader", {}).get("grade_id") == grade_id)
    return found


def as_nbgrader_releases(source):
    """The preprocessors of `nbgrader generate_assignment` with its own settings, without its database."""
    notebook, resources = copy.deepcopy(source), {}
    for kind in (
        LockCells,
        ClearSolutions,
        ClearOutput,
        CheckCellMetadata,
        ComputeChecksums,
        ClearHiddenTests,
        ClearMarkScheme,
        ComputeChecksums,
        CheckCellMetadata,
    ):
        notebook, resources = kind().preprocess(notebook, resources)
    return notebook


def test_source_notebook_is_valid_for_nbgrader_and_jupyter(source):
    MetadataValidator().validate_nb(source)
    nbformat.validate(source)
    assert normalize(copy.deepcopy(source))[0] == 0


def test_source_notebook_has_the_same_bytes_on_every_run(course, source):
    again = source_notebook(load_template(course, "a1", "net"))
    assert notebook_text(again) == notebook_text(source)


def test_grade_ids_are_readable(source):
    ids = [each.metadata.nbgrader.grade_id for each in source.cells if "nbgrader" in each.metadata]
    assert ids == [
        "released-folder",
        "code_a_tiny_notebook_1",
        "double_forward",
        "test_double_forward",
        "given_shifted",
        "Net",
        "test_Net",
        "tuning",
        "test_tuning",
        "code_tuning_1",
        "zero_question",
        "zero",
        "test_zero",
        "zero_why_question",
        "zero_why",
    ]


def test_cell_ids_of_other_cells_survive_an_insertion(course, source):
    change(course.root, "source/a1/net.md", "Some $x$ and more.\n", "Some $x$ and more.\n\n```python\ny = 1\n```\n")
    longer = source_notebook(load_template(course, "a1", "net"))
    assert cell(longer, "Net")["id"] == cell(source, "Net")["id"]
    assert source.cells[-1]["id"] == longer.cells[-1]["id"]


def test_notebook_is_stamped(source):
    assert set(source.metadata.nnkit) == {"assignment", "notebook", "version", "content"}


def test_stamp_changes_with_what_students_see(course, source):
    change(course.root, "source/a1/net.md", "print(best)", "print(best, best)")
    assert source_notebook(load_template(course, "a1", "net")).metadata.nnkit.content != source.metadata.nnkit.content


def test_stamp_stays_when_only_the_solution_changes(course, source):
    change(course.root, "nnkit/layers.py", "np.add(x, x) * 1", "2 * x")
    assert source_notebook(load_template(course, "a1", "net")).metadata.nnkit.content == source.metadata.nnkit.content


def test_points_are_those_of_the_template(source):
    points = {
        each.metadata.nbgrader.grade_id: each.metadata.nbgrader.points
        for each in source.cells
        if each.metadata.get("nbgrader", {}).get("grade")
    }
    assert points == {"test_double_forward": 4, "test_Net": 6, "test_tuning": 2.5, "test_zero": 1.5, "zero_why": 3}


def test_release_is_what_nbgrader_makes_cell_by_cell(source):
    ours, theirs = release_notebook(source), as_nbgrader_releases(source)
    for mine, other in zip(ours.cells, theirs.cells, strict=True):
        about = mine.metadata.get("nbgrader", {})
        if about.get("solution") and mine.cell_type == "code":
            # nbgrader's stub names no function; all else has to agree.
            other.source = mine.source
            about.pop("checksum")
            other.metadata.nbgrader.pop("checksum")
        assert mine == other


def test_checksums_are_those_nbgrader_computes(source):
    released = release_notebook(source)
    again, _ = ComputeChecksums().preprocess(copy.deepcopy(released), {})
    assert again == released


def test_exercise_is_released_as_a_loud_stub(source):
    assert cell(release_notebook(source), "double_forward").source == (
        'def double_forward(x):\n    """Twice x."""\n    # TODO: double it.\n    # YOUR CODE HERE\n'
        '    raise NotImplementedError("double_forward: write your code here")\n    cache = x\n    return out, cache'
    )


def test_experiment_is_released_as_a_loud_stub(source):
    released = cell(release_notebook(source), "tuning").source
    assert released.endswith('# YOUR CODE HERE\nraise NotImplementedError("tuning: write your code here")')


def test_choose_question_is_released_as_a_placeholder_that_runs(source):
    assert cell(release_notebook(source), "zero").source == 'zero = ...  # e.g. {"X", "Y"}'


def test_explanation_is_released_empty(source):
    assert cell(release_notebook(source), "zero_why").source == "YOUR ANSWER HERE"


def test_untouched_explanation_scores_nothing_in_nbgrader(source):
    assert determine_grade(cell(release_notebook(source), "zero_why")) == (0, 3)


def test_answered_explanation_waits_for_a_person_in_nbgrader(source):
    assert determine_grade(cell(solved_notebook(source), "zero_why")) == (None, 3)


def test_solved_notebook_holds_every_solution_and_no_mark_scheme(source):
    solved = solved_notebook(source)
    assert "np.add(x, x) * 1" in cell(solved, "double_forward").source
    assert cell(solved, "zero").source.endswith('zero = {"A", "C"}')
    assert cell(solved, "zero_why").source == "Because emptiness counts as naught."
    assert "SOLUTION" not in notebook_text(solved)


def test_stages_apart_a_solved_notebook_is_a_filled_in_release(source):
    released, solved = release_notebook(source), solved_notebook(source)
    assert [each.metadata for each in released.cells] == [each.metadata for each in solved.cells]


def misconception(*edits):
    return Misconception("Net", "half", edits, "Half of it is missing.", line=7)


def test_misconception_changes_one_cell(source):
    wrong = mistaken_notebook(source, [misconception(("0.25", "0.5"))])
    solved = solved_notebook(source)
    changed = [
        each.metadata.nbgrader.grade_id for each, other in zip(wrong.cells, solved.cells, strict=True) if each != other
    ]
    assert changed == ["Net"]


@pytest.mark.parametrize(("find", "count"), [("0.26", 0), ("self", 4)])
def test_misconception_that_does_not_fit_names_its_place(find, count):
    with pytest.raises(BuildError, match=rf"^m\.toml, line 7: '{find}' occurs {count} times in the reference"):
        misconception((find, "x")).apply("def f(self): self.a = self.b + self.c", "m.toml")


def test_nbgrader_has_nothing_to_warn_of(source, caplog):
    with caplog.at_level(logging.WARNING):
        as_nbgrader_releases(source)
    assert not caplog.records


def test_what_stands_below_the_first_solution_lets_run_all_go_on(source):
    tagged = [each.metadata.get("tags", []) == ["raises-exception"] for each in source.cells]
    solutions = [each.metadata.get("nbgrader", {}).get("solution", False) for each in source.cells]
    first = solutions.index(True)
    assert not any(tagged[: first + 1])
    for each, solution, tag in list(zip(source.cells, solutions, tagged, strict=True))[first:]:
        assert tag == (each.cell_type == "code" and not solution)


def test_a_check_names_its_notebook_where_another_one_has_an_item_of_that_name(course):
    template = course.template("a1", "net")
    change(course.root, "course.toml", 'notebooks = ["net"]', 'notebooks = ["net", "other"]')
    template.with_name("other.md").write_text('```python grade="tuning" points=1\n```\n')
    again = load_course(course.root, check_files=False)
    checks = {
        each.metadata.nbgrader.grade_id: each.source
        for each in source_notebook(load_template(again, "a1", "net")).cells
        if each.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")
    }
    assert checks["test_tuning"] == 'check("tuning", notebook="net")'
    assert checks["test_Net"] == 'check("Net")'
