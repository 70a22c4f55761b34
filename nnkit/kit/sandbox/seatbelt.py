"""Tier D: macOS's sandbox-exec. Written from its documentation and never run; see `Tier.D.lacks`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from . import plan, runtime
from .copies import Copies
from .plan import Prepared, Request
from .problems import SandboxError

_PROFILE = """(version 1)
(allow default)
(deny network*)
(deny file-write*)
(allow file-write* (subpath "{scratch}") (literal "/dev/null"))
(deny file-read* (subpath "{home}") (subpath "{project}"))
{readable}
(deny process-info* (target others))
(deny signal (target others))
(allow signal (target children))
"""


def prepare(request: Request) -> Prepared:
    """The sandbox-exec command and a plan for its inside."""
    program = shutil.which("sandbox-exec") if sys.platform == "darwin" else None
    if program is None:
        raise SandboxError("sandbox-exec exists on macOS only")
    copies = Copies(request.view, owner=None)
    made = copies.plan(request)
    readable = [piece.rest for piece in runtime.pieces() if piece.kind == "bind"]
    readable += [str(host) for host in copies.places.values()]
    readable += [os.path.realpath(copies.folder), str(plan.INSIDE)]
    allowed = "\n".join(f'(allow file-read* (subpath "{path}"))' for path in readable)
    hidden = "\n".join(f'(deny file-read* (subpath "{path}"))' for path in runtime.traces_of_nnkit())
    profile = _PROFILE.format(
        scratch=os.path.realpath(copies.writable),
        home=Path.home(),
        project=Path(__file__).parents[4],
        readable=f"{allowed}\n{hidden}",
    )
    start = plan.launcher(runtime.python(), str(plan.INSIDE.parent))
    return Prepared(
        lambda control: [program, "-p", profile, *start(control)],
        made,
        made["cwd"],
        clean_up=[copies.remove],
        translate=copies.translate,
    )
