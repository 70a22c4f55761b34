"""Reference solutions as submissions, whole or with a misconception, and the graders run on them in this process."""

import ast
import tomllib
from pathlib import Path

import numpy as np

from nnkit.kit.grading.graders import LockedGrader
from nnkit.kit.grading.hints import same_mistake
from nnkit.student.testing import LocalSubmission


class Reference:
    """The functions and classes that a notebook shows.

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

    def submission_with(self, **replaced):
        """What a notebook leaves behind whose cells hold the reference, except for the given ones."""
        namespace = {"np": np}
        for name, source in (self.sources | replaced).items():
            exec(compile(source, f"<{name}>", "exec"), namespace)
        return LocalSubmission(namespace)

    def edited(self, misconception):
        """The source of the misconception's exercise with its edits made."""
        source = self.sources[misconception["exercise"]]
        for edit in misconception.get("edit", [misconception]):
            assert source.count(edit["find"]) == 1, f"{misconception['name']}: {edit['find']!r} must occur exactly once"
            source = source.replace(edit["find"], edit["replace"])
        return source

    def submission_mistaken_in(self, misconception):
        """What a notebook leaves behind that is right but for one misconception."""
        return self.submission_with(**{misconception["exercise"]: self.edited(misconception)})


class InProcessGrader(LockedGrader):
    """The graders as the kit runs them, on a submission of this process."""

    def __init__(self, submission, items, *, held_back, thresholds, recorder=None):
        super().__init__(
            lambda item, seconds: submission,
            student="a student",
            course="a course",
            held_back=held_back,
            thresholds=thresholds,
            items=items,
        )
        self.recorder = recorder


def misconceptions_of(path):
    """The tables of a misconceptions file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["misconception"]


def earned(replayed):
    """The share of an item's marks."""
    results = [result for result, _ in replayed.values()]
    return sum(r.weight for r in results if r.verdict == "passed") / sum(r.weight for r in results)


def explanations(submitted, mistaken, item):
    """How many of an item's tests each of its misconceptions explains, by name."""
    return {
        other: sum(same_mistake(submitted[test][1], trace) for test, (_, trace) in replayed.items())
        for (exercise, other), replayed in mistaken.items()
        if exercise == item
    }
