"""The Python runtime as a list of pieces of the host, without nnkit and without anything beside it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PARTS_OF_A_PREFIX = ("bin", "lib", "lib32", "lib64", "libexec", "etc", "share", "include", "pyvenv.cfg")
_PARTS_OF_A_SYSTEM_PREFIX = (
    "bin", "lib", "lib32", "lib64", "libexec", "share/fonts", "share/fontconfig", "share/zoneinfo", "share/locale",
    "share/terminfo", "share/jupyter", "share/texmf", "share/poppler",
)  # fmt: skip
_SYSTEM_PREFIXES = ("/usr", "/usr/local")
_FROM_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "timezone")
# What an installation of nnkit leaves in site-packages, editable or not, whatever the tool.
_OF_NNKIT = re.compile(r"(?:^|[^A-Za-z0-9])nnkit(?:[^A-Za-z0-9]|$)|editable[_.\-]+nnkit", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """One entry of the view: ``bind`` (read-only, `rest` is the host's path), ``link`` (`rest` is the target),
    ``text`` (a file holding `rest`) or ``empty`` (a folder with nothing in it)."""

    kind: str
    inside: str
    rest: str = ""


def python() -> str:
    """The path of the interpreter that runs now, the virtual environment's own where there is one."""
    return os.path.abspath(sys.executable)


@cache
def pieces() -> tuple[Piece, ...]:
    """Everything an interpreter with numpy and matplotlib needs, in the order to be laid."""
    shown: dict[str, Piece] = {}
    for piece in _all_pieces():
        # A piece below a folder that is shown already adds nothing.
        inside_one = any(
            other.kind == "bind" and piece.inside.startswith(other.inside + "/") for other in shown.values()
        )
        if not inside_one:
            shown.setdefault(piece.inside, piece)
    return (*shown.values(), *_masks())


def _all_pieces() -> Iterator[Piece]:
    for folder in ("/bin", "/lib", "/lib32", "/lib64", "/sbin"):
        yield from _piece(folder)
    for prefix in _SYSTEM_PREFIXES:
        for part in _PARTS_OF_A_SYSTEM_PREFIX:
            yield from _piece(f"{prefix}/{part}")
    for name in _FROM_ETC:
        yield from _piece(f"/etc/{name}")
    for prefix in _prefixes():
        for part in _PARTS_OF_A_PREFIX:
            yield from _piece(f"{prefix}/{part}")


def _prefixes() -> list[str]:
    """Where Python is installed: the environment, what it is based on, and what their links lead to."""
    found = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    found += [os.path.realpath(prefix) for prefix in found]
    # A link in bin may pass through further installations (python -> /opt/python/bin/python3.11).
    program = python()
    while os.path.islink(program):
        program = os.path.join(os.path.dirname(program), os.readlink(program))
        found.append(str(Path(os.path.abspath(program)).parent.parent))
    wanted = dict.fromkeys(os.path.abspath(prefix) for prefix in found)
    return [prefix for prefix in wanted if prefix not in (*_SYSTEM_PREFIXES, "/")]


def _piece(path: str) -> Iterator[Piece]:
    if os.path.islink(path):
        target = os.readlink(path)
        if os.path.exists(path):
            yield Piece("link", path, target)
    elif os.path.exists(path):
        yield Piece("bind", path, path)


def _masks() -> Iterator[Piece]:
    """Cover every trace of nnkit in the folders that hold installed packages."""
    for path in traces_of_nnkit():
        yield Piece("empty", path) if os.path.isdir(path) else Piece("text", path, "")


@cache
def traces_of_nnkit() -> tuple[str, ...]:
    """Paths of the runtime that belong to an installation of nnkit."""
    traces = []
    for folder in _package_folders():
        for place in (folder, folder / "__pycache__"):
            if place.is_dir():
                traces += [str(entry) for entry in sorted(place.iterdir()) if _OF_NNKIT.search(entry.name)]
        for entry in folder.glob("*.pth"):
            if str(entry) not in traces and _OF_NNKIT.search(entry.read_text(errors="replace")):
                traces.append(str(entry))
    return tuple(dict.fromkeys(traces))


def _package_folders() -> list[Path]:
    """All folders with installed packages that the runtime's pieces show."""
    libraries = [Path(prefix, name) for prefix in (*_prefixes(), *_SYSTEM_PREFIXES) for name in ("lib", "lib64")]
    found: list[Path] = []
    for library in libraries:
        if not library.is_symlink():  # shown as a link, so what it leads to is covered there
            for pattern in ("python*/site-packages", "python*/dist-packages"):
                found += library.glob(pattern)
    return found
