"""Let a thread write to the wire's descriptor, read from it, and shut it down while others use it.

Family: processes
Must fail: bytes that are no frame end the process; what is lost on the wire is the submission's own.
"""

# %% double_forward
import os
import socket
import threading
import time

wires = []
for number in range(3, 128):
    try:
        if os.readlink(f"/proc/self/fd/{number}").startswith("socket:"):
            wires.append(socket.socket(fileno=os.dup(number)))
    except OSError:
        continue
print("ATTEMPTED", wires)


def meddle():
    time.sleep(0.3)
    for wire in wires:
        try:
            wire.send(b"nnw1" + bytes(12), socket.MSG_DONTWAIT)
            wire.recv(10, socket.MSG_DONTWAIT)
        except OSError:
            pass
        wire.shutdown(socket.SHUT_RDWR)


def double_forward(x):
    threading.Thread(target=meddle, daemon=True).start()
    time.sleep(1)
    return x * 0, x
