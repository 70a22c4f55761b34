"""A run that is stopped or killed loses nothing and does nothing twice; what has not changed is not graded again."""

import json
import os
import re
import signal

import pytest
from class_results import GRADED, STUDENTS, assert_same, grade, outcomes, results
from grading_runs import Run, holds, is_gone, kill_group, recorded, until
from tiny_course import change, copied

from nnkit.kit.course.file import load_course
from nnkit.kit.engine import Job, LocalExecutor
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.engine.up_to_date import marks_by_notebook, unchanged
from nnkit.kit.gradebook.rows import gradebook
from nnkit.kit.sandbox import Tier
from nnkit.kit.sandbox.probing import best_tier

pytestmark = pytest.mark.slow

# What the coordinator has just done when it is killed, and for which submission.
MOMENTS = [("classroom.GradebookWriter.enter", 2), ("classroom.write_autograded", 1), ("classroom.Record.save", 3)]
KILLED_AFTER = """
import os, signal
from nnkit.kit.engine import classroom
done, place, name = {name}, {place}, {name!r}.rpartition(".")[2]
count = 0
def killing(*arguments, **keywords):
    global count
    count += 1
    result = done(*arguments, **keywords)
    if count == {count}:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(place, name, killing)
"""


@pytest.fixture
def course(small_class, tmp_path):
    return copied(small_class, tmp_path / "course")


@pytest.fixture
def graded(undisturbed, tmp_path):
    return copied(undisturbed, tmp_path / "course")


@pytest.mark.parametrize(("name", "count"), MOMENTS)
def test_a_coordinator_that_was_killed_goes_on_where_it_was(course, undisturbed, name, count):
    before = KILLED_AFTER.format(name=name, place=name.rpartition(".")[0], count=count)
    run = Run(course, "--jobs", "2", before=before)
    assert run.end() == -signal.SIGKILL, run.log.read_text()
    left = {path: path.stat().st_mtime_ns for path in recorded(course)}
    assert len(left) < GRADED
    grade(course)
    assert_same(course, undisturbed)
    assert all(path.stat().st_mtime_ns == moment for path, moment in left.items()), "graded twice"


def test_the_processes_of_a_killed_coordinator_end(course):
    run = Run(course, "--jobs", "2")
    run.until_recorded(1)
    graders = run.graders()
    run.process.kill()
    run.end()
    assert graders
    until(lambda: all(map(is_gone, graders)))


def test_a_grading_process_that_was_killed_costs_nothing(course, undisturbed):
    run = Run(course, "--jobs", "2")
    until(lambda: len(run.graders()) == 2)
    for grader in run.graders():
        os.kill(grader, signal.SIGKILL)
    assert run.end() == 1, run.log.read_text()
    assert_same(course, undisturbed)


def test_without_its_zygote_a_run_goes_on_with_fresh_grading_processes(course, undisturbed):
    run = Run(course, "--jobs", "1")
    run.until_recorded(1)
    forked = run.graders()
    (zygote,) = run.zygotes()
    for process in [zygote, *forked]:
        os.kill(process, signal.SIGKILL)
    until(lambda: set(run.graders()) - set(forked) or run.process.poll() is not None)
    assert run.end() == 1, run.log.read_text()
    assert_same(course, undisturbed)


def test_a_grading_process_holds_nothing_of_course_toml_that_grading_does_not_need(course):
    gradebook = (course.root / "gradebook.db").rename(course.root / "a-password-in-its-name.db")
    with (course.root / "course.toml").open("a") as file:
        file.write(f'\n[gradebook]\nurl = "sqlite:///{gradebook}"\n')
    run = Run(load_course(course.root), "--jobs", "1")
    run.until_recorded(1)
    (grader,) = run.graders()
    assert holds(run.process.pid, b"a-password-in-its-name")
    assert not holds(grader, b"a-password-in-its-name")
    kill_group(run.process, signal.SIGINT)
    run.end()


