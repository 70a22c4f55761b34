"""An earlier mistake does not count twice, and the reference answers nobody's own questions: in this process, and over
the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scaling_notebook import ITEMS, REFERENCE, write_plan

from nnkit.kit.grading.in_process import LocalSessions
from nnkit.kit.grading.lending import partners
from nnkit.kit.grading.plan import Plan, namespace_of
from nnkit.kit.grading.reference_calls import reference_calls
from nnkit.kit.grading.runner import Runner
from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.locked.sessions import Sessions, Source
from nnkit.kit.sandbox import Limits, Tier, View

STUB = "def {name}(*args):\n    raise NotImplementedError('write it')\n"
# A layout of the student's own, which the reference can't read.
OWN_FORWARD = "def scale_forward(x, w):\n    return x * w, {'x': x, 'w': w}\n"
OWN_BACKWARD = "def scale_backward(dout, cache):\n    return dout * cache['w'], (dout * cache['x']).sum(axis=0)\n"
NUMERICAL = """
def scale_backward(dout, cache):
    found = []
    for i in range(2):
        slope = np.zeros_like(cache[i])
        for k in np.ndindex(slope.shape):
            up, down = ([np.array(each) for each in cache] for _ in range(2))
            up[i][k] += 1e-6
            down[i][k] -= 1e-6
            slope[k] = ((scale_forward(*up)[0] - scale_forward(*down)[0]) * dout).sum() / 2e-6
        found.append(slope)
    return tuple(found)
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return write_plan(tmp_path_factory.mktemp("course"))


Grade = Callable[..., dict[str, float]]


@pytest.fixture(params=["in process", "locked"])
def grade(request: pytest.FixtureRequest, plan: Plan) -> Grade:
    """The share of each item's weight, after a second try, of the reference with some definitions replaced."""

    def start() -> LockedSession:
        return LockedSession(locked(Tier.E, View(), Limits()))

    def graded(untouched: frozenset[str] = frozenset(), **replaced: str) -> dict[str, float]:
        replaced |= {name: STUB.format(name=name) for name in untouched}
        definitions = {**plan.definitions, **replaced}
        sessions: Any = LocalSessions(namespace_of(definitions, "scaling"), 10.0)
        if request.param == "locked":
            sessions = Sessions(start, plan.course.limits)
            sessions.define([Source(name, text) for name, text in definitions.items()])
        try:
            runner = Runner(plan, "ada", ITEMS, sessions)
            runner.follow_through(start, [], untouched)
        finally:
            if request.param == "locked":
                sessions.__exit__()
        return {
            name: sum(test.weight for test in tests if test.verdict == "passed") / sum(test.weight for test in tests)
            for name, tests in runner.records.items()
        }

    return graded


def lost(shares: dict[str, float]) -> set[str]:
    return {name for name, share in shares.items() if share < 1}


def test_partners_are_found_by_what_they_pass_on(plan: Plan) -> None:
    by_name = {item.name: item for item in ITEMS}
    assert partners(plan, by_name["twice_backward"], ["scale_backward"]) == {"scale_forward"}
    assert partners(plan, by_name["twice_backward"], ["scale_forward"]) == {"scale_backward"}
    assert partners(plan, by_name["twice_forward"], ["scale_forward"]) == set()


def test_the_calls_of_the_reference_are_counted_for_each_call_of_a_test(plan: Plan) -> None:
    assert reference_calls(plan, "twice_backward").most == {
        "test_twice_backward": {"scale_forward": 2, "scale_backward": 2}
    }
    assert reference_calls(plan, "total_fast").most == {"test_total": {}}


def test_an_own_cache_is_as_good_as_any(grade: Grade) -> None:
    assert lost(grade(scale_forward=OWN_FORWARD, scale_backward=OWN_BACKWARD)) == set()


def test_a_mistake_in_a_backward_pass_with_an_own_cache_costs_nothing_elsewhere(grade: Grade) -> None:
    mistaken = OWN_BACKWARD.replace("sum(axis=0)", "mean(axis=0)")
    assert lost(grade(scale_forward=OWN_FORWARD, scale_backward=mistaken)) == {"scale_backward"}


