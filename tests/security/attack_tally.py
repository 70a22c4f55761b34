"""How many attacks ran in which tier, and what became of them: the lines at the end of a test run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Counts every attack once for each tier."""

    ran: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By family and tier."""
    succeeded: list[str] = field(default_factory=list)
    not_attempted: list[str] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)
    """By tier: why not."""

    def add(self, name: str, family: str, tier: str, *, succeeded: bool, attempted: bool) -> None:
        self.ran[family, tier] += 1
        if succeeded:
            self.succeeded.append(f"{name} in tier {tier}")
        if not attempted:
            self.not_attempted.append(f"{name} in tier {tier}")

    def lines(self) -> list[str]:
        """The summary; nothing if no attack was to run."""
        tiers = sorted({tier for _, tier in self.ran})
        lines = [f"attacks: tier {tier} not run: {why}" for tier, why in sorted(self.not_run.items())]
        if not tiers:
            return lines
        width = max(len(family) for family, _ in self.ran)
        lines.append(" " * width + "".join(f"{'tier ' + tier:>8}" for tier in tiers))
        for family in dict.fromkeys(family for family, _ in self.ran):
            lines.append(f"{family:<{width}}" + "".join(f"{self.ran[family, tier]:>8}" for tier in tiers))
        totals = {tier: sum(count for (_, at), count in self.ran.items() if at == tier) for tier in tiers}
        counts = ", ".join(f"{total} in tier {tier}" for tier, total in totals.items())
        lines.append(f"attacks: {counts}; {len(self.succeeded)} succeeded, {len(self.not_attempted)} not attempted")
        lines += [f"  succeeded: {name}" for name in self.succeeded]
        return lines + [f"  not attempted: {name}" for name in self.not_attempted]
