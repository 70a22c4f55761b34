"""Graders of the notebook dropout: the layer, and a network that drops units of its hidden layers.

Which units are dropped is chance, so hardly any test asks for one mask: they ask what masks have in common, whatever
generator drew them. Shares and means of many random numbers may be five standard deviations off. Every mask is drawn
after seeding, NumPy's global generator too, so that a mistake shows the same way whenever it is graded.
"""

import itertools
import math

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
    Opaque,
    arrays_named,
    assert_at_least,
    assert_below,
    assert_close,
    assert_equal,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    item,
    numerical_gradient,
    numerical_gradient_of_parameter,
    off_zero,
    opaque,
    type_name,
    unpack,
    wave,
)


def some_seed(rng):
    return int(rng.integers(2**31))


def five_deviations(keep, count):
    """How far the share of kept ones among so many may be from keep."""
    return 5 * math.sqrt(keep * (1 - keep) / count)


# dropout_forward: what is kept, how much of it, its scale, and testing earn marks separately.


def train_param(keep, seed):
    return {"mode": "train", "p": keep, "seed": seed}


def seed_the_global_generator(submission):
    """For layers that draw from it though they have a seed."""
    submission.np.random.seed(11)


def dropped_out(submission, x, dropout_param):
    if "seed" in dropout_param:
        seed_the_global_generator(submission)
    out, _ = unpack(submission.dropout_forward(x, dropout_param), "out", "cache")
    return out


def kept_entries(out, x):
    """Where an output in training is not zero; x has no zeros."""
    assert_shape(out, x.shape, "out")
    return np.asarray(out) != 0


def check_kept_or_zero(out, x, keep):
    kept = kept_entries(out, x)
    assert_close(out, np.where(kept, x / keep, 0), FORWARD, "out")
    return kept


def check_share(kept, keep):
    share = float(kept.mean())
    wanted = f"share of entries kept with p = {keep:g}"
    assert_below(abs(share - keep), five_deviations(keep, kept.size), f"distance from p of the {wanted}, {share:.3f},")


@item("dropout_forward", public=True, weight=1,
      message="In training an entry is either dropped, and then 0, or kept, and then x / p.")
def test_dropout_keeps_or_drops_each_entry(submission):
    x = off_zero(wave(1, 20, 30))
    kept = check_kept_or_zero(dropped_out(submission, x, train_param(0.5, 1)), x, 0.5)
    assert_at_least(int((~kept).sum()), 1, "how many entries were dropped")
    assert_at_least(int(kept.sum()), 1, "how many entries were kept")


@item("dropout_forward", public=True, weight=1, message="p is the probability with which an entry is KEPT.")
def test_dropout_keeps_a_share_of_p(submission):
    x = np.full((60, 70), 3.0)
    for keep in (0.25, 0.6, 0.9):
        check_share(kept_entries(dropped_out(submission, x, train_param(keep, 2)), x), keep)


@item("dropout_forward", public=True, weight=1,
      message="What is kept is divided by p in training, so that the mean stays what it was.")
def test_dropout_preserves_the_mean(submission):
    x = np.full((80, 90), 10.0)
    for keep in (0.25, 0.6):
        out = dropped_out(submission, x, train_param(keep, 3))
        assert_shape(out, x.shape, "out")
        mean, allowed = float(np.mean(out)), 10 * five_deviations(keep, x.size) / keep
        assert_below(abs(mean - 10), allowed, f"distance from 10 of the mean with p = {keep:g}, {mean:.3f},")


@item("dropout_forward", public=True, weight=0.5,
      message="Neither x nor dropout_param is changed.")
def test_dropout_leaves_its_inputs(submission):
    param = train_param(0.3, 6)
    before = dict(param)
    dropped_out(submission, off_zero(wave(1, 6, 7)), param)
    assert_inputs_unchanged(submission)
    assert_equal(repr(sorted(param.items())), repr(sorted(before.items())), "dropout_param after the call")


@item("dropout_forward", public=True, weight=1, message="At test time dropout does nothing: the output is x.")
def test_dropout_does_nothing_at_test_time(submission, expected):
    out = dropped_out(submission, wave(2, 5, 6), {"mode": "test", "p": 0.3, "seed": 4})
    expected("tested", out, 0)


