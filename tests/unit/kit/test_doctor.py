"""`nnkit doctor` hides nothing: every tier with what was tried in it, what it does and what it does not."""

import io

import pytest
from rich.console import Console

from nnkit.kit.doctor import Diagnosis
from nnkit.kit.sandbox import ProbeReport, Tier

REPORTS = [
    ProbeReport(Tier.A, False, "bubblewrap is not installed", ()),
    ProbeReport(Tier.B, True, "", (("read a file outside the view", True),)),
    ProbeReport(Tier.C, False, "a process inside could reach a TCP port", (("reach a TCP port", False),)),
    ProbeReport(Tier.D, False, "sandbox-exec exists on macOS only", ()),
    ProbeReport(Tier.E, True, "", (("read a file outside the view", False),)),
]


@pytest.fixture
def printed() -> dict[Tier, str]:
    """What is printed of each tier."""
    page = io.StringIO()
    Diagnosis(REPORTS, Tier.B).show(Console(file=page, width=1000))
    *parts, _ = page.getvalue().split("\n\n")
    return dict(zip(Tier, parts, strict=True))


@pytest.mark.parametrize("tier", list(Tier))
def test_of_every_tier_it_says_what_is_guaranteed_and_what_is_not(printed: dict[Tier, str], tier: Tier) -> None:
    promised, _, lacking = printed[tier].partition("does not guarantee:")
    assert all(f"+ {sentence}" in promised for sentence in tier.guarantees)
    assert all(f"- {sentence}" in lacking for sentence in tier.lacks)
    assert tier.lacks


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.tier.value)
def test_of_every_tier_it_says_what_was_tried_and_why_it_is_not_there(
    printed: dict[Tier, str], report: ProbeReport
) -> None:
    text = printed[report.tier]
    assert all(f"{'refused' if forbidden else 'ALLOWED'}: {act}" in text for act, forbidden in report.checks)
    assert report.reason in text
    assert text.startswith("✓" if report.available else "✗")


@pytest.mark.parametrize(("why_cold", "said"), [("", "start warm"), ("no namespaces", "starts cold: no namespaces")])
def test_it_says_whether_submissions_start_warm_and_why_not(why_cold: str, said: str) -> None:
    page = io.StringIO()
    diagnosis = Diagnosis(REPORTS, Tier.B, why_cold)
    diagnosis.show(Console(file=page, width=1000))
    assert said in page.getvalue()
    assert diagnosis.as_dict()["warm_start"] == (why_cold == "")
