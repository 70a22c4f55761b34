"""Use the calls through which kernels have been broken: bpf, perf, keys, userfaultfd, io_uring, modules, x32 numbers.

Family: processes
Must fail: none of them is of use to a notebook, and each is refused by its number.
Absent: IT-WORKED
"""

# %% double_forward
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
zeros = ctypes.create_string_buffer(256)
calls = {
    "bpf": (321, 0, zeros, 128), "perf_event_open": (298, zeros, 0, -1, -1, 0), "add_key": (248, b"user", b"a", b"b", 1, -2),
    "request_key": (249, b"user", b"a", b"b", -2), "keyctl": (250, 0, -3, 1), "userfaultfd": (323, 1),
    "io_uring_setup": (425, 4, zeros), "init_module": (175, zeros, 0, b""), "finit_module": (313, 0, b"", 0),
    "syslog": (103, 3, zeros, 255), "fanotify_init": (300, 0, 0), "name_to_handle_at": (303, -100, b"/", zeros, zeros, 0),
    "acct": (163, 0), "quotactl": (179, 0x80000100, 0, 0, zeros), "swapoff": (168, b"/nowhere"),
    "perf_event_open of x32": (0x40000000 + 298, zeros, 0, -1, -1, 0), "getpid of x32": (0x40000000 + 39,),
}  # fmt: skip
for name, call in calls.items():
    if libc.syscall(*call) >= 0:
        print(name, "IT-" + "WORKED")
    print(name, os.strerror(ctypes.get_errno()))
for place in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/proc/self/oom_score_adj"):
    try:
        with open(place, "r+") as file:
            print(place, "IT-" + "WORKED" if "self" not in place else file.read())
    except OSError as error:
        print(error)
print("ATTEMPTED")
