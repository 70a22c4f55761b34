"""Read what another student handed in, and what was recorded of others.

Family: reading
Must fail: a locked process is shown no submission but its own cells.
"""

# %% double_forward
import os

for stage in ("submitted", "autograded", "feedback", "records"):
    for student in ("neighbour", "honest", "alumna"):
        for place in (f"{COURSE}/{stage}/{student}/a1", f"../../{stage}/{student}/a1", f"/{stage}/{student}/a1"):
            for name in ("net.ipynb", "net.json", "net.html"):
                try:
                    print(open(os.path.join(place, name)).read())
                except OSError as error:
                    print(place, error)
print("ATTEMPTED")
