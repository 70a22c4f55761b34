"""A Dask cluster as a place to grade: plans go ahead with all their files, orders follow, outcomes come back.

Everything that a worker sends is unpickled by the coordinator, and a worker holds expected values: both trust each
other, and nobody else may be able to reach the scheduler (a closed network, or Dask's TLS).
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker, WorkerPlugin

from nnkit.kit.engine import worker
from nnkit.kit.engine.bundle import Bundle, bundle_of
from nnkit.kit.engine.executors import Counter
from nnkit.kit.engine.jobs import Order, Refused
from nnkit.kit.engine.processes import ProcessEnded, Processes, Spares
from nnkit.kit.grading.outcome import Graded
from nnkit.kit.grading.plan import Plan
from nnkit.kit.sandbox import Tier

CONNECT_S = 20
FIRST_WORKER_S = 60
COUNTED_EVERY_S = 2.0

# In a worker: what its plans were delivered with, by run. A cluster may serve several courses at once.
_delivered: dict[str, Processes] = {}
_spares = Spares()


class Delivery(WorkerPlugin):
    """Brings plans and files to every worker, those included that join or start again later."""

    def __init__(self, run: str, bundle: Bundle) -> None:
        self.run = run
        self.bundle = bundle
        self._folder = Path()

    def setup(self, worker: Any) -> None:
        """Unpack into a folder of the worker's own, which Dask clears away even after a worker was killed."""
        self._folder = Path(tempfile.mkdtemp(prefix="nnkit-", dir=worker.local_directory))
        _delivered[self.run] = Processes(self.bundle.unpack(self._folder / "course"), _spares)

    def teardown(self, worker: Any) -> None:
        """End the grading processes, and leave nothing behind."""
        if processes := _delivered.pop(self.run, None):
            processes.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def get_ready(tier: Tier | None, dask_worker: Any) -> worker.Described:
    """On a worker: say what it grades with, while grading processes for its threads begin to load."""
    _spares.fill(dask_worker.state.nthreads)
    return worker.describe(tier)


def stand_down() -> None:
    """On a worker: end the grading processes that nobody took."""
    _spares.close()


def grade_here(run: str, order: Order) -> Graded:
    """On a worker: carry out an order in a grading process of its own.

    Dask runs this in a thread beside the worker's own business: no place for limits on time and memory.
    """
    if run not in _delivered:
        raise Refused(f"{socket.gethostname()} could not take the plans: see the worker's log")
    return _delivered[run].grade(order)


@dataclass(frozen=True)
class Cluster:
    """The workers of a Dask scheduler.

    Parameters
    ----------
    client : Client
    tier : Tier or None
        None lets each worker take its best.
    weakest : Tier
    tiers : frozenset of Tier
        Of the workers that were there in the beginning.
    most : int
        Orders carried out at a time; 0 means as many as the workers have threads.
    """

    client: Any
    tier: Tier | None
    weakest: Tier
    tiers: frozenset[Tier]
    most: int = 0

    @contextmanager
    def open(self, plans: Sequence[Plan]) -> Iterator[Counter]:
        run = uuid.uuid4().hex
        executor = self.client.get_executor(pure=False)
        capacity = _Threads(self.client, self.most)

        def submit(order: Order) -> Future[Graded]:
            future: Future[Graded] = executor.submit(grade_here, run, order)
            return future

        self.client.register_plugin(Delivery(run, bundle_of(plans)), name=run)
        try:
            yield Counter(submit, capacity.count, (ProcessEnded, KilledWorker))
        finally:
            with contextlib.suppress(OSError, TimeoutError):  # the scheduler may be gone
                executor.shutdown(wait=False)
                self.client.unregister_worker_plugin(run)


class _Threads:
    """How many threads the workers have, asked now and then: workers come and go."""

    def __init__(self, client: Any, most: int) -> None:
        self._client = client
        self._most = most
        self._count = 0
        self._asked = -COUNTED_EVERY_S

    def count(self) -> int:
        if time.monotonic() - self._asked >= COUNTED_EVERY_S:
            threads = sum(self._client.nthreads().values())
            self._count = min(threads, self._most) if self._most else threads
            self._asked = time.monotonic()
        return self._count


@contextmanager
def cluster(address: str, *, tier: Tier | None, weakest: Tier, most: int = 0) -> Iterator[Cluster]:
    """Connect to a scheduler, and make sure that every worker grades as this machine would.

    Raises
    ------
    Refused
        There is no scheduler, no worker, or one with another nnkit, another Python or too weak a sandbox.
    """
    try:
        client: Any = Client(address, timeout=CONNECT_S, set_as_default=False, name="nnkit")
    except (OSError, ValueError) as error:
        raise Refused(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=FIRST_WORKER_S)
        except TimeoutError:
            raise Refused(f"no worker has joined {address}: start some with: dask worker {address}") from None
        answers = client.run(get_ready, tier, on_error="return")
        try:
            # A worker that is lost over the question takes no part, and Dask may start it again.
            described = {address: answer for address, answer in answers.items() if not isinstance(answer, OSError)}
            if not described:
                raise Refused(f"no worker of {address} answers: see their logs")
            check_workers(described, tier, weakest)
            yield Cluster(client, tier, weakest, frozenset(each.tier for each in described.values()), most)
        finally:
            with contextlib.suppress(OSError, TimeoutError):  # the scheduler may be gone
                client.run(stand_down, on_error="return")


def check_workers(described: Mapping[str, object], tier: Tier | None, weakest: Tier) -> None:
    """Refuse workers that would grade otherwise.

    Parameters
    ----------
    described : mapping of str to Described or Exception
        What each worker said, by address.
    tier : Tier or None
        Asked for.
    weakest : Tier
        Accepted.

    Raises
    ------
    Refused
        With the first one's address and what to do.
    """
    ours = worker.describe(Tier.E)
    for address, theirs in described.items():
        if not isinstance(theirs, worker.Described):
            raise Refused(f"worker {address} has no nnkit that can grade ({theirs}): install this version there")
        name = f"worker {address} ({theirs.host})"
        if theirs.python != ours.python:
            raise Refused(f"{name} has Python {theirs.python}, the coordinator {ours.python}: use the same")
        if theirs.kit != ours.kit:
            raise Refused(f"{name} has another nnkit ({theirs.kit}, here {ours.kit}): install this version there")
        if tier is not None and theirs.tier is not tier:
            raise Refused(f"{name} offers no sandbox tier {tier.value}: leave out --tier, or see nnkit doctor there")
        if not theirs.tier.at_least(weakest):
            raise Refused(
                f"{name} offers sandbox tier {theirs.tier.value}, required is {weakest.value}: see nnkit doctor there; "
                "--accept-tier grades all the same and says so in every record"
            )
