"""From a course's files to the plan that grading one notebook follows."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from nnkit.data import cats_cars, shapes, trigrams
from nnkit.data.folder import DATA_VARIABLE
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import load_misconceptions
from nnkit.kit.course.companions import grader_files
from nnkit.kit.course.environment import variables
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.hashing import hash_of
from nnkit.kit.course.settings import Course
from nnkit.kit.engine.compiled import compiled_package
from nnkit.kit.engine.fingerprints import fingerprints
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
    lenders = dict.fromkeys(lender for item in template.items for lender, _ in item.borrows)
    earlier = {lender: plan_of(course, assignment, lender, package) for lender in lenders}
    proven = proven_graders(course.solutions(assignment, notebook)) == hash_of(
        grader_files(graders, course.expected(assignment, notebook))
    )
    hashes = fingerprints(
        course,
        assignment,
        notebook,
        package,
        items=template.items,
        definitions=definitions,
        mistakes=mistakes,
        proven=proven,
        earlier={name: each.hashes for name, each in earlier.items()},
    )
    return Plan(
        course=course,
        assignment=assignment,
        notebook=notebook,
        items=template.items,
        release=nbformat.read(released, as_version=4),
        package=compiled_package(package, hashes["package"], course.root / ".cache" / "packages"),
        graders=graders,
        definitions=definitions,
        mistakes=mistakes,
        data_folder=data_folder(course),
        data_set="shapes" if course.data.cifar10 is None else "cifar10",
        hashes=hashes,
        proven=proven,
        earlier=earlier,
    )


def note_proof(reference: NotebookNode, plan: Plan) -> None:
    """Write into the executed reference which graders it has passed."""
    reference.metadata.setdefault("nnkit", {})["passed_graders"] = plan.hashes["graders"]


def proven_graders(reference: Path) -> str:
    """The hash of the graders that an executed reference has passed; empty if there is none."""
    try:
        return str(json.loads(reference.read_bytes())["metadata"]["nnkit"]["passed_graders"])
    except (OSError, KeyError, ValueError):
        return ""


def data_folder(course: Course) -> Path:
    """Where the data sets lie that a notebook reads: made once here, shown read-only to every locked process."""
    return course.root / ".cache" / "data"


def prepare_data(course: Course) -> None:
    """Put the data that the course's notebooks read into one folder, so that no locked process has to make them."""
    folder = data_folder(course)
    folder.mkdir(parents=True, exist_ok=True)
    modules = {module for assignment in course.assignments for module in assignment.library}
    if course.data.cifar10 is None and "nnkit.data.shapes" in modules:
        with variables({DATA_VARIABLE: str(folder)}):
            shapes.load()
    batches = course.data.cifar10
    there = "bin" if batches is not None and (course.root / batches / "test_batch.bin").is_file() else "py"
    for kind in ("bin", "py"):  # the loader knows it by the folder's name
        _link_folder(batches if kind == there else None, course, folder / f"cifar-10-batches-{kind}", ("*_batch*",))
    _link_folder(course.data.coco_captions, course, folder / "coco_captioning", ("*2014*.*", "images/*"))
    _link_folder(course.data.cola, course, folder / "cola", ("*.npy", "word_to_ix.csv"))
    _link_file(course.data.cats_cars, course, folder / cats_cars.FILE_NAME)
    _link_file(course.data.trigrams, course, folder / trigrams.FILE_NAME)


def _link_file(file: str | None, course: Course, link: Path) -> None:
    """Show a file of the course to the notebooks; one that was shown and is taken off the course no longer."""
    if file is None:
        link.unlink(missing_ok=True)
    else:
        _link(course.root / file, link)


def _link_folder(source: str | None, course: Course, folder: Path, patterns: Sequence[str]) -> None:
    """Show files of a folder of the course to the notebooks; of one that is taken off the course no longer."""
    if source is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for pattern in patterns:
        for file in (course.root / source).glob(pattern):
            _link(file, folder / file.relative_to(course.root / source))


def _link(file: Path, link: Path) -> None:
    """Show a file under another name, without a copy where the file system can."""
    if not link.exists() or link.stat().st_size != file.stat().st_size:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        try:
            os.link(file, link)
        except OSError:
            shutil.copyfile(file, link)
