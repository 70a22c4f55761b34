"""Every tier that this host offers grades alike."""

import pytest

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.grading.grade import grade_notebook
from nnkit.kit.sandbox import Tier
from nnkit.kit.sandbox.probing import probe


@pytest.mark.parametrize("tier", [Tier.A, Tier.B, Tier.C])
def test_the_reference_gets_all_and_the_untouched_notebook_nothing(released, tier):
    if not probe(tier).available:
        pytest.skip(f"tier {tier.value} is not available here: {probe(tier).reason}")
    plan = plan_of(released, "a1", "net", released.release("a1"))
    source = source_notebook(load_template(released, "a1", "net"))
    solved = grade_notebook(plan, "ada", solved_notebook(source), tier=tier).record
    untouched = grade_notebook(plan, "blank", release_notebook(source), tier=tier).record
    assert {item.item for item in solved.items if item.score != item.points} == {"zero_why"}
    assert untouched.score == 0
    assert (solved.tier, untouched.tier) == (tier.value, tier.value)
