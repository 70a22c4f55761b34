"""Many submissions at once: what breaks one of them breaks no other."""

import os
from dataclasses import fields

import nbformat
import pytest
from tiny_course import write_course

from nnkit.kit import engine
from nnkit.kit.engine import Job, grade_all, grade_file
from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.sandbox import Tier
from nnkit.kit.items import Item


class Deadly(Plan):
    """Ends whatever process it is sent to."""

    def __reduce__(self):
        return os._exit, (1,)


@pytest.fixture
def plan(tmp_path):
    course = write_course(tmp_path)
    item = Item("double_forward", 4.0, "exercise")
    release = nbformat.v4.new_notebook()
    return Plan(course, "a1", "net", (item,), release, tmp_path, course.graders("a1", "net"), {})


def job(plan, student, kind=Plan):
    """A submission that needs no sandbox to be refused."""
    values = {field.name: getattr(plan, field.name) for field in fields(plan)}
    return Job(student, plan.package / "submitted" / student / "net.ipynb", kind(**values))


def test_a_submission_that_ends_its_process_costs_no_other_anything(plan):
    students = ["one", "two", "deadly", "three", "four", "five", "six"]
    jobs = [job(plan, student, Deadly if student == "deadly" else Plan) for student in students]
    graded = {each.student: result.record for each, result in grade_all(jobs, Tier.E, workers=2)}
    assert {student: record.status for student, record in graded.items()} == {
        student: "grader_error" if student == "deadly" else "unreadable" for student in students
    }
    assert "the grading process ended unexpectedly" in graded["deadly"].messages[0]
    assert graded["deadly"].items[0].score is None


def test_a_grader_that_breaks_leaves_the_hash_of_what_it_broke_on(plan, monkeypatch):
    def broken(*_, **__):
        raise KeyError("no such thing")

    monkeypatch.setattr(engine, "grade_notebook", broken)
    each = job(plan, "ada")
    each.path.parent.mkdir(parents=True)
    each.path.write_text('{"nbformat": 4, "cells": []}')
    record = grade_file(each, Tier.E).record
    assert (record.status, record.items[0].score) == ("grader_error", None)
    assert "KeyError" in record.messages[0]
    assert len(record.hashes["submission"]) == 16
