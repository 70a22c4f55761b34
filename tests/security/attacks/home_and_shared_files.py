"""Read keys in a home folder, a file that everybody may read, and the machine's own secrets.

Family: reading
Must fail: none of them is in its view of the files, whatever their permissions are.
"""

# %% double_forward
import glob
import os

for place in ["{HOME}/.ssh/id_ed25519", "{SHARED}", *glob.glob(os.path.expanduser("~/.*")), *glob.glob("{TMP}/*")]:
    try:
        print(place, open(place, "rb").read(2000))
    except OSError as error:
        print(place, error)
# The machine's own, of which the length is enough.
for place in ("/etc/shadow", os.path.expanduser("~root/.bashrc"), "/etc/machine-id", *glob.glob("/home/*/.ssh/*")):
    try:
        print(place, len(open(place, "rb").read()))
    except OSError as error:
        print(place, error)
print("ATTEMPTED")
