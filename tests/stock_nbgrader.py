"""nbgrader's own commands, and what they leave in the gradebook."""

import os
import subprocess
import sys
from pathlib import Path

import nnkit
from nnkit.kit.grading.gradebook import gradebook


def nbgrader(course, *arguments):
    """Run an nbgrader command in the course folder, as a person does."""
    environment = dict(os.environ)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    # The tiny course has a folder nnkit of its own, and nbgrader puts the current folder first.
    environment["PYTHONPATH"] = str(Path(nnkit.__file__).parents[1])
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True, timeout=900)


def rows(course, student):
    """Everything the gradebook holds about one submission, times apart."""
    with gradebook(course) as book:
        submission = book.find_submission("a1", student)
        notebooks = submission.notebooks
        return {
            "grades": sorted(
                (g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade, g.max_score)
                for notebook in notebooks
                for g in notebook.grades
            ),
            "comments": sorted((c.name, c.auto_comment, c.manual_comment) for n in notebooks for c in n.comments),
            "late": submission.late_submission_penalty,
            "score": submission.score,
        }
