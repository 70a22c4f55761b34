"""Giving up, for good, every right that a stranger's code must not have."""

from __future__ import annotations

import os

from . import kernel


def drop(uid: int | None, gid: int | None) -> None:
    """Become `uid`:`gid` (None: stay who we are) without groups, capabilities or a way to gain any.

    The order matters: dropping the bounding set and changing the uid need the capabilities that go last.
    """
    for capability in range(64):
        try:
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last capability this kernel knows, or without the right to drop: nothing to drop then
    if uid is not None and gid is not None:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    kernel.clear_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
