"""Ask for more memory than there is, in one piece and in pieces, and keep it.

Family: floods
Must fail: each process may have so much address space; what asks for more gets an error, and its cell alone fails.
Proof: MB of memory
"""

# %% double_forward
kept = []
for _ in range(64):
    kept.append(bytearray(1 << 25))

# %% Net
import numpy as np

all_of_it = np.zeros(1 << 30)
