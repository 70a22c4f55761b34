"""Return generators, named tuples, dicts, types, functions, exceptions and things that break when looked at.

Family: equality
Must fail: each is a handle or a plain wrong value; a broken one is the submission's error, not the grader's.
"""

# %% double_forward
import numpy as np


class Broken:
    def __getattribute__(self, name):
        raise SystemExit("ATTEMPTED")

    def __len__(self):
        return -1

    def __iter__(self):
        raise KeyboardInterrupt("ATTEMPTED")

    def __repr__(self):
        raise GeneratorExit("ATTEMPTED")

    __bool__ = __str__ = __eq__ = __hash__ = __float__ = __repr__


class Out(tuple):
    def __getitem__(self, key):
        return np.zeros(17)

    def __iter__(self):
        return iter([np.zeros(17)] * 2)


print("ATTEMPTED")


def double_forward(x):
    return Out((Broken(), x)) if len(x) % 2 else ({"out": Broken()}, Broken, (each for each in x), ...)


# %% Net
class Net:
    def __new__(cls, *args):
        return Broken()
