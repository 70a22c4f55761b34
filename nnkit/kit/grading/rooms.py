"""A locked room for one submission: what it is shown, what it may use, and the session that talks to it."""

from __future__ import annotations

from nnkit.kit.grading.plan import Plan
from nnkit.kit.grading.sandbox import Limits, Tier, View
from nnkit.kit.grading.session import LockedSession, SessionLimits, locked

MEGABYTE = 1_000_000


def open_room(plan: Plan, tier: Tier) -> LockedSession:
    """Start a fresh locked process that sees the released folder and the data, and nothing of the grader's."""
    settings = plan.course.limits
    shown = {path.name: path for path in sorted(plan.package.iterdir()) if path.suffix != ".ipynb"}
    if plan.data_folder.is_dir():
        shown["data"] = plan.data_folder
    limits = Limits(
        cpu_s=settings.notebook.cpu_s,
        memory_bytes=settings.memory_mb * MEGABYTE,
        processes=settings.processes,
        open_files=settings.open_files,
        file_bytes=settings.file_mb * MEGABYTE,
        scratch_bytes=settings.scratch_mb * MEGABYTE,
    )
    outputs = SessionLimits(cell_output=settings.output_kb * 1000)
    return LockedSession(locked(tier, View(inputs=shown), limits), outputs)
