"""Find the wire's socket and write bytes to it that claim huge, nested and negative sizes.

Family: forging
Must fail: sizes are checked before anything is allocated; what is no frame ends the process.
"""

# %% double_forward
import os
import socket
import struct

wires = []
for number in range(3, 128):
    try:
        if socket.socket(fileno=os.dup(number)).family == socket.AF_UNIX:
            wires.append(number)
    except OSError:
        continue
print("ATTEMPTED", wires)


def double_forward(x):
    for number in wires:
        for size, body in ((0xFFFFFFFF, 2**63), (2**22, 2**28), (10, 0)):
            os.write(number, struct.pack("<4sIQ", b"nnw1", size, body) + b"[" * 1000)
    return x * 0, x
