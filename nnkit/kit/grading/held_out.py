"""Data that no submission has seen: read in the grader process, which their labels never leave."""

from __future__ import annotations

import pickle
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nnkit.kit.grading.plan import Plan


def held_out(plan: Plan, name: str) -> tuple[Any, ...]:
    """Held-out data of a data set, as its graders' side gives them.

    Parameters
    ----------
    plan : Plan
    name : str
        ``"swings"`` for what ``held_out`` of tests/graders/data/swings.py gives, ``"swings_bytes"`` for what
        ``held_out_bytes`` does.

    Raises
    ------
    LookupError
        There are no such data.
    """
    for data in sorted(plan.held_out, key=len, reverse=True):
        if name == data or name.startswith(f"{data}_"):
            forms = _read(plan.held_out[data])
            form = name.removeprefix(data).removeprefix("_")
            if form in forms:
                return forms[form]
    known = ", ".join(plan.held_out) or "none"
    raise LookupError(f'there are no held-out data "{name}" for this notebook (there are: {known})')


@lru_cache(maxsize=4)
def _read(file: Path) -> dict[str, tuple[Any, ...]]:
    """The course's own file, written by the coordinator for its user alone."""
    forms: dict[str, tuple[Any, ...]] = pickle.loads(file.read_bytes())
    for values in forms.values():
        for value in values:
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
    return forms
