"""Hand in thousands of cells.

Family: floods
Must fail: a file of more cells than any notebook has is refused as a whole, before any of them is run.
Status: unreadable
Proof: cells, more than the
"""

# %% notebook
from nbformat.v4 import new_code_cell

notebook.cells += [new_code_cell(f"print({number})") for number in range(3000)]
