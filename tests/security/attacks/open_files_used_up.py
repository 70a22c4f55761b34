"""Use up all open files, and leave none for the agent.

Family: floods
Must fail: the wire is open already; what can't go on without a file ends at the cost of the submission.
"""

# %% double_forward
import os

print("ATTEMPTED")
kept = []
try:
    while len(kept) < 5000:
        kept.append(os.dup(0))
except OSError as error:
    print(error)


def double_forward(x):
    return x * 0, open("/dev/null")
