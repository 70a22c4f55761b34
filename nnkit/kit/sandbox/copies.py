"""A view without mounts: inputs copied into a scratch folder, other files where they are."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from . import environment, plan, runtime
from .fonts import font_cache
from .view import FOLDERS, SCRATCH, WORKDIR, View


class Copies:
    """The scratch folder of a locked process that has no root folder of its own.

    Inputs lie in ``inputs``, which it may not write where the tier can say so, with links from the working folder.
    """

    def __init__(self, view: View, owner: int | None) -> None:
        self.places = view.placed()
        self.folder = tempfile.mkdtemp(prefix="nnkit-locked-")
        self.inputs = f"{self.folder}/inputs"
        try:
            self._fill(owner)
        except BaseException:
            self.remove()
            raise

    @property
    def workdir(self) -> str:
        """The working folder on the host."""
        return f"{self.folder}/files/work"

    @property
    def writable(self) -> str:
        """The folder it may write to."""
        return f"{self.folder}/files"

    def _fill(self, owner: int | None) -> None:
        os.mkdir(self.inputs)
        for name in FOLDERS:
            os.makedirs(f"{self.writable}/{name}")
        for inside, host in self.places.items():
            folder, name = os.path.split(inside)
            if folder == WORKDIR:
                _copy(host, f"{self.inputs}/{name}")
                os.symlink(f"{self.inputs}/{name}", f"{self.workdir}/{name}")
        cached = font_cache()
        if cached is not None:
            shutil.copyfile(cached, f"{self.writable}/mpl/{cached.name}")
        if owner is not None:
            os.chmod(self.folder, 0o755)
            for folder, _, files in os.walk(self.writable):
                for name in ("", *files):
                    os.chown(os.path.join(folder, name), owner, owner, follow_symlinks=False)

    def translate(self, path: str) -> str:
        """Where an inside path (or a list of them, with colons) is on the host."""
        return os.pathsep.join(self._translate_one(part) for part in path.split(os.pathsep))

    def _translate_one(self, path: str) -> str:
        for inside, host in self.places.items():
            if inside.startswith(SCRATCH):
                continue  # an input, reached through its link in the working folder
            if path == inside or path.startswith(inside + "/"):
                return str(host) + path.removeprefix(inside)
        if path == SCRATCH or path.startswith(SCRATCH + "/"):
            return self.writable + path.removeprefix(SCRATCH)
        return path

    def plan(self, request: plan.Request) -> dict[str, Any]:
        """A plan with nothing locked, at these paths."""
        argv = [runtime.python() if request.argv[0] == "python" else request.argv[0], *request.argv[1:]]
        argv = [self.translate(argument) for argument in argv]
        env = {name: self.translate(value) for name, value in environment.build(self.writable, request.env).items()}
        made = plan.plan(request, argv=argv, env=env, cwd=self.workdir, extra_processes=processes_of_this_user())
        made["watch"]["scratch"] = self.writable
        made["remove"] = self.folder
        return made

    def remove(self) -> None:
        """Delete the folder, whatever modes it was left with."""

        def open_up(function: object, path: str, error: object) -> None:
            parent = os.path.dirname(path)
            if not parent.startswith(self.folder) or not os.path.lexists(path):
                return
            os.chmod(parent, 0o700)
            if os.path.isdir(path) and not os.path.islink(path):
                os.chmod(path, 0o700)
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)

        shutil.rmtree(self.folder, onerror=open_up)


def _copy(source: Path, target: str) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copyfile(source, target)


def processes_of_this_user() -> int:
    """Processes and threads that this user has now: the kernel counts them against the same limit."""
    uid = os.getuid()
    if uid == 0 or not os.path.isdir("/proc/self"):
        return 1
    count = 1
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue
    return count
