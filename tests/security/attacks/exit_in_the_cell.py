"""End the process in the middle of a cell, without a word and with the exit status of success.

Family: processes
Must fail: what the cell held is lost, the rest goes on in a fresh process; an exit status is no verdict.
Proof: (exit status 17)
"""

# %% double_forward
import os

os._exit(17)

# %% tuning
import os

os._exit(0)
