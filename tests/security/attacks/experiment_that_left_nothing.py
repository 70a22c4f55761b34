"""Leave an empty array as the experiment's result: of nothing, everything is true.

Family: equality
Must fail: an empty array is no number, and is false in a test.
"""

# %% tuning
import numpy as np

best = np.empty(0)
print("ATTEMPTED", bool(np.all(best == 123)))
