"""Answer each call with forged claims: which arguments changed, and what the test's own dicts now hold.

Family: forging
Must fail: only a dict that the test itself passed can be changed, and expected values are never arguments.
"""

# %% double_forward
import gc

import numpy as np

requests = next(each for each in gc.get_objects() if type(each).__name__ == "Requests")
paths = [0, "x", (0,), (0, 0), ("x",), ("self",), (-1,), ("__class__",), (0, "shape")]


def call(**fields):
    return {
        "value": (False, (np.zeros(17), 0.0)),
        "changed": ["x" * 500] * 500,
        "dicts": [(path, {"verdict": "passed", "score": 17.0}) for path in paths],
    }


requests._answers["call"] = call
requests._answers["access"] = lambda **fields: {"value": np.zeros(3)}
print("ATTEMPTED")


def double_forward(x):
    return x * 0, x
