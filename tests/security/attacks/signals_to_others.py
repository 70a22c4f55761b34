"""Send signals to every process there is: the parent, the whole group, all, and strangers by number and by pidfd.

Family: processes
Must fail: the process table is the submission's own; its first process takes no signal from inside.
Absent: A-SIGNAL-WAS-SENT
"""

# %% double_forward
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
# Numbers of x86-64; rt_sigqueueinfo and tgkill have the bystander's number as their first arguments.
ways = {
    "kill": lambda pid: os.kill(pid, signal.SIGUSR1),
    "killpg": lambda pid: os.killpg(pid, signal.SIGUSR1),
    "pidfd": lambda pid: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGUSR1),
    "folder": lambda pid: signal.pidfd_send_signal(os.open(f"/proc/{pid}", os.O_RDONLY), signal.SIGUSR1),
    "tgkill": lambda pid: libc.syscall(234, pid, pid, 10) and os.kill(pid, 0),
    "queue": lambda pid: libc.syscall(129, pid, 10, ctypes.create_string_buffer(128)) and os.kill(pid, 0),
}
for pid in {BYSTANDERS}:
    for name, way in ways.items():
        try:
            way(pid)
            print("A-SIGNAL" + "-WAS-SENT", name)
        except OSError as error:
            print(name, error)
print("ATTEMPTED", os.getpid(), os.getppid())


def double_forward(x):
    if os.getpid() < 10:
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
            for target in (os.getppid(), 1, -1):
                try:
                    os.kill(target, number)
                except OSError:
                    pass
        os.kill(0, signal.SIGKILL)
    return x * 0, x
