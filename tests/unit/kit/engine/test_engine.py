"""Many submissions at once: what breaks one of them breaks no other, and nothing is sent that need not be."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, replace

import nbformat
import pytest
from tiny_course import change, write_course

from nnkit.kit.course.file import load_course
from nnkit.kit.course.items import Item
from nnkit.kit.engine import Job, LocalExecutor, Refused, grade_all, grade_file, worker
from nnkit.kit.engine.bundle import bundle_of
from nnkit.kit.engine.dispatch import AHEAD
from nnkit.kit.engine.executors import Counter, without_secrets
from nnkit.kit.engine.jobs import Order, broken, key_of
from nnkit.kit.grading.plan import Plan
from nnkit.kit.sandbox import Tier

GRADEBOOK = '[gradebook]\nurl = "postgresql://ta:hunter2@db/marks"\n\n'


class Deadly(Plan):
    """Ends whatever process it is sent to."""

    def __reduce__(self):
        return os._exit, (1,)


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path / "course")


@pytest.fixture
def plan(course):
    item = Item("double_forward", 4.0, "exercise")
    release = nbformat.v4.new_notebook()
    graders, data = course.graders("a1", "net"), course.root / "data"
    return Plan(course, "a1", "net", (item,), release, course.root, graders, {}, data_folder=data)


def job(plan, student, content="torn {", notebook="net", kind=Plan):
    """A submission that needs no sandbox to be refused."""
    values = {field.name: getattr(plan, field.name) for field in fields(plan)} | {"notebook": notebook}
    path = plan.course.submitted(student, "a1", "net")
    path.parent.mkdir(parents=True)
    path.write_text(content)
    return Job(student, path, kind(**values))


def test_a_submission_that_ends_its_process_costs_no_other_anything(plan):
    students = ["one", "two", "deadly", "three", "four", "five", "six"]
    todo = [
        job(plan, student, kind=Deadly, notebook="deadly") if student == "deadly" else job(plan, student)
        for student in students
    ]
    graded = {each.student: result.record for each, result in grade_all(todo, LocalExecutor(Tier.E, 2))}
    assert {student: record.status for student, record in graded.items()} == {
        student: "grader_error" if student == "deadly" else "unreadable" for student in students
    }
    assert "the grading process ended unexpectedly" in graded["deadly"].fault
    assert graded["deadly"].items[0].score is None


def test_a_grader_that_breaks_leaves_the_hash_of_what_it_broke_on(plan, monkeypatch):
    def broken(*_, **__):
        raise KeyError("no such thing")

    monkeypatch.setattr("nnkit.kit.grading.grade.grade_notebook", broken)
    record = grade_file(job(plan, "ada", '{"nbformat": 4, "cells": []}'), Tier.E).record
    assert (record.status, record.items[0].score) == ("grader_error", None)
    assert record.faults == ["KeyError: 'no such thing'"]
    assert "KeyError" not in " ".join(record.messages)
    assert len(record.hashes["submission"]) == 16


class Slow:
    """A place with room for one order at a time, which tells the most orders that it ever held."""

    tier, weakest, tiers = None, Tier.E, frozenset({Tier.E})

    def __init__(self):
        self.held = self.most = 0

    @contextmanager
    def open(self, plans):
        with ThreadPoolExecutor(1) as executor:
            yield Counter(lambda order: executor.submit(self.grade, self.take(order)), lambda: 1, ())

    def take(self, order):
        self.held += 1
        self.most = max(self.most, self.held)
        return order

    def grade(self, order):
        self.held -= 1
        return broken(self.plan, order.student, Tier.E, order.mode, "no grader here")


def test_only_a_few_submissions_are_on_their_way(plan):
    place = Slow()
    place.plan = plan
    todo = [job(plan, f"student_{number}") for number in range(30)]
    assert len(list(grade_all(todo, place))) == 30
    assert place.most <= AHEAD


def test_a_machine_that_may_not_grade_ends_the_run(plan):
    with pytest.raises(Refused, match="offers sandbox tier E, not C"):
        worker.grade(Order("a1/net", "ada", "net.ipynb", b"", "full", None, Tier.E, Tier.C))


def test_no_password_travels(course, plan):
    change(course.root, "course.toml", "[[assignment]]", GRADEBOOK + "[[assignment]]")
    with_password = replace(plan, course=load_course(course.root))
    assert b"hunter2" in pickle.dumps(with_password)
    assert b"hunter2" not in pickle.dumps(without_secrets(with_password))
    assert b"hunter2" not in b"".join(bundle_of([with_password]).plans.values())


def test_a_bundle_brings_every_file_and_shows_them_to_nobody_else(course, plan, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "pictures.bin").write_bytes(b"many")
    package = course.root / "source"
    folder = tmp_path / "unpacked"
    plans = bundle_of([replace(plan, package=package, data_folder=data)]).unpack(folder)
    moved = pickle.loads(plans[key_of(plan)])
    assert folder.stat().st_mode & 0o077 == 0
    assert (moved.package / "a1/net.md").read_bytes() == (package / "a1/net.md").read_bytes()
    assert moved.graders.read_bytes() == plan.graders.read_bytes()
    assert moved.graders.with_name("net.h5").read_bytes() == course.expected("a1", "net").read_bytes()
    assert (moved.data_folder / "pictures.bin").read_bytes() == b"many"
    assert str(course.root).encode() not in plans[key_of(plan)]
