"""What is run of a matched notebook: no stub over a definition, no `raise` beside code, no definition in two halves."""

import copy
import json

import nbformat
import pytest
from tiny_course import write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.submission.code import code_of
from nnkit.kit.submission.matching import match
from nnkit.kit.submission.reading import as_notebook, grade_id_of

LEFT = 'raise NotImplementedError("double_forward: write your code here")'


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    source = source_notebook(load_template(write_course(tmp_path_factory.mktemp("course")), "a1", "net"))
    return release_notebook(source), solved_notebook(source)


@pytest.fixture
def release(built):
    return copy.deepcopy(built[0])


@pytest.fixture
def solved(built):
    return copy.deepcopy(built[1])


def cell(notebook, grade_id):
    return next(each for each in notebook.cells if grade_id_of(each) == grade_id)


def place(notebook, grade_id):
    return notebook.cells.index(cell(notebook, grade_id))


def own(source):
    return nbformat.v4.new_code_cell(source)


class Run:
    """What is run of a notebook: texts in order, those of the release's cells by grade id."""

    def __init__(self, notebook, release):
        matched = match(as_notebook(json.loads(json.dumps(notebook)), "net.ipynb"), release).notebook
        self.code = code_of(matched, release)
        self.texts = [self.code.texts[each["id"]] for each in matched.cells if each["id"] in self.code.texts]
        self.by_id = {grade_id_of(each): self.code.texts.get(each["id"]) for each in matched.cells}

    def said(self, grade_id):
        return " ".join(self.code.by_item.get(grade_id, []))


def test_a_right_notebook_runs_as_it_stands(release, solved):
    run = Run(solved, release)
    assert run.by_id["Net"] == cell(solved, "Net").source
    assert (run.code.written, dict(run.code.by_item)) == ({"double_forward", "Net", "tuning", "zero"}, {})


def test_an_untouched_notebook_runs_as_it_was_released(release):
    run = Run(release, release)
    assert run.by_id["double_forward"] == cell(release, "double_forward").source
    assert (run.code.written, dict(run.code.by_item)) == (set(), {})


def test_test_cells_are_not_run(release, solved):
    assert Run(solved, release).by_id["test_Net"] is None


@pytest.mark.parametrize("where", [0, -1])
def test_a_stub_does_not_run_beside_a_definition(release, where):
    release_as_handed_in = copy.deepcopy(release)
    at = 0 if where == 0 else len(release.cells)
    release_as_handed_in.cells.insert(at, own("def double_forward(x):\n    return 2 * x, x"))
    run = Run(release_as_handed_in, release)
    assert run.by_id["double_forward"] == ""
    assert "double_forward is written in another cell" in run.said("double_forward")


def test_a_stub_within_other_code_is_taken_out(release, solved):
    cell(solved, "Net").source += f"\n\n{cell(release, 'double_forward').source}\nlast = 1"
    run = Run(solved, release)
    assert "write your code here" not in run.by_id["Net"]
    assert run.by_id["Net"].endswith("last = 1")
    assert len(run.by_id["Net"].split("\n")) == len(cell(solved, "Net").source.split("\n")), "lines keep their numbers"


def test_a_stub_with_other_comments_is_a_stub(release):
    handed_in = copy.deepcopy(release)
    cell(handed_in, "Net").source = cell(release, "Net").source.replace("# TODO: make", "# see above, to make")
    handed_in.cells.insert(0, own("class Net:\n    pass"))
    assert Run(handed_in, release).by_id["Net"] == ""


@pytest.mark.parametrize("text", ["double_forward", "print(double_forward)", "x = double_forward", "import math"])
def test_a_stub_runs_where_nothing_else_binds_its_name(release, text):
    handed_in = copy.deepcopy(release)
    handed_in.cells.insert(0, own(text))
    assert "write your code here" in Run(handed_in, release).by_id["double_forward"]


