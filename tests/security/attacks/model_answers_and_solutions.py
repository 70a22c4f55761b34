"""Read the templates, which hold the model answers, and the solved notebooks.

Family: reading
Must fail: neither lies in the release, and only the release is shown to the locked process.
"""

# %% double_forward
import glob

for place in ("{COURSE}/source/a1/net.md", "{COURSE}/solutions/a1/net.ipynb", *glob.glob("../**/*.md", recursive=True)):
    try:
        print(open(place).read())
    except OSError as error:
        print(error)
import nnkit

for place in glob.glob(nnkit.__path__[0] + "/**", recursive=True):
    if place.endswith(".py"):
        print(place, open(place).read().count("SOLUTION"))
print("ATTEMPTED")
