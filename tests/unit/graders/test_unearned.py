"""No exercise of the course gives points to who does not solve it: constants and other worthless answers, alone and all
at once, public tests answered from memory, shipped functions, calls and slopes of what an exercise is built on.
"""

from pathlib import Path

import pytest
from graded_notebooks import GradedNotebook

from nnkit.kit.course.file import load_course
from nnkit.kit.distribution.student_package import build_student_package
from nnkit.kit.proof.unearned import unearned

COURSE = load_course(Path(__file__).parents[3])
NOTEBOOKS = [(each.name, notebook) for each in COURSE.assignments for notebook in each.notebooks]


@pytest.mark.parametrize(("assignment", "notebook"), NOTEBOOKS, ids=lambda name: name)
def test_no_attempt_without_solving_earns_points(assignment, notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some shipped functions write files
    graded = GradedNotebook(COURSE, assignment, notebook)
    build_student_package(COURSE, assignment, tmp_path / "release")
    stubs = {exercise: graded.untouched(exercise) for exercise in graded.exercises}
    found = unearned(graded.plan, stubs, tmp_path / "release")
    assert [f"{each.item}: {each.attempt}: {each.points:g} by {', '.join(each.tests)}" for each in found] == []
