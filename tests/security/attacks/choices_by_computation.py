"""Answer a choice question by code, by every letter, by an object that equals the answer, and by ids that do not exist.

Family: forging
Must fail: the answer cell is read and not run; only the exact set of letters counts.
Waits: zero
Proof: has to be written out
"""

# %% zero
import os
import sys


class Every(frozenset):
    def __eq__(self, other):
        return True


zero = Every({"A", "B", "C"})
zero = {letter for letter in "ABC"} if os.environ.get("{VARIABLE}") else eval("open('{COURSE}/source/a1/net.md').read()")
