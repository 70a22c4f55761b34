"""What was proven, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from nnkit.kit.proof.verification import Verification, VerifiedItem


def verification_tables(verification: Verification) -> Iterator[Table | Text]:
    """What was proven, item by item, and in the end everything that was not."""
    for proof in verification.notebooks:
        about = f"sandbox tier {verification.tier}{', proven before' if proof.stored else ''}"
        table = Table(title=f"proof of {proof.assignment}/{proof.notebook} ({about})")
        table.add_column("item", no_wrap=True)
        for name in ("points", "reference", "untouched", "misconceptions caught", "unearned"):
            table.add_column(name, justify="right")
        for item in proof.items:
            caught = sum(mistake.caught and not mistake.elsewhere for mistake in item.misconceptions)
            table.add_row(
                item.item if item.ok else f"[red]✗[/] {item.item}",
                f"{item.points:g}",
                _score(item.reference),
                _score(item.untouched),
                f"{caught} of {len(item.misconceptions)}",
                f"{max((each.points for each in item.unearned), default=0):g}",
            )
        for entry in proof.by_person:
            table.add_row(entry["item"], f"{entry['points']:g}", "a person", "unanswered", "", "")
        yield table
    seeds = verification.seed_values
    yield Text(f"fixed outputs reproduced: {seeds.reproduced} of {seeds.checked}; leaks: {len(verification.leaks)}")
    for warning in verification.warnings:
        yield Text(f"! {warning}", style="yellow")
    for trouble in _troubles(verification):
        yield Text(f"✗ {trouble}", style="red")


def _troubles(verification: Verification) -> Iterator[str]:
    for item in verification.items:
        yield from _item_troubles(item)
    for entry in verification.by_person:
        if not entry["ok"]:
            yield f"{entry['item']}: answered is {entry['answered']}, unanswered is {entry['unanswered']}"
    yield from (str(fault) for proof in verification.notebooks for fault in proof.faults)
    yield from (f"fixed output not reproduced: {text}" for text in verification.seed_values.failed)
    yield from (f"the release leaks: {leak}" for leak in verification.leaks)


def _item_troubles(item: VerifiedItem) -> Iterator[str]:
    if item.reference != item.points:
        yield f"{item.item}: the reference gets {_score(item.reference)} of {item.points:g}: " + "; ".join(item.trouble)
    if item.untouched != 0:
        yield f"{item.item}: the untouched notebook gets {_score(item.untouched)}"
    for each in item.unearned:
        tests = ", ".join(name.removeprefix("test_") for name in each.tests)
        yield f"{item.item}: {each.points:g} points without solving it ({each.attempt}), by {tests}"
    for mistake in item.misconceptions:
        if not mistake.caught:
            yield f"{item.item}: misconception {mistake.name} is not caught"
        if mistake.elsewhere:
            yield f"{item.item}: misconception {mistake.name} also costs points on {', '.join(mistake.elsewhere)}"


def _score(score: float | None) -> str:
    return "none yet" if score is None else f"{score:g}"
