"""Return arrays of objects that agree with everything, of records, dates, text, and of numbers too wide.

Family: equality
Must fail: such dtypes are not on the wire's list, and numbers are compared as floating point of the expected kind.
"""

# %% double_forward
import numpy as np


class Yes:
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __abs__ = __add__ = __radd__ = __truediv__ = __sub__

    def __float__(self):
        return 0.0


kinds = [
    lambda n: np.array([Yes()] * n, dtype=object),
    lambda n: np.zeros(n, dtype=[("a", float)]),
    lambda n: np.full(n, np.datetime64("NaT")),
    lambda n: np.full(n, "2.0"),
    lambda n: np.zeros(n, dtype=np.longdouble),
    lambda n: np.full(n, complex(0, np.nan)),
    lambda n: np.full(n, True),
]
print("ATTEMPTED")


def double_forward(x):
    return kinds[len(x) % len(kinds)](len(x)), x


# %% Net
class Net:
    def __init__(self, size=3):
        self.w = kinds[0](size)

    def loss(self, x):
        return np.array(Yes(), dtype=object)
