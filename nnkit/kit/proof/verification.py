"""What a proof says: of one item, of one notebook, of all that was asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from nbformat import NotebookNode

from nnkit.kit.course.errors import Finding
from nnkit.kit.proof.leaks import Leak
from nnkit.kit.proof.seed_values import SeedReport
from nnkit.kit.proof.unearned import Unearned


@dataclass
class CaughtMistake:
    """What one misconception scored on its item, and what it cost elsewhere."""

    name: str
    score: float
    caught: bool
    elsewhere: list[str] = field(default_factory=list)
    """Other items that lost points over it: the graders blame the wrong thing."""


@dataclass
class VerifiedItem:
    """What the proof says of one machine-graded item."""

    assignment: str
    notebook: str
    item: str
    points: float
    reference: float | None
    untouched: float | None
    misconceptions: list[CaughtMistake] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    """What the tests said where the reference did not get every point, and how tests broke."""
    unearned: list[Unearned] = field(default_factory=list)
    """What mechanical attempts earned without solving it."""

    @property
    def ok(self) -> bool:
        return (
            self.reference == self.points
            and self.untouched == 0
            and all(mistake.caught and not mistake.elsewhere for mistake in self.misconceptions)
            and not self.unearned
        )


@dataclass
class NotebookProof:
    """What the proof says of one notebook.

    Attributes
    ----------
    by_person : list of dict
        Items that a person marks: whether an answer waits for one, and none counts as unanswered.
    faults : list of Finding
        What is wrong with the notebook besides its items: cells of the reference that fail, stale expected values.
    reference : NotebookNode
        The reference's notebook, executed.
    stored : bool
        Whether it was proven earlier, and nothing that decides it has changed.
    attempted : str
        The digest of what was shipped when attempts without solving were made.
    """

    assignment: str
    notebook: str
    items: list[VerifiedItem]
    by_person: list[dict[str, Any]]
    faults: list[Finding]
    reference: NotebookNode
    stored: bool = False
    attempted: str = ""

    @property
    def ok(self) -> bool:
        everything = [item.ok for item in self.items] + [bool(entry["ok"]) for entry in self.by_person]
        return bool(everything) and all(everything) and not self.faults


@dataclass
class Verification:
    """The whole proof.

    Attributes
    ----------
    warnings : list of Finding
        What an author should know of, and what stops nothing.
    """

    notebooks: list[NotebookProof] = field(default_factory=list)
    seed_values: SeedReport = field(default_factory=SeedReport)
    leaks: list[Leak] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    tier: str = ""

    @property
    def items(self) -> list[VerifiedItem]:
        """The machine-graded items of all notebooks."""
        return [item for proof in self.notebooks for item in proof.items]

    @property
    def by_person(self) -> list[dict[str, Any]]:
        """The items of all notebooks that a person marks."""
        return [entry for proof in self.notebooks for entry in proof.by_person]

    @property
    def ok(self) -> bool:
        proven = bool(self.notebooks) and all(proof.ok for proof in self.notebooks)
        return proven and not self.leaks and not self.seed_values.failed

    def as_dict(self) -> dict[str, Any]:
        """The stable form that `--json` prints."""
        return {
            "ok": self.ok,
            "items": [asdict(item) for item in self.items],
            "by_person": self.by_person,
            "faults": [asdict(fault) for proof in self.notebooks for fault in proof.faults],
            "warnings": [asdict(warning) for warning in self.warnings],
            "seed_values": asdict(self.seed_values),
            "leaks": [asdict(leak) for leak in self.leaks],
            "stored": [f"{proof.assignment}/{proof.notebook}" for proof in self.notebooks if proof.stored],
            "tier": self.tier,
        }
