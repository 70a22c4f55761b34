"""No attack of the corpus brings about anything, in the best tier and in the best one without bubblewrap."""

import pytest
from attack_files import corpus
from attack_judge import attempted, shown, violations

from nnkit.kit.sandbox import Tier, probe

WITHOUT_BUBBLEWRAP = next((tier for tier in (Tier.B, Tier.C) if probe(tier).available), Tier.B)
in_tiers = pytest.mark.parametrize("tier", ["A", WITHOUT_BUBBLEWRAP.value])

pytestmark = pytest.mark.slow


@in_tiers
@pytest.mark.parametrize("attack", corpus(), ids=lambda attack: f"{attack.family}-{attack.name}")
def test_an_attack_is_tried_and_fails(attack, tier, attacked, tally):
    run = attacked(tier)
    found, untouched = run.evidence[attack.name], run.evidence["untouched"]
    tried = attempted(found, attack.proof)
    wrong = violations(
        found, untouched, run.tokens, tier, absent=attack.absent, unreadable=attack.unreadable, waits=attack.waits
    )
    tally.add(attack.name, attack.family, tier, succeeded=bool(wrong), attempted=tried)
    assert not wrong, f"attacks/{attack.name}.py succeeded; it must fail: {attack.must_fail}"
    assert tried, (
        f"attacks/{attack.name}.py did not get as far as trying: neither its outputs nor its record hold "
        f"{attack.proof!r}. Outputs: {found.outputs[-1500:]}"
    )


@in_tiers
def test_the_commands_end_with_a_record_of_every_student(tier, attacked):
    assert attacked(tier).command == []


@in_tiers
def test_an_honest_student_among_attackers_gets_everything(tier, attacked):
    for student in ("honest", "neighbour"):
        record = attacked(tier).evidence[student].record
        assert {item["item"] for item in record["items"] if item["score"] != item["points"]} == {"zero_why"}


@in_tiers
def test_nothing_outside_is_changed(tier, attacked):
    assert attacked(tier).changed == []


@in_tiers
def test_no_attack_leaves_anything_in_the_graders_folders(tier, attacked):
    assert attacked(tier).strangers == []


@in_tiers
def test_nobody_outside_is_called(tier, attacked):
    assert attacked(tier).connections == []


@in_tiers
def test_nobody_outside_gets_a_signal(tier, attacked):
    assert attacked(tier).bystanders == []


@in_tiers
def test_nothing_is_left_running(tier, attacked):
    assert attacked(tier).orphans == []


@in_tiers
def test_no_secret_is_in_what_the_commands_say(tier, attacked):
    run = attacked(tier)
    assert shown(run.messages, run.tokens) == []
