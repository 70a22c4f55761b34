"""Return objects whose class, name, module and metaclass claim to be NumPy's array.

Family: equality
Must fail: what counts is type(value) itself, not what a type says of itself.
"""

# %% double_forward
import numpy as np


class Meta(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(np.ndarray)

    def __instancecheck__(cls, instance):
        return True


class Impostor(metaclass=Meta):
    __class__ = np.ndarray
    shape, ndim, dtype, size = (17,), 1, np.dtype(float), 17

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        raise RuntimeError("ATTEMPTED")


Impostor.__name__ = Impostor.__qualname__ = "ndarray"
Impostor.__module__ = "numpy"
print(isinstance(Impostor(), np.ndarray), type(Impostor()) == np.ndarray, "ATTEMPTED")


def double_forward(x):
    return Impostor(), Impostor()
