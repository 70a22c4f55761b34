"""Hand in a notebook file that is nested a hundred thousand levels deep.

Family: forging
Must fail: a file that can't be read costs its own submission a person's look, and nobody else anything.
Status: unreadable
Proof: is no valid notebook file
"""

# %% folder
(folder / "net.ipynb").write_text("[" * 100_000 + "]" * 100_000)
