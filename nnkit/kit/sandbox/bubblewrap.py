"""Tier A: bubblewrap makes the namespaces and the view."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

from . import namespaced, plan, runtime
from .plan import Prepared, Request
from .problems import SandboxError
from .runtime import Piece
from .view import FOLDERS, SCRATCH

_NEEDED_BY_THE_LAUNCHER = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_SYS_ADMIN")
_NEEDED_BY_A_FORK_SERVER = "CAP_NET_ADMIN"


def prepare(request: Request) -> Prepared:
    """The bubblewrap command and the plan for its inside."""
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap is not installed (Debian: apt install bubblewrap)")
    lease = namespaced.lease()
    uid = lease.uid if lease else namespaced.ORDINARY_ID
    made = namespaced.base_plan(request, uid, extra_processes=1)
    made["inodes"] = [SCRATCH, request.limits.scratch_bytes, plan.inodes(request.limits)]
    options = [
        program, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
        "--hostname", "locked", "--as-pid-1", "--new-session", "--clearenv", "--cap-drop", "ALL",
    ]  # fmt: skip
    if request.forkserver:
        options += ["--cap-add", _NEEDED_BY_A_FORK_SERVER]
    else:
        # A fork server outlives the thread that started it, which this option goes by: it watches its socket instead.
        options += ["--die-with-parent"]
    if lease is None:
        options += ["--unshare-user", "--uid", str(uid), "--gid", str(uid)]
    for capability in _NEEDED_BY_THE_LAUNCHER:
        options += ["--cap-add", capability]
    options += ["--perms", "0777", "--size", str(request.limits.scratch_bytes), "--tmpfs", SCRATCH]
    for folder in FOLDERS:
        options += ["--perms", "0777", "--dir", f"{SCRATCH}/{folder}"]
    # Devices by hand: bubblewrap's own /dev brings a /dev/shm without a limit.
    options += ["--tmpfs", "/dev"]
    for device in ("null", "zero", "full", "random", "urandom"):
        options += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    options += ["--symlink", "/proc/self/fd", "/dev/fd"]
    texts: list[int] = []
    laid = namespaced.pieces(request, uid)
    for folder in _parents(laid):
        options += ["--perms", "0755", "--dir", folder]
    for piece in laid:
        options += _options(piece, texts)
    options += ["--ro-bind", str(plan.INSIDE), f"{plan.LAUNCHER}/inside", "--proc", "/proc"]
    options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]
    start = plan.launcher(runtime.python(), plan.LAUNCHER)
    clean_up: list[Callable[[], None]] = [partial(os.close, number) for number in texts]
    if lease:
        clean_up.append(lease.release)
    return Prepared(lambda control: options + start(control), made, made["cwd"], kept_fds=texts, clean_up=clean_up)


def _parents(laid: list[Piece]) -> list[str]:
    """Folders above the pieces, which bubblewrap by itself would close to all but root."""
    shown = [SCRATCH, *(piece.inside for piece in laid)]
    above = {str(folder) for piece in laid for folder in PurePosixPath(piece.inside).parents} - {"/"}
    return sorted(
        folder for folder in above if not any(folder == place or folder.startswith(place + "/") for place in shown)
    )


def _options(piece: Piece, texts: list[int]) -> list[str]:
    if piece.kind == "bind":
        return ["--ro-bind", piece.rest, piece.inside]
    if piece.kind == "link":
        return ["--symlink", piece.rest, piece.inside]
    if piece.kind == "empty":
        return ["--perms", "0555", "--tmpfs", piece.inside, "--remount-ro", piece.inside]
    number = os.memfd_create("text")
    os.write(number, piece.rest.encode())
    os.lseek(number, 0, os.SEEK_SET)
    texts.append(number)
    return ["--perms", "0444", "--ro-bind-data", str(number), piece.inside]
