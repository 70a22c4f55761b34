"""nbgrader's own steps that write grades, made to write what the record says."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import SaveAutoGrades
from traitlets import Unicode

from nnkit.kit.course.file import load_course
from nnkit.kit.gradebook.rows import late_penalty, machine_comment, scores_by_cell

# Where these look for the record, in nbconvert's resources.
RECORD = "nnkit_record"


class SaveRecordedGrades(SaveAutoGrades):
    """nbgrader's SaveAutoGrades with the scores taken from the record.

    nbgrader reads scores off cell outputs and gives full marks for what it cannot read. Here a score of None (a grader
    that broke, an item that was not run) leaves the cell to a person, and no output decides anything.
    """

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._add_score(cell, resources)
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        scores = scores_by_cell(resources[RECORD])
        if grade_id not in scores:
            return
        grade = self.gradebook.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score = scores[grade_id]
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        self.gradebook.db.commit()

    def _add_comment(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._add_comment(cell, resources)
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        comment = self.gradebook.find_comment(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        comment.auto_comment = machine_comment(cell, resources[RECORD])
        self.gradebook.db.commit()


class LatePolicy(LateSubmissionPlugin):
    """The late policy of course.toml: free hours, then a percentage of the score for every day begun."""

    root = Unicode("", help="Folder of course.toml; searched upwards from the current folder if empty.").tag(
        config=True
    )

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        return late_penalty(
            load_course(self.root or None).assignment(self.parent.assignment_id).late, score, total_seconds_late
        )
