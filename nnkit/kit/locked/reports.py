"""Reports of a cell's outputs, as JSON from a stranger: weighed before they are read, then made clean."""

from __future__ import annotations

import json
from typing import Any

from nnkit.kit.locked.program.weight import branches, is_unicode
from nnkit.kit.locked.program.wire import WireError

DEEPEST = 40
# Memory that a list or dict takes, in terms of the characters that an output may have.
COST_OF_A_BRANCH = 100
_FREE = 1000


def cost_of(report: bytes) -> int:
    """What a report will take of a cell's budget: its length, and more if it is all brackets."""
    try:
        found = branches(report.decode("ascii"), _FREE)
    except UnicodeDecodeError:
        raise WireError("a report of outputs is not ASCII") from None
    return len(report) + COST_OF_A_BRANCH * max(0, found - _FREE)


def read_report(report: bytes) -> list[Any]:
    """The events of a report, in text that can be written to a file and nested no deeper than a notebook needs.

    Raises
    ------
    WireError
        If it is no list of events.
    """
    try:
        events = json.loads(report.decode("ascii"))
    except (ValueError, RecursionError):
        raise WireError("a report of outputs is no JSON") from None
    if type(events) is not list:
        raise WireError("a report of outputs is no list")
    return [_clean(event, DEEPEST) for event in events]


def _clean(value: Any, depth: int) -> Any:
    if type(value) is str:
        return value if is_unicode(value) else value.encode("utf-8", "replace").decode()
    if type(value) in (list, dict) and not depth:
        raise WireError("a report of outputs is nested too deeply")
    if type(value) is list:
        return [_clean(item, depth - 1) for item in value]
    if type(value) is dict:
        return {_clean(key, depth - 1): _clean(item, depth - 1) for key, item in value.items()}
    return value