@item("dropout_forward", public=True, weight=0.5,
      message="cache is (dropout_param, mask), where the mask holds what x was multiplied by: 1 / p or 0.")
def test_dropout_puts_the_mask_into_the_cache(submission):
    x = off_zero(wave(3, 6, 7))
    out, cache = unpack(submission.dropout_forward(x, train_param(0.4, 5)), "out", "cache")
    if not isinstance(cache, Opaque) or len(cache) != 2:
        raise CheckFailure(f"cache is {type_name(cache)}, expected the pair (dropout_param, mask)")
    assert_shape(cache[1], x.shape, "mask")
    assert_close(out, x * cache[1], FORWARD, "out")


@item("dropout_forward", weight=1.5,
      confirms=["test_dropout_keeps_or_drops_each_entry", "test_dropout_keeps_a_share_of_p",
                "test_dropout_preserves_the_mean", "test_dropout_puts_the_mask_into_the_cache",
                "test_dropout_leaves_its_inputs"],
      message="Arrays of any shape have a mask of that shape, and p sets the scale.")
def test_dropout_of_arrays_of_any_shape(submission, rng):
    for shape, keep in [((400,), 0.3), ((20, 3, 4, 5), 0.75), ((90, 1), 0.5)]:
        x = off_zero(rng.normal(size=shape))
        kept = check_kept_or_zero(dropped_out(submission, x, train_param(keep, some_seed(rng))), x, keep)
        check_share(kept, keep)


@item("dropout_forward", weight=1,
      message="Every entry is dropped or kept by itself: neither whole rows nor whole columns share their fate.")
def test_dropout_decides_for_each_entry(submission, rng):
    x = np.ones((60, 50))
    kept = kept_entries(dropped_out(submission, x, train_param(0.5, some_seed(rng))), x)
    for rows, called in [(kept, "inputs"), (kept.T, "features")]:
        distinct = len({row.tobytes() for row in rows})
        assert_at_least(distinct, len(rows), f"how many {called} have a mask of their own")


@item("dropout_forward", weight=0.5, needs="test_dropout_of_arrays_of_any_shape",
      message="Whether an entry is kept is chance: it has nothing to do with its value.")
def test_dropout_does_not_look_at_the_values(submission, rng):
    seed = some_seed(rng)
    x = off_zero(rng.normal(size=(30, 40)))
    masks = [kept_entries(dropped_out(submission, each, train_param(0.5, seed)), each) for each in (x, -3 * x)]
    assert_below(int((masks[0] != masks[1]).sum()), 0, "how many entries differ between the masks of x and of -3 x")
    assert_close(dropped_out(submission, np.zeros((4, 5)), train_param(0.5, seed)), np.zeros((4, 5)), 0, "out")


@item("dropout_forward", weight=1,
      message="The same seed draws the same mask again, another seed another, and without a seed every call a new one.")
def test_dropout_seeds(submission, rng):
    x, seed = np.ones((20, 30)), some_seed(rng)
    params = [train_param(0.5, seed), train_param(0.5, seed), train_param(0.5, seed + 1)]
    first, again, other = (kept_entries(dropped_out(submission, x, param), x) for param in params)
    assert_below(int((first != again).sum()), 0, "how many entries differ between two masks of one seed")
    assert_at_least(int((first != other).sum()), 1, "how many entries differ between masks of two seeds")
    unseeded = {"mode": "train", "p": 0.5}
    third = kept_entries(dropped_out(submission, x, unseeded), x)
    fourth = kept_entries(dropped_out(submission, x, unseeded), x)
    different = int(bool((third != fourth).any()))
    assert_at_least(different, 1, "whether two masks without a seed differ (1) or not (0)")


@item("dropout_forward", weight=0.5, needs="test_dropout_of_arrays_of_any_shape",
      message="With p = 1 everything is kept as it is.")
def test_dropout_with_p_of_one(submission, rng):
    x = rng.normal(size=(8, 9))
    assert_close(dropped_out(submission, x, train_param(1, some_seed(rng))), x, FORWARD, "out")


