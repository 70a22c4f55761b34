"""An in-process submission behaves as one behind a wire: copies in, plain values or handles out, errors told apart."""

import gc

import numpy as np
import pytest

from nnkit.student.testing import (
    Call,
    CheckFailure,
    LocalSubmission,
    Put,
    StudentError,
    assert_close,
    assert_inputs_unchanged,
    inout,
)

SOURCE = '''
import numpy as np

scale = 2.0
table = np.arange(3.0)
words = ["a", "b"]

def relu_forward(x):
    return np.maximum(0, x), x

def relu_backward(dout, cache):
    cache[cache > 0] = 1
    return dout * cache

def in_place(x):
    x *= 2
    return x

def fill(x, rows):
    rows[0][:] = 0
    return x

def norm(x, param):
    param["running_mean"] = 0.9 * param.get("running_mean", 0) + 0.1 * x.mean(axis=0)
    param["mode"] = "seen"
    return x

def unfinished(x):
    raise NotImplementedError("write me")

def broken(x):
    return helper(x)

def helper(x):
    return np.linalg.inv(x)

def leave():
    raise SystemExit(3)

def nested():
    return 1, (2, 3), [4]

def same(a, b):
    return a is b

class Odd(np.ndarray):
    pass

def odd():
    return np.zeros(3).view(Odd)

def mute():
    raise Mute

class Mute(Exception):
    def __str__(self):
        raise RuntimeError

class Model:
    def __init__(self, size=2):
        self.params = {"W": np.ones(size)}

    def loss(self, x):
        return float(self.params["W"] @ x)

    def __eq__(self, other):
        return True
'''


@pytest.fixture
def submission():
    namespace = {}
    exec(compile(SOURCE, "the notebook", "exec"), namespace)
    return LocalSubmission(namespace)


def test_a_missing_name_is_an_error_of_the_student(submission):
    with pytest.raises(StudentError, match=r"^affine_forward is not defined in the notebook$"):
        submission.affine_forward  # noqa: B018


def test_plain_values_come_by_value(submission):
    assert (submission.scale, submission.table.tolist()) == (2.0, [0, 1, 2])


def test_a_tuple_comes_back_as_a_tuple(submission):
    first, inner, items = submission.nested()
    assert (first, len(inner), list(items)) == (1, 2, [4])


def test_arguments_are_copies(submission):
    x = np.ones(3)
    submission.in_place(x)
    assert x.tolist() == [1, 1, 1]


def test_a_changed_argument_is_named(submission):
    submission.in_place(np.ones(3))
    with pytest.raises(CheckFailure, match="in_place: x"):
        assert_inputs_unchanged(submission)


def test_a_changed_array_inside_a_list_is_named(submission):
    submission.fill(np.ones(3), [np.ones(2)])
    assert submission.mutations == ["fill: rows[0]"]


def test_mutations_are_told_once(submission):
    submission.in_place(np.ones(3))
    with pytest.raises(CheckFailure):
        assert_inputs_unchanged(submission)
    assert_inputs_unchanged(submission)


def test_honest_functions_change_nothing(submission):
    submission.relu_forward(np.ones(3))
    assert_inputs_unchanged(submission)


def test_an_array_handed_back_is_the_students_own(submission):
    x = np.array([-1.0, 2.0])
    _, cache = submission.relu_forward(x)
    submission.relu_backward(np.ones(2), cache)
    second = submission.relu_backward(np.ones(2), cache)
    assert second.tolist() == [-1, 1]  # the first call's damage shows


def test_damage_to_a_cache_is_a_mutation(submission):
    _, cache = submission.relu_forward(np.array([-1.0, 2.0]))
    submission.relu_backward(np.ones(2), cache)
    assert submission.mutations == ["relu_backward: cache"]


def test_what_came_back_does_not_change_later(submission):
    _, cache = submission.relu_forward(np.array([-1.0, 2.0]))
    submission.relu_backward(np.ones(2), cache)
    assert cache.tolist() == [-1, 2]


def test_arrays_nobody_holds_are_forgotten(submission):
    submission.relu_forward(np.ones(3))
    gc.collect()
    assert not submission._own_arrays


def test_one_array_passed_twice_is_one_array(submission):
    x = np.ones(3)
    assert submission.same(x, x) is True


def test_state_in_an_in_out_dict_carries_over(submission):
    param = {"mode": "train"}
    submission.norm(np.ones((2, 3)), inout(param))
    submission.norm(np.ones((2, 3)), inout(param))
    assert param["mode"] == "seen"
    assert_close(param["running_mean"], np.full(3, 0.19), 1e-12, "running_mean")


def test_what_is_no_value_is_refused_as_a_wire_would(submission):
    with pytest.raises(TypeError, match="a Generator cannot be sent to a submission"):
        submission.in_place(np.random.default_rng(0))


def test_an_unfinished_function_says_so(submission):
    with pytest.raises(StudentError) as caught:
        submission.unfinished(1)
    assert caught.value.kind == "not_implemented"


def test_a_traceback_has_the_students_frames_only(submission):
    with pytest.raises(StudentError) as caught:
        submission.broken(np.zeros((2, 2)))
    lines = [line for line in caught.value.traceback_text.splitlines() if line.startswith("  File")]
    assert [line.split(" in ")[1] for line in lines] == ["broken", "helper"]


def test_leaving_python_is_an_error_of_the_student(submission):
    with pytest.raises(StudentError, match="SystemExit: 3"):
        submission.leave()


def test_an_exception_without_words_is_named(submission):
    with pytest.raises(StudentError, match="Mute: "):
        submission.mute()


def test_objects_keep_their_identity(submission):
    model = submission.Model()
    assert submission.same(model, model) is True


def test_attributes_items_and_methods_of_an_object(submission):
    model = submission.Model(size=3)
    model.params["W"] = np.array([1.0, 2.0, 3.0])
    assert model.loss(np.ones(3)) == 6.0


def test_a_container_has_a_length_keys_and_members(submission):
    params = submission.Model().params
    assert (len(params), list(params), "W" in params, "b" in params) == (1, ["W"], True, False)


def test_a_missing_key_is_an_error_of_the_student(submission):
    with pytest.raises(StudentError, match=r"Model\.params has no key 'W3'"):
        submission.Model().params["W3"]


def test_a_missing_attribute_is_an_error_of_the_student(submission):
    with pytest.raises(StudentError, match="no attribute 'predict'"):
        submission.Model().predict(1)


@pytest.mark.parametrize("question", [bool, lambda handle: handle == handle, hash])
def test_an_object_is_not_asked_what_it_equals(submission, question):
    with pytest.raises(TypeError):
        question(submission.Model())


def test_a_subclass_of_array_stays_opaque(submission):
    with pytest.raises(CheckFailure, match=r"^out is an Odd, expected an array of shape \(3,\)$"):
        assert_close(submission.odd(), np.zeros(3), 1e-9, "out")


def test_a_batch_is_many_calls(submission):
    outs = submission.relu_forward.batch([(np.ones(1),), (-np.ones(1),)], pick=0)
    assert [out.tolist() for out in outs] == [[1], [0]]


def test_run_takes_steps_in_order(submission):
    model = submission.Model()
    steps = [Call(model.loss, (np.ones(2),)), Put(model.params, "W", np.zeros(2)), Call(model.loss, (np.ones(2),))]
    assert submission.run(steps) == [2.0, 0.0]
