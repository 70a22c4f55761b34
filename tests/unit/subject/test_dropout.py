import numpy as np
import pytest

from nnkit.dropout import dropout_backward, dropout_forward, keep_probability
from nnkit.gradient_check import eval_numerical_gradient_array, rel_error


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def training(p, seed=123):
    return {"mode": "train", "p": p, "seed": seed}


def test_p_is_the_probability_of_keeping():
    assert keep_probability({"p": 0.3, "mode": "train"}) == 0.3


@pytest.mark.parametrize("p", [0.25, 0.4, 0.7])
def test_training_preserves_the_mean_and_keeps_a_share_of_p(rng, p):
    x = rng.standard_normal((500, 500)) + 10
    out, _ = dropout_forward(x, training(p))
    assert np.mean(out) == pytest.approx(10, abs=0.2)
    assert np.mean(out != 0) == pytest.approx(p, abs=0.01)


def test_mask_is_drawn_with_rand_below_p_and_divided_by_p(rng):
    x = rng.standard_normal((3, 4, 5))
    param = training(0.4, seed=5)
    out, (cached_param, mask) = dropout_forward(x, param)
    np.random.seed(5)
    assert np.array_equal(mask, (np.random.rand(3, 4, 5) < 0.4) / 0.4)
    assert np.array_equal(out, x * mask)
    assert cached_param is param


def test_numpys_global_generator_is_never_seeded():
    np.random.seed(3)
    wanted = np.random.rand(4)
    np.random.seed(3)
    dropout_forward(np.ones((10, 10)), training(0.5))
    assert np.array_equal(np.random.rand(4), wanted)


def test_one_seed_draws_one_mask_and_without_a_seed_every_call_draws_another():
    x = np.ones((10, 10))
    first, again, other = (dropout_forward(x, training(0.5, seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    unseeded = {"mode": "train", "p": 0.5}
    assert not np.array_equal(dropout_forward(x, unseeded)[0], dropout_forward(x, unseeded)[0])


def test_testing_is_the_identity_both_ways(rng):
    x, dout = rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
    out, cache = dropout_forward(x, {"mode": "test", "p": 0.2})
    assert np.array_equal(out, x)
    assert np.array_equal(dropout_backward(dout, cache), dout)


def test_backward_pass_agrees_with_the_numerical_gradient(rng):
    x, dout = rng.standard_normal((10, 10)) + 10, rng.standard_normal((10, 10))
    _, cache = dropout_forward(x, training(0.2))
    numeric = eval_numerical_gradient_array(lambda x: dropout_forward(x, training(0.2))[0], x, dout)
    assert rel_error(dropout_backward(dout, cache), numeric) < 1e-9


def test_keeping_everything_changes_nothing(rng):
    x = rng.standard_normal((4, 5))
    assert np.array_equal(dropout_forward(x, training(1))[0], x)


def test_mode_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="mode is 'trian'"):
        dropout_forward(np.ones(3), {"mode": "trian", "p": 0.5})


def test_single_precision_is_kept():
    out, cache = dropout_forward(np.ones((3, 4), dtype=np.float32), training(0.3))
    assert {out.dtype, dropout_backward(out, cache).dtype} == {np.dtype(np.float32)}