def test_a_definition_with_something_of_its_own_is_no_stub(release, solved):
    cell(solved, "double_forward").source = cell(release, "double_forward").source.replace(LEFT, "return x, x")
    solved.cells.insert(0, own("def double_forward(x):\n    return 2 * x, x"))
    assert "return x, x" in Run(solved, release).by_id["double_forward"], "the later one counts"


def test_what_a_locked_cell_binds_does_not_make_an_experiment_written(release):
    handed_in = copy.deepcopy(release)
    cell(release, "code_tuning_1").source = "best = 3"
    cell(handed_in, "code_tuning_1").source = "best = 3"
    assert "tuning" not in Run(handed_in, release).code.written


@pytest.mark.parametrize("text", [f"out = 2 * x\n    {LEFT}", f"{LEFT}\n    out = 2 * x"])
def test_a_raise_beside_code_is_left_out_and_said(release, text):
    handed_in = copy.deepcopy(release)
    cell(handed_in, "double_forward").source = cell(release, "double_forward").source.replace(LEFT, text)
    run = Run(handed_in, release)
    assert "raise" not in run.by_id["double_forward"]
    line = cell(handed_in, "double_forward").source.split(LEFT)[0].count("\n") + 1
    assert f"is left in double_forward, in line {line} of its cell" in run.said("double_forward")


def test_a_raise_of_an_unwritten_method_stays(release):
    handed_in = copy.deepcopy(release)
    stub = 'raise NotImplementedError("Net.__init__: write your code here")'
    cell(handed_in, "Net").source = cell(release, "Net").source.replace(stub, "self.w = 1")
    assert 'raise NotImplementedError("Net.loss: write your code here")' in Run(handed_in, release).by_id["Net"]


@pytest.mark.parametrize("text", ["raise NotImplementedError", "raise NotImplementedError('mine')", "raise ValueError"])
def test_a_raise_of_the_students_own_stays(release, solved, text):
    cell(solved, "double_forward").source = f"def double_forward(x):\n    y = x\n    {text}\n    return y"
    assert text in Run(solved, release).by_id["double_forward"]


def test_a_raise_after_a_letter_of_two_bytes_is_cut_out_cleanly(release):
    handed_in = copy.deepcopy(release)
    text = f"é = 2 * x; {LEFT}; out = é"
    cell(handed_in, "double_forward").source = cell(release, "double_forward").source.replace(LEFT, text)
    assert "é = 2 * x; pass; out = é" in Run(handed_in, release).by_id["double_forward"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("def f(x):\n    y = x", "    return y"),
        ("def f(x):", "    return x"),
        ("class A:\n    def f(self):\n        return 1", "    def g(self):\n        return 2"),
        (
            "x = 1\n\nclass A:\n    def f(self):\n        a = 1",
            "        return a\n\n    def g(self):\n        return 2",
        ),
    ],
)
def test_a_definition_that_was_split_is_one_again(release, solved, first, second):
    solved.cells += [own(first), nbformat.v4.new_markdown_cell("between"), own(second)]
    assert Run(solved, release).texts[-2:] == [f"{first}\n{second}", ""]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("def f(x):\n    return x", "y = 1"),
        ("for i in range(3):\n    print(i)", "    y = 1"),
        ("x = 1", "    y = 1"),
        ("", "    y = 1"),
        ("def f(x):\n    return x", "    this is no Python"),
    ],
)
def test_cells_that_stand_by_themselves_stay_apart(release, solved, first, second):
    solved.cells += [own(first), own(second)]
    assert Run(solved, release).texts[-2:] == [first, second]


def test_nothing_goes_on_inside_a_locked_cell(release, solved):
    solved.cells.insert(place(solved, "given_shifted") + 1, own("    return out"))
    assert Run(solved, release).by_id["given_shifted"] == cell(release, "given_shifted").source


def test_a_cell_that_is_no_python_runs_as_it_is(release, solved):
    cell(solved, "double_forward").source = "def double_forward(x"
    assert Run(solved, release).by_id["double_forward"] == "def double_forward(x"
