"""A locked room for one submission: what it is shown, what it may use, and the session that talks to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nnkit.kit.grading.plan import Plan
from nnkit.kit.locked.cells import SessionLimits
from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.sandbox import Limits, Tier, View

MEGABYTE = 1_000_000
_NOTHING: Mapping[str, bytes] = MappingProxyType({})
CELLS_OF_OUTPUT = 32  # a whole notebook may put out so many times what one cell may


def open_session(
    plan: Plan, tier: Tier, beside: Mapping[str, bytes] = _NOTHING, *, drawing: bool = True
) -> LockedSession:
    """Start a fresh locked process that sees the released folder and the data, and nothing of the grader's.

    Parameters
    ----------
    plan : Plan
    tier : Tier
    beside : mapping of str to bytes
        Files of the submission's own by name. They are sent, not shown: a view of its own for every student would leave
        no fork server to start from.
    drawing : bool
        Whether it will run what draws figures.
    """
    settings = plan.course.limits
    shown = {path.name: path for path in sorted(plan.package.iterdir()) if path.suffix != ".ipynb"}
    if plan.data_folder.is_dir():
        shown["data"] = plan.data_folder
    # One process may serve all cells and all tests, each a second time; their own allowances are the closer ones.
    cpu_s = 2 * (settings.notebook.cpu_s + len(plan.items) * settings.item.cpu_s)
    limits = Limits(
        cpu_s=cpu_s,
        memory_bytes=settings.memory_mb * MEGABYTE,
        processes=settings.processes,
        open_files=settings.open_files,
        file_bytes=settings.file_mb * MEGABYTE,
        scratch_bytes=settings.scratch_mb * MEGABYTE,
    )
    output = settings.output_kb * 1000
    outputs = SessionLimits(cell_output=output, notebook_output=CELLS_OF_OUTPUT * output)
    begin = locked(tier, View(inputs=shown), limits, warm_start=plan.course.engine.warm, drawing=drawing)
    session = LockedSession(begin, outputs)
    for name, content in beside.items():
        session.place(name, content)
    return session
