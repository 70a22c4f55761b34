"""Tier B: the launcher makes the namespaces and the view itself."""

from __future__ import annotations

from . import namespaced, plan, runtime
from .plan import Prepared, Request
from .runtime import Piece


def prepare(request: Request) -> Prepared:
    """The launcher's command and a plan that begins with leaving the host's namespaces."""
    lease = namespaced.lease()
    uid = lease.uid if lease else namespaced.ORDINARY_ID
    made = namespaced.base_plan(request, uid, extra_processes=1 if lease else 2)
    laid = namespaced.pieces(request, uid)
    if request.forkserver:  # it begins inside, by itself
        laid.append(Piece("bind", f"{plan.LAUNCHER}/inside", str(plan.INSIDE)))
    made |= {
        "enter": True,
        "map_user": None if lease else [uid, uid],
        "root": [[piece.kind, piece.inside, piece.rest] for piece in laid],
    }
    command = plan.launcher(runtime.python(), str(plan.INSIDE.parent))
    return Prepared(command, made, made["cwd"], clean_up=[lease.release] if lease else [])
