"""The commands as people and programs call them: exit status, what is printed, what is left in the folders."""

import json
import re
import shutil

import pytest
from tiny_course import change, copied

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.cli import main
from nnkit.kit.demo.demo import hand_in
from nnkit.kit.demo.simulated_class import simulate
from nnkit.kit.engine import classroom
from nnkit.kit.sandbox import Tier

RECORD_KEYS = {"student", "assignment", "notebook", "status", "tier", "cpu_s", "wall_s", "score", "max_score", "items"}
ITEM_KEYS = {"item", "points", "score", "status", "follow_through", "tests"}
TEST_KEYS = {"name", "verdict", "measured", "allowed", "message", "hint"}


@pytest.fixture
def nnkit(course, capfd):
    """Runs a command on the course; gives exit status, standard output, standard error."""

    def run(*arguments, root=course.root):
        status = main(["--course", str(root), *arguments])
        return status, *capfd.readouterr()

    return run


@pytest.fixture(scope="module")
def students(released):
    return {student.name: student for student in simulate(load_template(released, "a1", "net"))}


@pytest.fixture
def handed_in(course, students):
    """The course with one right submission."""
    hand_in(course, "a1", "net", students["ada"])
    return course


# build


def test_building_twice_gives_the_same_bytes(course, nnkit):
    notebook = course.source("a1", "net")
    notebook.unlink()
    nnkit("build")
    first = notebook.read_bytes()
    notebook.unlink()
    nnkit("build")
    assert notebook.read_bytes() == first


def test_build_says_what_it_left_alone(nnkit):
    assert nnkit("build", "a1")[:2] == (0, "source/a1/net.ipynb: unchanged\n")


# verify and release


@pytest.mark.slow
def test_verify_prints_the_proof_as_data(nnkit):
    status, out, _ = nnkit("verify", "--json")
    proof = json.loads(out)
    assert (status, proof["ok"]) == (0, True)
    assert {"ok", "items", "seed_values", "leaks"} <= set(proof)
    assert {"checked", "reproduced"} <= set(proof["seed_values"])
    for item in proof["items"]:
        assert {"assignment", "notebook", "item", "points", "reference", "untouched", "misconceptions"} <= set(item)
    (tripled,) = proof["items"][0]["misconceptions"]
    assert {"name", "score", "caught"} <= set(tripled)


FAULTS = {
    "source/a1/net.md": ("size: Net(size + 1)", "size: -Net(size + 1)"),
    "tests/graders/a1/net.misconceptions.toml": ('replace = "3 * x"', 'replace = "x * 2"'),
    "tests/graders/a1/test_net.py": (
        '@item("tuning")',
        '@item("double_forward")\ndef test_of_another(submission):\n    assert submission.Net(3).w[0] == 0.25\n\n\n'
        '@item("tuning")',
    ),
}


@pytest.fixture(scope="module")
def unproven(released, tmp_path_factory):
    """A course with one fault of each kind, on which a release was tried."""
    course = copied(released, tmp_path_factory.mktemp("unproven") / "course")
    for name, (old, new) in FAULTS.items():
        change(course.root, name, old, new)
    shutil.rmtree(course.root / "release")
    return course


@pytest.mark.slow
def test_release_refuses_what_is_not_proven_and_names_it(unproven, nnkit):
    status, out, _ = nnkit("release", root=unproven.root)
    text = re.sub(r"\s+", " ", out)
    assert status == 1
    assert "not released: a1 is not proven" in text
    assert "tuning: the reference gets 0 of 2.5" in text
    assert "double_forward: misconception tripled is not caught" in text
    assert "Net: misconception half also costs points on double_forward" in text
    assert not list(unproven.root.glob("release/*"))


# grade


