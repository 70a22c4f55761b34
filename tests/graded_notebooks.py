"""The notebooks of the course, graded in this process: what each expects of its functions and classes, and what its
known misconceptions come to. Experiments need a whole notebook to run, and are left to `nnkit verify`.
"""

import ast
from functools import cached_property
from pathlib import Path

import nbformat
from reference_grading import InProcessGrader

from nnkit.kit.authoring.misconceptions import load_misconceptions
from nnkit.kit.authoring.regions import strip
from nnkit.kit.authoring.template import load_template
from nnkit.kit.grading.plan import Plan, namespace_of
from nnkit.student.plugin import ExpectedRecorder, run_graders
from nnkit.student.testing import LocalSubmission


class GradedNotebook:
    """A notebook with its reference, its graders and its misconceptions, all as the kit reads them.

    Attributes
    ----------
    exercises : dict of str to Item
        The functions and classes that are to be written, by name.
    misconceptions : list of Misconception
        Of these.
    """

    def __init__(self, course, assignment, notebook):
        self.template = load_template(course, assignment, notebook)
        self.exercises = {item.name: item for item in self.template.items if item.kind == "exercise"}
        self.misconceptions = [m for m in load_misconceptions(self.template) if m.exercise in self.exercises]
        self.expected = course.expected(assignment, notebook)
        self.plan = Plan(
            course,
            assignment,
            notebook,
            self.template.items,
            release=nbformat.v4.new_notebook(),
            package=Path(),
            graders=course.graders(assignment, notebook),
            definitions=self.template.definitions,
        )
        self._replayed = {}

    @cached_property
    def grader(self):
        """The graders after one run on the reference; `.recorder` holds what it gave where values are stored."""
        recorder = ExpectedRecorder()
        grader = InProcessGrader(self.submission_with(), set(self.exercises), recorder=recorder)
        run_graders(self.plan.graders, grader)
        grader.recorder = None  # from now on tests compare
        self.recorded = recorder.values.get(self.expected.resolve(), {})
        return grader

    def submission_with(self, **replaced):
        """What a notebook leaves behind whose cells hold the reference, except for the given ones."""
        definitions = {name: replaced.get(name, text) for name, text in self.plan.definitions.items()}
        return LocalSubmission(namespace_of(definitions, self.template.notebook))

    def untouched(self, exercise):
        """An exercise as it is handed out."""
        (cell,) = (cell for cell in self.template.cells if cell.kind == "exercise" and cell.name == exercise)
        return strip(cell.source, exercise, file=self.template.shown)

    def raising(self, exercise):
        """An exercise that can't be called without an error."""
        function = "__init__" if self.is_class(exercise) else exercise
        text = f"def {function}(*args, **kwargs): raise RuntimeError('{exercise} was called')"
        return f"class {exercise}:\n    {text}" if self.is_class(exercise) else text

    def lying(self, exercise):
        """An exercise that gives objects which claim to equal, and to be below and above, whatever they meet."""
        ordering = "__eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda *_: True"
        calls = "__call__ = lambda *_, **__: Liar()"
        attributes = "__init__ = lambda *_, **__: None\n    __getattr__ = lambda *_: Liar()"
        base = f"class Liar:\n    {ordering}\n    {calls}\n"
        if self.is_class(exercise):
            return f"{base}class {exercise}(Liar):\n    {attributes}"
        return f"{base}def {exercise}(*args, **kwargs): return Liar()"

    def is_class(self, exercise):
        """Whether an exercise is a class."""
        return isinstance(ast.parse(self.plan.definitions[exercise]).body[0], ast.ClassDef)

    def built_on(self, exercise):
        """The exercises that are built on one, directly or through others, as the kit sees it."""
        return [item for item in self.exercises.values() if exercise in self.plan.foundations(item)]

    def replay(self, exercise, submission):
        """Results and traces of an exercise's tests, by test name; of slow tests none, as where the kit finds hints."""
        names = [test.name for test in self.grader.tests if test.item == exercise and not test.slow]
        return {name: self.grader.replay(name, submission) for name in names}

    def mistaken(self, misconception):
        """Results and traces of the exercise of a misconception, with the mistake made in it."""
        key = misconception.exercise, misconception.name
        if key not in self._replayed:
            self._replayed[key] = self.replay(misconception.exercise, self.submission_mistaken_in(misconception))
        return self._replayed[key]

    def submission_mistaken_in(self, misconception):
        """What a notebook leaves behind that is right but for one misconception."""
        exercise = misconception.exercise
        return self.submission_with(**{exercise: misconception.apply(self.plan.definitions[exercise])})
