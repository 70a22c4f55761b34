"""Starting a locked process."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any

from . import bubblewrap, confined, direct, seatbelt, unlocked
from .limits import Limits
from .plan import Prepared, Request
from .process import LockedProcess
from .tiers import Tier
from .view import View

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
PATIENCE = 30.0
PREPARE = {
    Tier.A: bubblewrap.prepare,
    Tier.B: direct.prepare,
    Tier.C: confined.prepare,
    Tier.D: seatbelt.prepare,
    Tier.E: unlocked.prepare,
}


def start(
    tier: Tier,
    view: View,
    limits: Limits,
    argv: Sequence[str],
    *,
    pass_fds: Iterable[int] = (),
    env: Mapping[str, str] = NO_VARIABLES,
) -> LockedProcess:
    """Run a command in a locked process.

    Parameters
    ----------
    tier : Tier
    view : View
    limits : Limits
    argv : sequence of str
        The command; ``"python"`` means the interpreter that runs now.
    pass_fds : descriptors
        Stay open inside under their numbers. Standard input is empty, standard output goes nowhere, of standard error
        the last 64 kB are kept.
    env : mapping
        Variables beside the ones every locked process has; none of this process's own go in.

    Raises
    ------
    SandboxError
        When it can't be started; nothing runs then.
    """
    request = Request(view, limits, argv, tuple(pass_fds), env)
    prepared = PREPARE[tier](request)
    ours, theirs = control_sockets()
    tail, complaints = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - they live as long as the process
    try:
        outer = spawn(prepared, (*request.fds, tail.fileno()), theirs, complaints)
    except BaseException:
        ours.close()
        for step in prepared.clean_up:
            step()
        raise
    finally:
        theirs.close()
    process = LockedProcess(
        outer,
        ours,
        tail,
        complaints,
        prepared.workdir,
        prepared.translate,
        prepared.clean_up,
        enclosed=tier.encloses,
    )
    try:
        send_plan(ours, {**prepared.plan, "tail_fd": tail.fileno()})
        process.await_start(PATIENCE)
    except BaseException:
        process.close()
        raise
    return process


def control_sockets() -> tuple[socket.socket, socket.socket]:
    """Our end and a launcher's end of the socket that carries plans, orders and reports."""
    ours, theirs = socket.socketpair()
    if sys.platform == "linux":
        # Each message then carries its sender's pid as it is in our own namespace.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


def send_plan(control: socket.socket, plan: Mapping[str, Any]) -> None:
    """Send a launcher its plan. One that is gone already has left its complaint: waiting for its start finds it."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        control.sendall(json.dumps(plan).encode() + b"\n")


def spawn(
    prepared: Prepared, fds: Iterable[int], control: socket.socket, complaints: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a launcher, which waits for its plan."""
    return subprocess.Popen(
        prepared.command(control.fileno()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=complaints.fileno(),
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        cwd="/",
        pass_fds=(control.fileno(), *prepared.kept_fds, *fds),
        start_new_session=True,
    )
