"""What a locked process sees of the host's files."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from .problems import SandboxError

SCRATCH = "/scratch"
WORKDIR = "/scratch/work"
FOLDERS = ("work", "tmp", "shm", "home", "mpl")
_NOTHING: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True)
class View:
    """Files shown to a locked process, all read-only; the Python runtime comes by itself, without nnkit.

    Attributes
    ----------
    inputs : mapping of name to path
        Files and folders that lie in the working folder under these names.
    readable : mapping of inside path to path
        Files and folders at absolute paths inside, such as ``"/opt/nnkit"``.
    """

    inputs: Mapping[str, Path] = field(default_factory=lambda: _NOTHING)
    readable: Mapping[str, Path] = field(default_factory=lambda: _NOTHING)

    def placed(self) -> dict[str, Path]:
        """Every shown file by its inside path; SandboxError for a name or path that can't be shown."""
        places: dict[str, Path] = {}
        for name, host in self.inputs.items():
            if not name or name in (".", "..") or "/" in name or "\0" in name:
                raise SandboxError(f"input {name!r} is not a plain file name")
            places[f"{WORKDIR}/{name}"] = host
        for inside, host in self.readable.items():
            if not inside.startswith("/") or os.path.normpath(inside) != inside or inside.startswith(SCRATCH):
                raise SandboxError(f"readable {inside!r} is not an absolute path outside {SCRATCH}")
            places[inside] = host
        for inside, host in places.items():
            if not host.exists():
                raise SandboxError(f"{inside} is to show {host}, which does not exist")
        return {inside: host.resolve() for inside, host in places.items()}


def check_open_to_others(places: Mapping[str, Path]) -> None:
    """Refuse what an unprivileged user could not read even when it is shown (a folder made by mkdtemp, say)."""
    for inside, host in places.items():
        mode = host.stat().st_mode
        needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
        if mode & needed != needed:
            raise SandboxError(
                f"{inside} is to show {host}, which other users may not read (mode {stat.S_IMODE(mode):03o}): "
                "the locked process runs as an unprivileged user, so make it readable (chmod go+rX)"
            )
