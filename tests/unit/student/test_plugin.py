"""The plugin runs grader files, gives each test one verdict, and leaves no trace in the process."""

import os
import sys
import textwrap
import time

import numpy as np
import pytest

from nnkit.student.plugin import ExpectedRecorder, GraderFileError, GraderPlugin, run_graders
from nnkit.student.table import CheckTable
from nnkit.student.testing import LocalSubmission, StudentTimeout

HEADER = "import numpy as np\nimport pytest\nfrom nnkit.student.testing import *\n\n"


def unfinished(x):
    raise NotImplementedError("write me")


NAMES = {"double": lambda x: 2 * x, "unfinished": unfinished, "broken": lambda x: x / "a", "seven": 7.0}


@pytest.fixture
def graders(tmp_path):
    def write(text, name="test_net.py"):
        path = tmp_path / name
        path.write_text(HEADER + textwrap.dedent(text))
        return path

    return write


def plugin(names=NAMES, **options):
    options = {"public_only": False, "student": "ada", "course": "nn", **options}
    return GraderPlugin(LocalSubmission(names), **options)


def only(path, **options):
    (result,) = run_graders(path, plugin(**options))
    return result


def body(lines, marker='@item("double")', arguments="submission"):
    return f"{marker}\ndef test_it({arguments}):\n" + textwrap.indent(textwrap.dedent(lines), "    ")


def test_a_passed_test_tells_how_close_it_was(graders):
    result = only(graders(body('assert_close(submission.double(3.0), 6.0, FORWARD, "out")')))
    assert (result.verdict, result.measured, result.allowed, result.message) == ("passed", 0.0, 1e-9, "")


def test_the_comparison_nearest_its_limit_is_the_one_told(graders):
    comparisons = ["1.0, 1.0, 1e-9", "1.0 + 1e-7, 1.0, 1e-6", "1.0, 1.0, 1e-3"]
    lines = "\n".join(f"assert_close({numbers}, 'out')" for numbers in comparisons)
    assert only(graders(body(lines))).allowed == 1e-6


def test_of_equally_near_comparisons_the_last_is_told(graders):
    comparisons = ['assert_at_least(submission.double(3.0), 0, "out")', 'assert_below(0.0, 0.0, "out")']
    result = only(graders(body("\n".join(comparisons))))
    assert (result.measured, result.allowed, result.bound) == (0.0, 0.0, "at most")


@pytest.mark.parametrize("wanted", [6, 7])
def test_a_limit_from_below_is_told_as_one(graders, wanted):
    result = only(graders(body(f'assert_at_least(submission.double(3.0), {wanted}, "out")')))
    assert (result.verdict, result.bound) == ("passed" if wanted == 6 else "failed", "at least")
    assert f"at least {wanted}" in CheckTable("double", [result]).text().splitlines()[2]


def test_a_failed_check_gives_numbers_and_both_messages(graders):
    lines = 'assert_close(submission.double(3.0), 7.0, FORWARD, "out")'
    result = only(graders(body(lines, '@item("double", message="Multiply by two.")')))
    assert (result.verdict, result.measured, result.allowed) == ("failed", pytest.approx(1 / 13), 1e-9)
    assert result.message.startswith("out is 6, expected 7")
    assert result.message.endswith("Multiply by two.")


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        ("assert submission.double(1) == 3", "failed"),
        ("pytest.fail('no')", "failed"),
        ("submission.broken(1)", "student_error"),
        ("submission.missing(1)", "student_error"),
        ("submission.unfinished(1)", "not_implemented"),
        ("1 / 0", "grader_error"),
        ("raise KeyError('x')", "grader_error"),
        ("pytest.skip('later')", "grader_error"),
        ("raise SystemExit(0)", "grader_error"),
        ("raise StudentKilled('by signal 9')", "killed"),
        ("raise StudentOutOfMemory('above 1 GB')", "out_of_memory"),
    ],
)
def test_every_end_has_its_verdict(graders, lines, verdict):
    assert only(graders(body(lines))).verdict == verdict


