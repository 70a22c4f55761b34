"""Fix every source of random numbers, so that random tests can be foreseen.

Family: patching
Must fail: tests draw their inputs in the grader's process, from a seed that is no student's.
"""

# %% double_forward
import os
import random
import time

import numpy as np

np.random.default_rng = lambda *args: np.random.Generator(np.random.PCG64(0))
np.random.seed(0)
np.random.rand = np.random.randn = lambda *shape: np.zeros(shape)
random.random = lambda: 0.0
os.urandom = lambda count: b"\0" * count
time.time = time.monotonic = time.perf_counter = lambda: 0.0
print("ATTEMPTED")


def double_forward(x):
    return np.zeros_like(x), x
