"""The assertions of the grading language refuse what is not the asked-for numbers, and say why."""

import numpy as np
import pytest

from nnkit.student.testing import (
    FORWARD,
    NOISE_FLOOR,
    CheckFailure,
    LocalSubmission,
    arrays_named,
    assert_at_least,
    assert_below,
    assert_close,
    assert_dtype,
    assert_equal,
    assert_shape,
    measurements,
    rel_error,
    unpack,
)

EXPECTED = np.arange(6.0).reshape(2, 3)


class Liar:
    """Claims to be whatever it is compared with."""

    shape, dtype, ndim, size = (2, 3), np.dtype(float), 2, 6

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __array__(self, dtype=None, copy=None):
        return EXPECTED.copy()

    def __float__(self):
        return 1.0

    __class__ = np.ndarray
    __hash__ = None


class LyingArray(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)


def refusal(actual, expected=EXPECTED, **options):
    with pytest.raises(CheckFailure) as caught:
        assert_close(actual, expected, FORWARD, "out", **options)
    return str(caught.value)


def test_equal_arrays_pass():
    assert_close(EXPECTED.copy(), EXPECTED, 0.0, "out")


@pytest.mark.parametrize(
    "actual",
    [
        Liar(),
        EXPECTED.view(LyingArray),
        np.ma.masked_array(EXPECTED),
        EXPECTED.tolist(),
        tuple(EXPECTED),
        EXPECTED.astype(object),
        EXPECTED.astype(complex),
        EXPECTED.astype(bool),
        EXPECTED.astype(str),
        "out",
        None,
        lambda: EXPECTED,
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_but_a_base_array_of_real_numbers_is_refused(actual):
    assert "expected an array of shape (2, 3)" in refusal(actual)


@pytest.mark.parametrize("actual", [Liar(), True, np.True_, 1j, "1.0", [1.0], None, np.array(1.0, dtype=object)])
def test_anything_but_a_real_number_is_refused_where_one_is_expected(actual):
    assert "expected a real number" in refusal(actual, 1.0)


def test_a_subclass_of_float_is_refused():
    class Near(float):
        pass

    assert refusal(Near(1.0), 1.0) == "out is a Near, expected a real number"


@pytest.mark.parametrize("actual", [1.0, np.float64(1.0), np.array(1.0), 1, np.int64(1)], ids=repr)
def test_one_number_may_come_as_any_real_scalar(actual):
    assert_close(actual, 1.0, FORWARD, "loss")


def test_a_refusal_names_the_type():
    assert refusal(Liar()) == "out is a Liar, expected an array of shape (2, 3)"


def test_a_wrong_shape_is_named_with_the_hint():
    hint = "A bias is shared by the batch: sum over the batch axis."
    with pytest.raises(CheckFailure, match=r"^db has shape \(10, 5\), expected \(5,\)\. A bias is shared") as caught:
        assert_close(np.zeros((10, 5)), np.zeros(5), FORWARD, "db", hint=hint)
    assert caught.value.measured is None


def test_a_float32_answer_to_float64_inputs_is_refused():
    assert "dtype float32, expected float64" in refusal(EXPECTED.astype(np.float32))


def test_an_integer_array_is_refused_where_floats_are_expected():
    assert refusal(EXPECTED.astype(int)) == "out has dtype int64, expected float64"


def test_a_python_float_stands_for_a_float32_loss():
    assert_close(0.5, np.float32(0.5), FORWARD, "loss")


@pytest.mark.parametrize(("bad", "word"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_the_first_value_that_is_not_finite_is_named(bad, word):
    actual = EXPECTED.copy()
    actual[1, 0] = actual[1, 2] = bad
    assert refusal(actual) == f"out[1, 0] is {word} (2 of 6 values are not finite)"


def test_the_worst_entry_is_named_with_both_values():
    actual = EXPECTED.copy()
    actual[1, 2] = 5.5
    message = "out[1, 2] is 5.5, expected 5: relative error 4.8e-02, allowed 1.0e-09"
    with pytest.raises(CheckFailure) as caught:
        assert_close(actual, EXPECTED, FORWARD, "out")
    assert str(caught.value) == message
    assert (caught.value.measured, caught.value.allowed) == (pytest.approx(0.5 / 10.5), FORWARD)


def test_the_measure_is_that_of_rel_error():
    rng = np.random.default_rng(0)
    actual, expected = rng.normal(size=(2, 4, 5))
    with pytest.raises(CheckFailure) as caught:
        assert_close(actual, expected, FORWARD, "out")
    assert caught.value.measured == pytest.approx(rel_error(actual, expected), rel=1e-12)


def test_enormous_values_do_not_overflow_into_a_pass():
    with pytest.raises(CheckFailure):
        assert_close(np.array([1.7e308]), np.array([0.4e308]), 0.1, "out")


def test_a_relative_floor_forgives_noise_near_zero_only():
    expected = np.array([1.0, 1e-7])
    assert_close(np.array([1.0, 1.001e-7]), expected, 1e-6, "dx", relative_floor=NOISE_FLOOR)
    with pytest.raises(CheckFailure, match=r"^dx\[0\]"):
        assert_close(np.array([1.001, 1e-7]), expected, 1e-6, "dx", relative_floor=NOISE_FLOOR)


def test_broadcast_accepts_another_shape_of_the_same_numbers():
    stated = np.arange(3.0).reshape(1, 3, 1, 1)
    assert_close(np.arange(3.0), stated, FORWARD, "dgamma", broadcast=True)


def test_broadcast_never_accepts_another_number():
    stated = np.arange(3.0).reshape(1, 3, 1, 1)
    with pytest.raises(CheckFailure, match="relative error"):
        assert_close(np.arange(3.0) + 1e-3, stated, FORWARD, "dgamma", broadcast=True)


def test_without_broadcast_the_shape_must_be_exact():
    assert "has shape (3,)" in refusal(np.arange(3.0), np.arange(3.0).reshape(1, 3, 1, 1))


@pytest.mark.parametrize("expected", [np.array([np.nan]), np.array(["a"]), object()], ids=["nan", "text", "object"])
def test_a_senseless_expected_value_is_the_graders_fault(expected):
    with pytest.raises(ValueError, match="expected value"):
        assert_close(np.zeros(1), expected, FORWARD, "out")


def test_labels_may_have_any_integer_dtype():
    assert_equal(np.array([1, 2], dtype=np.int32), np.array([1, 2]), "labels")


def test_a_wrong_label_is_named_and_counted():
    with pytest.raises(CheckFailure, match=r"^labels\[1\] is 3, expected 2 \(1 of 2 differ\)$"):
        assert_equal(np.array([1, 3]), np.array([1, 2]), "labels")


@pytest.mark.parametrize("actual", [Liar(), [1, 2], np.array([1.0, 2.0]), np.array([True, False])], ids=repr)
def test_only_integers_are_labels(actual):
    with pytest.raises(CheckFailure, match="expected"):
        assert_equal(actual, np.array([1, 2]), "labels")


def test_assert_shape_names_both_shapes():
    with pytest.raises(CheckFailure, match=r"^out has shape \(3,\), expected \(2, 3\)$"):
        assert_shape(np.zeros(3), (2, 3), "out")


def test_assert_dtype_names_both_dtypes():
    with pytest.raises(CheckFailure, match=r"^out has dtype float64, expected float32$"):
        assert_dtype(np.zeros(3), np.float32, "out")


def test_assert_below_fails_above_the_limit():
    with pytest.raises(CheckFailure, match=r"^loss is 0\.2, it may be at most 0\.1$"):
        assert_below(0.2, 0.1, "loss")


def test_assert_at_least_fails_below_the_limit():
    with pytest.raises(CheckFailure, match=r"^accuracy is 0\.1, it should be at least 0\.2$"):
        assert_at_least(np.float64(0.1), 0.2, "accuracy")


@pytest.mark.parametrize("assertion", [assert_below, assert_at_least])
def test_nan_is_on_neither_side_of_a_limit(assertion):
    with pytest.raises(CheckFailure, match=r"^loss is nan$"):
        assertion(float("nan"), 0.1, "loss")


def test_unpack_names_what_was_expected():
    with pytest.raises(CheckFailure, match=r"^the function returned 2 values, expected 3 values \(dx, dw, db\)$"):
        unpack((1, 2), "dx", "dw", "db")


def test_unpack_does_not_take_an_array_apart():
    with pytest.raises(CheckFailure, match="returned an array"):
        unpack(np.zeros((2, 3)), "out", "cache")


def test_passed_comparisons_are_noted_too():
    token = measurements.set([])
    try:
        assert_close(1.0, 1.0, FORWARD, "loss")
        (noted,) = measurements.get()
    finally:
        measurements.reset(token)
    assert (noted.name, noted.measured, noted.allowed, noted.passed) == ("loss", 0.0, FORWARD, True)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"W1": EXPECTED}, r'^grads has no entry "b1", expected W1, b1$'),
        (None, r"^grads is None, expected a dictionary of arrays$"),
    ],
)
def test_a_dictionary_of_the_students_needs_an_entry_of_every_name(value, complaint):
    grads = LocalSubmission({"grads": value}).grads
    with pytest.raises(CheckFailure, match=complaint):
        arrays_named(grads, ("W1", "b1"), "grads")


def test_a_dictionary_of_the_students_may_hold_more_than_the_names():
    grads = LocalSubmission({"grads": {"W1": EXPECTED, "extra": 1}}).grads
    assert arrays_named(grads, ("W1",), "grads") is grads
