"""The inputs of grader files are the same everywhere, and a result's dtype is read off trusted values only."""

import numpy as np
import pytest

from nnkit.student.testing import float32_result, off_zero, spaced, wave


def test_wave_gives_the_same_numbers_for_ever():
    """Stored expected values depend on them."""
    np.testing.assert_allclose(wave(1, 2, 2), np.sin([[1, 13.9898], [26.9796, 39.9694]]), rtol=0, atol=1e-15)


def test_no_number_of_a_wave_occurs_twice():
    assert np.unique(wave(2, 40, 30).round(9)).size == 1200


def test_waves_of_other_phases_are_others():
    assert np.abs(wave(1, 20) - wave(2, 20)).max() > 0.5


def test_spaced_runs_through_the_last_axis_first():
    assert spaced(0, 5, 2, 3).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_off_zero_keeps_signs_and_leaves_a_gap():
    assert off_zero(np.array([-2.0, -1e-9, 1e-9, 3.0])).round(8).tolist() == [-2.1, -0.1, 0.1, 3.1]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (np.ones(2, np.float32), np.float32),
        (np.ones(2), np.float64),
        (np.float32(1), np.float32),
        (np.float64(1), np.float64),
        (1.0, np.float32),
        (np.ones(2, int), np.float32),
        (np.ones(2, np.float16), np.float32),
        ([1.0], np.float32),
        (None, np.float32),
    ],
)
def test_results_of_float32_inputs_are_asked_for_in_float32_unless_computed_in_float64(value, dtype):
    assert float32_result(value) is dtype


def test_an_object_that_claims_a_dtype_is_not_asked_for_it():
    class Claimant:
        @property
        def dtype(self):
            raise AssertionError("was asked")

    assert float32_result(Claimant()) is np.float32
