"""What nbgrader runs: the course's configuration and the preprocessors that bring nnkit's grading into its commands.

A course's nbgrader_config.py is ``from nnkit.kit.nbgrader import configure`` and ``configure(get_config())``.
"""

from __future__ import annotations

import glob
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, NbGraderPreprocessor, SaveCells
from nbgrader.utils import temp_attrs
from traitlets import Bool
from traitlets.config import Config

from nnkit.kit.authoring.notebook import release_notebook
from nnkit.kit.course.environment import own_programs_on_path
from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.course.settings import Course
from nnkit.kit.course.terminal import Terminal
from nnkit.kit.engine import Job, grade_file
from nnkit.kit.engine.classroom import sufficient_tier
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.gradebook.rows import write_time
from nnkit.kit.nbgrader.log_lines import PrintableFormatter
from nnkit.kit.nbgrader.marks_file import MarksFile
from nnkit.kit.nbgrader.recorded_grades import RECORD, LatePolicy, SaveRecordedGrades
from nnkit.kit.reporting.pages import configure_pages
from nnkit.kit.submission.files import submission_time, trouble_with
from nnkit.kit.submission.finding import LEFT_BY_PROGRAMS, is_handed_in


class StripToRelease(NbGraderPreprocessor):
    """Turn a source notebook into the released one, by the same mechanism as `nnkit release`."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        return release_notebook(nb), resources


class GradeSubmission(NbGraderPreprocessor):
    """Read, match, run and grade one submitted notebook in the locked process, as `nnkit grade` does; keep its record.

    What nbgrader gives it is not looked at: see `UnreadExporter`.
    """

    accept_tier = Bool(
        False, help="Grade although the sandbox here is weaker than course.toml requires; the record says so."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources["nbgrader"]
        course = load_course()
        tier = sufficient_tier(course, self.accept_tier, Terminal(stderr=True))
        plan = plan_of(course, names["assignment"], names["notebook"], course.release(names["assignment"]))
        path = course.submitted(names["student"], names["assignment"], names["notebook"])
        graded = grade_file(Job(names["student"], path, plan), tier)
        graded.record.save(course.records(names["student"], names["assignment"], names["notebook"]))
        write_time(course, graded.record)
        resources[RECORD] = graded.record
        return graded.notebook, resources


class UnreadExporter(NotebookExporter):
    """Leaves the reading of what was handed in to `GradeSubmission`.

    nbgrader reads the file before any preprocessor: it would follow links, wait for a pipe, and fail on a torn file
    before the submission got a record.
    """

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **keywords: Any
    ) -> tuple[str, dict[str, Any]]:
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources, **keywords)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **keywords: Any
    ) -> tuple[str, dict[str, Any]]:
        text, resources = super().from_notebook_node(nb, resources, **keywords)
        # What student code prints may hold half a character, which no file can.
        return text.encode("utf-8", "replace").decode("utf-8"), resources


# What nbgrader's autograde runs on a submission: nothing of its own that would run the notebook.
GRADING = [GradeSubmission, SaveRecordedGrades, AssignLatePenalties, CheckCellMetadata]

# nbgrader's autograde opens and copies what was handed in before it calls anything that can be set. These take the
# place of its methods: without them one student's pipe, endless link or odd name would stop the grading of all others.
_stock_init_notebooks = Autograde.init_notebooks
_stock_init_destination, _stock_init_assignment = Autograde.init_destination, Autograde.init_assignment


def _init_notebooks(self: Autograde) -> None:
    """Ask for every notebook of the release that was handed in, under whatever name; nbgrader knows only one name."""
    course, name = load_course(), self.coursedir.assignment_id
    self.assignments, self.notebooks = {}, []
    siblings, wanted = course.assignment(name).notebooks, self.coursedir.notebook_id
    most = course.limits.submission_mb * 1_000_000
    for place in sorted(glob.glob(self._format_source(name, self.coursedir.student_id))):
        folder = Path(place)
        if folder.parent.name in LEFT_BY_PROGRAMS:
            continue
        notebooks = [each for each in siblings if wanted in ("*", each)]
        found = [each for each in notebooks if is_handed_in(folder, name, each, siblings, most)]
        if found:
            self.assignments[place] = [str(folder / f"{each}.ipynb") for each in found]
    if not self.assignments:
        _stock_init_notebooks(self)  # which says what it has looked for


def _init_destination(self: Autograde, assignment_id: str, student_id: str) -> bool:
    """Refuse a name that nbgrader takes as a pattern: it would grade another student's notebook for this one."""
    if trouble := trouble_with(student_id):
        raise CourseError(f"the name {trouble}", file=f"submitted/{student_id}", mend="rename the folder")
    return bool(_stock_init_destination(self, assignment_id, student_id))


def _init_assignment(self: Autograde, assignment_id: str, student_id: str) -> None:
    """Copy nothing of a submission: `GradeSubmission` reads its notebook, and nothing else of it is needed."""
    with temp_attrs(self.coursedir, ignore=["*"]):
        _stock_init_assignment(self, assignment_id, student_id)


def _submission_time(_: CourseDirectory, folder: str) -> datetime | None:
    """The time in timestamp.txt; nbgrader's own waits for a pipe, follows links, and fails on a time it can't read."""
    return submission_time(Path(folder))


def configure(config: Config, root: Path | None = None) -> Course:
    """Set nbgrader up for the course at `root`.

    Without `root`, as in nbgrader_config.py, it is found from the current folder upwards, and anything wrong with it
    ends the program: nbgrader would log the error and go on with its own settings, which run submissions unlocked.
    """
    try:
        course = load_course(root)
    except Exception as error:
        if root is not None:
            raise
        raise SystemExit(f"error: {error}") from error
    own_programs_on_path()
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.course_id = course.id
    config.CourseDirectory.db_url = course.gradebook_url
    # nbgrader copies every other file of source/ to students and over submissions: the templates must stay here.
    config.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache", "*.md"]
    config.GenerateAssignment.preprocessors = [CheckCellMetadata, StripToRelease, SaveCells, CheckCellMetadata]
    CourseDirectory.get_existing_timestamp = _submission_time
    Autograde.init_notebooks = _init_notebooks
    Autograde.init_destination = _init_destination
    Autograde.init_assignment = _init_assignment
    config.Autograde.exporter_class = UnreadExporter
    config.Autograde.sanitize_preprocessors = []
    config.Autograde.autograde_preprocessors = GRADING
    config.AssignLatePenalties.plugin_class = LatePolicy
    config.LatePolicy.root = str(course.root)
    config.ExportApp.plugin_class = MarksFile
    formatter = f"{PrintableFormatter.__module__}.{PrintableFormatter.__name__}"
    config.Application.logging_config = {"formatters": {"console": {"class": formatter}}}
    configure_pages(config)
    return course
