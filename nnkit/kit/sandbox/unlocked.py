"""Tier E: limits against accidents, and no lock."""

from __future__ import annotations

from . import plan, runtime
from .copies import Copies
from .plan import Prepared, Request


def prepare(request: Request) -> Prepared:
    """A plain process in a scratch folder."""
    copies = Copies(request.view, owner=None)
    made = copies.plan(request)
    command = plan.launcher(runtime.python(), str(plan.INSIDE.parent))
    return Prepared(command, made, made["cwd"], clean_up=[copies.remove], translate=copies.translate)
