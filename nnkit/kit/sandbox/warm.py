"""The fork servers of this process: started when first needed, proven, and ended with it."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from multiprocessing.util import Finalize

from .forkserver import TIERS, ForkServer
from .limits import Limits
from .probing import ACTS, ATTEMPTS, attempt, targets
from .problems import SandboxError
from .process import LockedProcess
from .tiers import Tier
from .view import View

_Key = tuple[object, ...]
_MOST_SERVERS = 2  # a class is graded notebook by notebook: the one before may still have a straggler
_MOST_FAILURES = 3


def proven(tier: Tier, view: View, program: str) -> ForkServer:
    """A fork server in whose forks every act that the tier must forbid was attempted and refused.

    Raises
    ------
    SandboxError
        When there can't be one here.
    """
    with targets() as target:
        server = ForkServer(tier, view, program)
        try:
            forbidden = attempt(partial(server.start, code=ATTEMPTS), target)
            allowed = [act for name, act in ACTS.items() if not forbidden[name]]
            if allowed:
                raise SandboxError(f"after a warm start a process could {', '.join(allowed)}")
        except BaseException:
            server.close()
            raise
    return server


class WarmStarts:
    """Fork servers by what their submissions see; where there can't be one, `start` says so and a cold start serves."""

    def __init__(self) -> None:
        self._servers: OrderedDict[_Key, ForkServer] = OrderedDict()
        self._failures = 0
        self._lock = threading.RLock()

    def start(
        self, tier: Tier, view: View, limits: Limits, program: str, *, pass_fds: Iterable[int], drawing: bool
    ) -> LockedProcess | None:
        """A locked process that goes on in the program of a fork server; None where it takes a cold start."""
        with self._lock:
            if tier not in TIERS or self._failures >= _MOST_FAILURES:
                return None
            key = _key(tier, view, program)
            try:
                server = self._server(key, tier, view, program)
                if server.busy:
                    return None
                process = server.start(limits, pass_fds=pass_fds, drawing=drawing)
            except (SandboxError, OSError):
                self._failures += 1
                self._end(key)
                return None
            self._failures = 0
            return process

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            for key in list(self._servers):
                self._end(key)

    def abandon(self) -> None:
        """In a fork of this process: they belong to the original."""
        self._lock = threading.RLock()
        while self._servers:
            self._servers.popitem()[1].abandon()

    def _server(self, key: _Key, tier: Tier, view: View, program: str) -> ForkServer:
        if key not in self._servers:
            while len(self._servers) >= _MOST_SERVERS:
                self._end(next(iter(self._servers)))
            self._servers[key] = proven(tier, view, program)
        self._servers.move_to_end(key)
        return self._servers[key]

    def _end(self, key: _Key) -> None:
        with suppress(KeyError):
            self._servers.pop(key).close()


def _key(tier: Tier, view: View, program: str) -> _Key:
    """What a fork server can serve: the same files at the same places, not only the same names for them."""
    places = []
    for inside, host in sorted(view.placed().items()):
        found = host.stat()
        places.append((inside, str(host), found.st_dev, found.st_ino))
    return (tier, program, *places)


WARM_STARTS = WarmStarts()
Finalize(None, WARM_STARTS.close, exitpriority=10)  # at the end of a worker process, too, where atexit is not heard
os.register_at_fork(after_in_child=WARM_STARTS.abandon)
