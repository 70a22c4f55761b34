"""Return an array subclass whose comparisons, ufuncs and functions all say yes.

Family: equality
Must fail: a subclass does not travel by value; what arrives is a handle, and a handle is no array.
Proof: Agreeable
"""

# %% double_forward
import numpy as np


class Agreeable(np.ndarray):
    __array_priority__ = 1e9

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.True_ if ufunc.__name__.endswith("equal") else np.zeros(17)

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __eq__(self, other):
        return np.True_

    def __sub__(self, other):
        return np.zeros(17)

    __rsub__ = __abs__ = __sub__


def double_forward(x):
    return np.zeros_like(x).view(Agreeable), x
