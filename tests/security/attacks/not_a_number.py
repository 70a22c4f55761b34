"""Return NaN and infinity, whose comparisons are never true and whose differences are no numbers.

Family: equality
Must fail: values that are not finite are refused before anything is compared.
"""

# %% double_forward
import numpy as np

print("ATTEMPTED")
np.seterr(all="ignore")


def double_forward(x):
    return np.full(x.shape, np.nan if len(x) > 3 else np.inf), x


# %% Net
class Net:
    def __init__(self, size=3):
        self.w = np.full(size, -np.inf)

    def loss(self, x):
        return float("nan")
