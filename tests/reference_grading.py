"""Reference solutions as submissions, and the graders run on submissions in this process."""

import ast
from pathlib import Path

import numpy as np

from nnkit.kit.grading.graders import LockedGrader
from nnkit.student.testing import LocalSubmission


class Reference:
    """The functions, classes and constants of modules, as a notebook shows or imports them.

    Attributes
    ----------
    sources : dict of str to str
        Source text by name, regions included.
    """

    def __init__(self, *modules):
        self.sources = {}
        for module in modules:
            text = Path(module.__file__).read_text(encoding="utf-8")
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    self.sources[node.name] = ast.get_source_segment(text, node)
                elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    self.sources[ast.unparse(node.targets[0])] = ast.get_source_segment(text, node)

    def submission_with(self, **replaced):
        """What a notebook leaves behind whose cells hold the reference, except for the given ones."""
        namespace = {"np": np}
        for name, source in (self.sources | replaced).items():
            exec(compile(source, f"<{name}>", "exec"), namespace)
        return LocalSubmission(namespace)


class InProcessGrader(LockedGrader):
    """The graders as the kit runs them, on a submission of this process."""

    def __init__(
        self, submission, items, *, held_back=None, thresholds=None, notebook_data=None, recorder=None, slow=True
    ):
        super().__init__(
            lambda item, seconds: submission,
            student="a student",
            course="a course",
            held_back=held_back,
            thresholds=lambda item: thresholds,
            notebook_data=notebook_data,
            items=items,
            slow=slow,
        )
        self.recorder = recorder


def complaints(results):
    """What the tests said that were not passed, by name."""
    return {result.name: result.message for result in results if result.verdict != "passed"}
