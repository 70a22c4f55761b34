"""The proof finds points that nobody has earned, and says nothing of graders that give none away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scaling_notebook import GRADERS, REFERENCE, write_plan

from nnkit.kit.course.items import Item
from nnkit.kit.grading.plan import Plan
from nnkit.kit.proof.attempts_at_once import Notebook, unearned_of
from nnkit.kit.proof.shipped import shipped
from nnkit.kit.proof.unearned import Unearned, open_parts, unearned

STUB = "def {name}(*args):\n    raise NotImplementedError('write it')\n"


def attempted(plan: Plan, item: str, package: Path | None = None, **stubs: str) -> list[Unearned]:
    """What attempts earn at one item alone."""
    return unearned(plan, {item: stubs.get(item, STUB.format(name=item))}, package)


def only(plan: Plan, graders: str, item: str = "scale_forward", **definitions: str) -> Plan:
    """The plan with other graders, for one item with no others around it."""
    path = plan.graders.with_name(f"test_{abs(hash(graders))}.py")
    head = GRADERS.partition("@item")[0]
    path.write_text(head + graders)
    return replace(
        plan,
        graders=path,
        items=tuple(each for each in plan.items if each.name in (item, *definitions)) or (Item(item, 1, "exercise"),),
        definitions={**plan.definitions, **definitions},
    )


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return write_plan(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def found(plan: Plan) -> list[Unearned]:
    return unearned(plan, {name: STUB.format(name=name) for name in REFERENCE}, None)


def attempts_at(found: list[Unearned], item: str) -> set[str]:
    return {each.attempt for each in found if each.item == item}


def test_a_test_that_zeros_pass_is_found_with_its_points(found: list[Unearned]) -> None:
    (zeros,) = [each for each in found if (each.item, each.attempt) == ("scale_forward", "returns zeros")]
    assert (zeros.points, zeros.tests) == (1.0, ("test_scale_of_zero",))


def test_graders_that_give_nothing_away_are_passed_in_silence(found: list[Unearned]) -> None:
    assert attempts_at(found, "twice_forward") == attempts_at(found, "total_slow") == set()


def test_a_call_of_what_the_exercise_is_to_do_without_is_found_where_that_is_right(found: list[Unearned]) -> None:
    assert attempts_at(found, "total_fast") == {"calls total_slow"}


def test_a_numerical_derivative_that_is_fast_enough_is_found(found: list[Unearned]) -> None:
    assert attempts_at(found, "scale_backward") == {"differentiates scale_forward numerically"}


def test_a_numerical_derivative_of_a_large_case_is_not_waited_for(plan: Plan) -> None:
    large = """@item("scale_backward")
def test_large(submission, rng):
    x, w, dout = case(rng, 200_000)
    _, cache = unpack(submission.scale_forward(x, w), "out", "cache")
    dx, dw = unpack(submission.scale_backward(dout, cache), "dx", "dw")
    assert_close(dx, dout * w, 1e-6, "dx")
"""
    stubs = {name: STUB.format(name=name) for name in ("scale_forward", "scale_backward")}
    graders = only(plan, large, "scale_backward", scale_forward=REFERENCE["scale_forward"])
    assert attempts_at(unearned(graders, stubs, None), "scale_backward") == set()


def test_a_look_up_table_is_found_where_nothing_but_public_tests_count(plan: Plan) -> None:
    public = '@item("scale_forward", public=True)\ndef test_scale(submission):\n    x, w = np.eye(3), np.arange(3.0)\n'
    public += '    assert_close(submission.scale_forward(x, w)[0], x * w, 1e-9, "out")\n'
    hidden = '\n\n@item("scale_forward")\ndef test_more(submission, rng):\n    x, w, _ = case(rng, 2)\n'
    hidden += '    assert_close(submission.scale_forward(x, w)[0], x * w, 1e-9, "out")\n'
    memory = "answers public tests from memory"
    assert attempts_at(attempted(only(plan, public), "scale_forward"), "scale_forward") == {memory}
    assert attempted(only(plan, public + hidden), "scale_forward") == []


EMPTIED = """@item("relu")
def test_relu(submission, rng):
    params = {{"w": rng.normal(size=5)}}
    {before}
    submission.relu(inout(params))
    {after}
    assert_close(params["w"], wanted, 1e-9, "w")
