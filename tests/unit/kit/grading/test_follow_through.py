"""An earlier mistake does not count twice, and the reference answers nobody's own questions: in this process, and over
the wire."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import tiny_course

from nnkit.kit.course.items import Item
from nnkit.kit.grading.in_process import LocalSessions
from nnkit.kit.grading.lending import partners
from nnkit.kit.grading.plan import Plan, namespace_of
from nnkit.kit.grading.reference_calls import reference_calls
from nnkit.kit.grading.runner import Runner
from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.locked.sessions import Sessions, Source
from nnkit.kit.sandbox import Limits, Tier, View

GRADERS = """
import numpy as np

from nnkit.student.testing import assert_close, assert_inputs_unchanged, item, unpack


def case(rng, n=4):
    return rng.normal(size=(n, 3)), rng.uniform(1, 2, size=3), rng.normal(size=(n, 3))


@item("scale_forward", weight=2)
def test_scale(submission, rng):
    x, w, _ = case(rng)
    assert_close(submission.scale_forward(x, w)[0], x * w, 1e-9, "out")


@item("scale_forward", weight=1)
def test_scale_of_zero(submission, rng):
    x, w, _ = case(rng)
    assert_close(submission.scale_forward(0 * x, w)[0], 0 * x, 1e-9, "out")


@item("scale_forward", weight=4)
def test_scale_of_one_row(submission, rng):
    x, w, _ = case(rng, 1)
    assert_close(submission.scale_forward(x, w)[0], x * w, 1e-9, "out")


def derivatives(submission, name, x, w, dout):
    _, cache = unpack(getattr(submission, name + "_forward")(x, w), "out", "cache")
    return unpack(getattr(submission, name + "_backward")(dout, cache), "dx", "dw")


@item("scale_backward")
def test_dx(submission, rng):
    x, w, dout = case(rng)
    dx, _ = derivatives_of_scale(submission, x, w, dout)
    assert_close(dx, dout * w, 1e-6, "dx")


@item("scale_backward")
def test_dw(submission, rng):
    x, w, dout = case(rng)
    _, dw = derivatives_of_scale(submission, x, w, dout)
    assert_close(dw, (dout * x).sum(axis=0), 1e-6, "dw")
    assert_inputs_unchanged(submission)


def derivatives_of_scale(submission, x, w, dout):
    _, cache = unpack(submission.scale_forward(x, w), "out", "cache")
    return unpack(submission.scale_backward(dout, cache), "dx", "dw")


@item("twice_forward")
def test_twice(submission, rng):
    x, w, _ = case(rng)
    assert_close(submission.twice_forward(x, w)[0], x * w**2, 1e-9, "out")


@item("twice_backward")
def test_twice_backward(submission, rng):
    x, w, dout = case(rng)
    _, cache = unpack(submission.twice_forward(x, w), "out", "cache")
    dx, dw = unpack(submission.twice_backward(dout, cache), "dx", "dw")
    assert_close(dx, dout * w**2, 1e-6, "dx")
    assert_close(dw, (2 * dout * x * w).sum(axis=0), 1e-6, "dw")


@item("total_fast")
def test_total(submission, rng):
    x, w, _ = case(rng)
    assert_close(submission.total_fast(x, w), (x * w).sum(), 1e-9, "total")
    assert_close(submission.total_fast(x, w), submission.total_slow(x, w), 1e-9, "total")


@item("total_slow")
def test_total_slow(submission, rng):
    x, w, _ = case(rng)
    assert_close(submission.total_slow(x, w), (x * w).sum(), 1e-9, "total")
"""

REFERENCE = {
    "scale_forward": "def scale_forward(x, w):\n    return x * w, (x, w)\n",
    "scale_backward": """
def scale_backward(dout, cache):
    x, w = cache
    return dout * w, (dout * x).sum(axis=0)
""",
    "twice_forward": """
def twice_forward(x, w):
    once, first = scale_forward(x, w)
    out, second = scale_forward(once, w)
    return out, (first, second)
""",
    "twice_backward": """
def twice_backward(dout, cache):
    first, second = cache
    dout, dw = scale_backward(dout, second)
    dx, more = scale_backward(dout, first)
    return dx, dw + more
""",
    "total_slow": "def total_slow(x, w):\n    return float(sum((row * w).sum() for row in x))\n",
    "total_fast": "def total_fast(x, w):\n    return float(np.vdot(x, np.broadcast_to(w, x.shape)))\n",
}
STUB = "def {name}(*args):\n    raise NotImplementedError('write it')\n"
ITEMS = (
    Item("scale_forward", 7, "exercise"),
    Item("scale_backward", 2, "exercise", uses=("scale_forward",)),
    Item("twice_forward", 1, "exercise", uses=("scale_forward",)),
    Item("twice_backward", 1, "exercise", uses=("scale_forward", "scale_backward", "twice_forward")),
    Item("total_slow", 1, "exercise"),
    Item("total_fast", 1, "exercise", uses=("total_slow",)),
)
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
    folder = tmp_path_factory.mktemp("course")
    graders = folder / "test_scaling.py"
    graders.write_text(GRADERS)
    return Plan(
        tiny_course.write_course(folder / "tiny"),
        "a1",
        "scaling",
        ITEMS,
        release=nbformat.v4.new_notebook(),
        package=Path(),
        graders=graders,
        definitions=REFERENCE,
    )


Grade = Callable[..., dict[str, float]]


@pytest.fixture(params=["in process", "locked"])
def grade(request: pytest.FixtureRequest, plan: Plan) -> Grade:
    """The share of each item's weight, after a second try, of the reference with some definitions replaced."""

    def start() -> LockedSession:
        return LockedSession(locked(Tier.E, View(), Limits()))

    def graded(untouched: frozenset[str] = frozenset(), **replaced: str) -> dict[str, float]:
        replaced |= {name: STUB.format(name=name) for name in untouched}
        definitions = {"numpy": "import numpy as np", **REFERENCE, **replaced}
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
        **REFERENCE,
        "scale_backward": OWN_BACKWARD.replace("axis=0", "axis=1"),
        "scale_forward": OWN_FORWARD,
        "twice_backward": REFERENCE["twice_backward"].replace("dw + more", "dw - more['x']"),
    }
    runner = Runner(plan, "ada", ITEMS, LocalSessions(namespace_of(definitions, "scaling"), 10.0))
    (before,) = runner.records["twice_backward"]
    runner.follow_through(pytest.fail, [], frozenset())
    (after,) = runner.records["twice_backward"]
    assert (after.verdict, after.message, after.follow_through) == (before.verdict, before.message, False)
