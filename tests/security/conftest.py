"""The attacks' stage, their runs, and the lines that count them."""

import pytest
from attack_files import corpus
from attack_run import run_class
from attack_scene import scene
from attack_tally import Tally

from nnkit.kit.sandbox import Tier, probe

TALLY = pytest.StashKey[Tally]()


def pytest_configure(config):
    config.stash[TALLY] = Tally()


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash[TALLY].lines()
    if lines:
        terminalreporter.section("attacks")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def tally(request):
    return request.config.stash[TALLY]


@pytest.fixture(scope="session")
def attack_scene():
    with scene() as place:
        yield place


@pytest.fixture(scope="session")
def attacked(request, attack_scene, tally):
    """The class of all attacks that were asked for, graded in a tier: ``attacked(tier)``; once for each."""
    wanted = {item.callspec.params.get("attack") for item in request.session.items if hasattr(item, "callspec")}
    attacks = [attack for attack in corpus() if attack in wanted]
    runs = {}

    def run(tier):
        report = probe(Tier(tier))
        if not report.available:
            tally.not_run[tier] = report.reason
            pytest.skip(f"tier {tier} is not available here: {report.reason}")
        if tier not in runs:
            # Pages hold what the notebooks hold, whatever the tier: they are made once.
            try:
                runs[tier] = run_class(attack_scene, attacks, tier, pages=not runs)
            except Exception as error:
                runs[tier] = error
        if isinstance(runs[tier], Exception):
            raise runs[tier]  # the same for every test of this tier: trying again would take as long
        return runs[tier]

    return run
