"""A locked submission behaves as one in the same process: every test here runs on both."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from nnkit.kit.locked.process_start import locked
from nnkit.kit.locked.session import LockedSession
from nnkit.kit.sandbox import Limits, Tier, View
from nnkit.student.testing import (
    Call,
    CheckFailure,
    LocalSubmission,
    Put,
    StudentError,
    assert_close,
    assert_equal,
    assert_inputs_unchanged,
    inout,
    numerical_gradient,
    type_name,
)

SOURCE = """
import numpy as np

scale = 3
table = np.arange(6.0).reshape(2, 3)
text = "some text"
broken = "\\ud800"
broken_array = np.array([broken])

def affine_forward(x, w, b):
    return x @ w + b, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)

def relu_forward(x):
    return np.maximum(x, 0), x

kept = None
def keep(x):
    global kept
    kept = np.ones(3)
    return kept

def is_kept(x):
    return x is kept

def is_its_own(x, y):
    return x is y

def double_in_place(x, unused=None):
    x *= 2
    return x

def change_first(cache):
    if type(cache) is list:
        cache[0]["a"] += 1
        cache[0]["b"] = 0
    else:
        cache[0][:] = 0
    return 1

def look_into(memory):
    memory["steps"].append(3)
    memory["inner"]["n"] += 1

def empty(memory):
    memory.clear()

def renew(memory):
    for key in memory:
        memory[key] = memory[key].copy() if hasattr(memory[key], "copy") else eval(repr(memory[key]), {"nan": np.nan})

def remember(x, memory):
    memory["calls"] = memory.get("calls", 0) + 1
    memory["mean"] *= 0.5
    memory["last"] = x
    return x

def divide(a, b):
    return a / b

def unwritten(x):
    raise NotImplementedError("your turn")

def leave():
    raise SystemExit(1)

def ask():
    return input("?")

def talk():
    print("not an output")
    return 1

class Subclass(np.ndarray):
    pass

def disguised():
    return np.zeros((2, 3)).view(Subclass)

def objects():
    return np.array([None, 1])

def nested():
    return (1, 2), [3, 4], {"a": 5}

class Liar:
    def __eq__(self, other):
        return True
    def __bool__(self):
        return True

def lie():
    return Liar()

class Model:
    bias = 1.0
    def __init__(self, size):
        self.params = {"W": np.full(size, 2.0), "b": np.zeros(1)}
        self._secret = 1
        self.layers = [np.zeros(1), "relu"]
    def loss(self, x):
        return float((self.params["W"] * x).sum() + self.bias)
