"""Return the largest things there are: gigabytes of zeros, millions of keys, text and numbers without end.

Family: floods
Must fail: a value beyond the wire's bounds stays where it is; nothing is allocated for it outside.
"""

# %% double_forward
import numpy as np

print("ATTEMPTED")


def double_forward(x):
    sizes = {1: np.zeros(1 << 26), 3: dict.fromkeys(range(1_000_000)), 17: "x" * (1 << 28), 23: 1 << (1 << 24)}
    return sizes.get(len(x), [0.0] * 3_000_000), x


# %% Net
class Net:
    def __init__(self, size=3):
        self.w = [np.zeros(1000) for _ in range(20_000)]

    def loss(self, x):
        return [bytes(1 << 20)] * 200
