"""Walk through every folder there is and search the small files for secrets.

Family: reading
Must fail: of the host only the Python runtime can be seen.
"""

# %% double_forward
import os
import re
import time

SECRET = re.compile(b"t" + b"k[0-9a-f]{24}")
end = time.monotonic() + 1
print("ATTEMPTED")
uninteresting = {"/proc", "/sys", "/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin"}
for top in ["{TMP}", "{COURSE}", *sorted({"/" + name for name in os.listdir("/")} - uninteresting)]:
    for folder, below, files in os.walk(top):
        if time.monotonic() > end or "site-packages" in folder:
            below.clear()
            continue
        for name in files:
            path = os.path.join(folder, name)
            try:
                if os.path.isfile(path) and os.path.getsize(path) < 500_000:
                    found = SECRET.findall(open(path, "rb").read())
                    if found:
                        print(path, found)
            except OSError:
                continue
