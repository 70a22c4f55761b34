"""Return a masked array with everything masked: comparisons with it are masked, and masked counts as true for all().

Family: equality
Must fail: a masked array is a subclass and stays behind as a handle.
Proof: MaskedArray
"""

# %% double_forward
import numpy as np


def double_forward(x):
    return np.ma.masked_all(x.shape), x


class Net:
    def __init__(self, size=3):
        self.w = np.ma.masked

    def loss(self, x):
        return np.ma.masked
