"""Leave a daemon behind: forked twice, in a session of its own, with no open file and no controlling terminal.

Family: processes
Must fail: the process table is the submission's own, and its end is the end of all that is in it.
"""

# %% double_forward
import os
import signal
import time


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            os.closerange(0, 256)
            for _ in range(60):
                time.sleep(1)
                for folder in ("{TMP}", "/tmp"):
                    try:
                        os.close(os.open(f"{folder}/{LITTER}-of-a-daemon", os.O_CREAT))
                    except OSError:
                        pass
        os._exit(0)
    os.wait()


daemon()
print("ATTEMPTED")


def double_forward(x):
    daemon()
    return x * 0, x
