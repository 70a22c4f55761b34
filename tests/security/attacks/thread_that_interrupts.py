"""Interrupt the agent all the time from a thread, in the middle of its frames and between requests.

Family: processes
Must fail: an interrupt is put off while a frame is on its way; whatever else it hits is the student's own code.
"""

# %% double_forward
import os
import signal
import threading
import time


def pester():
    end = time.monotonic() + 3
    while time.monotonic() < end:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)


print("ATTEMPTED")
threading.Thread(target=pester, daemon=True).start()
try:
    time.sleep(0.2)
except KeyboardInterrupt:
    pass
