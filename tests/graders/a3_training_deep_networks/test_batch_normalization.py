"""Graders of the notebook batch_normalization: batch norm, layer norm, and a network whose hidden layers use them.

Public tests compare with stored outputs, numerical gradients and properties; hidden tests add random inputs, judged by
the formulas at the end of this file, and each confirms the public ones of its kind. Backward passes get the cache that
the student's own forward pass left. One case of each gradient is so large that differences of the forward pass don't
end in time.
"""

import itertools

import numpy as np
from large_networks import check_slopes_of_a_large_net

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    LOSS,
    NETWORK_FORWARD,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
    SMOOTH_GRADIENT,
    Call,
    CheckFailure,
    arrays_named,
    assert_below,
    assert_close,
    assert_equal,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    inout,
    item,
    numerical_gradient,
    numerical_gradient_of_parameter,
    opaque,
    unpack,
    wave,
)

GRADIENTS = ("dx", "dgamma", "dbeta")
# Where a test is about something else than eps, so that who gets eps wrong loses marks for eps only.
TINY_EPS = {"eps": 1e-12}


def scattered(phase, *shape):
    """Fixed numbers whose columns, and whose rows, differ in mean and spread."""
    numbers = wave(phase, *shape)
    return numbers * (1 + np.arange(shape[1])) + np.arange(shape[0])[:, np.newaxis] % 3


def random_case(rng, n, d, spread=2.0):
    """Upstream derivative, inputs, scale and shift."""
    x = spread * (rng.normal(size=(n, d)) + 3 * rng.normal(size=d))
    return rng.normal(size=(n, d)), x, rng.uniform(0.5, 2, size=d), rng.normal(size=d)


# batchnorm_forward: output in training, running averages and output in testing earn marks separately.


def batchnorm_output(submission, x, gamma, beta, bn_param):
    out, _ = unpack(submission.batchnorm_forward(x, gamma, beta, inout(bn_param)), "out", "cache")
    return out


def kept(bn_param, key):
    """What the submission left in bn_param."""
    if key not in bn_param:
        raise CheckFailure(f'bn_param has no "{key}" after a training step: store it there')
    return bn_param[key]


def check_running_averages(submission, batches, settings, momentum):
    """Both running averages after every one of the batches."""
    d = batches[0].shape[1]
    bn_param = {"mode": "train", **settings}
    mean, var = settings.get("running_mean", np.zeros(d)), settings.get("running_var", np.zeros(d))
    for count, x in enumerate(batches, start=1):
        batchnorm_output(submission, x, np.ones(d), np.zeros(d), bn_param)
        mean = momentum * mean + (1 - momentum) * x.mean(axis=0)
        var = momentum * var + (1 - momentum) * x.var(axis=0)
        assert_close(kept(bn_param, "running_mean"), mean, FORWARD, f"running_mean after {count} batches")
        assert_close(kept(bn_param, "running_var"), var, FORWARD, f"running_var after {count} batches")


@item("batchnorm_forward", public=True, weight=1,
      message="In training every feature gets mean 0 and standard deviation 1 over the batch (gamma 1, beta 0).")
def test_batchnorm_normalises_in_training(submission, expected):
    x = 0.1 * scattered(1, 6, 4)
    expected("normalised", batchnorm_output(submission, x, np.ones(4), np.zeros(4), {"mode": "train"}), FORWARD)


@item("batchnorm_forward", public=True, weight=1,
      message="Normalised features are multiplied by gamma, and beta is added: one number of each per feature.")
def test_batchnorm_scales_and_shifts_in_training(submission, expected):
    x, gamma, beta = scattered(2, 5, 3), np.array([2.0, -1.0, 0.5]), np.array([1.0, 10.0, -3.0])
    expected("scaled", batchnorm_output(submission, x, gamma, beta, {"mode": "train", **TINY_EPS}), FORWARD)


@item("batchnorm_forward", public=True, weight=0.5,
      message='Training stores momentum * running + (1 - momentum) * sample in bn_param["running_mean"].')
def test_batchnorm_stores_the_running_mean(submission, expected):
    bn_param = {"mode": "train"}
    batchnorm_output(submission, scattered(3, 6, 4), np.ones(4), np.zeros(4), bn_param)
    expected("running_mean", kept(bn_param, "running_mean"), FORWARD)


@item("batchnorm_forward", public=True, weight=0.5,
      message='Training stores momentum * running + (1 - momentum) * sample in bn_param["running_var"].')
def test_batchnorm_stores_the_running_variance(submission, expected):
    bn_param = {"mode": "train"}
    batchnorm_output(submission, scattered(3, 6, 4), np.ones(4), np.zeros(4), bn_param)
    expected("running_var", kept(bn_param, "running_var"), FORWARD)


@item("batchnorm_forward", public=True, weight=1,
      message="At test time running mean and variance take the place of the batch's own; gamma and beta stay.")
def test_batchnorm_uses_the_running_averages_at_test_time(submission, expected):
    bn_param = {"mode": "test", "running_mean": np.array([1.0, -2.0, 0.3]), "running_var": np.array([4.0, 0.25, 9.0])}
    bn_param |= TINY_EPS
    gamma, beta = np.array([1.5, 1.0, -0.5]), np.array([0.0, 3.0, 1.0])
    expected("tested", batchnorm_output(submission, scattered(4, 5, 3), gamma, beta, bn_param), FORWARD)


@item("batchnorm_forward", public=True, weight=0.5,
      message="A forward pass reads x, gamma and beta and changes none of them.")
def test_batchnorm_leaves_its_inputs(submission):
    gamma, beta = np.array([2.0, -1.0, 0.5]), np.array([1.0, 10.0, -3.0])
    batchnorm_output(submission, scattered(5, 4, 3), gamma, beta, {"mode": "train"})
    assert_inputs_unchanged(submission)


@item("batchnorm_forward", weight=1.5,
      confirms=["test_batchnorm_normalises_in_training", "test_batchnorm_scales_and_shifts_in_training",
                "test_batchnorm_leaves_its_inputs"],
      message="In training the output must be right for batches and features of any number.")
