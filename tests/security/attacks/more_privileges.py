"""Become somebody else: set ids and groups, raise capabilities, run programs that are set-uid.

Family: processes
Must fail: it has no capability, can't get one, and no program gives it any (no_new_privs).
Absent: IT-WORKED
"""

# %% double_forward
import ctypes
import os
import struct
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
everything = struct.pack("=6I", *[0xFFFFFFFF] * 6)
header = struct.pack("=2I", 0x20080522, 0)
other = os.getuid() + 1
for name, way in {
    "setuid": lambda: os.setuid(other),
    "setgid": lambda: os.setgid(other),
    "setgroups": lambda: os.setgroups([other]),
    "setresuid": lambda: os.setresuid(-1, other, -1),
    "setfsuid": lambda: libc.setfsuid(other) == libc.setfsuid(other) == other or os.stat("/nowhere"),
    "chown": lambda: os.chown(".", other, other),
    "mknod": lambda: os.mknod("memory", 0o20600, os.makedev(1, 1)),
}.items():
    try:
        way()
        print(name, "IT-" + "WORKED")
    except OSError as error:
        print(name, error)
libc.capset(header, everything)
libc.prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
libc.prctl(28, 0x2F, 0, 0, 0)  # PR_SET_SECUREBITS
libc.prctl(38, 0, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
for capability in range(41):
    libc.prctl(47, 2, capability, 0, 0)  # PR_CAP_AMBIENT_RAISE
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(status["CapEff"], status["CapPrm"], status["NoNewPrivs"], status["Seccomp"])
if any(int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")) or int(status["NoNewPrivs"]) != 1:
    print("capabilities", "IT-" + "WORKED")
for command in (["su", "-c", "id"], ["sudo", "-n", "id"], ["pkexec", "id"], ["newgrp", "root"], ["mount"], ["ping", "-c1", "::1"]):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=1, stdin=subprocess.DEVNULL)
        print(command, done)
        if "uid=0(" in done.stdout:
            print(command, "IT-" + "WORKED")
    except (OSError, subprocess.TimeoutExpired) as error:
        print(command, error)
print("ATTEMPTED")