"""


@pytest.fixture(scope="module")
def session() -> Iterator[LockedSession]:
    with LockedSession(locked(Tier.E, View(), Limits())) as session:
        assert session.run_cell("source", SOURCE, 30.0).status == "ok"
        yield session


@pytest.fixture(params=["in process", "locked"])
def submission(request: pytest.FixtureRequest, session: LockedSession) -> Any:
    if request.param == "locked":
        submission = session.submission(20.0)
        submission.reset()
        return submission
    namespace: dict[str, Any] = {"__name__": "notebook"}
    exec(SOURCE, namespace)
    return LocalSubmission(namespace)


X, W, B = np.arange(6.0).reshape(2, 3), np.ones((3, 4)), np.zeros(4)


def test_an_array_result_comes_by_value(submission: Any) -> None:
    out, _ = submission.affine_forward(X, W, B)
    assert type(out) is np.ndarray
    assert np.array_equal(out, X @ W + B)


def test_a_cache_can_be_handed_back(submission: Any) -> None:
    _, cache = submission.affine_forward(X, W, B)
    dx, _dw, _db = submission.affine_backward(np.ones((2, 4)), cache)
    assert np.array_equal(dx, np.full((2, 3), 4.0))


def test_a_cache_that_is_an_array_keeps_its_identity(submission: Any) -> None:
    assert submission.is_kept(submission.keep(X)) is True


def test_a_copy_of_a_cache_is_another_array(submission: Any) -> None:
    assert submission.is_kept(submission.keep(X).copy()) is False


def test_one_array_given_twice_is_one_array(submission: Any) -> None:
    x = np.zeros(2)
    assert submission.is_its_own(x, x) is True


def test_plain_globals_come_by_value(submission: Any) -> None:
    assert (submission.scale, submission.text, submission.table.shape) == (3, "some text", (2, 3))


def test_a_missing_name_is_a_student_error(submission: Any) -> None:
    with pytest.raises(StudentError, match="missing_function is not defined in the notebook"):
        submission.missing_function(X)


def test_the_tests_own_array_never_changes(submission: Any) -> None:
    x = np.ones(3)
    submission.double_in_place(x)
    assert list(x) == [1, 1, 1]


def test_a_change_in_place_is_reported_with_function_and_argument(submission: Any) -> None:
    submission.double_in_place(X)
    assert submission.mutations == ["double_in_place: x"]


def test_a_change_in_a_tuple_is_reported_with_its_place(submission: Any) -> None:
    submission.change_first((np.ones(2), np.ones(2)))
    assert submission.mutations == ["change_first: cache[0]"]


def test_a_change_of_the_submissions_own_array_is_reported(submission: Any) -> None:
    submission.double_in_place(submission.keep(X))
    assert submission.mutations == ["double_in_place: x"]


def test_a_change_in_a_keyword_argument_is_reported(submission: Any) -> None:
    submission.double_in_place(x=X)
    assert submission.mutations == ["double_in_place: x"]


def test_a_change_in_a_batch_is_reported(submission: Any) -> None:
    submission.double_in_place.batch([(X,)])
    with pytest.raises(CheckFailure, match="double_in_place: x"):
        assert_inputs_unchanged(submission)


def test_arrays_that_keep_their_nan_have_not_changed(submission: Any) -> None:
    submission.relu_forward(np.array([np.nan]))
    assert submission.mutations == []


def test_what_a_function_does_to_an_in_out_dict_reaches_the_callers_dict(submission: Any) -> None:
    memory: dict[str, Any] = {"mean": np.array([4.0])}
    submission.remember(1.5, inout(memory))
    submission.remember(2.5, memory=inout(memory))
    assert (memory["calls"], memory["mean"][0], memory["last"]) == (2, 1.0, 2.5)
    assert submission.mutations == []


def test_containers_in_an_in_out_dict_come_back_as_they_are(submission: Any) -> None:
    memory: dict[str, Any] = {"steps": [1, (2, "a")], "inner": {"n": 1}}
    submission.look_into(inout(memory))
    assert memory == {"steps": [1, (2, "a"), 3], "inner": {"n": 2}}


def test_a_function_may_take_entries_out_of_an_in_out_dict(submission: Any) -> None:
    memory = {"a": 1}
    submission.empty(inout(memory))
    assert memory == {}


def test_any_other_dict_stays_as_the_test_has_it(submission: Any) -> None:
    mean = np.array([4.0])
    memory: dict[str, Any] = {"mean": mean}
    submission.remember(1.5, memory)
    assert list(memory) == ["mean"]
    assert memory["mean"] is mean
    assert mean[0] == 4.0


@pytest.mark.parametrize(
    ("memory", "changes"),
    [
        ({"mean": np.array([4.0])}, ["memory['mean']", "memory['calls']", "memory['last']"]),
        ({"mean": np.array([0.0]), "calls": 3, "last": 1.5}, ["memory['calls']"]),
    ],
)
def test_a_change_of_a_dict_is_reported_entry_by_entry(submission: Any, memory: Any, changes: list[str]) -> None:
    submission.remember(1.5, memory)
    assert submission.mutations == [f"remember: {change}" for change in changes]


def test_a_change_of_what_stands_in_dicts_lists_and_tuples_is_reported(submission: Any) -> None:
    submission.look_into({"steps": [1], "inner": {"n": 1}})
    assert sorted(submission.mutations) == ["look_into: memory['inner']['n']", "look_into: memory['steps']"]
    submission.clear_mutations()
    submission.change_first([{"a": np.ones(2)}])
    assert submission.mutations == ["change_first: cache[0]['a']", "change_first: cache[0]['b']"]


def test_an_equal_value_in_the_place_of_another_is_no_change(submission: Any) -> None:
    submission.renew({"w": np.array([1.0, np.nan]), "rate": float("nan"), "name": "x" * 50})
    assert submission.mutations == []


def test_a_batch_may_change_in_out_dicts_and_brings_nothing_back(submission: Any) -> None:
    memory = {"mean": np.array([4.0])}
    submission.remember.batch([(1.5, inout(memory))] * 2)
    submission.run([Call(submission.remember, (1.5, inout(memory)))])
    assert (list(memory), submission.mutations) == (["mean"], [])


def test_only_a_dict_can_be_in_out(submission: Any) -> None:
    with pytest.raises(TypeError, match="takes a dict, not list"):
        inout([1])


def test_an_in_out_dict_stands_for_a_whole_argument(submission: Any) -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        submission.keep([inout({})])


def test_a_batch_gives_each_result(submission: Any) -> None:
    assert submission.divide.batch([(6, 3), (9, 3)]) == [2.0, 3.0]


def test_a_batch_gives_the_picked_element(submission: Any) -> None:
    outs = submission.affine_forward.batch([(X, W, B), (2 * X, W, B)], pick=0)
    assert np.array_equal(outs[1], 2 * outs[0])


def test_picking_from_what_is_no_tuple_fails_the_check(submission: Any) -> None:
    with pytest.raises(CheckFailure, match="expected a tuple of at least 2 values"):
        submission.divide.batch([(6, 3)], pick=1)


def test_a_numerical_gradient_goes_through_a_batch(submission: Any) -> None:
    upstream = np.ones((2, 4))
    gradient = numerical_gradient(submission.affine_forward, (X, W, B), 0, upstream=upstream, pick=0)
    assert np.allclose(gradient, upstream @ W.T)


def test_steps_run_in_order(submission: Any) -> None:
    model = submission.Model(2)
    call = Call(model.loss, (np.ones(2),))
    results = submission.run([call, Put(model.params, "W", np.zeros(2)), call])
    assert results == [5.0, 1.0]


def test_attributes_can_be_read_and_set(submission: Any) -> None:
    model = submission.Model(2)
    model.bias = 7.0
    assert model.loss(np.zeros(2)) == 7.0


def test_items_can_be_read_and_set(submission: Any) -> None:
    model = submission.Model(2)
    model.params["W"] = np.array([5.0, 5.0])
    assert list(model.params["W"]) == [5.0, 5.0]


def test_a_dict_over_there_has_length_keys_and_membership(submission: Any) -> None:
    params = submission.Model(2).params
    assert (len(params), list(params), "W" in params, "V" in params) == (2, ["W", "b"], True, False)


def test_a_list_over_there_can_be_walked(submission: Any) -> None:
    array, name = submission.Model(2).layers
    assert (array.shape, name) == ((1,), "relu")


def test_attributes_with_an_underscore_are_out_of_reach(submission: Any) -> None:
    with pytest.raises(AttributeError):
        _ = submission.Model(2)._secret


def test_methods_report_mutations_by_class_and_method(submission: Any) -> None:
    model = submission.Model(2)
    model.loss(np.ones(2))
    assert submission.mutations == []


def test_a_subclass_of_array_is_opaque_and_named(submission: Any) -> None:
    assert type_name(submission.disguised()) == "a Subclass"


def test_an_array_of_objects_is_opaque(submission: Any) -> None:
    assert type(submission.objects()) is not np.ndarray


def test_containers_inside_a_tuple_stay_there(submission: Any) -> None:
    assert [type_name(part) for part in submission.nested()] == ["a tuple", "a list", "a dict"]


def test_an_object_is_not_asked_whether_it_is_equal(submission: Any) -> None:
    with pytest.raises(TypeError):
        _ = submission.lie() == 1


def test_an_object_is_not_asked_whether_it_is_true(submission: Any) -> None:
    with pytest.raises(TypeError):
        bool(submission.lie())


@pytest.mark.parametrize("convert", [np.asarray, np.isfinite, float, lambda lie: lie + np.ones(2), np.ones(2).__mul__])
def test_an_object_is_not_taken_for_a_number_or_an_array(submission: Any, convert: Callable[[Any], Any]) -> None:
    """A list whose elements are lists, and so on, would keep NumPy busy for ever."""
    for value in (submission.lie(), submission.nested()[1]):
        assert convert_or_refuse(convert, value) is None


def convert_or_refuse(convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        found = convert(value)
    except TypeError:
        return None
    return None if found is NotImplemented else found


@pytest.mark.parametrize("compare", [lambda a, b: a == b, lambda a, b: b == a, lambda a, b: a < b, np.allclose])
def test_an_object_is_not_compared_with_an_array(submission: Any, compare: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(TypeError):
        compare(submission.nested()[1], np.array([3, 4]))


@pytest.mark.parametrize("expected", [np.array([3, 4]), 3.0, True, "relu"])
def test_an_object_passes_no_assertion(submission: Any, expected: Any) -> None:
    check = assert_close if type(expected) in (np.ndarray, float) else assert_equal
    allowed = (1e-6,) if check is assert_close else ()
    with pytest.raises(CheckFailure, match="it is a list, expected"):
        check(submission.nested()[1], expected, *allowed, "it")


def test_an_object_can_not_be_copied(session: LockedSession) -> None:
    with pytest.raises(TypeError, match="copied"):
        copy.deepcopy(session.submission(20.0).lie())


def test_an_object_is_not_walked_backwards(session: LockedSession) -> None:
    """Python would ask for one item after the other, as many as the object says it has."""
    with pytest.raises(TypeError):
        reversed(session.submission(20.0).nested()[1])


def test_text_that_is_no_unicode_stays_where_it_is(session: LockedSession) -> None:
    submission = session.submission(20.0)
    for name in ("broken", "broken_array"):
        assert type_name(getattr(submission, name)).startswith(("a str", "a ndarray"))


def test_an_error_of_the_students_is_a_student_error(submission: Any) -> None:
    with pytest.raises(StudentError, match="ZeroDivisionError: division by zero"):
        submission.divide(1, 0)


def test_an_unwritten_exercise_is_told_apart(submission: Any) -> None:
    with pytest.raises(StudentError) as caught:
        submission.unwritten(X)
    assert caught.value.kind == "not_implemented"


def test_a_traceback_shows_the_students_frames_only(submission: Any) -> None:
    with pytest.raises(StudentError) as caught:
        submission.divide(1, 0)
    assert "in divide" in caught.value.traceback_text
    assert "requests.py" not in caught.value.traceback_text


def test_leaving_python_is_a_student_error(submission: Any) -> None:
    with pytest.raises(StudentError, match="SystemExit"):
        submission.leave()


def test_calling_what_is_no_function_is_a_student_error(submission: Any) -> None:
    with pytest.raises(StudentError, match="not callable"):
        submission.Model(2).params(1)


def test_what_a_test_cannot_send_is_an_error_of_the_test(session: LockedSession) -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        session.submission(5.0).relu_forward(object())


def test_a_handle_from_before_a_reset_is_a_student_error(session: LockedSession) -> None:
    submission = session.submission(5.0)
    _, cache = submission.affine_forward(X, W, B)
    submission.reset()
    with pytest.raises(StudentError, match="released"):
        submission.affine_backward(np.ones((2, 4)), cache)


def test_handles_are_released_when_no_test_holds_them(session: LockedSession) -> None:
    submission = session.submission(5.0)
    submission.reset()
    for _ in range(50):
        submission.affine_forward(X, W, B)
    assert len(session.values.take_released()) < 10


def test_a_large_batch_is_split_into_messages(session: LockedSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnkit.kit.locked.proxy.MOST_CALLS_IN_A_PARCEL", 3)
    divide = session.submission(5.0).divide
    assert divide.batch([(i, 1) for i in range(10)]) == [float(i) for i in range(10)]
