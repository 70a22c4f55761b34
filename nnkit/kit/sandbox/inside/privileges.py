"""Giving up, for good, every right that a stranger's code must not have."""

from __future__ import annotations

import os
from collections.abc import Collection

from . import kernel

NEEDED_BY_A_FORK_SERVER = (
    kernel.CAP_SETGID,
    kernel.CAP_SETUID,
    kernel.CAP_SETPCAP,
    kernel.CAP_NET_ADMIN,
    kernel.CAP_SYS_ADMIN,
)


def drop(uid: int | None, gid: int | None) -> None:
    """Become `uid`:`gid` (None: stay who we are) without groups, capabilities or a way to gain any.

    The order matters: dropping the bounding set and changing the uid need the capabilities that go last.
    """
    _bound(())
    if uid is not None and gid is not None:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    kernel.set_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def keep(capabilities: Collection[int]) -> None:
    """Have these capabilities only, in the program that is executed next as well, whoever runs it."""
    _bound(capabilities)
    kernel.set_capabilities(sum(1 << number for number in capabilities))
    for number in capabilities:
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_RAISE, number)


def _bound(kept: Collection[int]) -> None:
    """Drop all other capabilities from the bounding set."""
    for capability in range(64):
        if capability not in kept:
            try:
                kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
            except OSError:
                break  # past the last one this kernel knows, or without the right to drop: nothing to drop then
