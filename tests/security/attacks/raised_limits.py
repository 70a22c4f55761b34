"""Get more than one's share: raise limits, priority and scheduling class.

Family: processes
Must fail: hard limits and priorities can only be lowered without a capability.
Absent: IT-WORKED
"""

# %% double_forward
import ctypes
import os
import resource

libc = ctypes.CDLL(None, use_errno=True)
for name in ("AS", "CPU", "NPROC", "NOFILE", "FSIZE"):
    number = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(number)
    for value in ((hard + 1, hard + 1), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)):
        try:
            resource.setrlimit(number, value)
            print(name, "IT-" + "WORKED")
        except (OSError, ValueError) as error:
            print(name, hard, error)
for name, way in {
    "nice": lambda: os.nice(-20),
    "priority": lambda: os.setpriority(os.PRIO_USER, os.getuid(), -20),
    "first in, first out": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "round robin": lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1)),
}.items():
    try:
        way()
        print(name, "IT-" + "WORKED")
    except OSError as error:
        print(name, error)
if libc.syscall(251, 1, 0, 1 << 13) == 0:
    print("real-time disk", "IT-" + "WORKED")
print("ATTEMPTED")
