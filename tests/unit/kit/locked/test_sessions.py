"""A submission that ends its processes again and again costs bounded time, and no item the share of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from nnkit.kit.course.settings import Limits, Pace
from nnkit.kit.locked.cells import CellResult
from nnkit.kit.locked.session import LockedSession, SessionLost
from nnkit.kit.locked.sessions import MOST_ENDS_IN_CELLS, MOST_ENDS_IN_ITEM, Sessions, Source
from nnkit.student.errors import StudentKilled, StudentStopped

LIMITS = Limits(
    cell=Pace(cpu_s=5, wall_s=10), item=Pace(cpu_s=3, wall_s=10), notebook=Pace(cpu_s=7, wall_s=15), processes=8
)


@dataclass
class Session:
    """A session whose cells take what they say: ``cpu=1 wall=2 status=timeout``, ``dies``."""

    alive: bool = True
    lost: bool = False
    over: bool = False
    used: float = 0.0
    allowed: list[float] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    def run_cell(self, cell_id: str, source: str, wall_s: float, *, plain: bool = False) -> CellResult:
        says = dict(part.split("=") for part in source.rpartition("#")[2].split() if "=" in part)
        self.ran.append(cell_id)
        self.used += float(says.get("cpu", 0))
        status = says.get("status", "ok")
        if "dies" in source:
            self.alive, status = False, "killed"
        return CellResult([], status, min(wall_s, float(says.get("wall", 0))))

    def allow_cpu(self, seconds: float) -> float:
        self.allowed.append(seconds)
        return self.used

    def within_allowance(self) -> bool:
        return self.alive and not self.over

    def usage(self) -> float:
        return self.used

    def submission(self, wall_s: float) -> Any:
        return self

    def close(self) -> None:
        self.alive = False


@pytest.fixture
def started() -> list[Session]:
    return []


@pytest.fixture
def sessions(started: list[Session]) -> Sessions:
    def start() -> LockedSession:
        started.append(Session())
        return cast(LockedSession, started[-1])

    return Sessions(start, LIMITS)


def cells(*texts: str) -> list[Source]:
    return [Source(str(number), text) for number, text in enumerate(texts)]


def statuses(results: dict[str, CellResult]) -> list[str]:
    return [result.status for result in results.values()]


def test_after_a_crash_what_came_before_is_defined_again(sessions: Sessions, started: list[Session]) -> None:
    run = sessions.run(cells("import a", "print() # dies", "import b"))
    assert statuses(run) == ["ok", "killed", "ok"]
    assert started[1].ran == ["0", "2"]


def test_cells_that_end_the_process_every_time_are_given_up(sessions: Sessions, started: list[Session]) -> None:
    run = sessions.run(cells(*["print() # dies"] * 30))
    assert set(statuses(run)) == {"killed"}
    assert len(started) == MOST_ENDS_IN_CELLS + 1


def test_what_was_given_up_is_defined_for_the_tests(sessions: Sessions, started: list[Session]) -> None:
    sessions.run(cells(*["print() # dies"] * 30, "import last"))
    sessions.submission("net", 1)
    assert started[-1].ran == ["30"]


def test_a_definition_that_ends_the_process_is_left_out_from_then_on(
    sessions: Sessions, started: list[Session]
) -> None:
    sessions.define(cells("import a", "import b # dies", "import c"))
    assert [session.ran for session in started] == [["0", "1"], ["0", "2"]]


def test_definitions_that_all_end_the_process_are_given_up(sessions: Sessions, started: list[Session]) -> None:
    sessions.define(cells(*["import a # dies"] * 100))
    with pytest.raises(StudentKilled, match="not tried"):
        sessions.submission("net", 1)
    assert len(started) < 20


def test_an_item_that_ends_its_processes_leaves_the_next_one_its_own(
    sessions: Sessions, started: list[Session]
) -> None:
    for _ in range(MOST_ENDS_IN_ITEM + 1):
        sessions.submission("first", 1)
        started[-1].alive = False
    with pytest.raises(StudentKilled, match="not tried"):
        sessions.submission("first", 1)
    assert sessions.submission("second", 1) is started[-1]


def test_a_process_that_ends_between_two_tests_costs_neither(sessions: Sessions, started: list[Session]) -> None:
    sessions.submission("first", 1)
    ends: Callable[[float], float] = lambda seconds: setattr(started[0], "alive", False) or 0.0  # noqa: E731
    started[0].allow_cpu = ends  # type: ignore[method-assign]
    assert sessions.submission("second", 1) is started[1]


def test_the_tests_of_an_item_share_its_cpu_time(sessions: Sessions, started: list[Session]) -> None:
    sessions.submission("net", 1)
    started[0].used += 2
    sessions.submission("net", 1)
    sessions.submission("other", 1)
    sessions.submission("net", 1)
    assert started[0].allowed == [3, 3, 1]


def test_the_cpu_time_of_an_item_counts_over_its_processes(sessions: Sessions, started: list[Session]) -> None:
    sessions.submission("net", 1)
    started[0].used, started[0].alive = 3.5, False
    with pytest.raises(StudentStopped, match="already used up") as caught:
        sessions.submission("net", 1)
    assert caught.value.kind == "cpu_limit"
    sessions.allow_again("net")
    assert sessions.submission("net", 1)


def test_a_cell_gets_no_more_than_the_notebook_has_left(sessions: Sessions, started: list[Session]) -> None:
    run = sessions.run(cells("1 # cpu=4", "2 # cpu=4 status=cpu_limit", "3 # cpu=1", "import a"))
    assert statuses(run) == ["ok", "notebook_cpu", "notebook_cpu", "notebook_cpu"]
    assert started[0].allowed[:2] == [5, 3]
    assert started[0].ran == ["0", "1", "3"]


def test_the_clock_of_a_notebook_runs_over_its_cells(sessions: Sessions) -> None:
    run = sessions.run(cells("1 # wall=9", "2 # wall=20 status=timeout", "3"))
    assert statuses(run) == ["ok", "notebook_time", "notebook_time"]


def test_all_processes_count_for_the_cpu_seconds_in_the_record(sessions: Sessions) -> None:
    sessions.run(cells("1 # cpu=2", "2 # cpu=1 dies", "3 # cpu=2"))
    assert sessions.cpu_s() == 5


def test_an_allowance_that_is_used_up_is_looked_at_before_the_items_next_test(
    sessions: Sessions, started: list[Session]
) -> None:
    sessions.define(cells("x = 1"))
    for _ in range(3):
        sessions.session("easy")
    assert started[0].allowed == [3.0]  # once for all tests of the item
    started[0].used, started[0].over = 5.0, True
    with pytest.raises(StudentStopped, match="CPU time for easy"):
        sessions.session("easy")
    sessions.session("another")
    assert started[0].allowed == [3.0, 3.0]


def test_a_process_that_something_outside_ended_is_no_measure_of_the_submission(
    sessions: Sessions, started: list[Session]
) -> None:
    sessions.define(cells("x = 1"))
    started[0].alive, started[0].lost = False, True
    assert sessions.session("easy") is not cast(LockedSession, started[0])
    with pytest.raises(SessionLost):
        sessions.__exit__()
