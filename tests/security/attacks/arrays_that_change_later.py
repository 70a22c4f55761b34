"""Return arrays in shared memory that a thread goes on changing, and zero the inputs on the way.

Family: equality
Must fail: what is compared is a copy made on arrival; inputs are copies too.
"""

# %% double_forward
import mmap
import threading
import time

import numpy as np

memory = mmap.mmap(-1, 8192)


def stir():
    for step in range(300):
        memory[:8] = np.float64(step % 5).tobytes()
        time.sleep(0.01)


threading.Thread(target=stir, daemon=True).start()
print("ATTEMPTED")


def double_forward(x):
    n = len(x)
    x[...] = 0
    x.flags.writeable = False
    return np.frombuffer(memory, dtype=float, count=n), x
