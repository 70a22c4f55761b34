"""The last steps of the stranger's own process before its program starts."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from . import kernel, landlock, privileges, seccomp


def become(
    plan: dict[str, Any], control: socket.socket, stderr: int, trouble: int, resume: Callable[[], None] | None
) -> None:
    """Limit this freshly forked process as the plan says and run its command; what goes wrong is told to `trouble`.

    Returns only where there is a `resume` to call instead.
    """
    try:
        if resume is None:
            # What Python ignores, the command would go on ignoring.
            for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
        _prepare(plan, control, stderr, trouble)
        if resume is None:
            os.execve(plan["argv"][0], plan["argv"], plan["env"])
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # as a program that is executed is
        resume()
        control.close()
        os.close(trouble)
    except BaseException as error:
        os.write(trouble, f"{type(error).__name__}: {error}"[:4000].encode(errors="replace"))
        os._exit(127)


def _prepare(plan: dict[str, Any], control: socket.socket, stderr: int, trouble: int) -> None:
    os.setpgid(0, 0)
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(stderr, 2)
    _close_all_but([*plan["fds"], control.fileno(), trouble])
    for descriptor in plan["fds"]:
        os.set_inheritable(descriptor, True)

    rules = landlock.ruleset([(path, rights) for path, rights in plan["landlock"]]) if plan["landlock"] else None
    _limit(plan["rlimits"])
    if plan["drop_late"]:
        privileges.drop(plan["uid"], plan["gid"])
    if sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.chdir(plan["cwd"])
    control.sendall(json.dumps({"main": os.getpid()}).encode() + b"\n")
    if rules is not None:
        landlock.restrict(rules)
    if plan["seccomp"] is not None and seccomp.known_architecture():
        seccomp.install(**plan["seccomp"])


def _limit(limits: dict[str, list[int]]) -> None:
    for name, (soft, hard) in limits.items():
        number = getattr(resource, "RLIMIT_" + name)
        ceiling = resource.getrlimit(number)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(number, (soft, hard))


def _close_all_but(kept: list[int]) -> None:
    low = 3
    for descriptor in sorted(set(kept)):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, 1 << 20)
