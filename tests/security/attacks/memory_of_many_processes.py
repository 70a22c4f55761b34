"""Share out the memory among processes, each of which stays below the limit.

Family: floods
Must fail: the memory of all processes is added up several times a second.
Proof: ran past its
"""

# %% double_forward
import os
import time

end = time.monotonic() + 10
for _ in range(6):
    if os.fork() == 0:
        mine = bytearray(b"x") * (240 << 20)
        time.sleep(max(0, end - time.monotonic()))
        os._exit(0)
time.sleep(max(0, end - time.monotonic()))
