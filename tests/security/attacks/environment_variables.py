"""Print the environment, of this process and of every other that /proc shows.

Family: reading
Must fail: the locked process gets variables made for it, and sees no process but its own.
"""

# %% double_forward
import glob
import os

print(dict(os.environ), os.getenv("{VARIABLE}"))
for place in glob.glob("/proc/*/environ"):
    try:
        print(place, open(place, "rb").read())
    except OSError as error:
        print(place, error)
print("ATTEMPTED")
