"""Mechanical attempts at several notebooks at once, each in a process of its own: what is shipped may leave traces."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from nnkit.kit.grading.plan import Plan
from nnkit.kit.proof.unearned import Unearned, unearned


@dataclass(frozen=True)
class Notebook:
    """A notebook to be attempted: how it is graded, its exercises as they are released, and the released folder."""

    plan: Plan
    stubs: Mapping[str, str]
    package: Path


def unearned_of(notebooks: Sequence[Notebook], workers: int) -> dict[str, list[Unearned]]:
    """What mechanical attempts earn, by notebook.

    Parameters
    ----------
    notebooks : sequence of Notebook
    workers : int
        Processes at once; 0 means one per core.
    """
    most = min(len(notebooks), workers or os.cpu_count() or 1)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, most), mp_context=context, max_tasks_per_child=1) as pool:
        futures = {each.plan.notebook: pool.submit(_attempted, each) for each in notebooks}
        return {name: future.result() for name, future in futures.items()}


def _attempted(notebook: Notebook) -> list[Unearned]:
    os.environ.setdefault("MPLBACKEND", "agg")
    here = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="nnkit-attempts-") as folder:
        os.chdir(folder)
        try:
            return unearned(notebook.plan, notebook.stubs, notebook.package)
        finally:
            os.chdir(here)
