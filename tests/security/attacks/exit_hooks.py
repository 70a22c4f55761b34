"""Run something at the end of the process: atexit, finalizers, threads that are joined, handlers of signals.

Family: processes
Must fail: the process ends without running them, and whatever ran would be inside the sandbox.
Absent: LATE-WORDS
"""

# %% double_forward
import atexit
import os
import signal
import sys
import threading
import weakref


def late(*_):
    for place in ("{TMP}/{LITTER}-late", "/tmp/{LITTER}-late", "{COURSE}/records/{LITTER}"):
        try:
            open(place, "w").close()
        except OSError:
            pass
    os.write(2, b"LATE-" + b"WORDS")
    if os.fork() == 0:
        os.setsid()
        signal.alarm(60)
        signal.pause()


class Late:
    __del__ = late


atexit.register(late)
threading._register_atexit(late)
sys.modules["late"] = kept = Late()
weakref.finalize(kept, late)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGALRM):
    signal.signal(number, late)
sys.unraisablehook = sys.excepthook = threading.excepthook = late
print("ATTEMPTED")
