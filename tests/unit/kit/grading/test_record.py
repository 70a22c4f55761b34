"""From verdicts to scores: what a machine may decide, and what it leaves to a person."""

import json

import pytest

from nnkit.kit.grading.record import ItemRecord, Record, TestRecord, conclude, summarise


def item(*verdicts, points=4.0, weights=None, follow_through=False):
    weights = weights or [1.0] * len(verdicts)
    tests = [
        TestRecord(f"test_{number}", verdict, True, weight, follow_through=follow_through)
        for number, (verdict, weight) in enumerate(zip(verdicts, weights, strict=True))
    ]
    record = ItemRecord("double", "exercise", points, None, "waiting", tests=tests)
    conclude(record)
    return record


@pytest.mark.parametrize(
    ("verdicts", "score", "status"),
    [
        (["passed", "passed"], 4.0, "passed"),
        (["passed", "failed"], 2.0, "partial"),
        (["failed", "failed"], 0.0, "failed"),
        (["not_implemented", "not_implemented"], 0.0, "untouched"),
        (["not_implemented", "failed"], 0.0, "failed"),
        (["passed", "timeout"], 2.0, "partial"),
        (["student_error"], 0.0, "failed"),
        (["out_of_memory"], 0.0, "failed"),
        (["killed"], 0.0, "failed"),
    ],
)
def test_verdicts_give_score_and_status(verdicts, score, status):
    concluded = item(*verdicts)
    assert (concluded.score, concluded.status) == (score, status)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["passed", "grader_error"], "grader_error"),
        (["failed", "grader_error"], "grader_error"),
        (["passed", "not_run"], "not_run"),
        (["not_run", "grader_error"], "grader_error"),
        ([], "grader_error"),
    ],
)
def test_what_broke_or_did_not_run_is_open_and_never_zero(verdicts, status):
    concluded = item(*verdicts)
    assert (concluded.score, concluded.status) == (None, status)


def test_a_test_counts_by_its_weight():
    assert item("passed", "failed", weights=[1.0, 3.0]).score == 1.0


def test_thirds_of_a_point_are_rounded_to_four_digits():
    assert item("passed", "failed", "failed", points=1.0).score == 0.3333


def test_all_tests_passed_give_the_very_points():
    assert item(*["passed"] * 3, points=0.1, weights=[0.1, 0.2, 0.7]).score == 0.1


def test_an_item_tells_that_it_was_judged_apart():
    assert item("passed", follow_through=True).follow_through


def record(*items, status="graded"):
    summary = Record("ada", "a1", "net", status=status, items=list(items))
    summarise(summary)
    return summary


def test_a_notebook_has_the_sum_of_its_items():
    summary = record(item("passed"), item("passed", "failed", points=1.0))
    assert (summary.score, summary.max_score, summary.status) == (4.5, 5.0, "graded")


def test_an_open_item_adds_nothing_and_asks_for_a_person():
    summary = record(item("passed"), ItemRecord("why", "explain", 3.0, None, "waiting"))
    assert (summary.score, summary.max_score, summary.status) == (4.0, 7.0, "needs_person")


def test_a_broken_grader_outranks_a_waiting_answer():
    waiting = ItemRecord("why", "explain", 3.0, None, "waiting")
    assert record(item("grader_error"), waiting).status == "grader_error"


def test_an_unreadable_notebook_stays_unreadable():
    assert record(ItemRecord("why", "explain", 3.0, None, "waiting"), status="unreadable").status == "unreadable"


def test_a_saved_record_reads_back_the_same(tmp_path):
    summary = record(item("passed", "failed"))
    summary.save(tmp_path / "deep" / "net.json")
    assert json.loads((tmp_path / "deep" / "net.json").read_text()) == summary.as_dict()


def test_saving_leaves_nothing_else_behind(tmp_path):
    record(item("passed")).save(tmp_path / "net.json")
    assert [path.name for path in tmp_path.iterdir()] == ["net.json"]


def test_a_record_that_is_no_json_does_not_replace_the_last_one(tmp_path):
    path = tmp_path / "net.json"
    record(item("passed")).save(path)
    before = path.read_text()
    broken = record(item("passed"))
    broken.score = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        broken.save(path)
    assert path.read_text() == before


def test_faults_are_how_graders_broke_and_not_what_a_submission_broke():
    record = Record("ada", "a1", "net", items=[item("grader_error", "student_error", "not_run", "passed")])
    for test, fault in zip(record.items[0].tests, ("A (f.py, line 1)", "B", "C (f.py, line 3)", ""), strict=True):
        test.fault = fault
    assert record.faults == ["test_0: A (f.py, line 1)", "test_2: C (f.py, line 3)"]
    record.fault = "the process ended"
    assert record.faults[0] == "the process ended"
