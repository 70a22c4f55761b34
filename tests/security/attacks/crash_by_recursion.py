"""Recurse until the stack of the process itself is used up.

Family: floods
Must fail: a crash ends the locked process and costs what it held.
Proof: ended the process it ran in
"""

# %% double_forward
import ctypes
import faulthandler
import sys

faulthandler.enable()
sys.setrecursionlimit(1 << 30)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def double_forward(x):
    nested = []
    for _ in range(3_000_000):
        nested = [nested]
    return nested == nested[:], repr(nested)


# %% Net
ctypes.memset(0, 0, 1)
