"""Where a submission runs: one locked process at a time, and a fresh one from the definitions when it is gone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nnkit.kit.grading.proxy import LockedSubmission
from nnkit.kit.grading.session import CellResult, LockedSession
from nnkit.student.errors import StudentError, StudentKilled
from nnkit.student.solutions import defines, without_magics

MOST_RESTARTS = 8
DEFINITIONS_WALL_S = 30.0


@dataclass(frozen=True)
class Source:
    """A code cell to run: its id, and its text."""

    cell_id: str
    text: str


def definitions_only(text: str) -> str:
    """The imports, functions, classes and constants of a cell; nothing of a cell that is no Python."""
    try:
        plain = without_magics(text)
        lines = plain.split("\n")
        kept = [statement for statement in ast.parse(plain).body if defines(statement)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    parts = []
    for statement in kept:
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
        parts.append("\n".join(lines[first - 1 : statement.end_lineno]))
    return "\n".join(parts)


class Workplace:
    """Runs a submission's cells and serves its tests, across the deaths of its processes.

    Parameters
    ----------
    start : callable
        Starts a fresh locked session.
    cells_wall_s : float
        Seconds by the clock for all cells together; of cells beyond, only the definitions are run.
    call_wall_s : float
        Seconds that one call from a test may take.
    lent : mapping, optional
        Functions of the reference by cell id: after the cell has run, they take the place of what it defined.
    """

    def __init__(
        self,
        start: Callable[[], LockedSession],
        *,
        cells_wall_s: float,
        call_wall_s: float,
        lent: Mapping[str, Mapping[str, Callable[..., Any]]] | None = None,
    ) -> None:
        self._start = start
        self._cells_left_s = cells_wall_s
        self._call_wall_s = call_wall_s
        self._lent_by_cell = lent or {}
        self._lent: dict[str, Callable[..., Any]] = {}
        self._session: LockedSession | None = None
        self._ran: list[Source] = []
        self._starts = 0
        self._cpu_of_ended = 0.0

    def __enter__(self) -> Workplace:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def cpu_s(self) -> float:
        """CPU seconds of all the processes so far."""
        return self._cpu_of_ended + (self._session.usage() if self._session is not None else 0.0)

    def run(self, cells: Sequence[Source], cell_wall_s: float) -> dict[str, CellResult]:
        """Run whole cells in order; a cell that ends the process does not end the run."""
        results: dict[str, CellResult] = {}
        for cell in cells:
            try:
                session = self._alive()
            except StudentKilled as error:
                results[cell.cell_id] = CellResult([], error.kind, 0.0)
                continue
            if self._cells_left_s > 0:
                result = session.run_cell(cell.cell_id, cell.text, min(cell_wall_s, self._cells_left_s))
                self._cells_left_s -= result.duration_s
                self._lend(session, cell)
            else:
                result = CellResult([], "timeout", 0.0)
                self._define(session, [cell])
            results[cell.cell_id] = result
            self._ran.append(cell)
        return results

    def define(self, cells: Sequence[Source]) -> None:
        """Run only what the cells define."""
        self._define(self._alive(), cells)
        self._ran.extend(cells)

    def submission(self) -> LockedSubmission:
        """The submission for one test, alive; in a fresh process from the definitions if need be.

        Raises
        ------
        StudentKilled
            It has ended its process too often.
        """
        return self._alive().submission(self._call_wall_s)

    def session(self) -> LockedSession:
        """The session that is alive; raises as `submission`."""
        return self._alive()

    def _alive(self) -> LockedSession:
        if self._session is not None and self._session.alive:
            return self._session
        if self._starts > MOST_RESTARTS:
            raise StudentKilled(f"not tried: the submission has ended its process {self._starts} times")
        self._leave()
        self._starts += 1
        self._session = self._start()
        self._define(self._session, self._ran)
        return self._session

    def _define(self, session: LockedSession, cells: Sequence[Source]) -> None:
        for cell in cells:
            if session.alive and (text := definitions_only(cell.text)):
                session.run_cell(cell.cell_id, text, DEFINITIONS_WALL_S)
            self._lend(session, cell)

    def _lend(self, session: LockedSession, cell: Source) -> None:
        if session.alive and cell.cell_id in self._lent_by_cell:
            self._lent.update(self._lent_by_cell[cell.cell_id])
            try:
                session.override(self._lent, by_value=self._lent)
            except StudentError:
                return  # the submission has just ended its process: the next one starts from the definitions

    def _leave(self) -> None:
        if self._session is not None:
            self._session.close()
            self._cpu_of_ended += self._session.usage()
            self._session = None
