"""Call out over TCP and UDP, IPv4 and IPv6, to a listener on this machine.

Family: network
Must fail: its network has no other machine and no other process in it.
Absent: SOMEBODY-ANSWERS
"""

# %% double_forward
import socket


def call():
    said = []
    for family, host in (
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET, "127.1.2.3"),
        (socket.AF_INET, "0.0.0.0"),
        (socket.AF_INET6, "::1"),
        (socket.AF_INET6, "::ffff:127.0.0.1"),
        (socket.AF_INET, socket.gethostname()),
    ):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(family, kind) as caller:
                    caller.settimeout(0.3)
                    caller.connect((host, {PORT}))
                    caller.send(b"loot")
                    if kind == socket.SOCK_STREAM:
                        said.append("SOMEBODY-" + "ANSWERS")
            except OSError as error:
                said.append(f"{host}: {error}")
    return said


print(call())


def double_forward(x):
    raise RuntimeError(f"ATTEMPTED {call()}")
