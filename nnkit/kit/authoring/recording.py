"""Recording the fixed expected outputs of a notebook's graders with its reference."""

from __future__ import annotations

from nnkit.kit.authoring.template import Template
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.own_package import use_package_of
from nnkit.kit.grading.plan import namespace_of
from nnkit.student.expected import ExpectedRecorder
from nnkit.student.plugin import GraderPlugin, run_graders
from nnkit.student.submission import LocalSubmission


def record_expected(template: Template) -> list[str]:
    """Write a notebook's file of expected outputs anew, as the reference in this process gives them.

    Returns
    -------
    list of str
        Stored keys that no test asks for any more.

    Raises
    ------
    BuildError
        The reference fails a test; nothing is written then.
    """
    course = template.course
    use_package_of(course)
    graders = course.graders(template.assignment, template.notebook)
    recorder = ExpectedRecorder()
    exercises = [item.name for item in template.items if item.kind == "exercise"]
    plugin = GraderPlugin(
        LocalSubmission(namespace_of(template.definitions, template.notebook)),
        public_only=False,
        student="",
        course="",  # what depends on random inputs is not recorded: everybody gets others
        items=exercises,
        recorder=recorder,
    )
    for result in run_graders(graders, plugin):
        if result.verdict != "passed":
            what = f"the reference does not pass {result.name}: {result.message}"
            raise BuildError(what, file=graders, mend="mend the test or the reference")
    return list(recorder.write())
