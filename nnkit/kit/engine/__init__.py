"""Grading many submissions: read by the coordinator, graded by processes here or on a Dask cluster, in one loop."""

from nnkit.kit.engine.grading import Watcher, grade_all
from nnkit.kit.engine.jobs import Job, Refused, grade_file
from nnkit.kit.engine.places import Here, Place

__all__ = ["Here", "Job", "Place", "Refused", "Watcher", "grade_all", "grade_file"]
