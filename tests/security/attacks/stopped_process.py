"""Stop the process instead of ending it, so that it neither answers nor dies.

Family: processes
Must fail: the grader waits by its own clock and then kills, which works on stopped processes too.
Proof: ran past its time limit
"""

# %% double_forward
import os
import signal


def double_forward(x):
    os.kill(os.getpid(), signal.SIGSTOP)
    return x * 0, x
