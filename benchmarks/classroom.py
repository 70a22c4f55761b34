"""One class for both systems: the same notebook, the same tests, the same submissions, for nnkit and stock nbgrader."""

from __future__ import annotations

import compileall
import copy
import inspect
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import nbformat
import numpy as np
import stock_tests
from nbformat import NotebookNode
from nbgrader.api import Gradebook

import nnkit
from nnkit import gradient_check, layers, losses
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import load_misconceptions, mistaken_notebook
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.authoring.recording import record_expected
from nnkit.kit.authoring.template import Template
from nnkit.kit.course.file import load_course
from nnkit.kit.course.settings import Course
from nnkit.kit.demo.simulated_class import rewritten
from nnkit.kit.release.publish import release

HERE = Path(__file__).parent
ASSIGNMENT, NOTEBOOK = "bench", "layers"
STUDENTS = 20
TIME = "2026-01-01 12:00:00 UTC\n"
NBGRADER_CONFIG = """\
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "bench"
"""
_STOCK_TEST = re.compile(r"(.+)_\d+__points_(\d+)")


@dataclass(frozen=True)
class Submission:
    """A student, what is wrong, and the notebook as nnkit's release has it."""

    student: str
    about: str
    notebook: NotebookNode


def nnkit_course(folder: Path) -> Course:
    """A released course of nnkit's in a new folder; nothing handed in yet.

    nnkit itself is compiled, as pip compiles what it installs but for an editable checkout.
    """
    compileall.compile_dir(Path(nnkit.__file__).parent, quiet=1)
    shutil.copytree(HERE / "course", folder)
    course = load_course(folder)
    record_expected(load_template(course, ASSIGNMENT, NOTEBOOK))
    verification = release(course, ASSIGNMENT, workers=1)
    if not verification.ok:
        raise SystemExit(f"the course to measure with is not right: {verification.as_dict()}")
    return course


def stock_course(folder: Path, course: Course) -> Path:
    """Stock nbgrader's course of the same notebook, released; its settings are nbgrader's own."""
    source = folder / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(NBGRADER_CONFIG.format(root=str(folder)))
    notebook = source_notebook(load_template(course, ASSIGNMENT, NOTEBOOK))
    nbformat.write(as_stock(notebook), source / f"{NOTEBOOK}.ipynb")
    nbgrader(folder, "generate_assignment", ASSIGNMENT)
    return folder


def submissions(course: Course, students: int = STUDENTS) -> Iterator[Submission]:
    """A class; of every twenty, seven are right, eight have a misconception, two handed in nothing, three an error."""
    kinds = _kinds(load_template(course, ASSIGNMENT, NOTEBOOK))
    for number, letter in enumerate(islice(cycle("RMRMUMRMEMRMUERMEMRR"), students), start=1):
        about, notebook = next(kinds[letter])
        yield Submission(f"student_{number:04d}", about, notebook)


def _kinds(template: Template) -> dict[str, Iterator[tuple[str, NotebookNode]]]:
    """What is handed in, endlessly, by kind: right, untouched, mistaken, with an error."""
    source = source_notebook(template)
    solved = solved_notebook(source)

    def changed(exercise: str, old: str, new: str) -> NotebookNode:
        return rewritten(solved, exercise, lambda text: text.replace(old, new))

    return {
        "R": cycle([("everything right", solved)]),
        "U": cycle([("as released", release_notebook(source))]),
        "M": cycle([(each.name, mistaken_notebook(source, [each])) for each in load_misconceptions(template)]),
        "E": cycle(
            [
                ("a syntax error", changed("softmax_loss", "):", ")")),
                ("a name that is not there", changed("relu_backward", "dout *", "dput *")),
                ("another name that is not there", changed("affine_backward", "w.T", "weights.T")),
            ]
        ),
    }


def hand_in(course: Course, submission: Submission) -> None:
    """Put a submission where nnkit's course expects it."""
    _write(course.root, submission.student, submission.notebook)


