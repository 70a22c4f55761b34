"""Call services of this machine over path and abstract sockets: databases, the message bus, containers, displays.

Family: network
Must fail: no such path is in its view, and abstract names belong to a network, which is its own.
Absent: SOMEBODY-ANSWERS
"""

# %% double_forward
import glob
import os
import socket

places = [
    "{PATH_SOCKET}", "\0{ABSTRACT_SOCKET}", "/run/postgresql/.s.PGSQL.5432", "/tmp/.s.PGSQL.5432", "/tmp/.X11-unix/X0",
    "\0/tmp/.X11-unix/X0", "/run/dbus/system_bus_socket", f"/run/user/{os.getuid()}/bus", "/var/run/docker.sock",
    "/run/containerd/containerd.sock", "/run/systemd/private", "/dev/log", "/run/nscd/socket", "/run/user/0/bus",
    *glob.glob("/run/**/*sock*", recursive=True), *glob.glob("/tmp/**/*sock*", recursive=True),
]  # fmt: skip
for place in places:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        try:
            with socket.socket(socket.AF_UNIX, kind) as caller:
                caller.settimeout(0.3)
                caller.connect(place)
                print("SOMEBODY-" + "ANSWERS", repr(place))
        except OSError as error:
            print(repr(place), error)
os.symlink("{PATH_SOCKET}", "link")
for place in ("link", "../../..{PATH_SOCKET}", "/proc/1/root{PATH_SOCKET}", "/proc/self/root{PATH_SOCKET}"):
    with socket.socket(socket.AF_UNIX) as caller:
        print(place, caller.connect_ex(place))
print("ATTEMPTED")