@pytest.mark.slow
def test_grade_prints_one_record_per_line(students, handed_in, nnkit):
    hand_in(handed_in, "a1", "net", students["absent"])
    status, out, _ = nnkit("grade", "--quick", "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert sorted(record["student"] for record in records) == ["absent", "ada"]
    for record in records:
        assert set(record) >= RECORD_KEYS
        assert all(set(item) >= ITEM_KEYS for item in record["items"])
        assert all(set(test) >= TEST_KEYS for item in record["items"] for test in item["tests"])


@pytest.mark.slow
def test_a_quick_run_leaves_experiments_to_a_full_one(handed_in, nnkit):
    nnkit("grade", "--quick")
    record = json.loads(handed_in.records("ada", "a1", "net").read_text())
    states = {item["item"]: (item["status"], item["score"]) for item in record["items"]}
    assert states["tuning"] == ("not_run", None)
    assert states["Net"] == ("passed", 6.0)


@pytest.mark.slow
def test_a_quick_run_takes_nothing_away_that_a_full_one_has_shown(handed_in, nnkit):
    nnkit("grade")
    path = handed_in.records("ada", "a1", "net")
    full = path.read_text()
    change(handed_in.root, "tests/graders/a1/test_net.py", "Secretly larger", "Secretly much larger")
    for arguments in (["--quick"], ["--quick", "--force"]):
        nnkit("grade", *arguments)
        assert path.read_text() == full
    source = handed_in.submitted("ada", "a1", "net")
    source.write_text(source.read_text().replace('"cells"', ' "cells"', 1))
    nnkit("grade", "--quick")
    assert json.loads(path.read_text())["mode"] == "quick", "of what was handed in anew no full run has shown anything"


def test_grading_refuses_below_the_required_tier(handed_in, nnkit, monkeypatch):
    monkeypatch.setattr(classroom, "best_tier", lambda: Tier.E)
    status, _, err = nnkit("grade")
    assert status == 1
    assert "requires tier C, this machine offers tier E" in re.sub(r"\s+", " ", err)
    assert not handed_in.records("ada", "a1", "net").exists()


@pytest.mark.slow
def test_a_lower_tier_that_was_accepted_is_in_the_record(handed_in, nnkit, monkeypatch):
    monkeypatch.setattr(classroom, "best_tier", lambda: Tier.E)
    assert nnkit("grade", "--quick", "--accept-tier")[0] == 0
    record = json.loads(handed_in.records("ada", "a1", "net").read_text())
    assert (record["tier"], record["below_required_tier"]) == ("E", True)


# Wrong calls and broken files


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["build", "a11"], 'no assignment is named "a11" (did you mean a1?)'),
        (["verify", "zzz"], 'no assignment is named "zzz" (it has a1)'),
        (["grade", "a1", "--student", "adda"], 'student "adda" submitted no a1 (did you mean ada?)'),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(handed_in, nnkit, arguments, complaint):
    status, _, err = nnkit(*arguments)
    assert (status, complaint in err) == (1, True), err


def test_grading_nothing_says_where_submissions_belong(course, nnkit):
    status, _, err = nnkit("grade")
    assert status == 1
    assert "submitted/STUDENT/a1/" in err


def test_grading_what_was_not_released_says_what_to_run(handed_in, nnkit):
    handed_in.release("a1", "net").unlink()
    status, _, err = nnkit("grade")
    assert (status, "run: nnkit release a1" in err) == (1, True)


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("course.toml", "title = ", "titel = ", "course.toml, line 2: "),
        ("course.toml", "due = 2026-05-01T12:00:00", "due = 2026-02-30T12:00:00", "course.toml, line 9: "),
        ("course.toml", '["net"]', '["nett"]', "course.toml, line 12: "),
        ("course.toml", "net = 17", "net = 18", "18"),
        ("source/a1/net.md", "layers:double_forward", "layers:duoble_forward", "net.md, line 14: "),
        ("nnkit/layers.py", "cache = x\n", "cache = x\n    ### END SOLUTION\n", "layers.py, line "),
        ("tests/graders/a1/test_net.py", '@item("Net")', '@item("Nett")', "test_net.py, line "),
    ],
)
def test_a_broken_file_is_named_with_its_line(course, nnkit, name, old, new, complaint):
    if name == "course.toml" and old == "title = ":
        path = course.root / name
        path.write_text(path.read_text().replace(old, new, 1))
    else:
        change(course.root, name, old, new)
    status, _, err = nnkit("build")
    assert (status, complaint in err) == (1, True), err


def test_a_course_that_is_not_there_is_named(tmp_path, nnkit):
    status, _, err = nnkit("build", root=tmp_path / "nowhere")
    assert (status, "there is no such file" in err) == (1, True)


def test_an_unknown_command_is_a_wrong_call(nnkit):
    with pytest.raises(SystemExit, match="2"):
        nnkit("graed")


# doctor


@pytest.mark.slow
def test_doctor_prints_what_was_tried_as_data(nnkit):
    status, out, _ = nnkit("doctor", "--json")
    diagnosis = json.loads(out)
    assert status == (0 if diagnosis["best"] != "E" else 1)
    assert [report["tier"] for report in diagnosis["tiers"]] == list("ABCDE")
    best = next(report for report in diagnosis["tiers"] if report["tier"] == diagnosis["best"])
    assert best["available"]
    assert best["guarantees"] or diagnosis["best"] == "E"
