"""Hand in a time that is a link to a secret, and data files that are links.

Family: reading
Must fail: links are not followed, and nothing but the notebook is taken from a submission.
"""

# %% double_forward
import glob

for place in glob.glob("**", recursive=True):
    if place.startswith("data") or place.endswith(".txt"):
        print(place)
print("ATTEMPTED")

# %% folder
(folder / "timestamp.txt").unlink()
(folder / "timestamp.txt").symlink_to("{SHARED}")
(folder / "data").symlink_to("{COURSE}/tests")
(folder / "requirements.txt").symlink_to("{SHARED}")
