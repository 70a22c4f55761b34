"""Grading many submissions: read by the coordinator, graded by processes here or on a Dask cluster, in one loop."""

from nnkit.kit.engine.dispatch import Watcher, grade_all
from nnkit.kit.engine.executors import Executor, LocalExecutor
from nnkit.kit.engine.jobs import Job, Refused, grade_file

__all__ = ["Executor", "Job", "LocalExecutor", "Refused", "Watcher", "grade_all", "grade_file"]