@item("dropout_forward", weight=0.5, needs="test_dropout_of_arrays_of_any_shape",
      confirms="test_dropout_does_nothing_at_test_time",
      message="At test time the output is x, whatever p is, and whether or not there is a seed.")
def test_dropout_at_test_time_ignores_p(submission, rng):
    for param in ({"p": 0.05}, {"p": 0.9, "seed": some_seed(rng)}, {"p": 1}):
        x = rng.normal(size=(3, 4, 5))
        assert_close(dropped_out(submission, x, {"mode": "test", **param}), x, 0, "out")


@item("dropout_forward", weight=0.5, needs="test_dropout_of_arrays_of_any_shape",
      message="The output for float32 inputs must be an array of floats, right to float32's digits.")
def test_dropout_in_float32(submission, rng):
    x = off_zero(rng.normal(size=(6, 7))).astype(np.float32)
    out = dropped_out(submission, x, train_param(0.3, some_seed(rng)))
    wanted = np.where(kept_entries(out, x), x.astype(float) / 0.3, 0)
    assert_close(out, wanted, FORWARD_FLOAT32, "out", dtype=float32_result(out))


# dropout_backward: with the cache of the student's own forward pass and, since its form is part of what is asked for,
# with one made here.


def out_and_dx(submission, dout, x, dropout_param):
    seed_the_global_generator(submission)
    out, cache = unpack(submission.dropout_forward(x, dropout_param), "out", "cache")
    return out, submission.dropout_backward(dout, cache)


def check_passes_like_the_forward_pass(submission, dout, x, dropout_param):
    out, dx = out_and_dx(submission, dout, x, dropout_param)
    assert_shape(out, x.shape, "out")
    assert_close(dx, dout * (out / x), ANALYTIC_GRADIENT, "dx")


@item("dropout_backward", public=True, weight=1,
      message="dout passes through the very mask of the forward pass: where x was dropped dx is 0, elsewhere dout / p.")
def test_dropout_backward_uses_the_mask_of_the_forward_pass(submission):
    x, dout = off_zero(wave(4, 8, 9)), off_zero(wave(5, 8, 9))
    check_passes_like_the_forward_pass(submission, dout, x, train_param(0.4, 6))


@item("dropout_backward", public=True, weight=1,
      message="dx must be the slope that your own dropout_forward shows, with the mask of one seed.")
def test_dropout_backward_agrees_with_the_numerical_gradient(submission):
    x, dout, param = off_zero(wave(6, 4, 5)), off_zero(wave(7, 4, 5)), train_param(0.6, 7)
    numeric = numerical_gradient(submission.dropout_forward, (x, param), 0, upstream=dout, pick=0, order=4)
    assert_close(out_and_dx(submission, dout, x, param)[1], numeric, SMOOTH_GRADIENT, "dx")


@item("dropout_backward", public=True, weight=1, message="After a forward pass in testing, dout passes unchanged.")
def test_dropout_backward_after_testing(submission, expected):
    _, dx = out_and_dx(submission, wave(8, 4, 5), wave(9, 4, 5), {"mode": "test", "p": 0.3})
    expected("tested_dx", dx, 0)


@item("dropout_backward", weight=1.5, needs="test_dropout_backward_with_a_given_cache",
      message="dx must be right for arrays of any shape and any p.")
def test_dropout_backward_of_random_arrays(submission, rng):
    for shape, keep in [((40,), 0.3), ((4, 3, 2, 5), 0.75), ((7, 8), 0.95)]:
        x, dout = off_zero(rng.normal(size=shape)), rng.normal(size=shape)
        check_passes_like_the_forward_pass(submission, dout, x, train_param(keep, some_seed(rng)))


@item("dropout_backward", weight=1,
      confirms=["test_dropout_backward_uses_the_mask_of_the_forward_pass",
                "test_dropout_backward_agrees_with_the_numerical_gradient"],
      message="The mask in the cache holds 1 / p where an entry was kept: dx is dout times the mask, and nothing else.")
