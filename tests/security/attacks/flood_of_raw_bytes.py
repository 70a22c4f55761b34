"""Write to file descriptors 1 and 2 past Python, from this process and from another one that outlives the cell.

Family: floods
Must fail: these are pipes that are read and thrown away beyond the limit.
Proof: The output of this cell was cut here
"""

# %% double_forward
import os
import threading

for _ in range(500):
    os.write(2, b"\xff\0e" * 20_000)
    os.write(1, bytes(60_000))
if os.fork() == 0:
    for _ in range(2000):
        os.write(2, b"late" * 10_000)
    os._exit(0)


def double_forward(x):
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    os.closerange(0, 3)
    return x * 0, x
