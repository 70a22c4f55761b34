"""Leave files in every folder that is open to everybody.

Family: forging
Must fail: these folders are the locked process's own, in memory, and gone with it.
"""

# %% double_forward
import os

for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/home", "{TMP}", "{HOME}", "{COURSE}", "/run/lock"):
    try:
        open(f"{folder}/{LITTER}-1", "w").write("here")
        os.mkfifo(f"{folder}/{LITTER}-2")
        os.mkdir(f"{folder}/{LITTER}-3")
    except OSError as error:
        print(error)
print("ATTEMPTED")
