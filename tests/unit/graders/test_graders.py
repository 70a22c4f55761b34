"""What holds for the graders of every notebook of the course, read as the kit reads them and run in this process.

What only one notebook's graders have to let pass, or to refuse, is in the test_graders_*.py beside this file.
"""

from functools import lru_cache
from pathlib import Path

import h5py
import pytest
from graded_notebooks import GradedNotebook

from nnkit.kit.course.file import load_course
from nnkit.kit.grading.hints import same_mistake
from nnkit.student.expected import stored_keys
from nnkit.student.testing import rel_error

COURSE = load_course(Path(__file__).parents[3])
NOTEBOOKS = [(each.name, notebook) for each in COURSE.assignments for notebook in each.notebooks]

# Misconceptions overflow, divide by zero and take roots of negative numbers.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@lru_cache(maxsize=1)
def graded(assignment, notebook):
    """One at a time: the arrays of all notebooks' misconceptions would fill gigabytes (see conftest.py)."""
    return GradedNotebook(COURSE, assignment, notebook)


EXERCISES, MISCONCEPTIONS = [], []
for place in NOTEBOOKS:
    EXERCISES += [(*place, exercise) for exercise in graded(*place).exercises]
    MISCONCEPTIONS += [(*place, each) for each in graded(*place).misconceptions]

for_every_notebook = pytest.mark.parametrize("place", NOTEBOOKS, ids="/".join)
for_every_exercise = pytest.mark.parametrize(("assignment", "notebook", "exercise"), EXERCISES, ids=str)
for_every_misconception = pytest.mark.parametrize(
    ("assignment", "notebook", "misconception"),
    MISCONCEPTIONS,
    ids=lambda value: value if isinstance(value, str) else f"{value.exercise}-{value.name}",
)


def earned(replayed):
    """The share of an item's marks."""
    results = [result for result, _ in replayed.values()]
    return sum(r.weight for r in results if r.verdict == "passed") / sum(r.weight for r in results)


def not_passed(replayed):
    return {name: result.message for name, (result, _) in replayed.items() if result.verdict != "passed"}


@for_every_notebook
def test_the_reference_passes_every_test(place):
    results = graded(*place).grader.results
    assert {result.item for result in results} == set(graded(*place).exercises)
    assert {result.name: result.message for result in results if result.verdict != "passed"} == {}


@for_every_notebook
def test_recording_the_reference_gives_the_stored_expected_values_and_no_others(place):
    notebook = graded(*place)
    assert notebook.grader.results or not notebook.exercises
    assert sorted(notebook.recorded) == sorted(stored_keys(notebook.expected))
    if notebook.recorded:
        with h5py.File(notebook.expected) as file:
            for key, value in notebook.recorded.items():
                assert (file[key].dtype, file[key].shape) == (value.dtype, value.shape)
                assert rel_error(file[key][()], value) < 1e-12


@for_every_exercise
def test_an_untouched_exercise_passes_no_test(assignment, notebook, exercise):
    graded_ = graded(assignment, notebook)
    submission = graded_.submission_with(**{exercise: graded_.untouched(exercise)})
    verdicts = {result.verdict for result, _ in graded_.replay(exercise, submission).values()}
    assert verdicts == {"not_implemented"}


@for_every_exercise
def test_an_exercise_is_not_called_by_the_tests_of_what_is_not_built_on_it(assignment, notebook, exercise):
    """Its mistakes cost nothing there. What is built on it is graded again with the reference in its place."""
    graded_ = graded(assignment, notebook)
    submission = graded_.submission_with(**{exercise: graded_.raising(exercise)})
    built_on_it = {item.name for item in graded_.built_on(exercise)}
    for name in graded_.exercises.keys() - built_on_it - {exercise}:
        assert not_passed(graded_.replay(name, submission)) == {}


@for_every_exercise
def test_objects_that_claim_to_equal_everything_pass_no_test(assignment, notebook, exercise):
    graded_ = graded(assignment, notebook)
    replayed = graded_.replay(exercise, graded_.submission_with(**{exercise: graded_.lying(exercise)}))
    assert {result.verdict for result, _ in replayed.values()} <= {"failed", "student_error"}


@for_every_misconception
def test_a_misconception_loses_a_part_of_its_item(assignment, notebook, misconception):
    replayed = graded(assignment, notebook).mistaken(misconception)
    assert earned(replayed) < 1
    assert "grader_error" not in {result.verdict for result, _ in replayed.values()}


@for_every_notebook
def test_a_misconception_in_a_class_costs_nothing_elsewhere(place):
    """The reference's functions are lent to what is built on a student's wrong ones; its classes can't be."""
    graded_ = graded(*place)
    for misconception in graded_.misconceptions:
        if graded_.is_class(misconception.exercise):
            submission = graded_.submission_mistaken_in(misconception)
            for item in graded_.built_on(misconception.exercise):
                assert not_passed(graded_.replay(item.name, submission)) == {}


@for_every_misconception
def test_a_misconception_is_told_from_the_others_by_what_it_computes(assignment, notebook, misconception):
    graded_ = graded(assignment, notebook)
    submission = graded_.submission_mistaken_in(misconception)
    failed = not_passed(graded_.mistaken(misconception))
    submitted = {name: graded_.grader.replay(name, submission)[1] for name in failed}
    explained = {
        other.name: sum(same_mistake(submitted[name], graded_.mistaken(other)[name][1]) for name in failed)
        for other in graded_.misconceptions
        if other.exercise == misconception.exercise
    }
    # Of equally good explanations the first one in the file is given, so the more special one stands first.
    assert explained[misconception.name] > 0
    assert max(explained, key=explained.get) == misconception.name


@for_every_exercise
def test_every_exercise_has_misconceptions_with_names_and_hints_of_their_own(assignment, notebook, exercise):
    own = [each for each in graded(assignment, notebook).misconceptions if each.exercise == exercise]
    assert len({each.name for each in own}) == len({each.hint for each in own}) == len(own) >= 3


@for_every_exercise
def test_a_single_slip_keeps_a_part_of_the_marks(assignment, notebook, exercise):
    own = [each for each in graded(assignment, notebook).misconceptions if each.exercise == exercise]
    assert 0.3 < max(earned(graded(assignment, notebook).mistaken(each)) for each in own) < 1
