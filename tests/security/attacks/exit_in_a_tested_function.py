"""End the process inside the function that is being tested, so that its test is never failed.

Family: processes
Must fail: a call that is not answered is a failed one, and each of the next ones is as well.
Proof: (exit status 17)
"""

# %% double_forward
import os


def double_forward(x):
    os._exit(17)


# %% Net
class Net:
    def __init__(self, size=3):
        raise SystemExit(0)

    def loss(self, x):
        exit()
