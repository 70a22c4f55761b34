"""Hand in hundreds of cells that each take a while, and one of megabytes, so that all of them together take hours.

Family: floods
Must fail: a notebook has so much time for all its cells; what comes after is not run.
"""

# %% double_forward
print("ATTEMPTED")

# %% notebook
from nbformat.v4 import new_code_cell, new_markdown_cell

notebook.cells += [new_code_cell("import time\ntime.sleep(0.2)") for _ in range(150)]
notebook.cells += [new_markdown_cell("$x$ *y* <b>") for _ in range(150)]
notebook.cells.append(new_code_cell("x = [" + "[1, 2], " * 20_000 + "]"))
notebook.cells.append(new_markdown_cell("> " * 20_000 + "*" * 100_000 + "[" * 50_000))
