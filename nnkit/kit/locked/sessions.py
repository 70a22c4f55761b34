"""Where a submission runs: one locked process at a time, and a fresh one from the definitions when it is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nnkit.kit.course.settings import Limits
from nnkit.kit.locked.cells import CellResult
from nnkit.kit.locked.limit_messages import CELL_RAN
from nnkit.kit.locked.proxy import LockedSubmission
from nnkit.kit.locked.session import LockedSession, SessionLost
from nnkit.student.definitions import Part, definitions, plain_definitions, text_of
from nnkit.student.errors import StudentError, StudentKilled, StudentStopped

MOST_ENDS_IN_CELLS = 8
MOST_ENDS_IN_ITEM = 3
MOST_ENDS_IN_DEFINITIONS = 16
MOST_ERRORS_IN_DEFINITIONS = 20
DEFINITIONS_WALL_S = 30.0


@dataclass(frozen=True)
class Source:
    """A code cell to run.

    Attributes
    ----------
    cell_id : str
    text : str
    keeps : tuple of str
        Items whose test cell follows: the names are kept as they stand then.
    """

    cell_id: str
    text: str
    keeps: tuple[str, ...] = ()


class Sessions:
    """Runs a submission's cells and serves its tests, across the ends of its processes.

    How often a process may end is counted for the cells and for every item apart, so that no item's tests use up what
    the others need; definitions that end a process are left out from then on.

    Parameters
    ----------
    start : callable
        Starts a fresh locked session.
    limits : Limits
        Of the course: for each cell and all cells together, and for the tests of each item.
    lent : mapping, optional
        Functions of the reference by cell id: after the cell has run, they take the place of what it defined.
    wanted : collection of str
        Names that tests ask for: what binds them is defined again, however it comes about.
    """

    def __init__(
        self,
        start: Callable[[], LockedSession],
        limits: Limits,
        lent: Mapping[str, Mapping[str, Callable[..., Any]]] | None = None,
        wanted: Collection[str] = (),
    ) -> None:
        self._start = start
        self._limits = limits
        self._cells_left_s = limits.notebook.wall_s
        self._cells_left_cpu_s = limits.notebook.cpu_s
        self._definitions_left_s = limits.notebook.wall_s
        self._lent_by_cell = lent or {}
        self._lent: dict[str, Callable[..., Any]] = {}
        self._session: LockedSession | None = None
        self._wanted = frozenset(wanted)
        self._ran: list[Source] = []
        self._reduced: set[str] = set()
        self._left_out: set[str] = set()
        self._item = ""
        self._ends: Counter[str] = Counter()
        self._cpu_of_item: dict[str, float] = {}
        self._cpu_of_ended = 0.0
        self._accounted = 0.0
        self._lost = False
        self._troubles: dict[str, CellResult] = {}

    def __enter__(self) -> Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the process.

        Raises
        ------
        SessionLost
            One of the processes was ended from outside: what the submission earned without it is no measure.
        """
        self._leave()
        if self._lost:
            raise SessionLost("something on this machine has ended the locked process")

    def cpu_s(self) -> float:
        """CPU seconds of all the processes so far."""
        return self._cpu_of_ended + (self._session.usage() if self._session is not None else 0.0)

    def run(self, cells: Sequence[Source]) -> dict[str, CellResult]:
        """Run whole cells in order; a cell that ends the process does not end the run."""
        results = {}
        for cell in cells:
            try:
                results[cell.cell_id] = self._run(cell)
            except StudentStopped as error:
                results[cell.cell_id] = CellResult([], error.kind, 0.0)
            self._ran.append(cell)
        return results

    def define(self, cells: Sequence[Source]) -> dict[str, CellResult]:
        """Run only what the cells define; the results of those that did not run to their end."""
        self._ran.extend(cells)
        self._troubles = {}
        with suppress(StudentStopped):  # every test will say so
            self._restart()
        return self._troubles

    def submission(self, item: str, wall_s: float) -> LockedSubmission:
        """The submission for one test of `item`, alive; in a fresh process from the definitions if need be.

        Raises
        ------
        StudentStopped
            It has ended its process too often, or the item's CPU time is used up.
        """
        return self.session(item).submission(wall_s)

    def session(self, item: str) -> LockedSession:
        """The session that is alive, with what is left of the item's CPU time; raises as `submission`."""
        if item == self._item and self._session is not None and self._session.within_allowance():
            return self._session  # the allowance it was given for this item still holds
        self._settle()
        self._item = item
        left = self._limits.item.cpu_s - self._cpu_of_item.get(item, 0.0)
        if left <= 0:
            raise StudentStopped(f"not tried: the CPU time for {item} was already used up", kind="cpu_limit")
        return self._alive(left)

    def return_to(self, item: str, names: Collection[str]) -> bool:
        """Give the notebook the names it had at an item's test cell; "" stands for its end.

        Returns
        -------
        bool
            Whether anything that `names` depend on is different there.
        """
        return self.session(self._item or item).return_to(item, names)

    def allow_again(self, item: str) -> None:
        """Give an item its time and its process ends once more, to be tried in another way."""
        self._settle()
        self._item = ""
        self._cpu_of_item.pop(item, None)
        self._ends.pop(item, None)

    def _run(self, cell: Source) -> CellResult:
        pace = self._limits.cell
        wall_s, cpu_s = min(pace.wall_s, self._cells_left_s), min(pace.cpu_s, self._cells_left_cpu_s)
        if min(wall_s, cpu_s) <= 0:
            self._define(self._alive(pace.cpu_s), [*self._ran, cell], only={cell.cell_id})
            return CellResult([], "notebook_time" if wall_s <= 0 else "notebook_cpu", 0.0)
        session = self._alive(cpu_s)
        before = self._accounted
        result = session.run_cell(cell.cell_id, cell.text, wall_s)
        if result.status == "error" and result.line is not None:
            self._go_on(session, cell, result)
        self._keep(session, cell)
        self._settle()
        self._cells_left_s -= result.duration_s
        self._cells_left_cpu_s -= self._accounted - before
        if result.status == "timeout" and wall_s < pace.wall_s:
            result.status = "notebook_time"
        if result.status == "cpu_limit" and cpu_s < pace.cpu_s:
            result.status = "notebook_cpu"
        self._lend(session, cell)
        return result

    def _alive(self, cpu_s: float) -> LockedSession:
        """A session that may use `cpu_s` from now on."""
        while True:
            if self._session is not None:
                used = self._session.allow_cpu(cpu_s)
                if self._session.alive:
                    self._account(used)
                    return self._session
            self._restart()

    def _restart(self) -> None:
        if self._session is not None:
            self._leave()
            self._ends[self._item] += 1
        if self._ends[self._item] > (MOST_ENDS_IN_ITEM if self._item else MOST_ENDS_IN_CELLS):
            raise StudentKilled(f"not tried: the submission has ended its process {self._ends[self._item]} times")
        while len(self._left_out) <= MOST_ENDS_IN_DEFINITIONS:
            self._session = self._start()
            self._define(self._session, self._ran)
            self._accounted = self._session.usage()
            if self._session.alive:
                return
            self._leave()
        raise StudentKilled("not tried: what the submission defines ends its process by itself")

    def _define(self, session: LockedSession, cells: Sequence[Source], only: Collection[str] | None = None) -> None:
        """Run what cells define, as far as it has not ended a process before; of some of them only."""
        parts = definitions([cell.text for cell in cells], self._wanted)
        for cell, own in zip(cells, parts, strict=True):
            if only is not None and cell.cell_id not in only:
                continue
            if cell.cell_id in self._reduced:
                own = plain_definitions(cell.text)
            if session.alive and own and cell.cell_id not in self._left_out and self._definitions_left_s > 0:
                self._run_parts(session, cell, own)
            self._keep(session, cell)
            self._lend(session, cell)

    def _run_parts(self, session: LockedSession, cell: Source, parts: Sequence[Part]) -> None:
        """Run parts of a cell one after the other: what raises does not keep the later ones from being defined."""
        for _ in range(MOST_ERRORS_IN_DEFINITIONS):
            wall_s = min(DEFINITIONS_WALL_S, self._definitions_left_s)
            if not parts or not session.alive or wall_s <= 0:
                return
            result = session.run_cell(cell.cell_id, text_of(parts), wall_s, plain=True)
            self._definitions_left_s -= result.duration_s
            if result.status != "ok":
                self._troubles.setdefault(cell.cell_id, result)
            if result.status not in CELL_RAN:
                # Perhaps by what it computes; what it only defines may still do.
                simple = list(parts) == plain_definitions(cell.text) or cell.cell_id in self._reduced
                (self._left_out if simple else self._reduced).add(cell.cell_id)
            if result.status != "error" or result.line is None:
                return
            parts = _after(parts, result.line)

    def _go_on(self, session: LockedSession, cell: Source, result: CellResult) -> None:
        """Define what stands below the line at which a cell has stopped."""
        assert result.line is not None
        below = _after(definitions([*(each.text for each in self._ran), cell.text], self._wanted)[-1], result.line)
        self._run_parts(session, cell, below)

    def _keep(self, session: LockedSession, cell: Source) -> None:
        for item in cell.keeps:
            if session.alive:
                with suppress(StudentError):
                    session.keep(item)

    def _lend(self, session: LockedSession, cell: Source) -> None:
        if session.alive and cell.cell_id in self._lent_by_cell:
            self._lent.update(self._lent_by_cell[cell.cell_id])
            try:
                session.override(self._lent, by_value=self._lent)
            except StudentError:
                return  # the submission has just ended its process: the next one starts from the definitions

    def _settle(self) -> None:
        """Put the CPU time used since the last time to the account of the item whose tests ran."""
        if self._session is not None:
            self._account(self._session.usage())

    def _account(self, used: float) -> None:
        self._cpu_of_item[self._item] = self._cpu_of_item.get(self._item, 0.0) + used - self._accounted
        self._accounted = used

    def _leave(self) -> None:
        if self._session is not None:
            self._session.close()
            self._settle()
            self._cpu_of_ended += self._session.usage()
            self._lost |= self._session.lost
            self._session = None
            self._accounted = 0.0


def _after(parts: Sequence[Part], line: int) -> list[Part]:
    """The parts of a cell that begin below a line."""
    return [part for part in parts if part.line > line]
