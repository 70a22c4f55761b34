"""Read the memory of other processes and of the machine.

Family: reading
Must fail: there is no such process in its process table, and no memory device in its view.
"""

# %% double_forward
import os
import re

for place in ["/dev/mem", "/dev/kmem", "/proc/kcore", "/dev/kmsg"] + [
    f"/proc/{pid}/mem" for pid in [1, os.getppid(), *{BYSTANDERS}] if pid != os.getpid()
]:
    try:
        with open(place, "rb") as memory:
            memory.seek(0x400000)
            print(place, re.findall(rb"tk[0-9a-f]{24}", memory.read(1 << 20)))
    except (OSError, ValueError, OverflowError) as error:
        print(place, error)
print("ATTEMPTED")
