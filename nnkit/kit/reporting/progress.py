"""How far a long run has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nnkit.kit.engine import Job
from nnkit.kit.grading.grade import Graded


def watched(results: Iterable[tuple[Job, Graded]], total: int, console: Console) -> Iterator[tuple[Job, Graded]]:
    """Pass graded jobs on, with a bar for a person at a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("grading", total=total)
        for job, graded in results:
            yield job, graded
            progress.update(task, advance=1, description=f"{escape(job.student[:40])}: {graded.record.status}")
