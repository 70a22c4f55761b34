"""What is graded in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ItemKind = Literal["exercise", "experiment", "choose", "explain", "program"]
# Read and marked by a person: an answer in words, an answer in code.
BY_PERSON = frozenset({"explain", "program"})


@dataclass(frozen=True)
class Item:
    """One graded thing of a notebook.

    `uses` names the other items that its reference calls, directly or through given functions, or that its tests call;
    `borrows` are items of earlier notebooks, as (notebook, item), that it takes by `solutions_of`, and what those are
    built on; `answer` holds the right letters of a choose question.
    """

    name: str
    points: float
    kind: ItemKind
    uses: tuple[str, ...] = ()
    answer: frozenset[str] = frozenset()
    borrows: tuple[tuple[str, str], ...] = ()

    @property
    def by_person(self) -> bool:
        """Whether a person marks it; no test does."""
        return self.kind in BY_PERSON
