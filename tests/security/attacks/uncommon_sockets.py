"""Make sockets of every family there is: raw, packet, netlink, the kernel's cryptography, virtual machines.

Family: network
Must fail: local and Internet sockets can be made, in a network of its own; all other families are refused.
Absent: A-SOCKET-OF-FAMILY
"""

# %% double_forward
import socket

for family in range(64):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            with socket.socket(family, kind):
                if family not in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6) or kind == socket.SOCK_RAW != family:
                    if (family, kind) != (socket.AF_UNIX, socket.SOCK_RAW):
                        print("A-SOCKET" + "-OF-FAMILY", family, kind)
        except OSError as error:
            print(family, error)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
    for option in (socket.SO_BINDTODEVICE, 36, 33):  # 36: SO_MARK, 33: SO_RCVBUFFORCE
        try:
            plain.setsockopt(socket.SOL_SOCKET, option, b"lo\0\0")
        except OSError as error:
            print(option, error)
print("ATTEMPTED")