def test_dropout_backward_with_a_given_cache(submission, rng):
    for keep in (0.5, 0.2):
        mask, dout = (rng.random((6, 7)) < keep) / keep, rng.normal(size=(6, 7))
        dx = submission.dropout_backward(dout, ({"mode": "train", "p": keep}, mask))
        assert_close(dx, dout * mask, ANALYTIC_GRADIENT, "dx")


@item("dropout_backward", weight=0.5, needs="test_dropout_backward_with_a_given_cache",
      confirms="test_dropout_backward_after_testing",
      message="After a forward pass in testing there is no mask, and dout passes unchanged, whatever p is.")
def test_dropout_backward_after_testing_with_a_given_cache(submission, rng):
    dout = rng.normal(size=(4, 3, 5))
    dx = submission.dropout_backward(dout, ({"mode": "test", "p": float(rng.uniform(0.1, 0.9))}, None))
    assert_close(dx, dout, 0, "dx")


@item("dropout_backward", weight=0.5, needs="test_dropout_backward_of_random_arrays",
      message="A backward pass leaves dout and the cache as they are: a second call must work as the first.")
def test_dropout_backward_leaves_its_cache(submission, rng):
    x, dout = off_zero(rng.normal(size=(6, 7))), rng.normal(size=(6, 7))
    _, cache = unpack(submission.dropout_forward(x, train_param(0.5, some_seed(rng))), "out", "cache")
    submission.clear_mutations()
    first = submission.dropout_backward(dout, cache)
    assert_shape(first, dout.shape, "dx")
    submission.dropout_backward(-dout, cache)
    again = submission.dropout_backward(dout, cache)
    assert_close(again, first, ANALYTIC_GRADIENT, "dx of a later call", dtype=first.dtype)
    assert_inputs_unchanged(submission)


@item("dropout_backward", weight=0.5, needs="test_dropout_backward_with_a_given_cache",
      message="dx for float32 inputs must be an array of floats, right to float32's digits.")
def test_dropout_backward_in_float32(submission, rng):
    x, dout = (off_zero(rng.normal(size=(6, 7))).astype(np.float32) for _ in range(2))
    out, dx = out_and_dx(submission, dout, x, train_param(0.5, some_seed(rng)))
    wanted = np.where(kept_entries(out, x), 2 * dout.astype(float), 0)
    assert_close(dx, wanted, FORWARD_FLOAT32, "dx", dtype=float32_result(dx))


# FullyConnectedNet. Of a batch of one, the gradients tell what each layer has put out, and so which units were dropped:
# that of a weight matrix is its layer's input times the gradient of the bias.


def new_net(submission, dims, keep, **settings):
    """A net of the student's in float64. The fourth argument has had two names, dropout and dropout_keep_ratio."""
    dtype = submission.np.float64
    net = submission.FullyConnectedNet(list(dims[1:-1]), dims[0], dims[-1], keep, dtype=dtype, **settings)
    return opaque(net, "FullyConnectedNet(...)", "a model")


def net_with(submission, parameters, keep, **settings):
    """A net of the student's with these parameters in it."""
    weights = [value for key, value in parameters.items() if key.startswith("W")]
    net = new_net(submission, (len(weights[0]), *(w.shape[1] for w in weights)), keep, **settings)
    params = arrays_named(net.params, parameters, "params")
    for key, value in parameters.items():
        params[key] = value
    seed_the_global_generator(submission)
    return net


def positive_parameters(numbers, dims):
    """Parameters with which every hidden unit is positive for positive inputs, and so on the open side of its ReLU."""
    parameters = {}
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(dims), start=1):
        parameters[f"W{layer}"] = (1.2 + numbers(2 * layer, fan_in, fan_out)) / fan_in
        parameters[f"b{layer}"] = 1.2 + numbers(2 * layer + 1, fan_out)
    parameters[f"W{layer}"] -= 1.2 / fan_in
    return parameters


def fixed_parameters(dims):
    return positive_parameters(lambda place, *shape: wave(place, *shape), dims)


def random_parameters(rng, dims):
    return positive_parameters(lambda _, *shape: rng.uniform(-1, 1, size=shape), dims)


def training_loss(net, X, y):
    loss, _ = unpack(net.loss(X, y), "loss", "grads")
    return loss


