"""Warm starts: a fork server in a sandbox of its own, from which each submission's process is forked."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping

from . import namespaced
from .inside.forkserver import WILL_DRAW, WILL_NOT_DRAW
from .limits import Limits
from .plan import LAUNCHER, Request
from .problems import SandboxError
from .process import LockedProcess
from .starting import NO_VARIABLES, PATIENCE, PREPARE, control_sockets, send_plan, spawn
from .tiers import Tier
from .view import WORKDIR, View

# Without namespaces of its own one fork could reach the next, and the fork server.
TIERS = tuple(tier for tier in Tier if tier.encloses)
_CODE = (
    f"import sys; sys.path.insert(0, {LAUNCHER!r}); from inside.forkserver import main; "
    f"sys.path.remove({LAUNCHER!r}); main(*sys.argv[1:])()"
)
_TIME_TO_END = 5.0


class ForkServer:
    """One fork server: one view in one tier, submissions one at a time. Close it, or use it in a with block.

    Parameters
    ----------
    tier : Tier
        One of `TIERS`.
    view : View
        What every submission sees.
    program : str
        A package at a path of the view, whose module ``preparation`` has a class ``Prepared``: see
        `inside.forkserver.Program`.

    Raises
    ------
    SandboxError
        When it can't be started; nothing runs then.
    """

    def __init__(self, tier: Tier, view: View, program: str) -> None:
        if tier not in TIERS:
            raise SandboxError(f"tier {tier} has no namespaces that tell one submission from the next")
        self._view = view
        # Beside the keeper a user without other ids has processes that count: the fork server, and who waits for it.
        self._extra_processes = 1
        command = ["python", "-I", "-B", "-c", _CODE]
        prepared = PREPARE[tier](Request(view, Limits(), command, (), NO_VARIABLES, forkserver=True))
        self._uid: int | None = prepared.plan["uid"]
        if self._uid is None:
            self._extra_processes += 1 if tier is Tier.A else 2
        settings = {"uid": self._uid, "gid": prepared.plan["gid"], "program": program}
        prepared.plan["argv"].append(json.dumps(settings))
        self._shown = namespaced.shown_in_scratch(view)
        self._clean_up = prepared.clean_up
        self._session: LockedProcess | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._channel, theirs = control_sockets()
        try:
            self._outer = spawn(prepared, (), theirs, self._complaints)
        except BaseException:
            self._release()
            raise
        finally:
            theirs.close()
        try:
            send_plan(self._channel, prepared.plan)
            self._await_ready(PATIENCE)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def busy(self) -> bool:
        """Whether the submission that was started last is still there."""
        return self._session is not None and self._session.wait(0.0) is None

    def start(
        self,
        limits: Limits,
        *,
        pass_fds: Iterable[int] = (),
        env: Mapping[str, str] = NO_VARIABLES,
        code: str | None = None,
        drawing: bool = False,
    ) -> LockedProcess:
        """Fork a locked process that serves a submission on the first of `pass_fds`.

        Parameters
        ----------
        limits, pass_fds, env
            As in `sandbox.start`.
        code : str, optional
            Python to run instead, to find out what a submission could do.
        drawing : bool
            Whether it will draw: then what the first figure takes is loaded first, once for all.

        Raises
        ------
        SandboxError
            When it does not start; nothing runs then.
        """
        if self.busy:
            raise SandboxError("the fork server's last submission has not ended")
        fds = tuple(pass_fds)
        ours, theirs = control_sockets()
        tail = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        process = LockedProcess(None, ours, tail, None, WORKDIR, str, [], enclosed=True)
        try:
            with theirs:
                socket.send_fds(
                    self._channel, [WILL_DRAW if drawing else WILL_NOT_DRAW], [theirs.fileno(), tail.fileno(), *fds]
                )
            send_plan(ours, self._plan_of_fork(Request(self._view, limits, ["python"], fds, env), code))
            process.await_start(PATIENCE)
        except OSError as error:
            process.close()
            raise SandboxError(f"the fork server does not answer: {error}") from None
        except BaseException:
            process.close()
            raise
        self._session = process
        return process

    def close(self) -> None:
        """End it, and every process that was forked from it, and wait until they are gone. May be called again."""
        self._channel.close()
        try:
            self._outer.wait(_TIME_TO_END)
        except subprocess.TimeoutExpired:
            self._outer.kill()
            self._outer.wait()
        self._release()

    def abandon(self) -> None:
        """In a fork of the process that started it: let go of it."""
        self._release()

    def _release(self) -> None:
        self._channel.close()
        for step in self._clean_up:
            step()
        self._clean_up.clear()
        self._complaints.close()

    def _plan_of_fork(self, request: Request, code: str | None) -> dict[str, object]:
        uid = namespaced.ORDINARY_ID if self._uid is None else self._uid
        plan = namespaced.base_plan(request, uid, self._extra_processes)
        return {**plan, "argv": [], "code": code, "renew": self._shown}

    def _await_ready(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        answer = b""
        while not answer.endswith(b"\n"):
            remaining = max(0.0, deadline - time.monotonic())
            piece = self._channel.recv(4096) if select.select([self._channel], [], [], remaining)[0] else b""
            if not piece:
                self._complaints.seek(0)
                said = self._complaints.read(4000).decode(errors="replace").strip()
                raise SandboxError(f"the fork server did not start: {said or 'it did not answer'}")
            answer += piece
        if "trouble" in (message := json.loads(answer)):
            raise SandboxError(f"the fork server did not start: {message['trouble']}")
