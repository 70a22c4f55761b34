"""A grading process that does not come to an end is ended, and the class goes on."""

from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import nbformat
import pytest
import stuck_steps
from tiny_course import write_course

from nnkit.kit.course.items import Item
from nnkit.kit.engine import Job, grade_all
from nnkit.kit.engine.executors import Counter
from nnkit.kit.engine.processes import GradingProcess, ProcessEnded
from nnkit.kit.grading.outcome import Graded, new_record
from nnkit.kit.grading.plan import Plan
from nnkit.kit.sandbox import Tier


@pytest.fixture
def process(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(stuck_steps.__file__).parent))
    made = GradingProcess()
    yield made
    made.close()


def test_a_step_that_never_ends_is_given_up_with_the_item_it_was_at(process):
    with pytest.raises(ProcessEnded, match="did not come to an end") as caught:
        process.call(stuck_steps.never_ends, 0.5, "net")
    assert (caught.value.item, caught.value.stuck) == ("net", True)


def test_steps_that_are_announced_do_not_disturb_the_answer(process):
    assert process.call(stuck_steps.ends, "net") == "an answer"
    assert process.call(stuck_steps.ends, "net") == "an answer"


class Lossy:
    """Carries out an order at once; loses its process over an item that is not left out."""

    tier, weakest, tiers = None, Tier.E, frozenset({Tier.E})

    def __init__(self, plan, item, stuck):
        self.plan, self.item, self.stuck = plan, item, stuck
        self.orders = []

    @contextmanager
    def open(self, plans):
        yield Counter(self.carry_out, lambda: 1, (ProcessEnded,))

    def carry_out(self, order):
        self.orders.append(order.left_out)
        future = Future()
        if order.student == "hostile" and self.item not in order.left_out:
            future.set_exception(ProcessEnded("gone", self.item, self.stuck))
        else:
            future.set_result(Graded(nbformat.v4.new_notebook(), new_record(self.plan, order.student, Tier.E, "full")))
        return future


@pytest.fixture
def jobs(tmp_path):
    course = write_course(tmp_path / "course")
    items = (Item("double_forward", 4.0, "exercise"), Item("Net", 4.0, "exercise"))
    plan = Plan(course, "a1", "net", items, nbformat.v4.new_notebook(), course.root, course.graders("a1", "net"), {})
    assert {field.name for field in fields(plan)} >= {"items"}
    made = []
    for student in ("ada", "hostile", "bob"):
        path = course.submitted(student, "a1", "net")
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        made.append(Job(student, path, plan))
    return made


@pytest.mark.parametrize(("stuck", "tries"), [(True, 2), (False, 3)])
def test_an_item_over_which_processes_are_lost_is_left_out_of_the_next_try(jobs, stuck, tries):
    place = Lossy(jobs[0].plan, "Net", stuck)
    graded = {job.student: result.record for job, result in grade_all(jobs, place)}
    assert {record.status for record in graded.values()} == {"graded"}
    assert place.orders.count(frozenset({"Net"})) == 1
    assert len(place.orders) == 2 + tries


def test_a_process_that_is_lost_outside_of_any_item_leaves_all_to_a_person(jobs):
    place = Lossy(jobs[0].plan, "", False)
    graded = {job.student: result.record for job, result in grade_all(jobs, place)}
    assert {student: record.status for student, record in graded.items()} == {
        "ada": "graded",
        "hostile": "grader_error",
        "bob": "graded",
    }
