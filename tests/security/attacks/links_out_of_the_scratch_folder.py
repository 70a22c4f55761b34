"""Make links in the scratch folder that lead out of it, and show what they lead to as a picture and as a file.

Family: reading
Must fail: a link is followed inside, where the target does not exist; nobody outside opens files of the scratch folder.
"""

# %% double_forward
import os

from IPython.display import HTML, FileLink, Image, display

for number, target in enumerate(
    ("{COURSE}/tests/graders/a1/net.h5", "{COURSE}/gradebook.db", "{SHARED}", "{HOME}/.ssh/id_ed25519")
):
    for make in (os.symlink, os.link):
        try:
            make(target, f"loot{number}.png")
            display(Image(filename=f"loot{number}.png"), FileLink(f"loot{number}.png"))
            print(open(f"loot{number}.png", "rb").read())
        except OSError as error:
            print(error)
    display(HTML(f'<img src="file://{target}"><iframe src="file://{target}"></iframe>'))
print("ATTEMPTED")

# %% [markdown] zero_why
# ![one]({SHARED}) ![two](../../../gradebook.db) <img src="{COURSE}/tests/graders/a1/net.h5">
# ![three](attachment:../../../course.toml)
