"""Numerical gradients are as exact as the stated tolerances need, and leave the submission as it was."""

import numpy as np
import pytest

from nnkit.student import differences
from nnkit.student.testing import (
    Call,
    CheckFailure,
    LocalSubmission,
    StudentError,
    numerical_gradient,
    numerical_gradient_of_parameter,
    rel_error,
)


class Quadratic:
    def __init__(self):
        self.params = {"W": np.array([[1.0, -2.0], [0.5, 3.0]])}

    def loss(self, x):
        return 0.5 * np.sum((x @ self.params["W"]) ** 2), {}


def affine(x, w):
    return x @ w, (x, w)


def norm(x):
    return np.sum(np.sin(x) ** 2)


def counting(x, param):
    param["calls"] = param.get("calls", 0) + 1
    return x * param["calls"]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def submission():
    namespace = {"affine": affine, "norm": norm, "counting": counting, "model": Quadratic()}
    namespace["raises"] = lambda x: 1 / 0
    namespace["nan"] = lambda x: x * np.nan
    namespace["rows"] = lambda x: x.sum(axis=0)
    return LocalSubmission(namespace)


def test_gradient_of_an_array_valued_function(submission, rng):
    x, w, upstream = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    numerical = numerical_gradient(submission.affine, (x, w), 1, upstream, pick=0)
    assert rel_error(numerical, x.T @ upstream) < 1e-8


def test_gradient_of_a_scalar_loss(submission, rng):
    x = rng.normal(size=(3, 4))
    assert rel_error(numerical_gradient(submission.norm, (x,), 0), np.sin(2 * x)) < 1e-7


def test_order_4_is_more_exact(submission, rng):
    x = rng.normal(size=(3, 4))
    assert rel_error(numerical_gradient(submission.norm, (x,), 0, order=4), np.sin(2 * x)) < 1e-10


def test_large_inputs_get_larger_steps(submission):
    x = np.full((2, 2), 1e6)
    w = np.ones((2, 1))
    numerical = numerical_gradient(submission.affine, (x, w), 0, np.ones((2, 1)), pick=0)
    assert rel_error(numerical, np.ones((2, 2))) < 1e-9


def test_float32_inputs_get_steps_of_their_own(submission, rng):
    x, w = rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=(4, 2)).astype(np.float32)
    numerical = numerical_gradient(submission.affine, (x, w), 1, np.ones((3, 2)), pick=0)
    assert np.abs(numerical - x.T @ np.ones((3, 2))).max() < 1e-3


def test_only_the_wanted_coordinates_are_computed(submission, rng):
    numerical = numerical_gradient(submission.norm, (rng.normal(size=(2, 2)),), 0, coordinates=[(0, 1)])
    assert np.isfinite(numerical).tolist() == [[False, True], [False, False]]


def test_batches_are_cut_when_they_grow_large(submission, rng, monkeypatch):
    x = rng.normal(size=(3, 4))
    whole = numerical_gradient(submission.norm, (x,), 0)
    monkeypatch.setattr(differences, "LARGEST_BATCH", 5 * x.nbytes)
    assert np.array_equal(numerical_gradient(submission.norm, (x,), 0), whole)


def test_inputs_stay_as_they_were(submission):
    x, param = np.ones(3), {}
    numerical_gradient(submission.counting, (x, param), 0, np.ones(3))
    assert (x.tolist(), param) == ([1, 1, 1], {})


def test_calls_do_not_share_their_dict_argument(submission):
    assert np.allclose(numerical_gradient(submission.counting, (np.ones(3), {}), 0, np.ones(3)), 1)


def test_gradient_of_a_parameter(submission, rng):
    x, model = rng.normal(size=(5, 2)), submission.model
    numerical = numerical_gradient_of_parameter(submission, Call(model.loss, (x,)), model.params, "W", pick=0)
    assert rel_error(numerical, x.T @ x @ Quadratic().params["W"]) < 1e-7


def test_the_parameter_is_the_same_array_afterwards(submission, rng):
    model = submission.model
    before = submission._namespace["model"].params["W"]
    numerical_gradient_of_parameter(submission, Call(model.loss, (rng.normal(size=(5, 2)),)), model.params, "W", pick=0)
    assert submission._namespace["model"].params["W"] is before


def test_the_parameter_is_put_back_after_an_error(submission):
    model = submission.model
    before = submission._namespace["model"].params["W"]
    with pytest.raises(StudentError):
        numerical_gradient_of_parameter(submission, Call(model.loss, ("text",)), model.params, "W", pick=0)
    assert submission._namespace["model"].params["W"] is before


def test_an_output_of_another_shape_fails_the_check(submission):
    with pytest.raises(CheckFailure, match=r"the output has shape \(2,\)"):
        numerical_gradient(submission.rows, (np.ones((3, 2)),), 0, np.ones((3, 2)))


def test_an_output_that_is_not_finite_fails_the_check(submission):
    with pytest.raises(CheckFailure, match="not finite"):
        numerical_gradient(submission.nan, (np.ones(2),), 0, np.ones(2))


def test_a_missing_element_of_the_result_fails_the_check(submission):
    with pytest.raises(CheckFailure, match="expected a tuple of at least 1 values"):
        numerical_gradient(submission.norm, (np.ones(2),), 0, pick=0)


def test_an_error_of_the_student_stays_one(submission):
    with pytest.raises(StudentError, match="ZeroDivisionError"):
        numerical_gradient(submission.raises, (np.ones(2),), 0, np.ones(2))
