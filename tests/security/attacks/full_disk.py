"""Fill the disk, in every folder that can be written to.

Family: floods
Must fail: all files are in memory set aside for it, and so much of it.
Proof: MB of files
Absent: 200-MB-WRITTEN
"""

# %% double_forward
import os

written = 0
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "{TMP}", os.environ.get("TMPDIR", "."), "."):
    try:
        for number in range(200):
            with open(f"{folder}/{LITTER}-{number}", "wb") as file:
                written += file.write(bytes(1 << 20)) >> 20
            if written >= 200:
                print("200-MB" + "-WRITTEN")
                raise SystemExit
    except OSError as error:
        print(folder, written, error)
        last = error
raise last
