import numpy as np
import pytest

from nnkit.initialization import weight_std


def test_a_number_is_the_standard_deviation():
    assert weight_std(0.03, 20, 30) == 0.03


@pytest.mark.parametrize(("scheme", "expected"), [("xavier", 0.1), ("he", 0.2)])
def test_a_scheme_finds_its_standard_deviation(scheme, expected):
    assert weight_std(scheme, 50, 150) == pytest.approx(expected)


def test_xavier_makes_one_of_the_mean_gain_of_signal_and_gradient():
    assert weight_std("xavier", 40, 360) ** 2 * np.mean([40, 360]) == pytest.approx(1)


def test_he_keeps_the_mean_square_of_a_signal_through_a_relu():
    rng = np.random.default_rng(231)
    signal = rng.standard_normal((200, 500))
    after = np.maximum(signal, 0) @ (weight_std("he", 500, 400) * rng.standard_normal((500, 400)))
    assert np.mean(after**2) == pytest.approx(1, rel=0.05)
