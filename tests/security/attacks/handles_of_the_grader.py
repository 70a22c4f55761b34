"""Hand back numbers of objects that the grader keeps, and numbers of handles that were never given.

Family: forging
Must fail: a number that was not given out ends the process; the ones given out are the submission's own things.
"""

# %% double_forward
import sys

table = sys.modules["locked.handles"]
wire = sys.modules["locked.wire"]
original = table.Handles.outgoing
count = 0


def outgoing(self, value, top=True):
    global count
    count += 1
    if type(value) is tuple and top:
        forged = [wire.Foreign(count), wire.Handle(count + 1000, "ndarray"), wire.Kept(value[1], count + 2000)]
        return (forged[count % 3], forged[(count + 1) % 3])
    return original(self, value, top)


table.Handles.outgoing = outgoing
print("ATTEMPTED")


def double_forward(x):
    return x * 0, x