def test_how_a_test_broke_is_told_with_file_and_line(graders):
    path = graders(body("{}['x']"))
    line = 1 + path.read_text().split("\n").index("    {}['x']")
    message = only(path).message
    assert message == f"the test itself broke (call): KeyError: 'x' ({path.parent.name}/{path.name}, line {line})"


def test_a_test_that_breaks_in_a_companion_names_the_companion(graders):
    path = graders("from shared import half\n" + body("half(0)"))
    path.with_name("shared.py").write_text("def half(x):\n    return 1 / x\n")
    assert f"ZeroDivisionError: division by zero ({path.parent.name}/shared.py, line 2)" in only(path).message


def test_what_the_submission_raises_decides(graders):
    def slow(x):
        raise StudentTimeout("longer than 10 s")

    result = only(graders(body("submission.slow(1)")), names={"slow": slow})
    assert (result.verdict, result.message) == ("timeout", "longer than 10 s")


def test_a_fixture_that_does_not_exist_is_a_grader_error(graders):
    assert only(graders(body("pass", arguments="submision"))).verdict == "grader_error"


def test_a_fixture_that_breaks_is_a_grader_error(graders):
    text = "@pytest.fixture\ndef batch():\n    assert False\n\n" + body("pass", arguments="batch")
    assert only(graders(text)).verdict == "grader_error"


def test_a_teardown_that_breaks_is_a_grader_error(graders):
    text = "@pytest.fixture\ndef batch():\n    yield\n    1 / 0\n\n" + body("pass", arguments="batch")
    assert only(graders(text)).verdict == "grader_error"


def test_a_failing_check_stays_failed_when_the_teardown_breaks_too(graders):
    text = "@pytest.fixture\ndef batch():\n    yield\n    1 / 0\n\n" + body("assert False", arguments="batch")
    assert only(graders(text)).verdict == "failed"


def test_an_expected_failure_is_no_pass(graders):
    assert only(graders(body("assert False", '@pytest.mark.xfail\n@item("double")'))).verdict == "failed"


def test_a_students_traceback_goes_into_the_detail(graders):
    assert "TypeError: unsupported operand" in only(graders(body("submission.broken(1)"))).detail


def test_mutations_do_not_carry_over_to_the_next_test(graders):
    first, second = body("submission.fill(np.ones(2))"), body("assert_inputs_unchanged(submission)")
    text = first + "\n\n" + second.replace("test_it", "test_that")
    results = run_graders(graders(text), plugin({"fill": lambda x: x.fill(0)}))
    assert results[1].verdict == "passed"


TWO_ITEMS = """
    @item("double", public=True)
    def test_public():
        pass

    @item("double", weight=2)
    def test_hidden():
        pass

    @item("triple")
    @pytest.mark.parametrize("pad", [0, 1])
    def test_other(pad):
        pass
"""


def names(results):
    return [result.name for result in results]


def test_all_tests_run_in_the_order_of_the_file(graders):
    results = run_graders(graders(TWO_ITEMS), plugin())
    assert names(results) == ["test_public", "test_hidden", "test_other[0]", "test_other[1]"]
    assert [result.weight for result in results] == [1, 2, 1, 1]


def test_hidden_tests_can_be_left_out(graders):
    assert names(run_graders(graders(TWO_ITEMS), plugin(public_only=True))) == ["test_public"]


def test_items_can_be_chosen(graders):
    assert names(run_graders(graders(TWO_ITEMS), plugin(items=["triple"]))) == ["test_other[0]", "test_other[1]"]


def test_no_test_of_an_item_gives_no_result(graders):
    assert run_graders(graders(TWO_ITEMS), plugin(items=["quadruple"])) == []


