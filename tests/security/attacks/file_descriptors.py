"""Use every descriptor that is open: read it, open it again, and peek into the sockets among them.

Family: reading
Must fail: it inherits the wire and nothing else, and the wire carries inputs only.
"""

# %% double_forward
import os
import socket


def tour():
    found = []
    for number in range(3, 256):
        try:
            found.append((number, os.fstat(number)))
        except OSError:
            continue
        for act in (
            lambda: os.pread(number, 10_000, 0),
            lambda: open(f"/proc/self/fd/{number}", "rb").name,
            lambda: os.listdir(number),
            lambda: os.open("../../course.toml", os.O_RDONLY, dir_fd=number),
            lambda: socket.socket(fileno=os.dup(number)).recv(10_000, socket.MSG_PEEK | socket.MSG_DONTWAIT),
        ):
            try:
                found.append(act())
            except OSError as error:
                found.append(error)
    return found


print(tour())


def double_forward(x):
    raise RuntimeError(f"ATTEMPTED {tour()}")
