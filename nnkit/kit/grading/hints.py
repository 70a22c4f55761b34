"""Naming a mistake: a failed test is replayed with the known misconceptions.

The one that gives the same wrong values explains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnkit.kit.grading.locked_grader import LockedGrader
from nnkit.student.errors import StudentError
from nnkit.student.measurement import Measurement
from nnkit.student.submission import LocalSubmission
from nnkit.student.values import Opaque, type_name
from nnkit.student.verdict import TestTrace

SAME_MISTAKE = 1e-6  # relative; wrong in the same way, up to the order in which sums were taken


@dataclass(frozen=True)
class KnownMistake:
    """A misconception ready to run: the reference's namespace with one definition wrong."""

    name: str
    hint: str
    namespace: dict[str, Any]


def find_hints(grader: LockedGrader, failed: Sequence[str], mistakes: Sequence[KnownMistake]) -> dict[str, str]:
    """Hints for the failed tests of one item, by test name.

    Where several misconceptions explain a test, the one that explains most of the item's failed tests is taken. Slow
    tests get no hint: nothing bounds the time that a misconception may take for one.
    """
    failed = [name for name in failed if not grader.traces[name].test.slow]
    explained: dict[str, set[str]] = {}
    for mistake in mistakes:
        submission = LocalSubmission(mistake.namespace)
        explained[mistake.name] = {
            name for name in failed if same_mistake(grader.traces[name], grader.replay(name, submission)[1])
        }
    hints: dict[str, str] = {}
    for mistake in sorted(mistakes, key=lambda each: -len(explained[each.name])):
        for name in explained[mistake.name]:
            hints.setdefault(name, mistake.hint)
    return hints


def same_mistake(one: TestTrace, other: TestTrace) -> bool:
    """Whether two runs of a test failed alike: at the same comparison, with the same values on the way."""
    if one.exception is None or other.exception is None or type(one.exception) is not type(other.exception):
        return False
    if isinstance(one.exception, StudentError):
        return str(one.exception) == str(other.exception) and one.exception.kind != "not_implemented"
    if len(one.measurements) != len(other.measurements):
        return False
    if not all(_same(a, b) for a, b in zip(one.measurements, other.measurements, strict=True)):
        return False
    compared = bool(one.measurements) and not one.measurements[-1].passed
    return compared or str(one.exception) == str(other.exception)


def _same(one: Measurement, other: Measurement) -> bool:
    return one.name == other.name and one.passed == other.passed and _same_value(one.actual, other.actual)


def _same_value(a: Any, b: Any) -> bool:
    if type_name(a) != type_name(b):
        return False
    if issubclass(type(a), Opaque):
        return True
    try:
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype.kind not in "iufb":
            return bool(a.shape == b.shape and a.dtype == b.dtype and (a == b).all())
        scale = float(np.abs(b[np.isfinite(b)]).max(initial=0.0))
        return bool(np.allclose(a, b, rtol=SAME_MISTAKE, atol=SAME_MISTAKE * scale, equal_nan=True))
    except (TypeError, ValueError):
        return False
