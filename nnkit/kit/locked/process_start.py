"""How the process of a session is started: forked from a fork server, or from nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nnkit.kit.locked import program
from nnkit.kit.locked.exit_reasons import Process
from nnkit.kit.sandbox import WARM_STARTS, Limits, SandboxError, Tier, View, start, warm

INSIDE = "/opt/nnkit/locked"


def locked(
    tier: Tier, view: View, limits: Limits, *, warm_start: bool = True, drawing: bool = True
) -> Callable[[int], Process]:
    """How a session's process is started in the sandbox, with the agent's own program added to the view.

    Parameters
    ----------
    tier, view, limits
        As in `sandbox.start`.
    warm_start : bool
        Fork it from a process that has loaded the libraries already, where that can be.
    drawing : bool
        Whether figures are to be expected: to load for them takes as long as to run several notebooks' definitions.
    """
    shown = _with_agent(view)

    def begin(descriptor: int) -> Process:
        if warm_start:
            process = WARM_STARTS.start(tier, shown, limits, INSIDE, pass_fds=(descriptor,), drawing=drawing)
            if process is not None:
                return process
        argv = ["python", "-I", "-B", f"{INSIDE}/__main__.py", str(descriptor)]
        return start(tier, shown, limits, argv, pass_fds=(descriptor,))

    return begin


def why_no_warm_start(tier: Tier) -> str:
    """What keeps locked processes of this tier from starting warm on this host; empty if nothing does."""
    try:
        warm.proven(tier, _with_agent(View()), INSIDE).close()
    except (SandboxError, OSError) as error:
        return str(error)
    return ""


def _with_agent(view: View) -> View:
    return View(view.inputs, {**view.readable, INSIDE: Path(program.__file__).parent})
