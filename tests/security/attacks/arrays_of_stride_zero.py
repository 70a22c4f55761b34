"""Return arrays of billions of elements that take no room: strides of zero, empty axes, windows into one another.

Family: floods
Must fail: what counts is the room of an array written out, by its shape.
"""

# %% double_forward
import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

print("ATTEMPTED")


def double_forward(x):
    if len(x) == 1:
        return np.broadcast_to(np.float64(2), (1 << 20, 1 << 20)), x
    if len(x) == 3:
        return np.empty((0, 1 << 40)), np.empty((1 << 30, 0, 1 << 30))
    return sliding_window_view(np.zeros(1 << 20), 1 << 19), x


# %% Net
class Net:
    def __init__(self, size=3):
        self.w = as_strided(np.zeros(1), (1 << 40,), (0,))

    def loss(self, x):
        return np.broadcast_to(np.array(0, dtype="S1"), [1] * 31 + [1 << 33])