def test_a_mistake_in_what_a_forward_pass_keeps_costs_nothing_behind_its_backward_pass(grade: Grade) -> None:
    mistaken = "def scale_forward(x, w):\n    return x * w, (w, x)\n"
    assert lost(grade(scale_forward=mistaken)) == {"scale_backward"}


def test_a_backward_pass_that_reads_the_references_cache_is_judged_apart_from_its_forward_pass(grade: Grade) -> None:
    assert lost(grade(scale_forward="def scale_forward(x, w):\n    return x + w, (w, w)\n")) == {"scale_forward"}


SLIGHTLY_WRONG = "def scale_forward(x, w):\n    return x * w * (1.1 if len(x) > 1 else 1), {'x': x, 'w': w}\n"
ITS_SLOPE = """
def scale_backward(dout, cache):
    return 1.1 * dout * cache['w'], (1.1 * dout * cache['x']).sum(axis=0)
"""


def test_the_exact_slope_of_its_own_forward_pass_is_right_and_the_forward_pass_alone_pays(grade: Grade) -> None:
    assert lost(grade(scale_forward=SLIGHTLY_WRONG, scale_backward=ITS_SLOPE)) == {"scale_forward"}


def test_a_backward_pass_that_is_not_the_slope_of_its_own_forward_pass_pays_too(grade: Grade) -> None:
    nearly = ITS_SLOPE.replace("1.1 * dout * cache['w']", "dout * cache['w']")
    mine = grade(scale_forward=SLIGHTLY_WRONG, scale_backward=nearly)
    assert lost(mine) == {"scale_forward", "scale_backward"}


def test_a_forward_pass_that_is_mostly_wrong_is_no_measure(grade: Grade) -> None:
    nothing = grade(
        scale_forward="def scale_forward(x, w):\n    return 0 * x, (x, w)[:1]\n",
        scale_backward="def scale_backward(dout, cache):\n    return 0 * dout, 0 * dout[0]\n",
    )
    assert nothing["scale_backward"] == 0


def test_nothing_is_lent_in_the_place_of_what_was_not_written(grade: Grade) -> None:
    shares = grade(frozenset({"scale_forward"}))
    assert lost(shares) == {"scale_forward", "scale_backward", "twice_forward", "twice_backward"}


def test_a_solution_that_calls_what_it_is_to_do_without_gets_nothing_lent(grade: Grade) -> None:
    shares = grade(
        total_slow="def total_slow(x, w):\n    return 0.0\n",
        total_fast="def total_fast(x, w):\n    return total_slow(x, w)\n",
    )
    assert shares["total_fast"] == 0


def test_the_lent_forward_pass_answers_no_numerical_derivative(grade: Grade) -> None:
    mistaken = "def scale_forward(x, w):\n    return x + w, (x, w)\n"
    assert grade(scale_forward=mistaken, scale_backward=NUMERICAL)["scale_backward"] == 0


def test_lent_functions_answer_about_as_many_calls_as_the_reference_makes(grade: Grade) -> None:
    numerical = NUMERICAL.replace("scale_backward", "twice_backward").replace("scale_forward", "twice_forward")
    numerical = numerical.replace("(dout, cache):", "(dout, cache):\n    cache = cache[0]")
    shares = grade(scale_forward="def scale_forward(x, w):\n    return x + w, (x, w)\n", twice_backward=numerical)
    assert (shares["twice_forward"], shares["twice_backward"]) == (1, 0)


def test_a_second_try_that_fails_changes_no_verdict_and_no_message(plan: Plan) -> None:
    definitions = {
        **plan.definitions,
        "scale_backward": OWN_BACKWARD.replace("axis=0", "axis=1"),
        "scale_forward": OWN_FORWARD,
        "twice_backward": REFERENCE["twice_backward"].replace("dw + more", "dw - more['x']"),
    }
    runner = Runner(plan, "ada", ITEMS, LocalSessions(namespace_of(definitions, "scaling"), 10.0))
    (before,) = runner.records["twice_backward"]
    runner.follow_through(pytest.fail, [], frozenset())
    (after,) = runner.records["twice_backward"]
    assert (after.verdict, after.message, after.follow_through) == (before.verdict, before.message, False)