def hand_in_stock(folder: Path, submission: Submission) -> None:
    """Put a submission where stock nbgrader's course expects it: the student's cells in its own released notebook."""
    notebook = nbformat.read(folder / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
    written = {_grade_id(cell): cell.source for cell in submission.notebook.cells if _about(cell).get("solution")}
    for cell in notebook.cells:
        if _about(cell).get("solution"):
            cell.source = written[_grade_id(cell)]
    _write(folder, submission.student, notebook)


def _write(root: Path, student: str, notebook: NotebookNode) -> None:
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(TIME)
    nbformat.write(notebook, folder / f"{NOTEBOOK}.ipynb")


def as_stock(notebook: NotebookNode) -> NotebookNode:
    """A source notebook of nnkit's with ordinary nbgrader test cells in the place of `check(...)`."""
    stock = copy.deepcopy(notebook)
    tests = _stock_tests()
    stock.cells = []
    for cell in notebook.cells:
        about = _about(cell)
        if about.get("grade") and cell.cell_type == "code":
            stock.cells += tests[about["grade_id"].removeprefix("test_")]
        else:
            stock.cells.append(copy.deepcopy(cell))
            if "from nnkit.student import check" in cell.source:
                stock.cells[-1].source = cell.source.replace("from nnkit.student import check", "").rstrip()
                stock.cells.append(_locked(stock_tests.PREPARATION, "preparation"))
    return stock


def _stock_tests() -> dict[str, list[NotebookNode]]:
    """The test cells of every exercise, in order, with the reference's outputs filled in."""
    cells: dict[str, list[NotebookNode]] = {}
    for name, function in vars(stock_tests).items():
        if (match := _STOCK_TEST.fullmatch(name)) is None:
            continue
        exercise, points = match.groups()
        body = textwrap.dedent(inspect.getsource(function).partition(":\n")[2]).rstrip()
        if "FIXED" in body:
            body = body.replace("FIXED", _fixed(body))
        hidden = f"### BEGIN HIDDEN TESTS\n{body}\n### END HIDDEN TESTS"
        cell = _locked(hidden, f"test_{name.partition('__')[0]}", grade=True, points=float(points))
        cells.setdefault(exercise, []).append(cell)
    return cells


def _fixed(body: str) -> str:
    """The reference's output in a test of the form ``close(output, FIXED)``, as source."""
    names = {"np": np, **vars(gradient_check), **vars(layers), **vars(losses)}
    seen = []
    exec(stock_tests.PREPARATION, names)
    names |= {"close": lambda actual, _: seen.append(actual), "FIXED": None}
    exec(body, names)
    return f"np.array({np.asarray(seen[0]).tolist()!r})"


def _locked(source: str, grade_id: str, **more: object) -> NotebookNode:
    about: dict[str, object] = {"schema_version": 3}
    about |= {"grade_id": grade_id, "grade": False, "locked": True, "solution": False, "task": False}
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": about | more})


def _about(cell: NotebookNode) -> NotebookNode:
    return cell.metadata.get("nbgrader", {})


def _grade_id(cell: NotebookNode) -> str:
    return str(_about(cell)["grade_id"])


def environment() -> dict[str, str]:
    """Variables for the commands that are measured: this nnkit, and nbgrader's programs on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(Path(nnkit.__file__).parents[1])}


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run one of nbgrader's commands in a course folder."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)


def machine_scores(database: Path) -> dict[str, dict[str, float]]:
    """Points by student and exercise that the machine gave, whatever number of test cells an exercise has."""
    found: dict[str, dict[str, float]] = {}
    with Gradebook(f"sqlite:///{database}") as book:
        for student in book.students:
            submitted = book.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student.id)
            scores = found.setdefault(student.id, {})
            for grade in submitted.grades:
                if grade.name.startswith("test_"):
                    exercise = re.sub(r"_\d+$", "", grade.name.removeprefix("test_"))
                    scores[exercise] = scores.get(exercise, 0.0) + grade.auto_score
    return found