@pytest.mark.parametrize(
    ("marker", "complaint"),
    [
        ("", "no item markers"),
        ('@item("a")\n@item("b")', "2 item markers"),
        ('@item("a", points=3)', "no keyword points"),
        ('@item("a", public="yes")', "public is 'yes'"),
        ('@item("a", slow=1)', "slow is 1"),
        ('@item("a", weight=0)', "weight is 0"),
        ('@item("a", weight=float("nan"))', "weight is nan"),
        ('@item("a", message=3)', "message is 3"),
        ("@item()", "item takes one name"),
        ("@item(3)", "item takes one name"),
        ("@item", "item takes one name"),
    ],
)
def test_a_malformed_marker_is_named_with_file_and_line(graders, marker, complaint):
    path = graders(body("pass", marker, arguments=""))
    with pytest.raises(GraderFileError, match=rf"{path}:[56]: test_it: .*{complaint}"):
        run_graders(path, plugin())


def test_no_test_runs_in_a_malformed_file(graders):
    run = plugin()
    with pytest.raises(GraderFileError):
        run_graders(graders(TWO_ITEMS + "\n    def test_unmarked():\n        pass\n"), run)
    assert run.results == []


def test_a_syntax_error_is_named_with_file_and_line(graders):
    path = graders("def test_it(:\n    pass\n")
    with pytest.raises(GraderFileError, match=r"test_net\.py(.|\n)*line 5"):
        run_graders(path, plugin())


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"test_none\.py"):
        run_graders(tmp_path / "test_none.py", plugin())


DRAW = body('submission.keep.append(rng.integers(2**60))', arguments="submission, rng")


def drawn(path, **options):
    kept = []
    keep = type("Keep", (), {"append": lambda self, value: kept.append(int(value))})()
    run_graders(path, plugin({"keep": keep}, **options))
    return kept


def test_the_same_student_gets_the_same_numbers(graders):
    path = graders(DRAW)
    assert drawn(path) == drawn(path)


@pytest.mark.parametrize("other", [{"student": "bob"}, {"course": "nn2"}])
def test_another_student_or_course_gets_other_numbers(graders, other):
    path = graders(DRAW)
    assert drawn(path) != drawn(path, **other)


def test_another_test_or_notebook_gets_other_numbers(graders):
    first = drawn(graders(DRAW))
    assert first != drawn(graders(DRAW.replace("test_it", "test_that")))
    assert first != drawn(graders(DRAW, "test_other.py"))


SNAPSHOT = body('expected("out", submission.double(np.arange(3.0)))', arguments="submission, expected")


def record(path):
    recorder = ExpectedRecorder()
    run_graders(path, plugin(recorder=recorder))
    return recorder.write()


def test_a_recorded_output_passes(graders):
    path = graders(SNAPSHOT)
    record(path)
    assert only(path).verdict == "passed"


def test_another_output_than_the_recorded_one_fails(graders):
    path = graders(SNAPSHOT)
    record(path)
    result = only(path, names={"double": lambda x: 2 * x + 1e-3})
    assert (result.verdict, result.allowed) == ("failed", 1e-9)


def test_a_message_calls_an_output_as_the_student_does(graders):
    path = graders(SNAPSHOT.replace("3.0)))", '3.0)), called="doubled")'))
    record(path)
    assert only(path, names={"double": lambda x: 2 * x + 1e-3}).message.startswith("doubled[0] is 0.001, expected 0:")


def test_recorded_labels_must_be_equal(graders):
    path = graders(body('expected("labels", submission.labels(1))', arguments="submission, expected"))
    recorder = ExpectedRecorder()
    run_graders(path, plugin({"labels": lambda x: np.array([1, 2])}, recorder=recorder))
    recorder.write()
    assert only(path, names={"labels": lambda x: np.array([1, 3])}).verdict == "failed"


def test_an_output_that_was_never_recorded_is_a_grader_error(graders):
    result = only(graders(SNAPSHOT))
    assert (result.verdict, "net.h5" in result.message) == ("grader_error", True)


