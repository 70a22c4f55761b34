"""A user id that no other submission on this host has, so that the limit on processes counts one submission only."""

from __future__ import annotations

import os
import socket

from .problems import SandboxError

FIRST, LAST = 61184, 65519
_VARIABLE = "NNKIT_SANDBOX_UIDS"


class UserLease:
    """A user id held until `release`, or until this process ends.

    The range is ``NNKIT_SANDBOX_UIDS`` ("61184-65519") or the one that systemd keeps for such users. Held by binding an
    abstract socket of that name: the kernel makes it exclusive and drops it with its owner.
    """

    def __init__(self) -> None:
        first, last = _range()
        count = last - first + 1
        start = os.getpid() % count
        for step in range(count):
            uid = first + (start + step) % count
            lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                lock.bind(f"\0nnkit-sandbox-user-{uid}")
            except OSError:
                lock.close()
                continue
            self.uid = uid
            self._lock = lock
            return
        raise SandboxError(f"all user ids from {first} to {last} are in use; set {_VARIABLE} to a wider range")

    def release(self) -> None:
        """Let another submission have the id."""
        self._lock.close()


def _range() -> tuple[int, int]:
    text = os.environ.get(_VARIABLE, f"{FIRST}-{LAST}")
    first, _, last = text.partition("-")
    try:
        numbers = int(first), int(last or first)
    except ValueError:
        raise SandboxError(f"{_VARIABLE} is {text!r}, expected two numbers such as {FIRST}-{LAST}") from None
    if not 0 < numbers[0] <= numbers[1]:
        raise SandboxError(f"{_VARIABLE} is {text!r}: user ids must be above 0 and in order")
    return numbers
