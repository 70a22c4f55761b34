"""Hand in a link to another student's notebook.

Family: reading
Must fail: a link is refused before it is opened.
Status: unreadable
Proof: is a symbolic link
"""

# %% folder
(folder / "net.ipynb").unlink()
(folder / "net.ipynb").symlink_to("../../neighbour/a1/net.ipynb")
