"""The plan of one locked process: what the near side decides and the far side carries out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .limits import Limits
from .view import View

INSIDE = Path(__file__).with_name("inside")
LAUNCHER = "/run/launcher"


@dataclass
class Request:
    """What the caller of `start` asked for."""

    view: View
    limits: Limits
    argv: Sequence[str]
    fds: tuple[int, ...]
    env: Mapping[str, str]
    forkserver: bool = False
    """Whether the command is to be a fork server: it keeps the rights that making namespaces needs."""


@dataclass
class Prepared:
    """What a tier makes of a request: a command that starts the launcher, and the plan that it is sent."""

    command: Callable[[int], list[str]]
    plan: dict[str, Any]
    workdir: str
    kept_fds: list[int] = field(default_factory=list)
    clean_up: list[Callable[[], None]] = field(default_factory=list)
    translate: Callable[[str], str] = str


def plan(request: Request, *, argv: list[str], env: dict[str, str], cwd: str, extra_processes: int) -> dict[str, Any]:
    """A plan with nothing locked yet; each tier adds what it locks."""
    limits = request.limits
    return {
        "forkserver": request.forkserver,
        "code": None,
        "enter": False,
        "renew": None,
        "map_user": None,
        "root": [],
        "scratch": {},
        "inodes": None,
        "remove": None,
        "landlock": None,
        "seccomp": None,
        "uid": None,
        "gid": None,
        "drop_early": False,
        "drop_late": False,
        "own_pids": False,
        "rlimits": limits.rlimits(extra_processes),
        "watch": {
            "cpu_s": limits.cpu_s,
            "memory_bytes": limits.memory_bytes,
            "scratch": None,
            "scratch_bytes": limits.scratch_bytes,
        },
        "argv": argv,
        "env": env,
        "cwd": cwd,
        "fds": list(request.fds),
    }


def launcher(python: str, folder: str) -> Callable[[int], list[str]]:
    """The command that runs the launcher found in `folder`, as a function of the control socket's number."""
    code = f"import sys; sys.path.insert(0, {folder!r}); from inside.launch import main; main({{}})"

    def command(control: int) -> list[str]:
        return [python, "-I", "-S", "-B", "-c", code.format(control)]

    return command


def inodes(limits: Limits) -> int:
    """How many files the scratch folder may hold: one for each page's worth of bytes, and a few."""
    return 1024 + limits.scratch_bytes // os.sysconf("SC_PAGE_SIZE")
