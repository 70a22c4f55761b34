"""What an experiment has to reach: the `thresholds` fixture of grader files."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, isfinite, log10
from typing import Any

from nnkit.kit.course.settings import Bound
from nnkit.student.closeness import one_number
from nnkit.student.errors import CheckFailure
from nnkit.student.measurement import conclude

MOST_DECIMALS = 12


class ThresholdMissed(CheckFailure):
    """A measure is not what course.toml asks for. What it says holds no expected value, so students may read it."""


class Thresholds:
    """The measures of `[thresholds.NAME.DATA]` for the data in use, as attributes: ``thresholds.validation``.

    Parameters
    ----------
    measures : mapping of str to Bound, optional
    least : float
        Further measures, each at least so much.
    """

    def __init__(self, measures: Mapping[str, Bound] | None = None, **least: float) -> None:
        self._bounds = {**(measures or {}), **{name: Bound(least=value) for name, value in least.items()}}

    def __getattr__(self, name: str) -> float:
        if name.startswith("_"):
            raise AttributeError(name)
        bound = self._bound(name)
        value = bound.greatest if bound.least is None else bound.least
        assert value is not None
        return value

    def check(self, name: str, measured: Any, what: str) -> None:
        """Check a measured value: "0.74 on validation images, asked for 0.80".

        Parameters
        ----------
        name : str
            The measure in course.toml.
        measured : number
        what : str
            What it was measured on, such as "validation images".

        Raises
        ------
        ThresholdMissed
            It is not what course.toml asks for.
        CheckFailure
            It is no finite number.
        """
        bound, asked = self._bound(name), float(getattr(self, name))
        value = one_number(measured, what, asked)
        if bound.least is None:
            kind, kept, words = "at most", value <= asked, "asked for at most"
        else:
            kind, kept, words = "at least", value >= asked, "asked for"
        shown, wanted = _side_by_side(value, asked)
        message = "" if kept else f"{shown} on {what}, {words} {wanted}"
        conclude(name, measured, asked, value, asked, message, kind, failure=ThresholdMissed)

    def _bound(self, name: str) -> Bound:
        if name not in self._bounds:
            stated = ", ".join(self._bounds) or "none"
            raise LookupError(f'course.toml states no threshold "{name}" here, for the data in use (stated: {stated})')
        return self._bounds[name]


def _side_by_side(value: float, asked: float) -> tuple[str, str]:
    """Two numbers with as many decimals as it takes to tell one from the other, two digits of the second at least."""
    largest = abs(asked)
    decimals = max(0, 1 - floor(log10(largest))) if largest and isfinite(largest) else 2
    while decimals < MOST_DECIMALS and f"{value:.{decimals}f}" == f"{asked:.{decimals}f}":
        decimals += 1
    return f"{value:.{decimals}f}", f"{asked:.{decimals}f}"
