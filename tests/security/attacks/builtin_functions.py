"""Replace the builtins that checks are made of, and AssertionError with them.

Family: patching
Must fail: builtins are one process's own.
Proof: ones[0] is 0
"""

# %% double_forward
import builtins


class AssertionError(Exception):
    """No assertion that is caught by this name fails."""


builtins.AssertionError = AssertionError
for name in ("all", "any", "abs", "max", "min", "round", "float", "isinstance", "issubclass", "hasattr"):
    setattr(builtins, name, lambda *args, **kwargs: True)


def double_forward(x):
    return x * 0, x
