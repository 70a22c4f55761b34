"""The comparisons that a test makes, noted whether they pass or not."""

import math
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from nnkit.student.errors import CheckFailure


@dataclass(frozen=True)
class Measurement:
    """One comparison a test made, passed or not."""

    name: str
    actual: Any
    expected: Any
    measured: float | None
    allowed: float | None
    passed: bool
    message: str = ""
    bound: str = "at most"

    @property
    def used(self):
        """How much of its limit the comparison used: 1 is just passed."""
        if self.measured is None or self.allowed is None:
            return 0.0
        part, whole = (self.measured, self.allowed) if self.bound == "at most" else (self.allowed, self.measured)
        if whole > 0:
            return part / whole
        return 0.0 if self.passed else math.inf


# The comparisons of the test that runs now; None outside a test.
measurements: ContextVar[list[Measurement] | None] = ContextVar("measurements", default=None)


def conclude(name, actual, expected, measured, allowed, message, bound="at most", failure=CheckFailure):
    """Note the comparison; raise `failure` if it has a message."""
    noted = measurements.get()
    if noted is not None:
        noted.append(Measurement(name, actual, expected, measured, allowed, not message, message, bound))
    if message:
        raise failure(message, measured, allowed, bound)
