"""Make one file that claims to be enormous, and one that grows.

Family: floods
Must fail: a file can have no more than its size limit, hollow or not.
Absent: A-TERABYTE
"""

# %% double_forward
import os
import signal

for name, way in {
    "truncate": lambda number: os.ftruncate(number, 1 << 40),
    "allocate": lambda number: os.posix_fallocate(number, 0, 1 << 26),
    "far away": lambda number: os.pwrite(number, b"x", 1 << 40),
    "in memory": lambda number: os.ftruncate(os.memfd_create("m"), 1 << 40),
}.items():
    number = os.open("hollow", os.O_RDWR | os.O_CREAT)
    try:
        way(number)
        print("A-" + "TERABYTE", name)
    except OSError as error:
        print(name, error)
    os.close(number)
print("ATTEMPTED")


def double_forward(x):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with open("growing", "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    return x * 0, x
