"""`solutions_of` gives what another notebook defines, runs nothing else, and says what it had to skip."""

import json
import traceback

import pytest

from nnkit.student import solutions_of


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(*cells, name="net"):
        kinds = [("markdown", "# A heading")] + [("code", cell) for cell in cells]
        content = [{"cell_type": kind, "source": source.splitlines(keepends=True)} for kind, source in kinds]
        (tmp_path / f"{name}.ipynb").write_text(json.dumps({"cells": content, "nbformat": 4}))

    return write


def test_functions_classes_imports_and_constants_are_there(notebook):
    constants = "import math\nSIZE = 3 * 32 * 32\nNAMES = ['a', -1.5]"
    notebook(constants, "def area(r):\n    return math.pi * r", "class A: pass")
    nets = solutions_of("net")
    assert (nets.SIZE, nets.NAMES, nets.area(0), nets.A.__name__) == (3072, ["a", -1.5], 0, "A")


def test_nothing_else_runs(notebook):
    notebook("import sys\nprint('no')\nx = sys.exit()\nfor i in range(3):\n    pass\nwith open('f', 'w') as f: pass")
    assert dir(solutions_of("net")) == ["sys"]


def test_functions_of_different_cells_find_each_other(notebook):
    notebook("def one():\n    return two()", "def two():\n    return 2")
    assert solutions_of("net").one() == 2


def test_a_later_definition_wins(notebook):
    notebook("def one():\n    return 1", "def one():\n    return 'one'")
    assert solutions_of("net").one() == "one"


def test_magics_and_shell_commands_are_passed_over(notebook):
    notebook("%matplotlib inline\n!pip list\nimport math\nmath.pi?\nif True:\n    %time 1\nK = 1")
    assert dir(solutions_of("net")) == ["K", "math"]


def test_the_body_of_a_timed_cell_counts(notebook):
    notebook("%%time\ndef one():\n    return 1", "%%bash\necho def")
    assert dir(solutions_of("net")) == ["one"]


def test_a_percent_sign_in_a_text_stays(notebook):
    notebook('TEXT = """\n%d items\n"""')
    assert solutions_of("net").TEXT == "\n%d items\n"


def test_a_broken_cell_is_named_and_does_not_hide_the_others(notebook):
    notebook("def one():\n    return 1", "K = 2\ndef two(:\n    return 2", "def three():\n    return 3")
    with pytest.warns(UserWarning, match=r"net\.ipynb, code cell 2, line 2: "):
        nets = solutions_of("net")
    assert dir(nets) == ["one", "three"]


def test_a_definition_that_raises_is_named_and_skipped(notebook):
    notebook("import no_such_module\nK = 1")
    with pytest.warns(UserWarning, match=r"code cell 1, line 1: ModuleNotFoundError"):
        nets = solutions_of("net")
    assert nets.K == 1


def test_a_missing_name_tells_what_was_skipped(notebook):
    notebook("def two(:\n    return 2")
    with pytest.warns(UserWarning, match="skipped"):
        nets = solutions_of("net")
    with pytest.raises(AttributeError, match=r"net\.ipynb does not define two\. Skipped: .* code cell 1, line 1"):
        nets.two  # noqa: B018


def test_a_traceback_shows_the_line_of_the_notebook(notebook):
    notebook("K = 1\n\ndef one():\n    return 1 / 0")
    with pytest.raises(ZeroDivisionError) as caught:
        solutions_of("net").one()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno, last.line) == ("net.ipynb, code cell 1", 4, "return 1 / 0")


def test_a_notebook_may_build_on_a_third_one(notebook):
    notebook("def one():\n    return 1", name="first")
    notebook(
        "from nnkit.student import solutions_of\nfirst = solutions_of('first')\ndef two():\n    return 2 * first.one()",
        name="second",
    )
    assert solutions_of("second").two() == 2


def test_notebooks_that_ask_for_each_other_are_named(notebook):
    text = "from nnkit.student import solutions_of\nother = solutions_of('{}')"
    notebook(text.format("second"), name="first")
    notebook(text.format("first"), name="second")
    with pytest.warns(UserWarning, match="first -> second -> first"):
        solutions_of("first")


def test_a_missing_notebook_lists_those_there(notebook):
    notebook("", name="two_layer_net")
    with pytest.raises(FileNotFoundError, match=r"no notebook two_layer\.ipynb in .*: two_layer_net\)"):
        solutions_of("two_layer")


@pytest.mark.parametrize("content", ["no json", "[]", '{"cells": [{}]}'])
def test_a_file_that_is_no_notebook_is_named(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.ipynb").write_text(content)
    with pytest.raises(ValueError, match=r"net\.ipynb is not a Jupyter notebook"):
        solutions_of("net")
