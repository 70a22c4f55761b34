"""Make processes as fast as the machine can.

Family: processes
Must fail: the number of processes and threads of a submission is limited.
Proof: processes and threads at a time
Absent: 200-PROCESSES
"""

# %% double_forward
import os
import time

end = time.monotonic() + 3
for born in range(200):
    if os.fork() == 0:
        time.sleep(max(0, end - time.monotonic()))
        os._exit(0)
print(f"{born + 1}" + "-PROCESSES")

# %% Net
import threading
import time

for born in range(200):
    threading.Thread(target=time.sleep, args=(2,), daemon=True).start()
print(f"{born + 1}" + "-PROCESSES")
