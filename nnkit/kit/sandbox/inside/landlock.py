"""Landlock: a process gives up, for itself and its descendants, every file it doesn't name."""

from __future__ import annotations

import ctypes
import os
import struct

from . import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
_TRUNCATE = 1 << 14
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE
READ = EXECUTE | READ_FILE | READ_DIR
LIST = READ_DIR
# Making device nodes is left out: a scratch folder needs files, folders, links, pipes and sockets.
WRITE = READ | WRITE_FILE | _TRUNCATE | sum(1 << bit for bit in (4, 5, 7, 8, 9, 10, 12, 13))


def abi() -> int:
    """Landlock's version on this kernel, 0 without it."""
    try:
        return kernel.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    except OSError:
        return 0


def handled_rights(version: int) -> int:
    """All file rights that this version can take away."""
    bits = 13 + (version >= 2) + (version >= 3) + (version >= 5)
    if version in (3, 4):
        bits = 15
    return (1 << bits) - 1


def ruleset(rules: list[tuple[str, int]]) -> int:
    """Make a ruleset that allows `rules` (path, rights) and return its descriptor.

    TCP is refused from version 4, signals and abstract sockets that lead out from version 6.
    """
    version = abi()
    handled = handled_rights(version)
    attributes = [handled]
    if version >= 4:
        attributes.append(0b11)
    if version >= 6:
        attributes.append(0b11)
    packed = struct.pack(f"={len(attributes)}Q", *attributes)
    descriptor = kernel.syscall(_CREATE_RULESET, packed, ctypes.c_size_t(len(packed)), 0)
    for path, rights in rules:
        _allow(descriptor, path, rights & handled)
    return descriptor


def _allow(descriptor: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # a dangling link in an installation allows nothing
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        if rights:
            kernel.syscall(_ADD_RULE, descriptor, 1, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def restrict(descriptor: int) -> None:
    """Enter the ruleset; needs no_new_privs."""
    kernel.syscall(_RESTRICT_SELF, descriptor, 0)
    os.close(descriptor)
