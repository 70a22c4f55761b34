"""The fixed expected outputs of a notebook's graders: recorded with its reference, and compared with what is stored."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from nnkit.kit.authoring.expected_file import record_again, stored_outputs
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.errors import BuildError, Finding
from nnkit.kit.course.own_package import use_package_of
from nnkit.kit.grading.plan import namespace_of
from nnkit.student.expected import ExpectedRecorder
from nnkit.student.plugin import GraderFileError, GraderPlugin, TestResult, run_graders
from nnkit.student.submission import LocalSubmission

_SAME = 1e-6  # relative: another machine's arithmetic differs by less, another reference by more


def record_expected(template: Template) -> list[str]:
    """Write a notebook's file of expected outputs anew, as the reference in this process gives them.

    Returns
    -------
    list of str
        Stored keys that no test asks for any more.

    Raises
    ------
    BuildError
        The reference fails a test, or a test breaks; nothing is written then.
    """
    course = template.course
    recorder = ExpectedRecorder()
    try:
        results = _run(template, recorder)
    except GraderFileError as error:
        raise BuildError(f"the graders can't be run: {error}", file=_graders(template)) from None
    for result in results:
        if result.verdict != "passed":
            what = f"the reference does not pass {result.name}: {result.message}"
            raise BuildError(what, file=_graders(template), mend="correct the test or the reference")
    try:
        before = stored_outputs(course, template.assignment, template.notebook)
    except BuildError:
        before = {}
    course.expected(template.assignment, template.notebook).unlink(missing_ok=True)
    recorder.write()
    return sorted(before.keys() - _recorded(recorder).keys())


def stale_expected(template: Template) -> Iterator[Finding]:
    """What `nnkit record` would change in a notebook's file of expected outputs."""
    course = template.course
    expected = course.expected(template.assignment, template.notebook)
    place = str(expected.relative_to(course.root))
    mend = record_again(template.assignment, template.notebook)
    stored = stored_outputs(course, template.assignment, template.notebook)
    recorder = ExpectedRecorder()
    try:
        results = _run(template, recorder)
    except GraderFileError:
        return  # the run of the reference says it
    recorded = _recorded(recorder)
    if recorded and not expected.is_file():
        yield Finding("the graders compare with stored outputs, and there is no such file", place, None, mend)
        return
    for key, value in sorted(recorded.items()):
        if key not in stored:
            yield Finding(f"holds no {key}, which a test asks for", place, None, mend)
        elif not _is_same(stored[key], value):
            yield Finding(f"{key} is not what the reference gives now", place, None, mend)
    if all(result.verdict == "passed" for result in results):
        for key in sorted(stored.keys() - recorded.keys()):
            yield Finding(f"holds {key}, which no test asks for", place, None, mend)


def _graders(template: Template) -> Path:
    """The grader file, as messages show it."""
    path = template.course.graders(template.assignment, template.notebook)
    return path.relative_to(template.course.root)


def _run(template: Template, recorder: ExpectedRecorder) -> list[TestResult]:
    """The tests of a notebook's exercises on the reference in this process; what it prints is nobody's concern."""
    course = template.course
    graders = course.graders(template.assignment, template.notebook)
    use_package_of(course)
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        plugin = GraderPlugin(
            LocalSubmission(_reference(template)),
            public_only=False,
            student="",
            course="",  # what depends on random inputs is not recorded: everybody gets others
            items=[item.name for item in template.items if item.kind == "exercise"],
            recorder=recorder,
        )
        return list(run_graders(graders, plugin)) if graders.is_file() else []


def _reference(template: Template) -> dict[str, Any]:
    try:
        return namespace_of(template.definitions, template.notebook)
    except Exception as error:
        what = f"the functions and classes of the reference can't be defined: {type(error).__name__}: {error}"
        mend = "see that each name they use is imported in a cell, or given"
        raise BuildError(what, file=template.shown, mend=mend) from None


def _recorded(recorder: ExpectedRecorder) -> dict[str, np.ndarray]:
    """The recorded outputs by key: those of one file."""
    return {key: value for values in recorder.values.values() for key, value in values.items()}


def _is_same(stored: np.ndarray, recorded: np.ndarray) -> bool:
    if stored.shape != recorded.shape or stored.dtype.kind != recorded.dtype.kind:
        return False
    if recorded.dtype.kind != "f":
        return bool(np.array_equal(stored, recorded))
    scale = float(np.abs(recorded).max(initial=0.0))
    return bool(np.allclose(stored, recorded, rtol=_SAME, atol=_SAME * scale))
