"""A class of right, wrong, careless and hostile submissions, graded through the real path."""

import json

import nbformat
import pytest

from nnkit.kit.demo.demo import surprises_of
from nnkit.kit.gradebook.rows import gradebook


def test_every_simulated_student_is_graded_as_expected(graded_class):
    surprises = [
        text
        for name, student in graded_class.students.items()
        for text in surprises_of(student, graded_class.records[name])
    ]
    assert surprises == []


def test_the_class_holds_every_kind_of_student(graded_class):
    kinds = {
        "ada",
        "blank",
        "mistaken_1",
        "typo",
        "loop",
        "spy",
        "liar",
        "boaster",
        "noisy",
        "deleter",
        "late",
        "torn",
        "absent",
    }
    assert kinds <= set(graded_class.students)


def test_objects_that_claim_to_equal_everything_get_no_point(graded_class):
    record = graded_class.records["liar"]
    assert record.score == 0
    assert {item.status for item in record.items if item.kind == "exercise"} == {"failed"}
    assert "Right" in record.item("double_forward").tests[0].message


def test_a_numpy_float_in_a_cell_is_no_mark(graded_class):
    record = graded_class.records["boaster"]
    assert record.score == 0
    assert all(item.score == 0 for item in record.items if item.kind != "explain")


def test_printing_to_stderr_costs_nothing(graded_class):
    noisy, ada = graded_class.records["noisy"], graded_class.records["ada"]
    assert noisy.score == ada.score


def test_a_spy_finds_nothing(graded_class):
    notebook = nbformat.read(graded_class.course.autograded("spy", "a1", "net"), as_version=4)
    cell = next(
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "double_forward"
    )
    printed = "".join(output.get("text", "") for output in cell.outputs)
    assert "checks/test_net.py" in printed, "the public checks are there to be read"
    for secret in ("secret", "gradebook", "SECRET_SIZES", "emptiness", str(graded_class.course.root)):
        assert secret not in printed
    assert cell.outputs[-1].output_type == "error", "the network is out of reach"


def test_an_endless_loop_costs_its_own_item_only(graded_class):
    record = graded_class.records["loop"]
    assert {test.verdict for test in record.item("double_forward").tests} == {"timeout"}
    assert record.item("zero").score == record.item("zero").points


def test_a_typo_costs_its_own_item_only(graded_class):
    record = graded_class.records["typo"]
    assert record.item("double_forward").score == 0
    assert record.item("Net").score == record.item("Net").points
    assert record.item("Net").follow_through


def test_a_deleted_test_cell_is_put_back_and_counts(graded_class):
    record = graded_class.records["deleter"]
    assert record.item("double_forward").score == 4
    assert "put back" in record.item("double_forward").messages[0]


def test_a_misconception_is_named_by_its_hint(graded_class):
    record = graded_class.records["mistaken_1"]
    hints = {test.hint for test in record.item("double_forward").tests}
    assert "You multiplied by three." in hints


def test_a_torn_file_waits_for_a_person(graded_class):
    record = graded_class.records["torn"]
    assert record.status == "unreadable"
    assert all(item.score is None for item in record.items)
    assert "JSON" in record.messages[0]


def test_a_missing_notebook_is_said_aloud(graded_class):
    record = graded_class.records["absent"]
    assert record.status == "missing"
    assert record.score == 0


def test_an_unanswered_question_is_told_apart_from_one_that_waits(graded_class):
    with gradebook(graded_class.course) as book:
        waiting = book.find_grade("zero_why", "net", "a1", "ada")
        empty = book.find_grade("zero_why", "net", "a1", "blank")
        assert (waiting.auto_score, waiting.needs_manual_grade) == (None, True)
        assert (empty.auto_score, empty.needs_manual_grade) == (0, False)
        assert book.find_comment("zero_why", "net", "a1", "blank").auto_comment == "No response."


def test_being_late_costs_what_the_policy_says(graded_class):
    with gradebook(graded_class.course) as book:
        late = book.find_submission("a1", "late")
        assert late.total_seconds_late == 2 * 24 * 3600
        assert late.late_submission_penalty == pytest.approx(0.2 * late.score)


def test_every_record_is_saved_as_it_was_given(graded_class):
    course = graded_class.course
    for student, record in graded_class.records.items():
        saved = json.loads(course.records(student, "a1", "net").read_text())
        assert saved == json.loads(json.dumps(record.as_dict()))


def test_every_record_names_the_tier_and_what_was_graded(graded_class):
    record = graded_class.records["ada"]
    assert record.tier in "ABC"
    assert record.tier_lacks
    graded = {"submission", "time", "release", "package"}
    graded_with = {"graders", "reference", "kit", "limits", "settings"}
    assert set(record.hashes) == graded | graded_with
    assert record.cpu_s > 0
