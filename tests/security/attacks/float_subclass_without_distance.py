"""Return a float whose distance to every number is zero.

Family: equality
Must fail: only the very types float, int and NumPy's own scalars travel by value.
Proof: Near
"""

# %% double_forward
import numpy as np


class Near(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return Near(0.0)

    def __lt__(self, other):
        return True

    __rsub__ = __abs__ = __add__ = __radd__ = __truediv__ = __mul__ = __sub__
    __le__ = __gt__ = __ge__ = __eq__
    __hash__ = float.__hash__


def double_forward(x):
    return Near(1.0), x


# %% Net
class Net:
    def __init__(self, size=3):
        self.w = Near(0.25)

    def loss(self, x):
        return Near(1.0)
