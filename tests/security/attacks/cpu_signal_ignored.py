"""Ignore the signal of the CPU limit and go on computing, in several processes so that each stays below it.

Family: processes
Must fail: CPU seconds of all processes are added up, and what has used them up is killed.
Proof: ran past its
"""

# %% double_forward
import os
import signal
import time

for number in (signal.SIGXCPU, signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
end = time.monotonic() + 12
for _ in range(3):
    if os.fork() == 0:
        while time.monotonic() < end:
            pass
        os._exit(0)
while time.monotonic() < end:
    pass
