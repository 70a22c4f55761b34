"""Make files without content, folders and links until there is no room for another name.

Family: floods
Must fail: the number of files is limited as well as their size.
Proof: or very many of them
Absent: 60000-NAMES
"""

# %% double_forward
import os

os.mkdir("crowd")
for number in range(20000):
    os.mkdir(f"crowd/{number}")
    os.symlink("x" * 200, f"crowd/l{number}")
    os.close(os.open(f"crowd/f{number}", os.O_CREAT))
print("60000" + "-NAMES")
