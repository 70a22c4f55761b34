"""`check` runs an item's public tests on the caller's own names, shows a table, and fails the cell on a failure."""

import contextlib
import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from nnkit.student import check
from nnkit.student.check import CheckFailed, items_in
from nnkit.student.plugin import TestResult
from nnkit.student.table import CheckTable

GRADERS = '''
from nnkit.student.testing import *

HIDDEN_ONLY = ["tuning"]

CHOICES = {"zero": "ABC"}

@item("double", public=True, message="Multiply by two.")
def test_one_number(submission):
    assert_close(submission.double(3.0), 6.0, FORWARD, "out")

@item("double")
def test_kept_back(submission):
    assert_close(submission.double(4.0), 9.0, FORWARD, "out")

@item("broken", public=True)
def test_broken():
    1 / 0
'''


@pytest.fixture
def release(tmp_path, monkeypatch):
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_net.py").write_text(GRADERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(code):
    """Run code as a script of its own names."""
    exec(compile(code, "script.py", "exec"), {"__name__": "script", "check": check})


RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return 3 * x\n"
UNFINISHED = "def double(x):\n    raise NotImplementedError('write me')\n"
RAISES = "def double(x):\n    return x[0]\n"


def shown(code, capsys):
    """What a check prints, passed or failed."""
    with contextlib.suppress(CheckFailed):
        run(f"{code}check('double')")
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_a_right_solution_passes(release, capsys):
    run(f"{RIGHT}check('double')")
    assert "1 of 1 public tests passed" in capsys.readouterr().out


def test_a_wrong_solution_fails_in_one_line(release):
    with pytest.raises(CheckFailed) as caught:
        run(f"{WRONG}check('double')")
    first, *others = str(caught.value).split("\n")
    assert first.startswith("double: 1 of 1 tests not passed. one number: failed: out is 9, expected 6")
    assert not others


def test_the_table_has_verdict_numbers_and_message(release, capsys):
    table = shown(WRONG, capsys)
    for text in ("one number", "✗ failed", "0.2", "1e-09", "out is 9, expected 6", "Multiply by two."):
        assert text in table


def test_an_unfinished_solution_is_not_written_yet(release):
    with pytest.raises(CheckFailed, match=r"^double: not written yet$"):
        run(f"{UNFINISHED}check('double')")


def test_an_undefined_name_is_named(release):
    with pytest.raises(CheckFailed, match="double is not defined in the notebook"):
        run("check('double')")


def test_an_error_is_shown_with_the_students_line(release, capsys):
    table = shown(RAISES, capsys)
    assert 'File "script.py", line 2, in double' in table
    assert "nnkit" not in table


def test_a_check_that_breaks_is_no_pass(release):
    with pytest.raises(CheckFailed, match="tell your instructor"):
        run("check('broken')")


def test_an_item_without_public_tests_says_so(release, capsys):
    run("check('tuning')")
    assert "no public test" in capsys.readouterr().out


@pytest.mark.parametrize("answer", ['{"C", "A"}', '["a", "c"]', "'A, C'", '("A", "C", "C")', '" c a"'])
def test_the_letters_of_a_choice_are_shown(release, capsys, answer):
    run(f"zero = {answer}\ncheck('zero')")
    assert "zero: your answer holds A, C." in capsys.readouterr().out


def test_choosing_nothing_is_an_answer(release, capsys):
    run("zero = set()\ncheck('zero')")
    assert "your answer holds no letter" in capsys.readouterr().out


@pytest.mark.parametrize("cell", ["", "zero = ...", "zero = None"])
def test_an_unanswered_choice_fails(release, cell):
    with pytest.raises(CheckFailed, match=r"^zero: not answered yet: write the letters of all that apply"):
        run(f"{cell}\ncheck('zero')")


@pytest.mark.parametrize("answer", ["1.5", "{1}", '{"A": True}', "len"])
def test_an_answer_that_is_no_set_of_letters_fails(release, answer):
    with pytest.raises(CheckFailed, match=r"^zero: zero is .* no set of letters"):
        run(f"zero = {answer}\ncheck('zero')")


@pytest.mark.parametrize("answer", ['{"A", "X"}', "'X'", '{"X", ""}', '{"AB", "X"}'])
def test_a_letter_that_is_no_choice_fails(release, answer):
    with pytest.raises(CheckFailed, match="'X' is no choice of this question, its choices are A, B, C: write"):
        run(f"zero = {answer}\ncheck('zero')")


def test_an_unknown_item_lists_the_known_ones(release):
    with pytest.raises(ValueError, match=r"Did you mean 'double'\? There are: broken, double, tuning, zero\."):
        run("check('duoble')")


def test_an_item_of_two_notebooks_asks_which(release):
    (release / "checks" / "test_other.py").write_text(GRADERS)
    with pytest.raises(ValueError, match=r"net, other: name your notebook"):
        run("check('double')")


def test_a_notebook_can_be_named(release, capsys):
    (release / "checks" / "test_other.py").write_text(GRADERS.replace("6.0", "9.0"))
    run(f"{WRONG}check('double', notebook='other')")
    assert "1 of 1 public tests passed" in capsys.readouterr().out


