"""What is graded in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ItemKind = Literal["exercise", "experiment", "choose", "explain"]


@dataclass(frozen=True)
class Item:
    """One graded thing of a notebook.

    `uses` names the other items that its reference calls, directly or through given functions, or that its tests call;
    `answer` holds the right letters of a choose question.
    """

    name: str
    points: float
    kind: ItemKind
    uses: tuple[str, ...] = ()
    answer: frozenset[str] = frozenset()
