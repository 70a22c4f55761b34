"""The grader's own copy of data that given cells of a notebook bind: the `notebook_data` fixture."""

from __future__ import annotations

import copy
import pickle
from functools import lru_cache
from pathlib import Path
from typing import Any

from nnkit.kit.grading.plan import Plan


def given_data(plan: Plan, *names: str) -> Any:
    """The values of these names, as the given cells bind them; one name gives its value, several a tuple.

    They are new copies each time: nothing that a test, or a submission in this process, does to them stays.

    Raises
    ------
    LookupError
        A name was not found in the grader file when the plan was made.
    """
    kept = _read(plan.given) if plan.given is not None else {}
    for name in names:
        if name not in kept:
            raise LookupError(f'{name} was not kept: write the name out in the test, as in notebook_data("{name}")')
    values = tuple(copy.deepcopy(kept[name]) for name in names)
    return values[0] if len(names) == 1 else values


@lru_cache(maxsize=2)
def _read(file: Path) -> dict[str, Any]:
    """The course's own file, written by the coordinator for its user alone."""
    values: dict[str, Any] = pickle.loads(file.read_bytes())
    return values
