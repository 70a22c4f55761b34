"""A test's own work has limits: what a submission returned may keep it busy for ever, or fill the memory."""

import json

import pytest
from class_results import grade
from tiny_course import change, copied

BUSY = {
    "a loop": "    while float(np.max(out)) > 2.5: pass\n",
    "all memory": "    np.bincount(np.full(3, int(np.max(out) > 2.5) * 10**9))\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("busy", BUSY)
def test_what_a_student_returned_costs_that_item_and_no_more(small_class, tmp_path, busy):
    course = copied(small_class, tmp_path / "course")
    line = "    assert_close(doubled(submission, SECRET_SIZES)[0]"
    taken = f"    out = np.asarray(doubled(submission, SECRET_SIZES)[0])\n{BUSY[busy]}"
    change(course.root, "tests/graders/a1/test_net.py", line, taken + line)
    change(course.root, "course.toml", "wall_s = 5", "wall_s = 3")
    wrong = course.submitted("ada", "a1", "net")
    wrong.write_text(wrong.read_text().replace("np.add(x, x)", "np.add(x, 2 * x)"))
    assert grade(course, "--student", "ada", "--student", "blank") == 0
    record = json.loads(course.records("ada", "a1", "net").read_text())
    items = {item["item"]: item for item in record["items"]}
    tests = {test["name"]: test["verdict"] for test in items["double_forward"]["tests"]}
    assert tests["test_double_forward_with_secret_sizes"] == "student_error"
    assert items["Net"]["score"] is not None
    assert json.loads(course.records("blank", "a1", "net").read_text())["status"] != "grader_error"
