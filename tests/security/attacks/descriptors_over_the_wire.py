"""Send open files, credentials and urgent data along with bytes on the wire.

Family: network
Must fail: the grader reads bytes only; what comes along is closed by the kernel unread.
"""

# %% double_forward
import array
import os
import socket
import struct

wires = []
for number in range(3, 128):
    try:
        if socket.socket(fileno=os.dup(number)).family == socket.AF_UNIX:
            wires.append(socket.socket(fileno=os.dup(number)))
    except OSError:
        continue
print("ATTEMPTED", wires)


def double_forward(x):
    files = array.array("i", [os.open("/", os.O_RDONLY), os.memfd_create("m"), *os.pipe(), *(os.dup(0) for _ in range(40))])
    for wire in wires:
        for flags in (0, socket.MSG_OOB):
            try:
                wire.sendmsg([b"n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)], flags)
                wire.sendmsg([b"n"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", 1, 0, 0))], flags)
            except OSError:
                pass
    return x * 0, x