def test_batchnorm_of_random_batches(submission, rng):
    for n, d in [(7, 3), (2, 11), (33, 1)]:
        _, x, gamma, beta = random_case(rng, n, d)
        out = batchnorm_output(submission, x, gamma, beta, {"mode": "train", **TINY_EPS})
        assert_close(out, batchnorm(x, gamma, beta, **TINY_EPS), FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("batchnorm_forward", weight=0.25, needs="test_batchnorm_of_random_batches",
      message="Subtract the mean before you square: far from zero, the mean of squares less the square of the mean "
              "has lost its digits.")
def test_batchnorm_far_from_zero(submission, rng):
    x = 1e6 + rng.normal(size=(6, 4))
    wanted = batchnorm(x - 1e6, 1, 0, **TINY_EPS)
    out = batchnorm_output(submission, x, np.ones(4), np.zeros(4), {"mode": "train", **TINY_EPS})
    assert_close(out, wanted, 1e-7, "out", relative_floor=0.1)


@item("batchnorm_forward", weight=1, needs="test_batchnorm_of_random_batches",
      message="eps is added to the variance, under the root, in training as well as at test time.")
def test_batchnorm_uses_the_eps_asked_for(submission, rng):
    for eps in (1e-9, 0.5, 20.0):
        _, x, gamma, beta = random_case(rng, 6, 4, spread=1e-3)
        out = batchnorm_output(submission, x, gamma, beta, {"mode": "train", "eps": eps})
        assert_close(out, batchnorm(x, gamma, beta, eps), FORWARD, f"out with eps {eps:g}", relative_floor=NOISE_FLOOR)
        running = {"running_mean": x.mean(axis=0), "running_var": 2 * x.var(axis=0)}
        out = batchnorm_output(submission, x, gamma, beta, {"mode": "test", "eps": eps, **running})
        wanted = (x - running["running_mean"]) / np.sqrt(running["running_var"] + eps) * gamma + beta
        assert_close(out, wanted, FORWARD, f"out in testing with eps {eps:g}", relative_floor=NOISE_FLOOR)


@item("batchnorm_forward", weight=0.5, needs="test_batchnorm_of_random_batches",
      message="eps is 1e-5 where bn_param does not say: it shows where features hardly vary.")
def test_batchnorm_has_a_default_eps(submission, rng):
    _, x, gamma, beta = random_case(rng, 6, 4, spread=1e-3)
    out = batchnorm_output(submission, x, gamma, beta, {"mode": "train"})
    assert_close(out, batchnorm(x, gamma, beta, 1e-5), FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("batchnorm_forward", weight=1,
      confirms=["test_batchnorm_stores_the_running_mean", "test_batchnorm_stores_the_running_variance"],
      message="The running averages go on from batch to batch, each moving them a little.")
def test_batchnorm_keeps_running_averages_over_several_batches(submission, rng):
    batches = [rng.normal(loc=rng.normal(), scale=1 + i, size=(3 + i, 4)) for i in range(4)]
    check_running_averages(submission, batches, {}, 0.9)


@item("batchnorm_forward", weight=0.5, needs="test_batchnorm_keeps_running_averages_over_several_batches",
      message="bn_param says how much of the running averages stays: momentum.")
def test_batchnorm_uses_the_momentum_asked_for(submission, rng):
    started = {"running_mean": rng.normal(size=3), "running_var": rng.uniform(1, 2, size=3)}
    for momentum in (0.5, 0.99, 0.0):
        batches = [rng.normal(size=(5, 3)) for _ in range(2)]
        check_running_averages(submission, batches, {"momentum": momentum, **started}, momentum)


@item("batchnorm_forward", weight=1, confirms="test_batchnorm_uses_the_running_averages_at_test_time",
      message="At test time an input's output doesn't depend on the rest of the batch, and bn_param stays as it is.")
def test_batchnorm_changes_nothing_at_test_time(submission, rng):
    _, x, gamma, beta = random_case(rng, 6, 4)
    running = {"running_mean": rng.normal(size=4), "running_var": rng.uniform(1, 3, size=4)}
    settings = {"eps": 0.1, "momentum": 0.7, **running}
    bn_param = {"mode": "test", **settings}
    wanted = (x - settings["running_mean"]) / np.sqrt(settings["running_var"] + 0.1) * gamma + beta
    for rows in (slice(0, 6), slice(2, 3)):
        out = batchnorm_output(submission, x[rows], gamma, beta, bn_param)
        assert_close(out, wanted[rows], FORWARD, "out in testing", relative_floor=NOISE_FLOOR)
    for key, value in settings.items():
        assert_close(kept(bn_param, key), value, 0, f'bn_param["{key}"] after testing')


@item("batchnorm_forward", weight=0.5,
      message="Training goes on after a test as if there had been none: the mode of each call decides.")
def test_batchnorm_changes_between_training_and_testing(submission, rng):
    bn_param = {"mode": "train", **TINY_EPS}
    mean, var = np.zeros(3), np.zeros(3)
    for _ in range(2):
        _, x, gamma, beta = random_case(rng, 5, 3)
        bn_param["mode"] = "train"
        out = batchnorm_output(submission, x, gamma, beta, bn_param)
        assert_close(out, batchnorm(x, gamma, beta, **TINY_EPS), FORWARD, "out in training", relative_floor=NOISE_FLOOR)
        mean, var = 0.9 * mean + 0.1 * x.mean(axis=0), 0.9 * var + 0.1 * x.var(axis=0)
        bn_param["mode"] = "test"
        out = batchnorm_output(submission, x, gamma, beta, bn_param)
        wanted = (x - mean) / np.sqrt(var) * gamma + beta
        assert_close(out, wanted, FORWARD, "out in testing", relative_floor=NOISE_FLOOR)


@item("batchnorm_forward", weight=0.5, needs="test_batchnorm_of_random_batches",
      message="A feature that does not vary, or a batch of one input, becomes beta: eps keeps the division alive.")
def test_batchnorm_of_features_that_do_not_vary(submission, rng):
    beta = rng.normal(size=3)
    for x in (rng.normal(size=(1, 3)), np.full((4, 3), 2.0)):
        out = batchnorm_output(submission, x, np.ones(3), beta, {"mode": "train"})
        assert_close(out, np.broadcast_to(beta, x.shape), FORWARD, "out")


@item("batchnorm_forward", weight=0.5, needs="test_batchnorm_of_random_batches",
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_batchnorm_in_float32(submission, rng):
    _, x, gamma, beta = (array.astype(np.float32) for array in random_case(rng, 30, 3))
    out = batchnorm_output(submission, x, gamma, beta, {"mode": "train"})
    wanted = batchnorm(x.astype(float), gamma, beta)
    assert_close(out, wanted, FORWARD_FLOAT32, "out", dtype=float32_result(out), floor=FLOAT32_FLOOR)


# Backward passes: dx, dgamma and dbeta earn marks separately, and the two of batch norm are asked for the same.


def gradients(forward, backward, dout, x, gamma, beta, param):
    _, cache = unpack(forward(x, gamma, beta, param), "out", "cache")
    return unpack(backward(dout, cache), *GRADIENTS)


def batchnorm_gradients(submission, backward, dout, x, gamma, beta, **settings):
    return gradients(submission.batchnorm_forward, backward, dout, x, gamma, beta, {"mode": "train", **settings})


def layernorm_gradients(submission, dout, x, gamma, beta, **settings):
    return gradients(submission.layernorm_forward, submission.layernorm_backward, dout, x, gamma, beta, settings)


FIXED_CASE = (wave(1, 5, 4), scattered(2, 5, 4), np.array([2.0, 0.5, -1.0, 1.5]), np.array([0.0, 1.0, -1.0, 2.0]))


def assert_gradients(actual, wanted, names=GRADIENTS, limit=ANALYTIC_GRADIENT, **options):
    for name in names:
        place = GRADIENTS.index(name)
        assert_close(actual[place], wanted[place], limit, name, relative_floor=NOISE_FLOOR, **options)


def check_against_slopes(forward, actual, dout, args, param):
    """Gradients against central differences of the student's own forward pass."""
    for wrt, name in enumerate(GRADIENTS):
        numeric = numerical_gradient(forward, (*args, param), wrt, upstream=dout, pick=0, order=4, step=1e-2)
        assert_close(actual[wrt], numeric, SMOOTH_GRADIENT * 10, name, relative_floor=NOISE_FLOOR)


def check_batchnorm_numerically(submission, backward):
    dout, *args = FIXED_CASE
    actual = batchnorm_gradients(submission, backward, *FIXED_CASE, **TINY_EPS)
    check_against_slopes(submission.batchnorm_forward, actual, dout, args, {"mode": "train", **TINY_EPS})


def check_batchnorm_gradients(submission, backward, rng, names):
    for n, d in [(7, 3), (4, 5), (12, 1)]:
        case = random_case(rng, n, d)
        actual = batchnorm_gradients(submission, backward, *case, **TINY_EPS)
        assert_gradients(actual, batchnorm_slopes(*case[:3], **TINY_EPS), names)
    case = random_case(rng, *((4000, 100) if "dx" in names else (40, 8000)))
    actual = batchnorm_gradients(submission, backward, *case, **TINY_EPS)
    assert_large_gradients(rng, actual, large_slopes(*case[:3], axis=0, **TINY_EPS), names)


def assert_large_gradients(rng, actual, wanted, names):
    """On a sample of the entries."""
    for name in names:
        value, right = actual[GRADIENTS.index(name)], wanted[GRADIENTS.index(name)]
        assert_shape(value, right.shape, name)
        entries = rng.integers(right.size, size=300)
        value, right = value.ravel()[entries], right.ravel()[entries]
        assert_close(value, right, ANALYTIC_GRADIENT, f"entries of {name}", relative_floor=NOISE_FLOOR)


def check_batchnorm_gamma_of_zero(submission, backward, rng):
    dout, x, gamma, beta = random_case(rng, 6, 4)
    gamma[1] = 0
    actual = batchnorm_gradients(submission, backward, dout, x, gamma, beta, **TINY_EPS)
    assert_gradients(actual, batchnorm_slopes(dout, x, gamma, **TINY_EPS))


def check_second_call(submission, backward, cache, dout):
    """Called once more with the same upstream derivative and cache, a backward pass gives the same again."""
    submission.clear_mutations()
    first, _, again = (unpack(backward(d, cache), *GRADIENTS) for d in (dout, -dout, dout))
    for name, value in zip(GRADIENTS, first, strict=True):
        assert_shape(value, dout.shape if name == "dx" else dout.shape[1:], name)
    assert_gradients(again, first)
    assert_inputs_unchanged(submission)


def check_batchnorm_gradients_with_eps(submission, backward, rng):
    for eps in (1e-8, 0.3, 5.0):
        case = random_case(rng, 6, 3)
        actual = batchnorm_gradients(submission, backward, *case, eps=eps)
        assert_gradients(actual, batchnorm_slopes(*case[:3], eps))


def check_batchnorm_second_call(submission, backward, rng):
    dout, x, gamma, beta = random_case(rng, 5, 4)
    _, cache = unpack(submission.batchnorm_forward(x, gamma, beta, {"mode": "train", **TINY_EPS}), "out", "cache")
    check_second_call(submission, backward, cache, dout)


def check_batchnorm_float32(submission, backward, rng):
    case = tuple(array.astype(np.float32) for array in random_case(rng, 30, 3))
    actual = batchnorm_gradients(submission, backward, *case)
    wanted = batchnorm_slopes(*(array.astype(float) for array in case[:3]))
    check_float32_gradients(actual, wanted)


# Numbers here are of the order of 1, and so are the terms that sums are made of: what is left of them where they cancel
# has lost float32's digits.
FLOAT32_FLOOR = 0.2


def check_float32_gradients(actual, wanted):
    for value, right, name in zip(actual, wanted, GRADIENTS, strict=True):
        dtype = float32_result(value)
        assert_close(value, right, FORWARD_FLOAT32, name, dtype=dtype, floor=FLOAT32_FLOOR)


@item("batchnorm_backward", public=True, weight=1.5,
      message="dx has three parts: x reaches out directly, through the mean, and through the variance.")
def test_batchnorm_backward_dx(submission, expected):
    actual = batchnorm_gradients(submission, submission.batchnorm_backward, *FIXED_CASE, **TINY_EPS)
    expected("dx", actual[0], ANALYTIC_GRADIENT)


@item("batchnorm_backward", public=True, weight=1,
      message="dgamma adds dout times the normalised inputs up over the batch, one number for each feature.")
def test_batchnorm_backward_dgamma(submission, expected):
    actual = batchnorm_gradients(submission, submission.batchnorm_backward, *FIXED_CASE, **TINY_EPS)
    expected("dgamma", actual[1], ANALYTIC_GRADIENT)


@item("batchnorm_backward", public=True, weight=1,
      message="dbeta adds dout up over the batch, one number for each feature.")
def test_batchnorm_backward_dbeta(submission, expected):
    actual = batchnorm_gradients(submission, submission.batchnorm_backward, *FIXED_CASE, **TINY_EPS)
    expected("dbeta", actual[2], ANALYTIC_GRADIENT)


@item("batchnorm_backward", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own batchnorm_forward shows when its inputs are nudged.")
def test_batchnorm_backward_agrees_with_numerical_gradients(submission):
    check_batchnorm_numerically(submission, submission.batchnorm_backward)


@item("batchnorm_backward", weight=2,
      confirms=["test_batchnorm_backward_dx", "test_batchnorm_backward_agrees_with_numerical_gradients"],
      message="dx must be right for batches and features of any number.")
def test_batchnorm_backward_dx_of_random_batches(submission, rng):
    check_batchnorm_gradients(submission, submission.batchnorm_backward, rng, ["dx"])


@item("batchnorm_backward", weight=1,
      confirms=["test_batchnorm_backward_dgamma", "test_batchnorm_backward_dbeta"],
      message="dgamma and dbeta must be right for batches and features of any number.")
def test_batchnorm_backward_dgamma_and_dbeta_of_random_batches(submission, rng):
    check_batchnorm_gradients(submission, submission.batchnorm_backward, rng, ["dgamma", "dbeta"])


BACKWARD_GRADIENTS = [
    "test_batchnorm_backward_dx_of_random_batches",
    "test_batchnorm_backward_dgamma_and_dbeta_of_random_batches",
]


@item("batchnorm_backward", weight=0.25, needs=BACKWARD_GRADIENTS,
      message="gamma may be zero: what is normalised can't be had by dividing the output by it.")
def test_batchnorm_backward_with_a_gamma_of_zero(submission, rng):
    check_batchnorm_gamma_of_zero(submission, submission.batchnorm_backward, rng)


@item("batchnorm_backward", weight=1, needs=BACKWARD_GRADIENTS,
      message="With a large eps the normalised inputs have a variance below 1: the gradients have to know of eps.")
def test_batchnorm_backward_with_small_and_large_eps(submission, rng):
    check_batchnorm_gradients_with_eps(submission, submission.batchnorm_backward, rng)


@item("batchnorm_backward", weight=0.5, needs=BACKWARD_GRADIENTS,
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_batchnorm_backward_leaves_its_cache(submission, rng):
    check_batchnorm_second_call(submission, submission.batchnorm_backward, rng)


@item("batchnorm_backward", weight=0.5, needs=BACKWARD_GRADIENTS,
      message="Gradients for float32 inputs must be arrays of floats, right to float32's digits.")
def test_batchnorm_backward_in_float32(submission, rng):
    check_batchnorm_float32(submission, submission.batchnorm_backward, rng)


@item("batchnorm_backward_alt", public=True, weight=2,
      message="The simplified dx is the same function as the long one: no part of it may get lost.")
def test_batchnorm_backward_alt_dx(submission, expected):
    actual = batchnorm_gradients(submission, submission.batchnorm_backward_alt, *FIXED_CASE, **TINY_EPS)
    expected("alt_dx", actual[0], ANALYTIC_GRADIENT)


@item("batchnorm_backward_alt", public=True, weight=1,
      message="dgamma and dbeta are the same as before: sums over the batch, one number for each feature.")
def test_batchnorm_backward_alt_dgamma_and_dbeta(submission, expected):
    _, dgamma, dbeta = batchnorm_gradients(submission, submission.batchnorm_backward_alt, *FIXED_CASE, **TINY_EPS)
    expected("alt_dgamma", dgamma, ANALYTIC_GRADIENT)
    expected("alt_dbeta", dbeta, ANALYTIC_GRADIENT)


@item("batchnorm_backward_alt", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own batchnorm_forward shows when its inputs are nudged.")
def test_batchnorm_backward_alt_agrees_with_numerical_gradients(submission):
    check_batchnorm_numerically(submission, submission.batchnorm_backward_alt)


@item("batchnorm_backward_alt", weight=2,
      confirms=["test_batchnorm_backward_alt_dx", "test_batchnorm_backward_alt_agrees_with_numerical_gradients"],
      message="dx must be right for batches and features of any number.")
def test_batchnorm_backward_alt_dx_of_random_batches(submission, rng):
    check_batchnorm_gradients(submission, submission.batchnorm_backward_alt, rng, ["dx"])


@item("batchnorm_backward_alt", weight=1, confirms="test_batchnorm_backward_alt_dgamma_and_dbeta",
      message="dgamma and dbeta must be right for batches and features of any number.")
def test_batchnorm_backward_alt_dgamma_and_dbeta_of_random_batches(submission, rng):
    check_batchnorm_gradients(submission, submission.batchnorm_backward_alt, rng, ["dgamma", "dbeta"])


BACKWARD_ALT_GRADIENTS = [
    "test_batchnorm_backward_alt_dx_of_random_batches",
    "test_batchnorm_backward_alt_dgamma_and_dbeta_of_random_batches",
]


@item("batchnorm_backward_alt", weight=0.25, needs=BACKWARD_ALT_GRADIENTS,
      message="gamma may be zero: what is normalised can't be had by dividing the output by it.")
def test_batchnorm_backward_alt_with_a_gamma_of_zero(submission, rng):
    check_batchnorm_gamma_of_zero(submission, submission.batchnorm_backward_alt, rng)


@item("batchnorm_backward_alt", weight=1, needs=BACKWARD_ALT_GRADIENTS,
      message="With a large eps the normalised inputs have a variance below 1: don't simplify it to 1.")
def test_batchnorm_backward_alt_with_small_and_large_eps(submission, rng):
    check_batchnorm_gradients_with_eps(submission, submission.batchnorm_backward_alt, rng)


@item("batchnorm_backward_alt", weight=0.5, needs=BACKWARD_ALT_GRADIENTS,
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_batchnorm_backward_alt_leaves_its_cache(submission, rng):
    check_batchnorm_second_call(submission, submission.batchnorm_backward_alt, rng)


@item("batchnorm_backward_alt", weight=0.5, needs=BACKWARD_ALT_GRADIENTS,
      message="Gradients for float32 inputs must be arrays of floats, right to float32's digits.")
def test_batchnorm_backward_alt_in_float32(submission, rng):
    check_batchnorm_float32(submission, submission.batchnorm_backward_alt, rng)


# layernorm_forward and layernorm_backward


def layernorm_output(submission, x, gamma, beta, **settings):
    out, _ = unpack(submission.layernorm_forward(x, gamma, beta, settings), "out", "cache")
    return out


@item("layernorm_forward", public=True, weight=1,
      message="Every row gets mean 0 and standard deviation 1 over its features (gamma 1, beta 0).")
def test_layernorm_normalises_each_row(submission, expected):
    expected("rows", layernorm_output(submission, scattered(6, 4, 6), np.ones(6), np.zeros(6)), FORWARD)


@item("layernorm_forward", public=True, weight=1,
      message="Normalised features are multiplied by gamma, and beta is added: one number of each per feature.")
def test_layernorm_scales_and_shifts_each_feature(submission, expected):
    gamma, beta = np.array([2.0, -1.0, 0.5, 1.0]), np.array([1.0, 10.0, -3.0, 0.0])
    expected("features", layernorm_output(submission, scattered(7, 4, 4), gamma, beta, **TINY_EPS), FORWARD)


@item("layernorm_forward", public=True, weight=0.5,
      message="A row's output depends on no other row: one input alone gives the same as in a batch.")
def test_layernorm_of_one_input(submission, expected):
    gamma, beta = np.array([2.0, -1.0, 0.5, 1.0]), np.array([1.0, 10.0, -3.0, 0.0])
    expected("one", layernorm_output(submission, scattered(7, 4, 4)[2:3], gamma, beta, **TINY_EPS), FORWARD)


@item("layernorm_forward", weight=1.5,
      confirms=["test_layernorm_normalises_each_row", "test_layernorm_scales_and_shifts_each_feature",
                "test_layernorm_of_one_input"],
      message="The output must be right for batches and features of any number.")
def test_layernorm_of_random_batches(submission, rng):
    for n, d in [(3, 7), (11, 4), (1, 30), (5, 5)]:
        _, x, gamma, beta = random_case(rng, n, d)
        out = layernorm_output(submission, x, gamma, beta, **TINY_EPS)
        assert_close(out, layernorm(x, gamma, beta, **TINY_EPS), FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("layernorm_forward", weight=0.25, needs="test_layernorm_of_random_batches",
      message="Subtract the mean before you square: far from zero, the mean of squares less the square of the mean "
              "has lost its digits.")
def test_layernorm_far_from_zero(submission, rng):
    x = 1e6 + rng.normal(size=(4, 6))
    wanted = layernorm(x - 1e6, 1, 0, **TINY_EPS)
    out = layernorm_output(submission, x, np.ones(6), np.zeros(6), **TINY_EPS)
    assert_close(out, wanted, 1e-7, "out", relative_floor=0.1)


@item("layernorm_forward", weight=1, needs="test_layernorm_of_random_batches",
      message="eps is added to the variance, under the root; it is 1e-5 if ln_param does not say.")
def test_layernorm_uses_eps(submission, rng):
    for settings in ({}, {"eps": 1e-9}, {"eps": 0.5}, {"eps": 20.0}):
        _, x, gamma, beta = random_case(rng, 4, 6, spread=1e-3)
        wanted = layernorm(x, gamma, beta, **settings)
        out = layernorm_output(submission, x, gamma, beta, **settings)
        assert_close(out, wanted, FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("layernorm_forward", weight=0.5, needs="test_layernorm_of_random_batches",
      message="A row of equal numbers, or of a single one, becomes beta: eps keeps the division alive.")
def test_layernorm_of_rows_that_do_not_vary(submission, rng):
    for x in (rng.normal(size=(5, 1)), np.full((5, 3), 2.0)):
        beta = rng.normal(size=x.shape[1])
        out = layernorm_output(submission, x, np.ones(x.shape[1]), beta)
        assert_close(out, np.broadcast_to(beta, x.shape), FORWARD, "out")


@item("layernorm_forward", weight=0.5, needs="test_layernorm_of_random_batches",
      message="A forward pass reads x, gamma and beta and changes none of them.")
def test_layernorm_leaves_its_inputs(submission, rng):
    _, x, gamma, beta = random_case(rng, 5, 4)
    layernorm_output(submission, x, gamma, beta, **TINY_EPS)
    assert_inputs_unchanged(submission)


@item("layernorm_forward", weight=0.5, needs="test_layernorm_of_random_batches",
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_layernorm_in_float32(submission, rng):
    _, x, gamma, beta = (array.astype(np.float32) for array in random_case(rng, 4, 30))
    out = layernorm_output(submission, x, gamma, beta)
    wanted = layernorm(x.astype(float), gamma, beta)
    assert_close(out, wanted, FORWARD_FLOAT32, "out", dtype=float32_result(out), floor=FLOAT32_FLOOR)


@item("layernorm_backward", public=True, weight=1.5,
      message="dx has three parts, as for batch norm, with mean and variance of a row: gamma stands inside these sums.")
def test_layernorm_backward_dx(submission, expected):
    expected("layernorm_dx", layernorm_gradients(submission, *FIXED_CASE)[0], ANALYTIC_GRADIENT)


@item("layernorm_backward", public=True, weight=1,
      message="gamma and beta are shared by the batch: their gradients are sums over the batch axis.")
def test_layernorm_backward_dgamma_and_dbeta(submission, expected):
    _, dgamma, dbeta = layernorm_gradients(submission, *FIXED_CASE)
    expected("layernorm_dgamma", dgamma, ANALYTIC_GRADIENT)
    expected("layernorm_dbeta", dbeta, ANALYTIC_GRADIENT)


@item("layernorm_backward", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own layernorm_forward shows when its inputs are nudged.")
def test_layernorm_backward_agrees_with_numerical_gradients(submission):
    dout, *args = FIXED_CASE
    check_against_slopes(submission.layernorm_forward, layernorm_gradients(submission, *FIXED_CASE), dout, args, {})


def check_layernorm_gradients(submission, rng, names):
    for n, d in [(3, 7), (9, 4), (1, 6), (4, 5)]:
        case = random_case(rng, n, d)
        assert_gradients(layernorm_gradients(submission, *case), layernorm_slopes(*case[:3]), names)
    case = random_case(rng, *((100, 4000) if "dx" in names else (40, 8000)))
    wanted = large_slopes(*case[:3], axis=1)
    assert_large_gradients(rng, layernorm_gradients(submission, *case), wanted, names)


@item("layernorm_backward", weight=2,
      confirms=["test_layernorm_backward_dx", "test_layernorm_backward_agrees_with_numerical_gradients"],
      message="dx must be right for batches and features of any number.")
def test_layernorm_backward_dx_of_random_batches(submission, rng):
    check_layernorm_gradients(submission, rng, ["dx"])


@item("layernorm_backward", weight=1, confirms="test_layernorm_backward_dgamma_and_dbeta",
      message="dgamma and dbeta must be right for batches and features of any number.")
def test_layernorm_backward_dgamma_and_dbeta_of_random_batches(submission, rng):
    check_layernorm_gradients(submission, rng, ["dgamma", "dbeta"])


LAYERNORM_GRADIENTS = [
    "test_layernorm_backward_dx_of_random_batches",
    "test_layernorm_backward_dgamma_and_dbeta_of_random_batches",
]


@item("layernorm_backward", weight=0.25, needs=LAYERNORM_GRADIENTS,
      message="gamma may be zero: what is normalised can't be had by dividing the output by it.")
def test_layernorm_backward_with_a_gamma_of_zero(submission, rng):
    dout, x, gamma, beta = random_case(rng, 4, 6)
    gamma[1] = 0
    actual = layernorm_gradients(submission, dout, x, gamma, beta)
    assert_gradients(actual, layernorm_slopes(dout, x, gamma))


@item("layernorm_backward", weight=1, needs=LAYERNORM_GRADIENTS,
      message="With a large eps the normalised inputs have a variance below 1: the gradients have to know of eps.")
def test_layernorm_backward_with_small_and_large_eps(submission, rng):
    for eps in (1e-8, 0.3, 5.0):
        case = random_case(rng, 3, 6)
        assert_gradients(layernorm_gradients(submission, *case, eps=eps), layernorm_slopes(*case[:3], eps))


@item("layernorm_backward", weight=0.5, needs=LAYERNORM_GRADIENTS,
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_layernorm_backward_leaves_its_cache(submission, rng):
    dout, x, gamma, beta = random_case(rng, 5, 4)
    _, cache = unpack(submission.layernorm_forward(x, gamma, beta, {}), "out", "cache")
    check_second_call(submission, submission.layernorm_backward, cache, dout)


@item("layernorm_backward", weight=0.5, needs=LAYERNORM_GRADIENTS,
      message="Gradients for float32 inputs must be arrays of floats, right to float32's digits.")
def test_layernorm_backward_in_float32(submission, rng):
    case = tuple(array.astype(np.float32) for array in random_case(rng, 3, 30))
    wanted = layernorm_slopes(*(array.astype(float) for array in case[:3]))
    check_float32_gradients(layernorm_gradients(submission, *case), wanted)


# FullyConnectedNet: parameters, training, gradients and testing earn marks separately, for both kinds of normalisation.

KINDS = ("batchnorm", "layernorm")
# What the plain net of the assignment before does, too, counts only where layers are normalised.
NORMALISED = "test_net_loss_of_random_images"


def fixed_parameters(dims, kind):
    return parameters_from(lambda place, *shape: wave(1 + place, *shape), dims, kind)


def random_parameters(rng, dims, kind):
    return parameters_from(lambda _, *shape: rng.normal(size=shape), dims, kind)


def parameters_from(numbers, dims, kind):
    """Parameters of a net of these sizes. Biases keep ReLUs off their kinks, and gammas off zero."""
    parameters = {}
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(dims), start=1):
        parameters[f"W{layer}"] = numbers(10 * layer, fan_in, fan_out)
        parameters[f"b{layer}"] = 0.5 * numbers(10 * layer + 1, fan_out)
        if kind is not None and layer < len(dims) - 1:
            parameters[f"gamma{layer}"] = 1 + 0.3 * np.sin(numbers(10 * layer + 2, fan_out))
            parameters[f"beta{layer}"] = 0.5 * numbers(10 * layer + 3, fan_out)
    return parameters


def new_net(submission, dims, kind, **settings):
    net = submission.FullyConnectedNet(
        list(dims[1:-1]), input_dim=dims[0], num_classes=dims[-1], normalization=kind, **settings
    )
    return opaque(net, "FullyConnectedNet(...)", "a model")


def net_with(submission, dims, kind, parameters, **settings):
    """A net of the student's in float64, with these parameters in it."""
    net = new_net(submission, dims, kind, dtype=submission.np.float64, **settings)
    params = arrays_named(net.params, parameters, "params")
    for key, value in parameters.items():
        params[key] = value
    return net


def training_loss(net, X, y):
    loss, _ = unpack(net.loss(X, y), "loss", "grads")
    return loss


def check_net_numerically(submission, dims, kind, parameters, X, y, reg, only=""):
    """Gradients of the parameters whose names begin as told, against central differences of the student's own loss."""
    net = net_with(submission, dims, kind, parameters, reg=reg)
    _, grads = unpack(net.loss(X, y), "loss", "grads")
    names = [key for key in parameters if key.startswith(only)]
    arrays_named(grads, names, "grads")
    for key in names:
        numeric = numerical_gradient_of_parameter(submission, Call(net.loss, (X, y)), net.params, key, pick=0)
        # A bias in front of batch norm moves nothing: what is measured of it is rounding.
        assert_close(grads[key], numeric, NETWORK_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR, floor=1e-3)


SMALL = (5, 4, 4, 3)
SMALL_X, SMALL_Y = wave(50, 6, 5) * np.arange(1, 7)[:, np.newaxis], np.array([0, 2, 1, 1, 0, 2])


@item("FullyConnectedNet", public=True, weight=0.5,
      message="Each hidden layer has a gamma and a beta of its own size, the last layer has none.")
def test_net_has_gamma_and_beta_in_hidden_layers_only(submission):
    for kind in KINDS:
        params = new_net(submission, (6, 5, 7, 4), kind).params
        arrays_named(params, ["W3", "b3", "gamma1", "beta1", "gamma2", "beta2"], "params")
        for key, size in {"gamma1": 5, "beta1": 5, "gamma2": 7, "beta2": 7}.items():
            assert_shape(params[key], (size,), f'params["{key}"]')
        surplus = [key for key in ("gamma0", "beta0", "gamma3", "beta3") if key in params]
        assert_equal(" ".join(surplus), "", "what params holds beside the hidden layers' gammas and betas")


@item("FullyConnectedNet", public=True, weight=0.5,
      message="gamma starts with ones and beta with zeros: at first the layer only normalises.")
def test_net_starts_with_ones_and_zeros(submission):
    for kind in KINDS:
        params = arrays_named(new_net(submission, (6, 5, 4), kind).params, ["gamma1", "beta1"], "params")
        for key, start in [("gamma1", 1.0), ("beta1", 0.0)]:
            value = params[key]
            assert_shape(value, (5,), f'params["{key}"]')
            # Rounded first: small random numbers are then the same mistake as zeros.
            dtype = float32_result(value)
            assert_close(np.round(value, 1), np.full(5, start), 0, f'params["{key}"], rounded', dtype=dtype)
            assert_below(np.count_nonzero(value != start), 0, f"how many numbers of {key} are not {start:g}")


@item("FullyConnectedNet", public=True, weight=1,
      message="With batch norm a hidden layer is affine, batch norm, ReLU; the last layer is affine alone.")
def test_net_loss_with_batchnorm(submission, expected):
    net = net_with(submission, SMALL, "batchnorm", fixed_parameters(SMALL, "batchnorm"))
    expected("batchnorm_loss", training_loss(net, SMALL_X, SMALL_Y), LOSS)


@item("FullyConnectedNet", public=True, weight=1,
      message="With layer norm a hidden layer is affine, layer norm, ReLU; the last layer is affine alone.")
def test_net_loss_with_layernorm(submission, expected):
    net = net_with(submission, SMALL, "layernorm", fixed_parameters(SMALL, "layernorm"))
    expected("layernorm_loss", training_loss(net, SMALL_X, SMALL_Y), LOSS)


@item("FullyConnectedNet", public=True, weight=0.5,
      message="Without normalisation the net is what it was before.")
def test_net_loss_without_normalisation(submission, expected):
    net = net_with(submission, SMALL, None, fixed_parameters(SMALL, None), reg=0.1)
    expected("plain_loss", training_loss(net, SMALL_X, SMALL_Y), LOSS)


@item("FullyConnectedNet", public=True, weight=1.5,
      message="With batch norm each gradient must be the slope of your own loss in that parameter.")
def test_net_gradients_with_batchnorm(submission):
    check_net_numerically(
        submission, SMALL, "batchnorm", fixed_parameters(SMALL, "batchnorm"), SMALL_X, SMALL_Y, reg=0.0
    )


@item("FullyConnectedNet", public=True, weight=1.5,
      message="With layer norm each gradient must be the slope of your own loss in that parameter.")
def test_net_gradients_with_layernorm(submission):
    check_net_numerically(
        submission, SMALL, "layernorm", fixed_parameters(SMALL, "layernorm"), SMALL_X, SMALL_Y, reg=0.0
    )


@item("FullyConnectedNet", public=True, weight=1,
      message="loss(X), without labels, is a test: batch norm then takes the running averages, not the batch's own.")
def test_net_scores_at_test_time(submission, expected):
    net = net_with(submission, SMALL, "batchnorm", fixed_parameters(SMALL, "batchnorm"))
    training_loss(net, SMALL_X, SMALL_Y)
    expected("test_scores", net.loss(SMALL_X), NETWORK_FORWARD)


@item("FullyConnectedNet", weight=0.5,
      confirms=["test_net_has_gamma_and_beta_in_hidden_layers_only", "test_net_starts_with_ones_and_zeros"],
      message="gamma and beta have the sizes of the hidden layers, and without normalisation there are none.")
def test_net_of_any_sizes_has_gamma_and_beta(submission, rng):
    dims = (5, *(int(size) for size in rng.integers(2, 9, size=3)), 4)
    for kind in (*KINDS, None):
        params = opaque(new_net(submission, dims, kind).params, "params", "a dictionary of arrays")
        for layer, size in enumerate(dims[1:-1], start=1):
            for key, start in ((f"gamma{layer}", 1.0), (f"beta{layer}", 0.0)):
                if kind is None:
                    assert_below(int(key in params), 0, f"whether a net without normalisation has {key} (1) or not (0)")
                else:
                    value = arrays_named(params, [key], "params")[key]
                    assert_close(value, np.full(size, start), 0, f'params["{key}"]', dtype=float32_result(value))


@item("FullyConnectedNet", weight=1.5,
      confirms=["test_net_loss_with_batchnorm", "test_net_loss_with_layernorm", "test_net_loss_without_normalisation"],
      message="The loss must be right for nets of any depth and images of any shape.")
def test_net_loss_of_random_images(submission, rng):
    for kind, dims in [("batchnorm", (12, 5, 7, 6, 4)), ("layernorm", (12, 6, 3)), ("batchnorm", (12, 8, 3))]:
        parameters = random_parameters(rng, dims, kind)
        X, y = rng.normal(size=(7, 3, 2, 2)), rng.integers(dims[-1], size=7)
        net = net_with(submission, dims, kind, parameters)
        wanted = softmax(net_scores(parameters, X, kind), y)
        assert_close(training_loss(net, X, y), wanted, LOSS, f"loss with {kind}")


@item("FullyConnectedNet", weight=1, needs=NORMALISED,
      message="The penalty counts weights W1, W2, ... only: biases, gammas and betas are not regularised.")
def test_net_regularises_weights_only(submission, rng):
    for kind in KINDS:
        parameters = random_parameters(rng, SMALL, kind)
        parameters |= {key: 5 + value for key, value in parameters.items() if not key.startswith("W")}
        X, y = rng.normal(size=(6, 5)), rng.integers(3, size=6)
        penalty = 0.35 * sum((parameters[f"W{layer}"] ** 2).sum() for layer in (1, 2, 3))
        wanted = softmax(net_scores(parameters, X, kind), y) + penalty
        net = net_with(submission, SMALL, kind, parameters, reg=0.7)
        assert_close(training_loss(net, X, y), wanted, LOSS, f"loss with {kind}")


@item("FullyConnectedNet", weight=1, needs="test_net_gradients_of_the_weights",
      message="gamma and beta have gradients of their own, in which reg has no part.")
def test_net_gradients_of_gamma_and_beta(submission, rng):
    for kind in KINDS:
        X, y = rng.normal(size=(6, 5)), rng.integers(3, size=6)
        parameters = random_parameters(rng, SMALL, kind)
        for only in ("gamma", "beta"):
            check_net_numerically(submission, SMALL, kind, parameters, X, y, reg=0.7, only=only)


@item("FullyConnectedNet", weight=4, needs=NORMALISED,
      confirms=["test_net_gradients_with_batchnorm", "test_net_gradients_with_layernorm"],
      message="With regularisation, too, each weight's gradient must be the slope of your own loss.")
def test_net_gradients_of_the_weights(submission, rng):
    for kind in KINDS:
        X, y = rng.normal(size=(6, 5)), rng.integers(3, size=6)
        check_net_numerically(submission, SMALL, kind, random_parameters(rng, SMALL, kind), X, y, reg=0.7, only="W")
    dims = (300, 150, 100, 10)
    for kind in KINDS:
        X, y = rng.normal(size=(10, 300)), rng.integers(10, size=10)
        parameters = {key: value / np.sqrt(len(value)) if key.startswith("W") else value
                      for key, value in random_parameters(rng, dims, kind).items()}  # fmt: skip
        check_slopes_of_a_large_net(net_with(submission, dims, kind, parameters), parameters, X, y, rng)


@item("FullyConnectedNet", weight=1.5, confirms="test_net_scores_at_test_time",
      message="Every hidden layer keeps running averages of its own, over all training batches, for the tests to come.")
def test_net_keeps_running_averages_for_each_layer(submission, rng):
    dims = (6, 4, 4, 4, 3)  # of one size, so that sharing the averages breaks nothing but the numbers
    parameters = random_parameters(rng, dims, "batchnorm")
    net = net_with(submission, dims, "batchnorm", parameters)
    running = {}
    for _ in range(3):
        X, y = rng.normal(size=(8, 6)), rng.integers(3, size=8)
        training_loss(net, X, y)
        net_scores(parameters, X, "batchnorm", running=running)
    X = rng.normal(size=(5, 6))
    wanted = net_scores(parameters, X, "batchnorm", running=running, testing=True)
    assert_close(net.loss(X), wanted, NETWORK_FORWARD, "scores", relative_floor=NOISE_FLOOR)


@item("FullyConnectedNet", weight=1,
      message="A test leaves no trace: not in the running averages, and the next loss is one of training again.")
def test_net_changes_between_training_and_testing(submission, rng):
    parameters = random_parameters(rng, SMALL, "batchnorm")
    net = net_with(submission, SMALL, "batchnorm", parameters)
    X, y = rng.normal(size=(8, 5)), rng.integers(3, size=8)
    running = {}
    for _ in range(2):
        loss = training_loss(net, X, y)
        assert_close(loss, softmax(net_scores(parameters, X, "batchnorm", running=running), y), LOSS, "loss")
        for rows in (slice(0, 8), slice(3, 4)):
            wanted = net_scores(parameters, X[rows], "batchnorm", running=running, testing=True)
            assert_close(net.loss(X[rows]), wanted, NETWORK_FORWARD, "scores", relative_floor=NOISE_FLOOR)


@item("FullyConnectedNet", weight=0.5, needs="test_net_keeps_running_averages_for_each_layer",
      message="Two networks share nothing: training one leaves the other as it is.")
def test_nets_share_no_running_averages(submission, rng):
    parameters = random_parameters(rng, SMALL, "batchnorm")
    one, other = (net_with(submission, SMALL, "batchnorm", parameters) for _ in range(2))
    X, y = rng.normal(size=(8, 5)), rng.integers(3, size=8)
    running = {}
    training_loss(one, X, y)
    net_scores(parameters, X, "batchnorm", running=running)
    training_loss(other, X + 1, y)
    wanted = net_scores(parameters, X, "batchnorm", running=running, testing=True)
    assert_close(one.loss(X), wanted, NETWORK_FORWARD, "scores", relative_floor=NOISE_FLOOR)


@item("FullyConnectedNet", weight=0.5, needs=NORMALISED,
      message="Parameters have the dtype that is asked for, float32 if none is.")
def test_net_in_float32(submission):
    for kind in KINDS:
        params = new_net(submission, SMALL, kind).params
        names = ["W1", "gamma1", "beta2", "b3"]
        for key in names:
            dtype = getattr(arrays_named(params, names, "params")[key], "dtype", None)
            assert_equal(str(dtype), "float32", f'dtype of params["{key}"]')


# The formulas that random inputs are judged by, written otherwise than the reference.


def batchnorm(x, gamma, beta, eps=1e-5):
    return (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + eps) * gamma + beta


def layernorm(x, gamma, beta, eps=1e-5):
    return batchnorm(x.T, 1, 0, eps).T * gamma + beta


def normalisation_slopes(dout, x, eps):
    """dx and normalised x of normalising every column, by its Jacobian as a matrix."""
    n, d = x.shape
    dx, normalised = np.empty((n, d)), np.empty((n, d))
    for j in range(d):
        std = np.sqrt(np.var(x[:, j]) + eps)
        normalised[:, j] = (x[:, j] - x[:, j].mean()) / std
        jacobian = (np.eye(n) - np.full((n, n), 1 / n) - np.outer(normalised[:, j], normalised[:, j]) / n) / std
        dx[:, j] = jacobian @ dout[:, j]
    return dx, normalised


def batchnorm_slopes(dout, x, gamma, eps=1e-5):
    dx, normalised = normalisation_slopes(dout * gamma, x, eps)
    return dx, np.einsum("nd,nd->d", dout, normalised), dout.sum(axis=0)


def layernorm_slopes(dout, x, gamma, eps=1e-5):
    dx, normalised = normalisation_slopes((dout * gamma).T, x.T, eps)
    return dx.T, np.einsum("nd,dn->d", dout, normalised), dout.sum(axis=0)


def large_slopes(dout, x, gamma, eps=1e-5, *, axis):
    """The same for columns (axis 0) or rows (axis 1) so long that their Jacobian would not do."""
    deviation = np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    normalised = (x - x.mean(axis=axis, keepdims=True)) / deviation
    upstream = dout * gamma
    along = (upstream * normalised).mean(axis=axis, keepdims=True)
    dx = (upstream - upstream.mean(axis=axis, keepdims=True) - normalised * along) / deviation
    return dx, (dout * normalised).sum(axis=0), dout.sum(axis=0)


def net_scores(parameters, X, kind, running=None, testing=False):
    """Scores of a net; `running` holds the running averages of each layer, which training moves on."""
    out = X.reshape(len(X), -1)
    depth = sum(key.startswith("W") for key in parameters)
    for layer in range(1, depth):
        out = out @ parameters[f"W{layer}"] + parameters[f"b{layer}"]
        gamma, beta = parameters[f"gamma{layer}"], parameters[f"beta{layer}"]
        if testing:
            mean, var = running[layer]
            out = (out - mean) / np.sqrt(var + 1e-5) * gamma + beta
        else:
            if running is not None:
                mean, var = running.get(layer, (0, 0))
                running[layer] = 0.9 * mean + 0.1 * out.mean(axis=0), 0.9 * var + 0.1 * out.var(axis=0)
            out = (batchnorm if kind == "batchnorm" else layernorm)(out, gamma, beta)
        out = np.where(out > 0, out, 0)
    return out @ parameters[f"W{depth}"] + parameters[f"b{depth}"]


def softmax(scores, y):
    """The softmax loss."""
    return float(np.mean([np.log(np.exp(row - row[label]).sum()) for row, label in zip(scores, y, strict=True)]))
