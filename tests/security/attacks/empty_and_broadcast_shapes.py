"""Return empty arrays, of which everything is true, and shapes that broadcast.

Family: equality
Must fail: shapes are compared before values.
Proof: expected
"""

# %% double_forward
import numpy as np


def double_forward(x):
    return np.empty((0, len(x))) if len(x) == 3 else np.empty(0), x


# %% Net
class Net:
    def __init__(self, size=3):
        self.w = np.empty((3, 0))

    def loss(self, x):
        return np.empty(0)