def check_is_a_number(loss):
    """The loss is noted only if it is no number: random ones would set two like mistakes apart."""
    if not isinstance(loss, float | np.floating):
        assert_shape(loss, (), "loss")
    if not np.isfinite(float(loss)):
        raise CheckFailure(f"loss is {float(loss)}")


def layer_outputs(net, parameters, x, y):
    """Loss of a batch of one, and what went into each affine layer."""
    loss, grads = unpack(net.loss(x[np.newaxis], np.array([y])), "loss", "grads")
    arrays_named(grads, parameters, "grads")
    into = []
    for layer in range(1, len(parameters) // 2 + 1):
        dw, db = grads[f"W{layer}"], grads[f"b{layer}"]
        assert_shape(dw, parameters[f"W{layer}"].shape, f'grads["W{layer}"]')
        assert_shape(db, parameters[f"b{layer}"].shape, f'grads["b{layer}"]')
        if not np.any(db):
            raise CheckFailure(f'grads["b{layer}"] is zero throughout: not all units can have been dropped')
        into.append(dw @ db / (db @ db))
    return loss, into


def check_layers(net, parameters, x, y, keep):
    """Every hidden layer is affine, ReLU, dropout; inputs and scores stay whole. Returns each layer's kept units."""
    loss, into = layer_outputs(net, parameters, x, y)
    assert_close(into[0], x.ravel(), FORWARD, "inputs of the first layer", relative_floor=NOISE_FLOOR)
    masks = []
    for layer in range(1, len(into) + 1):
        out = into[layer - 1] @ parameters[f"W{layer}"] + parameters[f"b{layer}"]
        if layer < len(into):
            masks.append(abs(into[layer]) > 1e-9)
            wanted = np.where(masks[-1], out / keep, 0)
            assert_close(into[layer], wanted, NETWORK_FORWARD, f"hidden layer {layer}", relative_floor=NOISE_FLOOR)
    assert_close(loss, softmax(out[np.newaxis], [y]), NETWORK_FORWARD, "loss")
    return masks


def check_net_numerically(submission, net, parameters, X, y):
    _, grads = unpack(net.loss(X, y), "loss", "grads")
    arrays_named(grads, parameters, "grads")
    for key in parameters:
        numeric = numerical_gradient_of_parameter(submission, Call(net.loss, (X, y)), net.params, key, pick=0)
        assert_close(grads[key], numeric, NETWORK_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


# What the plain net of the assignment before does, too, counts only where units are dropped.
UNITS_ARE_DROPPED = "test_deep_net_drops_units_of_every_hidden_layer"
SMALL = (5, 8, 8, 3)
SMALL_X, SMALL_Y = 1.2 + wave(50, 6, 5), np.array([0, 2, 1, 1, 0, 2])


@item("FullyConnectedNet", public=True, weight=0.5,
      message="Weights drawn layer by layer, masks by the generator's rand: the known losses come out.")
def test_net_gives_known_losses(submission, expected):
    random = submission.np.random
    random.seed(231)
    X, y = random.randn(2, 15), random.randint(10, size=2)
    for keep in (1, 0.75, 0.5):
        net = new_net(submission, (15, 20, 30, 10), keep, weight_scale=5e-2, seed=123)
        expected(f"loss_p_{keep:g}", training_loss(net, X, y), LOSS)
        if keep != 1:  # where the layer that these losses are known from, which seeds this generator, has left it
            random.seed(123)
            random.rand(2, 30)


@item("FullyConnectedNet", public=True, weight=3,
      message="With the mask of one seed, each gradient must be the slope of your own loss in that parameter.")
def test_net_gradients_with_dropout(submission):
    parameters = fixed_parameters(SMALL)
    net = net_with(submission, parameters, 0.6, seed=3)
    check_net_numerically(submission, net, parameters, SMALL_X, SMALL_Y)


@item("FullyConnectedNet", public=True, weight=1.5,
      message="loss(X), without labels, is a test: nothing is dropped then.")
def test_net_scores_at_test_time(submission, expected):
    net = net_with(submission, fixed_parameters(SMALL), 0.5, seed=4)
    expected("test_scores", net.loss(SMALL_X), NETWORK_FORWARD)


@item("FullyConnectedNet", public=True, weight=0.5,
      message="With a keep ratio of 1 the net is what it was before.")
def test_net_without_dropout(submission, expected):
    net = net_with(submission, fixed_parameters(SMALL), 1, reg=0.1)
    expected("plain_loss", training_loss(net, SMALL_X, SMALL_Y), LOSS)


@item("FullyConnectedNet", public=True, weight=1,
      message="In training a hidden unit is dropped or divided by the keep ratio; inputs and scores are neither.")
def test_net_drops_units_of_a_hidden_layer(submission):
    parameters = fixed_parameters((4, 60, 3))
    (mask,) = check_layers(net_with(submission, parameters, 0.5, seed=5), parameters, 1.2 + wave(1, 4), 1, 0.5)
    assert_at_least(int((~mask).sum()), 1, "how many of 60 hidden units were dropped")
    assert_at_least(int(mask.sum()), 1, "how many of 60 hidden units were kept")


@item("FullyConnectedNet", weight=1.5,
      confirms=["test_net_drops_units_of_a_hidden_layer", "test_net_gives_known_losses",
                "test_net_gradients_with_dropout", "test_net_scores_at_test_time", "test_net_without_dropout"],
      message="In a net of any depth every hidden layer drops units of its own; inputs and scores stay whole.")
def test_deep_net_drops_units_of_every_hidden_layer(submission, rng):
    parameters = random_parameters(rng, (6, 50, 40, 60, 4))
    net = net_with(submission, parameters, 0.7, seed=some_seed(rng))
    masks = check_layers(net, parameters, rng.uniform(0.5, 2, size=(3, 2)), 2, 0.7)
    for layer, mask in enumerate(masks, start=1):
        assert_at_least(int((~mask).sum()), 1, f"how many units of hidden layer {layer} were dropped")


@item("FullyConnectedNet", weight=1, message="dropout_keep_ratio is the probability with which a hidden unit is KEPT.")
def test_net_keeps_the_share_asked_for(submission, rng):
    parameters = random_parameters(rng, (3, 400, 300, 2))
    for keep in (0.25, 0.8):
        net = net_with(submission, parameters, keep, seed=some_seed(rng))
        _, into = layer_outputs(net, parameters, rng.uniform(0.5, 2, size=3), 1)
        for layer, values in enumerate(into[1:], start=1):
            share = float(np.mean(abs(values) > 1e-9))
            what = f"distance from {keep:g} of the share of units kept in hidden layer {layer}, {share:.3f},"
            assert_below(abs(share - keep), five_deviations(keep, values.size), what)


@item("FullyConnectedNet", weight=1, needs=UNITS_ARE_DROPPED,
      message="With a seed every loss drops the same units; without one each call drops others.")
def test_net_seeds(submission, rng):
    parameters = random_parameters(rng, (6, 40, 40, 3))
    X, y, seed = rng.uniform(0.5, 2, size=(4, 6)), rng.integers(3, size=4), some_seed(rng)
    seeded = net_with(submission, parameters, 0.5, seed=seed)
    first = training_loss(seeded, X, y)
    assert_shape(first, (), "loss")
    assert_close(training_loss(seeded, X, y), float(first), LOSS, "loss of a second call with a seed")
    unseeded = net_with(submission, parameters, 0.5)
    losses = [training_loss(unseeded, X, y) for _ in range(2)]
    for loss in losses:
        check_is_a_number(loss)
    assert_at_least(int(losses[0] != losses[1]), 1, "whether two losses without a seed differ (1) or not (0)")


@item("FullyConnectedNet", weight=0.5, needs=UNITS_ARE_DROPPED,
      message="Without a seed the masks go on from NumPy's global generator, which nobody seeds meanwhile: "
              "seeding it once makes a training repeatable.")
def test_net_without_a_seed_draws_from_the_global_generator(submission, rng):
    parameters = random_parameters(rng, (6, 40, 40, 3))
    X, y, seed = rng.uniform(0.5, 2, size=(4, 6)), rng.integers(3, size=4), some_seed(rng)
    net, runs = net_with(submission, parameters, 0.5), []
    for _ in range(2):
        submission.np.random.seed(seed)
        runs.append([training_loss(net, X, y) for _ in range(2)])
    for loss in itertools.chain(*runs):
        check_is_a_number(loss)
    different = int(any(float(again) != float(first) for again, first in zip(runs[1], runs[0], strict=True)))
    assert_below(different, 0, "whether losses differ after the generator has been seeded again (1) or not (0)")


@item("FullyConnectedNet", weight=2.5, confirms="test_net_scores_at_test_time",
      message="Labels decide: with them units are dropped, without them none, however often that changes.")
def test_net_changes_between_training_and_testing(submission, rng):
    parameters = random_parameters(rng, (6, 50, 40, 3))
    net = net_with(submission, parameters, 0.6, seed=some_seed(rng))
    X = rng.uniform(0.5, 2, size=(5, 6))
    for _ in range(2):
        assert_close(net.loss(X), plain_scores(parameters, X), NETWORK_FORWARD, "scores", relative_floor=NOISE_FLOOR)
        check_layers(net, parameters, X[0], 1, 0.6)


@item("FullyConnectedNet", weight=1, needs=UNITS_ARE_DROPPED,
      message="reg adds to loss and gradients what it adds without dropout: the penalty of the weights, all of them.")
def test_net_penalty_has_nothing_to_do_with_dropout(submission, rng):
    parameters = random_parameters(rng, SMALL)
    X, y, seed = rng.uniform(0.5, 2, size=(4, 5)), rng.integers(3, size=4), some_seed(rng)
    nets = [net_with(submission, parameters, 0.5, reg=reg, seed=seed) for reg in (0.0, 0.7)]
    (loss, grads), (loss_reg, grads_reg) = (unpack(net.loss(X, y), "loss", "grads") for net in nets)
    penalty = 0.35 * sum((value**2).sum() for key, value in parameters.items() if key.startswith("W"))
    assert_shape(loss, (), "loss")
    assert_close(loss_reg, float(loss) + penalty, LOSS, "loss with reg=0.7")
    for key, value in parameters.items():
        arrays_named(grads, [key], "grads")
        arrays_named(grads_reg, [key], "grads")
        assert_shape(grads[key], value.shape, f'grads["{key}"]')
        wanted = grads[key] + (0.7 * value if key.startswith("W") else 0)
        assert_close(grads_reg[key], wanted, ANALYTIC_GRADIENT, f'grads["{key}"] with reg=0.7')


@item("FullyConnectedNet", weight=4, needs=UNITS_ARE_DROPPED, confirms="test_net_gradients_with_dropout",
      message="In deeper nets, with and without dropout, each gradient must be the slope of your loss.")
def test_net_gradients_of_random_nets(submission, rng):
    for keep in (0.7, 1):
        parameters = random_parameters(rng, (4, 7, 6, 7, 3))
        X, y = rng.uniform(0.5, 2, size=(3, 2, 2)), rng.integers(3, size=3)
        net = net_with(submission, parameters, keep, reg=0.3, seed=some_seed(rng))
        check_net_numerically(submission, net, parameters, X, y)
    parameters = random_parameters(rng, (400, 200, 200, 30))
    X, y = rng.uniform(0.5, 2, size=(8, 400)), rng.integers(30, size=8)
    net = net_with(submission, parameters, 0.6, seed=some_seed(rng))
    check_slopes_of_a_large_net(net, parameters, X, y, rng)


# The formulas that random inputs are judged by, written otherwise than the reference.


def plain_scores(parameters, X):
    out = X.reshape(len(X), -1)
    depth = len(parameters) // 2
    for layer in range(1, depth + 1):
        out = np.einsum("nd,dm->nm", out, parameters[f"W{layer}"]) + parameters[f"b{layer}"]
        if layer < depth:
            out = np.where(out > 0, out, 0)
    return out


def softmax(scores, y):
    """The softmax loss."""
    return float(np.mean([np.log(np.exp(row - row[label]).sum()) for row, label in zip(scores, y, strict=True)]))
