"""From a course's files to the plan that grading one notebook follows."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from nnkit.kit.authoring.borrowing import borrowed
from nnkit.kit.authoring.given_data import data_asked_for, given_cells
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import load_misconceptions
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.companions import grader_files
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.hashing import hash_of, hash_of_contents
from nnkit.kit.course.secret import input_key
from nnkit.kit.course.settings import Course
from nnkit.kit.engine.compiled import compiled_package
from nnkit.kit.engine.data_sets import data_folder, held_out_files
from nnkit.kit.engine.fingerprints import digest_of_package, fingerprints
from nnkit.kit.grading.plan import Mistake, Plan


def plan_of(course: Course, assignment: str, notebook: str, package: Path) -> Plan:
    """How to grade a notebook of the release in the folder `package`.

    Raises
    ------
    CourseError
        The notebook is not in the folder.
    """
    released = package / f"{notebook}.ipynb"
    if not released.is_file():
        raise CourseError("this notebook is not released", file=released, mend=f"run: nnkit release {assignment}")
    template = load_template(course, assignment, notebook)
    graders = course.graders(assignment, notebook)
    definitions = template.definitions
    mistakes = tuple(
        Mistake(each.exercise, each.name, each.hint, each.apply(definitions[each.exercise]))
        for each in load_misconceptions(template)
        if each.exercise in definitions
    )
    lenders = dict.fromkeys(borrowed(template).notebooks.values())
    earlier = {lender: plan_of(course, assignment, lender, package) for lender in lenders}
    proven = proven_graders(course.solutions(assignment, notebook)) == hash_of(
        grader_files(graders, course.expected(assignment, notebook))
    )
    folder, held_out = data_folder(course, assignment), held_out_files(course, assignment)
    package_digest = digest_of_package(package)
    given = given_file(template, package_digest, folder.name)
    hashes = fingerprints(
        course,
        assignment,
        notebook,
        package,
        package_digest=package_digest,
        items=template.items,
        definitions=definitions,
        mistakes=mistakes,
        proven=proven,
        data=[folder.name, *(file.name for file in (*held_out.values(), given) if file is not None)],
        earlier={name: each.hashes for name, each in earlier.items()},
    )
    plan = Plan(
        course=course,
        assignment=assignment,
        notebook=notebook,
        items=template.items,
        release=nbformat.read(released, as_version=4),
        package=compiled_package(package, hashes["package"], course.root / ".cache" / "packages"),
        graders=graders,
        definitions=definitions,
        mistakes=mistakes,
        data_folder=folder,
        held_out=held_out,
        given=given,
        input_key=input_key(course),
        hashes=hashes,
        proven=proven,
        earlier=earlier,
    )
    if given is not None and not given.is_file():
        # Imported here: it takes what runs student code, which whoever coordinates a class does without.
        from nnkit.kit.engine.given_values import keep_given_values

        keep_given_values(template, plan)
    return plan


def given_file(template: Template, package: str, data: str) -> Path | None:
    """Where the values that a notebook's graders ask for are kept; None if they ask for none.

    Parameters
    ----------
    template : Template
    package, data : str
        Digests of what was released beside the notebook, and of the data it reads.
    """
    names = sorted(data_asked_for(template))
    if not names:
        return None
    cells = [text for _, text in given_cells(template).needed_for(names)]
    digest = hash_of_contents(part.encode() for part in (package, data, *names, "", *cells))
    folder = template.course.root / ".cache" / "given"
    return folder / f"{template.assignment}.{template.notebook}-{digest}.pickle"


def note_proof(reference: NotebookNode, plan: Plan) -> None:
    """Write into the executed reference which graders it has passed."""
    reference.metadata.setdefault("nnkit", {})["passed_graders"] = plan.hashes["graders"]


def proven_graders(reference: Path) -> str:
    """The hash of the graders that an executed reference has passed; empty if there is none."""
    try:
        return str(json.loads(reference.read_bytes())["metadata"]["nnkit"]["passed_graders"])
    except (OSError, KeyError, ValueError):
        return ""
