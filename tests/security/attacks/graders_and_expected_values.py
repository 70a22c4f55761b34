"""Read the hidden graders and their expected values where every course has them.

Family: reading
Must fail: the course's folder is not in the locked process's view of the files.
"""

# %% double_forward
import os

for folder, _, files in os.walk("{COURSE}"):
    print(folder, files)
for name in ("tests/graders/a1/test_net.py", "tests/graders/a1/net.h5", "course.toml"):
    try:
        print(open(os.path.join("{COURSE}", name), "rb").read())
    except OSError as error:
        print("ATTEMPTED", error)
