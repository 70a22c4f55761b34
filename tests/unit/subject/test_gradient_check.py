import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array, grad_check_sparse, rel_error


@pytest.fixture
def x():
    return np.random.default_rng(231).uniform(0.5, 1.5, size=(3, 4))


def cubes(x):
    return np.sum(x**3)


def test_the_gradient_of_a_sum_of_cubes_is_found(x):
    assert rel_error(eval_numerical_gradient(cubes, x, verbose=False), 3 * x**2) < 1e-9


def test_the_upstream_derivative_weights_the_outputs(x):
    df = np.arange(12.0).reshape(3, 4) + 1
    assert rel_error(eval_numerical_gradient_array(lambda x: x**3, x, df), 3 * x**2 * df) < 1e-9


def test_a_function_that_returns_its_own_argument_has_gradient_one(x):
    assert eval_numerical_gradient_array(lambda x: x, x, np.ones_like(x)) == pytest.approx(np.ones_like(x))


def test_verbose_prints_every_entry(x, capsys):
    eval_numerical_gradient(cubes, x)
    assert len(capsys.readouterr().out.splitlines()) == x.size


def test_a_right_gradient_passes_the_sparse_check(x, capsys):
    assert grad_check_sparse(cubes, x, 3 * x**2, num_checks=5) < 1e-8
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_the_sparse_check_returns_its_largest_error(x):
    assert grad_check_sparse(cubes, x, 9 * x**2) == pytest.approx(0.5)


def test_the_sparse_check_does_not_hide_a_nan(x):
    assert np.isnan(grad_check_sparse(cubes, x, np.full_like(x, np.nan)))


def fails_when_above(limit):
    def f(x):
        if np.any(x > limit):
            raise RuntimeError("too high")
        return np.sum(x)

    return f


@pytest.mark.parametrize(
    "check",
    [
        lambda f, x: eval_numerical_gradient(f, x, verbose=False),
        lambda f, x: eval_numerical_gradient_array(f, x, 1.0),
        lambda f, x: grad_check_sparse(f, x, np.ones_like(x)),
    ],
    ids=["whole", "array", "sparse"],
)
def test_x_is_unchanged_even_if_the_function_raises(check, x):
    before = x.copy()
    with pytest.raises(RuntimeError, match="too high"):
        check(fails_when_above(x.min()), x)
    assert np.array_equal(x, before)


def test_integers_are_refused_because_a_small_step_would_be_lost():
    with pytest.raises(TypeError, match="int64"):
        eval_numerical_gradient(cubes, np.arange(3), verbose=False)


def test_relative_error_is_measured_against_both_magnitudes():
    assert rel_error(np.array([1.0, 3.0]), np.array([1.0, 1.0])) == pytest.approx(0.5)


def test_relative_error_refuses_to_broadcast():
    with pytest.raises(ValueError, match="shapes differ"):
        rel_error(np.zeros(3), np.zeros((3, 1)))
