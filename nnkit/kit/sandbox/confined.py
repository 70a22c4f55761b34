"""Tier C: Landlock, a system call filter and rlimits, for hosts that allow no namespaces."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from . import plan, runtime
from .copies import Copies
from .inside import landlock, seccomp
from .plan import Prepared, Request
from .problems import SandboxError
from .users import UserLease
from .view import check_open_to_others

_DEVICES = {"/dev/null": landlock.READ_FILE | landlock.WRITE_FILE, "/dev/urandom": landlock.READ_FILE,
            "/dev/random": landlock.READ_FILE, "/dev/zero": landlock.READ_FILE}  # fmt: skip


def prepare(request: Request) -> Prepared:
    """A plan whose process gives up every file but the runtime, its inputs and its scratch folder."""
    version = landlock.abi()
    if version == 0 or not seccomp.known_architecture():
        raise SandboxError("this kernel has no Landlock, or nnkit has no system call filter for this machine")
    lease = UserLease() if os.geteuid() == 0 else None
    if lease:
        _check_runtime_is_open(lease)
        check_open_to_others(request.view.placed())
    copies = Copies(request.view, owner=lease.uid if lease else None)
    made = copies.plan(request)
    if lease:
        made["rlimits"] = request.limits.rlimits(0)
    made |= {
        "drop_late": True,
        "uid": lease.uid if lease else None,
        "gid": lease.uid if lease else None,
        "seccomp": {"neighbours": True, "signals": version < 6 and lease is None},
        "landlock": [[path, rights] for path, rights in _rules(copies)],
    }
    command = plan.launcher(runtime.python(), str(plan.INSIDE.parent))
    clean_up = [copies.remove, *([lease.release] if lease else [])]
    return Prepared(command, made, made["cwd"], clean_up=clean_up, translate=copies.translate)


def _rules(copies: Copies) -> Iterator[tuple[str, int]]:
    masked = runtime.traces_of_nnkit()
    for piece in runtime.pieces():
        if piece.kind == "bind":
            yield from _readable(piece.rest, masked)
    yield from _DEVICES.items()
    yield copies.writable, landlock.WRITE
    yield copies.inputs, landlock.READ
    for host in copies.places.values():
        yield str(host), landlock.READ


def _readable(path: str, masked: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Rules for `path` without what is masked below it: Landlock can allow, never take back."""
    below = [mask for mask in masked if mask == path or mask.startswith(path + "/")]
    if not below:
        yield path, landlock.READ
    elif path not in below:
        yield path, landlock.LIST
        for name in sorted(os.listdir(path)):
            yield from _readable(f"{path}/{name}", below)


def _check_runtime_is_open(lease: UserLease) -> None:
    """Without mounts the runtime is reached by its real path, which must be open to an unprivileged user."""
    for piece in runtime.pieces():
        folder = os.path.realpath(piece.inside)
        while folder != "/":
            folder = os.path.dirname(folder)
            if piece.kind == "bind" and not os.stat(folder).st_mode & 0o001:
                lease.release()
                raise SandboxError(
                    f"{folder} is closed to other users, so Python at {piece.inside} can't be reached by an "
                    "unprivileged one: install Python elsewhere, or grade as an ordinary user"
                )
