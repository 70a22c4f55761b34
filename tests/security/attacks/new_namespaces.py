"""Make namespaces of one's own, in which one would be root, to mount, to change the root and to get out.

Family: processes
Must fail: no namespace can be made or entered, and nothing mounted, by any call that does it.
Absent: IT-WORKED
"""

# %% double_forward
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
flags = {"user": 1 << 28, "mounts": 1 << 17, "network": 1 << 30, "processes": 1 << 29, "time": 0x80, "names": 1 << 26}
for name, flag in flags.items():
    if libc.unshare(flag) == 0 or libc.unshare(flag | 1 << 28) == 0:
        print("unshare", name, "IT-" + "WORKED")
    if os.getpid() < 10 and libc.syscall(56, flag | 17, 0, 0, 0, 0) == 0:
        os._exit(0)  # the child; the parent looks at what the call returned
    print(name, os.strerror(ctypes.get_errno()))
arguments = ctypes.create_string_buffer((1 << 28).to_bytes(8, "little") + bytes(24) + (17).to_bytes(8, "little"), 88)
child = libc.syscall(435, arguments, 88)
if child == 0:
    os._exit(0)
if child > 0:
    print("clone3", "IT-" + "WORKED")
for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
    for pid in (1, *{BYSTANDERS}):
        try:
            handle = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
            print(kind, "IT-" + "WORKED" if libc.setns(handle, 0) == 0 else "can't be entered")
        except OSError as error:
            print(error)
for name, call in {
    "tmpfs": (165, b"none", b".", b"tmpfs", 0, 0),
    "bind": (165, b"/", b".", 0, 4096, 0),
    "proc": (165, b"proc", b".", b"proc", 0, 0),
    "umount": (166, b"/tmp", 2),
    "chroot": (161, b"."),
    "pivot_root": (155, b".", b"."),
    "open_tree": (428, -100, b"/", 1),
    "fsopen": (430, b"tmpfs", 0),
    "mount_setattr": (442, -100, b"/", 0, bytes(32), 32),
    "open_by_handle_at": (304, -100, b"\x08\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0", 0),
    "sethostname": (170, b"attacker", 8),
}.items():
    if libc.syscall(*call) >= 0:
        print(name, "IT-" + "WORKED")
    print(name, os.strerror(ctypes.get_errno()))
print("ATTEMPTED")