def test_public_and_hidden_values_are_kept_apart(graders):
    path = graders(SNAPSHOT)
    record(path)
    path.write_text(path.read_text().replace('@item("double")', '@item("double", public=True)'))
    assert only(path).verdict == "grader_error"


def test_recording_again_gives_the_same_bytes(graders):
    path = graders(SNAPSHOT)
    record(path)
    first = path.with_name("net.h5").read_bytes()
    time.sleep(1.1)  # HDF5's time stamps count seconds
    record(path)
    assert path.with_name("net.h5").read_bytes() == first


def test_recording_complains_of_keys_that_are_gone(graders):
    record(graders(SNAPSHOT))
    assert record(graders(SNAPSHOT.replace('"out"', '"result"')))[0].endswith("net.h5: hidden/double/out")


def test_a_full_run_names_stored_values_that_no_test_asks_for(graders):
    record(graders(SNAPSHOT))
    run = plugin()
    run_graders(graders(SNAPSHOT.replace('"out"', '"result"')), run)
    assert [line.rpartition(" ")[2] for line in run.extra_expected()] == ["hidden/double/out"]


def test_only_finite_plain_values_are_recorded(graders):
    path = graders(SNAPSHOT)
    result = only(path, names={"double": lambda x: x * np.nan}, recorder=ExpectedRecorder())
    assert result.verdict == "grader_error"


def test_held_back_data_do_not_exist_on_a_students_machine(graders):
    assert only(graders(body("data('cifar10')", arguments="data"))).verdict == "grader_error"


def test_a_subclass_may_give_fixtures_and_see_results(graders):
    class Kit(GraderPlugin):
        def make_data(self, test):
            return lambda name: f"{name} for {test.item}"

        def on_result(self, result, trace):
            result.detail = f"{[m.actual for m in trace.measurements]} {trace.test.notebook}"

    lines = 'assert data("cifar10") == "cifar10 for double"\nassert_close(1.0, 1.0, 0.1, "one")'
    run = Kit(LocalSubmission({}), public_only=False, student="", course="")
    (result,) = run_graders(graders(body(lines, arguments="data")), run)
    assert (result.verdict, result.detail) == ("passed", "[1.0] net")


def test_a_changed_file_is_read_again(graders):
    assert only(graders(body("pass"))).verdict == "passed"
    assert only(graders(body("0/0 "))).verdict == "grader_error"


def test_two_files_of_one_name_are_two_files(graders, tmp_path):
    (tmp_path / "other").mkdir()
    assert only(graders(body("pass"))).verdict == "passed"
    assert only(graders(body("assert False"), "other/test_net.py")).verdict == "failed"


def test_a_module_of_the_same_name_stays(graders, monkeypatch):
    module = type(sys)("test_net")
    monkeypatch.setitem(sys.modules, "test_net", module)
    assert only(graders(body("pass"))).verdict == "passed"
    assert sys.modules["test_net"] is module


def test_the_grader_files_module_is_gone_afterwards(graders):
    run_graders(graders(body("pass"), "test_passing_by.py"), plugin())
    assert "test_passing_by" not in sys.modules


def test_nothing_is_printed_or_written(graders, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = graders(body("np.log(0.0)\nassert False"))
    before = dict(os.environ)
    run_graders(path, plugin())
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.rglob("*")) == [path]
    assert dict(os.environ) == before


def test_what_a_student_prints_is_left_alone(graders, capfd):
    run_graders(graders(body("submission.say(1)")), plugin({"say": print}))
    assert capfd.readouterr().out == "1\n"


def test_configuration_in_the_folder_has_no_say(graders, tmp_path, monkeypatch):
    (tmp_path / "conftest.py").write_text("1 / 0\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.chdir(tmp_path)
    assert only(graders(body("pass"))).verdict == "passed"


def test_an_interrupt_reaches_the_caller(graders):
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_graders(graders(body("submission.stop(1)")), plugin({"stop": interrupted}))