def test_ctrl_c_ends_cleanly_and_keeps_what_is_finished(course, undisturbed):
    run = Run(course, "--jobs", "1", "--json")
    run.until_recorded(1)
    graders = run.graders()
    kill_group(run.process, signal.SIGINT)
    assert run.end() == 130
    assert all(map(is_gone, graders))
    assert "everything finished so far is kept" in run.log.read_text()
    kept = results(course)
    assert kept == {name: record for name, record in results(undisturbed).items() if name in kept}
    grade(course)
    assert_same(course, undisturbed)


def test_what_has_not_changed_is_not_graded_again_but_still_told(graded, capfd):
    before = {path: path.stat().st_mtime_ns for path in recorded(graded)}
    capfd.readouterr()
    assert grade(graded, "--json") == 1
    told = [json.loads(line)["student"] for line in capfd.readouterr().out.splitlines()]
    assert sorted(told) == sorted(STUDENTS)
    assert {path: path.stat().st_mtime_ns for path in recorded(graded)} == before
    assert outcomes(graded) == {name: "missing" if name == "absent" else "unchanged" for name in STUDENTS}


def test_force_grades_what_has_not_changed(graded):
    grade(graded, "--force", "--student", "blank")
    assert outcomes(graded) == {"blank": "needs_person"}


def hand_in_again(course):
    path = course.submitted("blank", "a1", "net")
    path.write_text(path.read_text().replace("Some $x$", "More $x$"))


CHANGES = {
    "submission": hand_in_again,
    "time": lambda course: (course.submitted("blank", "a1") / "timestamp.txt").write_text("2026-05-03 12:00:00 UTC\n"),
    "graders": lambda course: change(course.root, "tests/graders/a1/test_net.py", "(17, 23)", "(17, 29)"),
    "limits": lambda course: change(course.root, "course.toml", "wall_s = 8", "wall_s = 9"),
    "late policy": lambda course: change(course.root, "course.toml", "percent_per_day = 10", "percent_per_day = 20"),
    "solution": lambda course: change(course.root, "nnkit/layers.py", "out + 1, cache", "1 + out, cache"),
    "autograded notebook": lambda course: course.autograded("blank", "a1", "net").unlink(),
    "record": lambda course: course.records("blank", "a1", "net").write_text("{}"),
}


def is_due(course, student="blank", mode="quick", tier=None):
    """Whether a student would be graded again."""
    job = Job(student, course.submitted(student, "a1", "net"), plan_of(course, "a1", "net", course.release("a1")), mode)
    return unchanged(course, job, LocalExecutor(tier or best_tier()), marks_by_notebook(course, "a1")) is None


@pytest.mark.parametrize("changed", CHANGES)
def test_whatever_decides_a_result_makes_grading_due(graded, changed):
    assert not is_due(graded)
    CHANGES[changed](graded)
    assert is_due(load_course(graded.root))


def test_another_mode_or_sandbox_makes_grading_due(graded):
    assert is_due(graded, mode="full")
    assert is_due(graded, tier=Tier.E)


def test_a_gradebook_that_lacks_the_marks_makes_grading_due(graded, small_class):
    (graded.root / "gradebook.db").write_bytes((small_class.root / "gradebook.db").read_bytes())
    assert all(is_due(graded, student) for student in ("ada", "blank", "torn"))


def test_marks_given_by_hand_do_not_make_grading_due(graded):
    with gradebook(graded) as book:
        by_hand = book.find_grade("zero_why", "net", "a1", "ada")
        by_hand.manual_score = 2.0
        by_hand.needs_manual_grade = False
        book.db.commit()
    assert not is_due(graded, "ada")


def test_a_second_run_is_kept_away(course, capfd):
    run = Run(course, "--jobs", "1")
    until(lambda: (course.root / "logs").exists())
    assert grade(course) == 1
    assert "another nnkit grade is at work here" in re.sub(r"\s+", " ", capfd.readouterr().err)
    run.process.kill()
    run.end()
