"""What tiers A and B have in common: one root folder, described piece by piece."""

from __future__ import annotations

import os
from typing import Any

from . import environment, plan, runtime
from .fonts import font_cache
from .runtime import Piece
from .users import UserLease
from .view import FOLDERS, SCRATCH, WORKDIR, View, check_open_to_others

# Who an ordinary user's submission is inside; outside it stays that user, whom the namespaces keep from everything.
ORDINARY_ID = 1000


def pieces(request: plan.Request, uid: int) -> list[Piece]:
    """The whole view in the order to be laid: runtime, masks, accounts, what the grader shows."""
    places = request.view.placed()
    if os.geteuid() == 0:
        check_open_to_others(places)
    laid = list(runtime.pieces())
    laid += [Piece("text", path, text) for path, text in environment.accounts(uid, uid).items()]
    laid.append(Piece("link", "/dev/shm", f"{SCRATCH}/shm"))
    laid += _fonts()
    laid += [Piece("bind", inside, str(host)) for inside, host in places.items()]
    if not any(piece.inside.startswith("/tmp/") for piece in laid):  # an environment below /tmp: TMPDIR still leads on
        laid.append(Piece("link", "/tmp", f"{SCRATCH}/tmp"))
    return laid


def _fonts() -> list[Piece]:
    cached = font_cache()
    return [] if cached is None else [Piece("bind", f"{SCRATCH}/mpl/{cached.name}", str(cached))]


def shown_in_scratch(view: View) -> list[str]:
    """Inside paths of what lies in the scratch folder: a new one has to show it again."""
    paths = [*(piece.inside for piece in _fonts()), *view.placed()]
    return [path for path in paths if path.startswith(SCRATCH + "/")]


def lease() -> UserLease | None:
    """A user id of its own, where this process may give one."""
    return UserLease() if os.geteuid() == 0 else None


def base_plan(request: plan.Request, uid: int, extra_processes: int) -> dict[str, Any]:
    """The part of the plan that does not depend on who makes the namespaces."""
    argv = [runtime.python() if request.argv[0] == "python" else request.argv[0], *request.argv[1:]]
    env = environment.build(SCRATCH, request.env)
    made = plan.plan(request, argv=argv, env=env, cwd=WORKDIR, extra_processes=extra_processes)
    real = os.geteuid() == 0
    made |= {
        "own_pids": True,
        "drop_early": True,
        "uid": uid if real else None,
        "gid": uid if real else None,
        "seccomp": {"neighbours": False},
        "scratch": {
            "path": SCRATCH,
            "bytes": request.limits.scratch_bytes,
            "inodes": plan.inodes(request.limits),
            "folders": list(FOLDERS),
        },
    }
    return made
