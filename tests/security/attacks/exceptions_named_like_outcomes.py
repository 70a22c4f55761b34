"""Raise what pytest and the grader use for outcomes: skip, xfail, exit, CheckFailure, KeyboardInterrupt, SystemExit.

Family: forging
Must fail: an exception crosses the wire as text; no class is resolved by its name.
"""

# %% double_forward
raised = 0


class Skipped(BaseException):
    """Named as pytest's."""


class CheckFailure(AssertionError):
    measured, allowed = 0.0, 1.0


class GraderError(Exception):
    kind = verdict = "passed"


Skipped.__module__ = "_pytest.outcomes"
Skipped.__qualname__ = CheckFailure.__name__ = "Skipped"


def double_forward(x):
    raise (Skipped if len(x) == 3 else KeyboardInterrupt)("ATTEMPTED")


# %% Net
class Net:
    def __init__(self, size=3):
        raise SystemExit(0)


raise CheckFailure("passed")
