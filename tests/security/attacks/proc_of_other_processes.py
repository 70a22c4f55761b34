"""Look at other processes through /proc: command lines, working folders, roots, open files, memory maps.

Family: reading
Must fail: the process table that it sees, if any, holds its own processes only.
"""

# %% double_forward
import glob
import os

for folder in glob.glob("/proc/[0-9]*"):
    for name in ("cmdline", "environ", "maps", "status"):
        try:
            print(folder, open(f"{folder}/{name}", "rb").read(4000))
        except OSError as error:
            print(folder, name, error)
    for name in ("cwd/course.toml", "root{COURSE}/course.toml", "root{HOME}/.ssh/id_ed25519", "root{SHARED}"):
        try:
            print(open(f"{folder}/{name}", "rb").read())
        except OSError as error:
            print(folder, name, error)
    for place in glob.glob(f"{folder}/fd/*"):
        try:
            print(place, os.readlink(place))
        except OSError as error:
            print(place, error)
print("ATTEMPTED", {BYSTANDERS})