def test_jupyter_says_which_notebook_it_is(release, capsys, monkeypatch):
    (release / "checks" / "test_other.py").write_text(GRADERS.replace("6.0", "9.0"))
    monkeypatch.setenv("JPY_SESSION_NAME", "a1/other.ipynb")
    run(f"{WRONG}check('double')")
    assert "1 of 1 public tests passed" in capsys.readouterr().out


def test_the_notebooks_present_definition_counts(release, capsys):
    run(f"{WRONG}{RIGHT}check('double')")
    assert "1 of 1 public tests passed" in capsys.readouterr().out


def test_stderr_stays_empty_whatever_the_student_prints(release, capsys):
    code = "import sys\ndef double(x):\n    print('working', file=sys.stderr)\n    return 2 * x\n"
    assert "working" in shown(code, capsys)


def test_without_checks_the_place_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder checks"):
        check("double")


def test_nothing_is_written_into_the_release(release, capsys):
    before = sorted(release.rglob("*"))
    shown(RIGHT, capsys)
    assert sorted(release.rglob("*")) == before


def test_importing_check_does_not_import_pytest():
    code = "import sys, nnkit.student; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_items_are_read_without_running_the_file(tmp_path):
    path = tmp_path / "test_net.py"
    path.write_text(GRADERS + "\nraise SystemExit\n")
    assert items_in(path) == {"tuning": False, "zero": False, "double": True, "broken": True}


@pytest.fixture
def shell(release):
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def test_in_ipython_the_notebooks_names_are_checked(shell, capsys):
    shell.run_cell(f"from nnkit.student import check\n{RIGHT}")
    assert shell.run_cell("check('double')").success
    assert "1 of 1 public tests passed" in capsys.readouterr().out


def run_in_notebook(shell, cell):
    """Run a cell as a kernel does, which keeps a history."""
    return shell.run_cell(cell, store_history=True)


@pytest.mark.parametrize("answer", ["{A, C}", "A, C"])
def test_letters_without_quotes_count_and_an_earlier_answer_does_not(shell, capsys, answer):
    run_in_notebook(shell, 'from nnkit.student import check\nzero = {"B"}')
    assert isinstance(run_in_notebook(shell, f"zero = {answer}").error_in_exec, NameError)
    capsys.readouterr()
    assert run_in_notebook(shell, "check('zero')").success
    said = capsys.readouterr().out
    assert "zero: your answer holds A, C." in said
    assert "letters in quotes" in said


def test_of_several_answers_the_last_counts(shell, capsys):
    run_in_notebook(shell, "from nnkit.student import check\nzero = {A, C}")
    run_in_notebook(shell, 'zero = {"B"}')
    capsys.readouterr()
    run_in_notebook(shell, "zero == {'A'}\ncheck('zero')")
    assert capsys.readouterr().out.strip().endswith("your answer holds B. It is graded after you hand in")


@pytest.mark.parametrize(
    ("answer", "complaint"), [("{A C}", "not valid Python"), ('{"A"} | {"C"}', "zero has to be written out")]
)
def test_what_the_grade_can_not_read_fails_whatever_was_answered_before(shell, answer, complaint):
    run_in_notebook(shell, 'from nnkit.student import check\nzero = {"B"}')
    run_in_notebook(shell, f"zero = {answer}")
    with pytest.raises(CheckFailed, match=complaint + r": write the letters of all that apply, in the form zero = "):
        run_in_notebook(shell, "check('zero')").raise_error()


def test_in_ipython_a_failure_fails_the_cell_with_one_line(shell, capsys):
    shell.run_cell(f"from nnkit.student import check\n{WRONG}")
    outcome = shell.run_cell("check('double')")
    out, err = capsys.readouterr()
    assert isinstance(outcome.error_in_exec, CheckFailed)
    assert out.strip().splitlines()[-1].startswith("CheckFailed: double: 1 of 1 tests not passed.")
    assert "Traceback" not in out + err


def result(**changes):
    values = {"item": "double", "name": "test_it", "public": True, "weight": 1, "verdict": "student_error"}
    values |= {"measured": None, "allowed": None, "message": "<b>m</b>", "detail": "<script>alert(1)</script>"}
    return TestResult(**values | changes)


def test_html_is_escaped():
    html = CheckTable("<i>", [result()], "<u>")._repr_html_()
    assert not any(tag in html for tag in ("<i>", "<u>", "<b>m", "<script"))


def test_html_has_the_verdict_in_words():
    assert "error in your code" in CheckTable("double", [result()])._repr_html_()


def test_a_solution_not_written_yet_is_told_without_the_kind_of_exception():
    unwritten = result(verdict="not_implemented", message="NotImplementedError: double: write your code here")
    table = CheckTable("double", [unwritten]).text()
    assert "double: write your code here" in table
    assert "NotImplementedError" not in table


def test_text_keeps_to_the_encoding_of_the_output():
    table = CheckTable("double", [result(verdict="failed", message="π")]).text("ascii")
    assert table.isascii()
    assert " failed" in table