"""
RELU = "def relu(params):\n    params['w'] = np.maximum(params['w'], 0)\n"


def test_an_expected_value_that_depends_on_what_student_code_did_is_found(plan: Plan) -> None:
    wanted = 'wanted = np.maximum(params["w"], 0)'
    for before, after, found in [(wanted, "", set()), ("", wanted, {"fills its arguments with zeros"})]:
        text = "from nnkit.student.testing import inout\n\n\n" + EMPTIED.format(before=before, after=after)
        graders = replace(only(plan, text, "relu", relu=RELU), items=(Item("relu", 1, "exercise"),))
        assert attempts_at(attempted(graders, "relu"), "relu") == found


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = {
        "checks/test_scaling.py": "from formulas import times\n\n\ndef same(x):\n    return x\n",
        "checks/formulas.py": "from nnkit.layers import product\n\n\ndef times(x, w):\n    return product(x, w)\n",
        "nnkit/__init__.py": "",
        "nnkit/layers.py": "import nnkit.deep\n\n\ndef product(x, w):\n    return nnkit.deep.power(x, 1) * w\n",
        "nnkit/deep.py": "def power(x, n):\n    return x**n\n\n\nclass Layer:\n    pass\n",
        "nnkit/broken.py": "import a_library_that_is_not_here\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_is_shipped_is_read_from_the_release_whatever_is_imported(package: Path) -> None:
    functions = shipped(package)
    assert set(functions) == {
        "test_scaling.same",
        "formulas.times",
        "nnkit.layers.product",
        "nnkit.deep.power",
        "nnkit.deep.Layer",
    }
    assert functions["formulas.times"](2, 3) == 6


def test_a_shipped_function_that_solves_an_exercise_is_found(plan: Plan, package: Path) -> None:
    points = {each.attempt: each.points for each in attempted(plan, "scale_forward", package)}
    assert points["is formulas.times"] == 7.0
    assert points["is nnkit.deep.power"] == 1.0, "it is right about zeros"


CLASS = '''class Net:
    """A net."""

    def __init__(self, size):
        self.w = np.ones(size)

    def loss(self, x):
        return float(x @ self.w)

    def given(self):
        return 1
'''
CLASS_STUB = CLASS.replace("return float(x @ self.w)", "raise NotImplementedError").replace(
    "self.w = np.ones(size)", "raise NotImplementedError"
)
OF_A_CLASS = """@item("Net")
def test_size(submission):
    assert submission.Net(3).w.shape == (3,)


@item("Net", weight=2)
def test_size_is_kept(submission):
    net = submission.Net(3)
    net.loss(np.ones(3))
    assert net.w.shape == (3,)


@item("Net", weight=3)
def test_no_loss_of_nothing(submission):
    assert submission.Net(3).loss(np.zeros(3)) == 0
"""


def test_the_open_parts_of_a_class_are_its_unwritten_methods() -> None:
    assert open_parts("Net", CLASS, CLASS_STUB) == ("Net.__init__", "Net.loss")
    assert open_parts("f", "def f(): return 1", "def f(): raise NotImplementedError") == ("f",)


def test_what_the_solved_parts_of_a_class_are_worth_is_earned(plan: Plan) -> None:
    graders = replace(only(plan, OF_A_CLASS, "Net", Net=CLASS), items=(Item("Net", 6, "exercise"),))
    found = attempted(graders, "Net", Net=CLASS_STUB)
    assert {(each.attempt, each.points, each.tests) for each in found} == {
        ("loss: returns zeros", 3.0, ("test_no_loss_of_nothing",)),
        ("loss: returns its arguments", 3.0, ("test_no_loss_of_nothing",)),
    }


def test_notebooks_are_attempted_in_processes_of_their_own(plan: Plan, package: Path) -> None:
    stubs = {"scale_forward": STUB.format(name="scale_forward")}
    found = unearned_of([Notebook(plan, stubs, package)], workers=1)["scaling"]
    assert "returns zeros" in attempts_at(found, "scale_forward")
