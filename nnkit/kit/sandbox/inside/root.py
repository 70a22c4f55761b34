"""A root folder of our own: a small tmpfs with read-only pieces of the host, a scratch folder and nothing else."""

from __future__ import annotations

import os
from typing import Any

from . import kernel

_DEVICES = ("null", "zero", "full", "random", "urandom")
_SETTINGS_OF_THE_KERNEL = ("sys", "sysrq-trigger", "irq", "bus")  # as bubblewrap has them, read-only


def build(entries: list[list[str]], scratch: dict[str, Any]) -> None:
    """Make the root that `entries` describe and move into it; the host's root is gone afterwards.

    `entries` are ``["bind", inside, host]``, ``["link", inside, target]``, ``["text", inside, text]`` and
    ``["empty", inside]``, in the order in which they are to be laid over one another. `scratch` has ``path``,
    ``bytes``, ``inodes`` and ``folders``. Must run in a mount namespace and PID namespace made for it.
    """
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    os.mkdir("/tmp/host")
    os.mkdir("/tmp/new")
    kernel.pivot_root("/tmp", "/tmp/host")
    os.chdir("/")
    kernel.mount("tmpfs", "/new", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=4m")

    _make_scratch("/new" + scratch["path"], scratch)
    for kind, inside, *rest in entries:
        _lay(kind, "/new" + inside, rest[0] if rest else "")
    os.mkdir("/new/proc")
    _mount_proc("/new/proc")
    _make_devices()

    kernel.restrict_mount("/new", kernel.MOUNT_ATTR_RDONLY)
    os.chdir("/new")
    kernel.pivot_root(".", ".")
    kernel.unmount(".")
    os.chdir("/")


def renew(shown: list[str], scratch: dict[str, Any]) -> None:
    """Lay an empty scratch folder and a new /proc over those of the process that we were forked from.

    `shown` are the paths inside the scratch folder at which the view has something; they stay. What is covered can't
    be reached again without the right to unmount. Must run in a mount namespace and PID namespace made for it.
    """
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    held = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in shown}
    _make_scratch(scratch["path"], scratch)
    for path, descriptor in held.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        source = f"/proc/self/fd/{descriptor}"
        _bind_read_only(source, path)
        os.close(descriptor)
    _mount_proc("/proc")
    os.chdir("/")


def _make_scratch(path: str, scratch: dict[str, Any]) -> None:
    os.makedirs(path, exist_ok=True)
    size = f"mode=777,size={scratch['bytes']},nr_inodes={scratch['inodes']}"
    kernel.mount("tmpfs", path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, size)
    for folder in scratch["folders"]:
        os.makedirs(path + "/" + folder)
        os.chmod(path + "/" + folder, 0o777)


def _lay(kind: str, target: str, rest: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if kind == "link":
        os.symlink(rest, target)
    elif kind == "bind":
        _bind_read_only("/host" + rest, target)
    elif kind == "empty":
        kernel.mount("tmpfs", target, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=555,size=4k")
        kernel.restrict_mount(target, kernel.MOUNT_ATTR_RDONLY)
    elif kind == "text":
        _lay_text(target, rest)
    else:
        raise ValueError(f"no entry of kind {kind!r}")


def _bind_read_only(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o444))
    # Recursive: a user namespace may not take a mount without the ones below it, which may hide something.
    kernel.mount(source, target, None, kernel.MS_BIND | kernel.MS_REC)
    attributes = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
    kernel.restrict_mount(target, attributes, recursive=True)


def _lay_text(target: str, text: str) -> None:
    """Put a file with `text` at `target`, over one that is already there if need be."""
    if not os.path.lexists(target):
        _write(target, text)
        return
    os.makedirs("/new/.texts", exist_ok=True)
    copy = f"/new/.texts/{len(os.listdir('/new/.texts'))}"
    _write(copy, text)
    _bind_read_only(copy, target)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o444)


def _mount_proc(path: str) -> None:
    kernel.mount("proc", path, "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    for name in _SETTINGS_OF_THE_KERNEL:
        if os.path.exists(f"{path}/{name}"):
            _bind_read_only(f"{path}/{name}", f"{path}/{name}")


def _make_devices() -> None:
    os.makedirs("/new/dev", exist_ok=True)
    for name in _DEVICES:
        os.close(os.open("/new/dev/" + name, os.O_CREAT | os.O_WRONLY, 0o444))
        kernel.mount("/host/dev/" + name, "/new/dev/" + name, None, kernel.MS_BIND)
    for name, target in {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        os.symlink(target, "/new/dev/" + name)
