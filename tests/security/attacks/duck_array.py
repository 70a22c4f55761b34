"""Return a duck array that takes over every NumPy function that it is given to.

Family: equality
Must fail: the grader never calls a function on an object of the submission's: it only holds its number.
Proof: Duck
"""

# %% double_forward
import numpy as np


class Duck:
    shape, dtype, ndim, size = (17,), np.dtype(float), 1, 17
    __array_interface__ = {"shape": (17,), "typestr": "<f8", "data": (0, True), "version": 3}

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(17)

    def __len__(self):
        return 17

    def __getitem__(self, key):
        return 0.0

    def __reduce__(self):
        return print, ("unpickled",)


def double_forward(x):
    return Duck(), Duck()
