"""What nbgrader runs: the course's configuration and the preprocessors that bring nnkit's grading into its commands.

A course's nbgrader_config.py is ``from nnkit.kit.nbgrader import configure`` and ``configure(get_config())``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bleach  # type: ignore[import-untyped]
from bleach.css_sanitizer import CSSSanitizer  # type: ignore[import-untyped]
from markupsafe import Markup
from nbconvert.filters import markdown2html_mistune
from nbformat import NotebookNode
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, NbGraderPreprocessor, SaveCells
from rich.console import Console
from traitlets import Bool
from traitlets.config import Config

from nnkit.kit.authoring.notebook import release_notebook
from nnkit.kit.classroom import sufficient_tier
from nnkit.kit.course import Course, load_course
from nnkit.kit.environment import own_programs_on_path
from nnkit.kit.grading.grade import grade_notebook
from nnkit.kit.grading.gradebook import LatePolicy, SaveRecordedGrades, scores_by_cell
from nnkit.kit.grading.submission import as_notebook
from nnkit.kit.hashing import hash_of
from nnkit.kit.planning import plan_of, prepare_data

# What Markdown makes; everything else that a person's browser would act on is shown as text.
TAGS = bleach.sanitizer.ALLOWED_TAGS | frozenset(
    {"p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "span", "div", "img", "del", "sup", "sub"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
ATTRIBUTES = {**bleach.sanitizer.ALLOWED_ATTRIBUTES, "*": ["class", "id"], "img": ["src", "alt", "title"]}

STYLES = ["text-align", "padding", "vertical-align", "color", "white-space"]


class StripToRelease(NbGraderPreprocessor):
    """Turn a source notebook into the released one, by the same mechanism as `nnkit release`."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        return release_notebook(nb), resources


class GradeSubmission(NbGraderPreprocessor):
    """Match, run and grade one submitted notebook in the locked process; keep its record."""

    accept_tier = Bool(
        False, help="Grade although the sandbox here is weaker than course.toml requires; the record says so."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources["nbgrader"]
        course = load_course()
        tier = sufficient_tier(course, self.accept_tier, Console(stderr=True))
        plan = plan_of(course, names["assignment"], names["notebook"], course.release(names["assignment"]))
        prepare_data(course)
        submitted = as_notebook(nb, f"{names['notebook']}.ipynb")
        graded = grade_notebook(plan, names["student"], submitted, tier=tier)
        path = course.submitted(names["student"], names["assignment"], names["notebook"])
        graded.record.hashes["submission"] = hash_of([path])
        graded.record.save(course.records(names["student"], names["assignment"], names["notebook"]))
        resources["nnkit_scores"] = scores_by_cell(graded.record)
        return graded.notebook, resources


def harmless_markdown(source: str) -> Markup:
    """Markdown as HTML that runs nothing: nbgrader's pages clean a submission's outputs only, not its prose."""
    return Markup(bleach.clean(markdown2html_mistune(source), tags=TAGS, attributes=ATTRIBUTES))


def harmless_output(element: str | bytes) -> Markup:
    """An HTML output that runs nothing; nbconvert's own cleaning leaves no table whole."""
    text = element.decode("utf-8", "replace") if isinstance(element, bytes) else str(element)
    styled = {**ATTRIBUTES, "td": ["style"], "th": ["style"]}
    return Markup(bleach.clean(text, tags=TAGS, attributes=styled, css_sanitizer=CSSSanitizer(STYLES)))


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
    config.Autograde.sanitize_preprocessors = []
    config.Autograde.autograde_preprocessors = [
        GradeSubmission,
        SaveRecordedGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    config.AssignLatePenalties.plugin_class = LatePolicy
    config.LatePolicy.root = str(course.root)
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": harmless_markdown, "clean_html": harmless_output}
    return course
