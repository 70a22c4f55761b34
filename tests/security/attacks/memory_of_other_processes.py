"""Attach to other processes, read and write their memory, and take their open files.

Family: processes
Must fail: strangers are not in its process table; the calls that do this are refused, whoever is meant.
Absent: IT-WORKED
"""

# %% double_forward
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
own = ctypes.create_string_buffer(64)


class Span(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("size", ctypes.c_size_t)]


here, there = Span(ctypes.addressof(own), 8), Span(0x400000, 8)
targets = {BYSTANDERS} + ([1, os.getppid()] if os.getpid() < 10 else [])
for pid in targets:
    for name, call in {
        "attach": (101, 16, pid, 0, 0),
        "seize": (101, 0x4206, pid, 0, 0),
        "process_vm_readv": (310, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0),
        "process_vm_writev": (311, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0),
        "kcmp": (312, pid, pid, 0, 0, 0),
        "move_pages": (279, pid, 0, 0, 0, 0, 0),
        "prlimit": (302, pid, 7, 0, own),
        "setaffinity": (203, pid, 8, own),
    }.items():
        if libc.syscall(*call) >= 0 and pid in {BYSTANDERS}:
            print(name, "IT-" + "WORKED", pid)
        else:
            print(name, os.strerror(ctypes.get_errno()))
    try:
        handle = os.pidfd_open(pid)
        print([libc.syscall(438, handle, number, 0) for number in range(64)])
        if max(libc.syscall(438, handle, number, 0) for number in range(64)) >= 0:
            print("pidfd_getfd", "IT-" + "WORKED")
    except OSError as error:
        print(error)
    for mode in ("rb", "r+b"):
        try:
            open(f"/proc/{pid}/mem", mode).close()
            print(mode, "IT-" + "WORKED")
        except OSError as error:
            print(error)
libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE
libc.prctl(0x59616D61, -1, 0, 0, 0)  # PR_SET_PTRACER, anybody
print("ATTEMPTED")
