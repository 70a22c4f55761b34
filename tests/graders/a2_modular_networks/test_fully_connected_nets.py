"""Graders of the notebook fully_connected_nets: initial weights, the network, update rules, and what training left.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formulas at the end of this file; each confirms the
public ones of its kind. One case of the gradients is large: differences of the loss don't end in time there.
"""

import math
from itertools import pairwise

import numpy as np

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    LOSS,
    NETWORK_FORWARD,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
    PRINTED,
    Call,
    CheckFailure,
    arrays_named,
    assert_at_least,
    assert_below,
    assert_close,
    assert_dtype,
    assert_equal,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    inout,
    item,
    numerical_gradient_of_parameter,
    opaque,
    spaced,
    unpack,
    wave,
)

# weight_std


@item("weight_std", public=True, weight=0.5, message="A number is the standard deviation itself.")
def test_a_number_is_the_standard_deviation(submission):
    assert_close(submission.weight_std(0.02, 30, 40), 0.02, FORWARD, "std")


@item("weight_std", public=True, weight=1, message="Xavier's standard deviation is a root, and uses both sizes.")
def test_xavier(submission, expected):
    expected("xavier", submission.weight_std("xavier", 300, 100), FORWARD)


@item("weight_std", public=True, weight=1, message="He's standard deviation is a root, and uses the fan in only.")
def test_he(submission, expected):
    expected("he", submission.weight_std("he", 300, 100), FORWARD)


def check_scheme(submission, rng, scheme):
    for _ in range(3):
        fan_in, fan_out = (int(size) for size in rng.integers(1, 4000, size=2))
        std = submission.weight_std(scheme, fan_in, fan_out)
        assert_close(std, std_formula(scheme, fan_in, fan_out), FORWARD, f"std of {scheme}")


@item("weight_std", weight=0.5, confirms="test_xavier",
      message="Xavier's formula holds for layers of any sizes, wide ones and narrow ones.")
def test_xavier_on_random_sizes(submission, rng):
    check_scheme(submission, rng, "xavier")


@item("weight_std", weight=0.5, confirms="test_he",
      message="He's formula holds for layers of any sizes, wide ones and narrow ones.")
def test_he_on_random_sizes(submission, rng):
    check_scheme(submission, rng, "he")


@item("weight_std", weight=0.5, needs=["test_xavier_on_random_sizes", "test_he_on_random_sizes"],
      confirms="test_a_number_is_the_standard_deviation",
      message="Whatever the number and the sizes, a number comes back as it is.")
def test_any_number_comes_back(submission):
    for number in (1e-5, 1.0, 1, 3.5):
        assert_close(submission.weight_std(number, 700, 3), number, FORWARD, "std")


# FullyConnectedNet. `dims` are the sizes from the inputs to the classes.

DIMS = (6, 5, 4, 3)


def names(dims, kinds="Wb"):
    return [f"{kind}{layer}" for layer in range(1, len(dims)) for kind in kinds]


def shape_of(name, dims):
    layer = int(name[1:])
    return (dims[layer - 1], dims[layer]) if name[0] == "W" else (dims[layer],)


def new_net(submission, dims, **settings):
    net = submission.FullyConnectedNet(list(dims[1:-1]), input_dim=dims[0], num_classes=dims[-1], **settings)
    return opaque(net, "FullyConnectedNet(...)", "a model")


def net_with(submission, parameters, dims=DIMS, **settings):
    """A net of the student's in float64, with these parameters in it."""
    net = new_net(submission, dims, dtype=submission.np.float64, **settings)
    params = opaque(net.params, "params", "a dictionary of arrays")
    for key in names(dims):
        params[key] = parameters[key]
    return net


def loss_of(net, X, y):
    return unpack(net.loss(X, y), "loss", "grads")[0]


def gradients_of(net, X, y, dims=DIMS):
    return arrays_named(unpack(net.loss(X, y), "loss", "grads")[1], names(dims), "grads")


def fixed_parameters(phase, dims=DIMS):
    """Parameters with biases that are not zero: zero biases would put ReLUs on their kinks."""
    return {
        key: (0.9 if key[0] == "W" else 0.4) * wave(phase + place, *shape_of(key, dims))
        for place, key in enumerate(names(dims))
    }


def random_case(rng, dims, n=4):
    """Parameters that keep a signal's size, inputs and labels."""
    parameters = {}
    for key in names(dims):
        shape = shape_of(key, dims)
        parameters[key] = rng.normal(size=shape) * (math.sqrt(2 / shape[0]) if key[0] == "W" else 0.5)
    return parameters, rng.normal(size=(n, dims[0])), rng.integers(dims[-1], size=n)


def check_shapes(submission, dims):
    params = arrays_named(new_net(submission, dims).params, names(dims), "params")
    for key in names(dims):
        assert_shape(params[key], shape_of(key, dims), f'params["{key}"]')


def random_parameter(params, key, dims):
    """A parameter whose shape is noted only if it is wrong: random numbers would set two like mistakes apart."""
    value, shape = params[key], shape_of(key, dims)
    if type(value) is not np.ndarray or value.dtype.kind not in "iuf" or value.shape != shape:
        assert_shape(value, shape, f'params["{key}"]')
    return value


def check_spread(submission, weight_scale, dims, deviations):
    """The weights' standard deviations, to a quarter of a power of two: chance moves them by less."""
    params = arrays_named(new_net(submission, dims, weight_scale=weight_scale).params, names(dims), "params")
    for key, wanted in zip(names(dims, "W"), deviations, strict=True):
        ratio = max(float(np.std(random_parameter(params, key, dims))) / wanted, 1e-6)
        rounded = 2 ** (round(4 * math.log2(ratio)) / 4) if math.isfinite(ratio) else math.inf
        assert_close(rounded, 1, 0.01, f"standard deviation of {key} relative to the one asked for, rounded")


def check_numerical_gradients(submission, parameters, X, y, dims=DIMS, **settings):
    net = net_with(submission, parameters, dims, **settings)
    grads = gradients_of(net, X, y, dims)
    for key in names(dims):
        numeric = numerical_gradient_of_parameter(submission, Call(net.loss, (X, y)), net.params, key, pick=0)
        assert_close(grads[key], numeric, NETWORK_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


def check_gradients(submission, parameters, X, y, dims, reg=0.0):
    wanted = net_formula(parameters, X, y, reg)[2]
    grads = gradients_of(net_with(submission, parameters, dims, reg=reg), X, y, dims)
    for key in names(dims):
        assert_close(grads[key], wanted[key], ANALYTIC_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


def check_large_gradients(submission, rng, dims):
    """The same of a large network, on a sample of the entries."""
    parameters, X, y = random_case(rng, dims)
    wanted = net_formula(parameters, X, y)[2]
    grads = gradients_of(net_with(submission, parameters, dims), X, y, dims)
    for key in names(dims):
        gradient, entries = grads[key], rng.integers(wanted[key].size, size=200)
        assert_shape(gradient, wanted[key].shape, f'grads["{key}"]')
        assert_close(gradient.ravel()[entries], wanted[key].ravel()[entries], ANALYTIC_GRADIENT,
                     f'entries of grads["{key}"]', relative_floor=NOISE_FLOOR)  # fmt: skip


LEFT_BEHIND = 7.0


def leave_numbers_behind(submission, sizes):
    """Free memory of these sizes that holds a number: what is taken without being set (np.empty) then shows it."""
    for size in sizes:
        for dtype in (submission.np.float64, submission.np.float32):
            for _ in range(8):
                submission.np.full(size, LEFT_BEHIND, dtype)


@item("FullyConnectedNet", public=True, weight=1,
      message="params holds W1, b1, W2, b2 and so on, each layer beginning where the one before ends.")
def test_net_has_parameters_of_the_sizes_asked_for(submission):
    check_shapes(submission, (12, 9, 7, 4))


@item("FullyConnectedNet", public=True, weight=0.5, message="Biases start at zero.")
def test_net_starts_with_zero_biases(submission):
    dims = (6, 8, 5, 4)
    leave_numbers_behind(submission, dims)
    params = arrays_named(new_net(submission, dims).params, names(dims), "params")
    for key in names(dims, "b"):
        bias = random_parameter(params, key, dims)
        unset = int((bias == LEFT_BEHIND).any())
        assert_below(unset, 0, f"whether {key} holds what was in its memory before (1) or not (0)")
        assert_below(np.count_nonzero(bias), 0, f"number of biases in {key} that are not zero")


@item("FullyConnectedNet", public=True, weight=1.5,
      message="Weights start as normally distributed numbers with standard deviation weight_scale.")
def test_net_starts_with_weights_of_the_scale_asked_for(submission):
    check_spread(submission, 1e-3, (200, 300, 150, 100), [1e-3] * 3)


@item("FullyConnectedNet", public=True, weight=1.5,
      message="Without labels, loss returns the scores: ReLUs behind the hidden layers, none behind the last.")
def test_net_scores(submission, expected):
    expected("scores", net_with(submission, fixed_parameters(1)).loss(wave(5, 4, 6)), NETWORK_FORWARD)


@item("FullyConnectedNet", public=True, weight=1,
      message="Without regularisation, the loss is the softmax loss of the scores.")
def test_net_loss_without_regularisation(submission, expected):
    net = net_with(submission, fixed_parameters(1), reg=0.0)
    expected("loss_reg_0", loss_of(net, wave(5, 4, 6), np.array([0, 2, 1, 2])), LOSS)


@item("FullyConnectedNet", public=True, weight=0.5,
      message="Regularisation adds 0.5 * reg * the sum of the squares of all weights; biases don't count.")
def test_net_loss_with_regularisation(submission, expected):
    net = net_with(submission, fixed_parameters(1), reg=3.14)
    expected("loss_reg_3", loss_of(net, wave(5, 4, 6), np.array([0, 2, 1, 2])), LOSS)


@item("FullyConnectedNet", public=True, weight=3,
      message="Each gradient must be the slope of your own loss in that parameter.")
def test_net_gradients_agree_with_numerical_ones(submission):
    check_numerical_gradients(submission, fixed_parameters(1), wave(5, 4, 6), np.array([0, 2, 1, 2]))


@item("FullyConnectedNet", public=True, weight=0.5,
      message="What regularisation adds to the loss has a derivative, too.")
def test_net_gradients_with_regularisation_agree_with_numerical_ones(submission):
    dims = (5, 4, 3)
    X, y = wave(7, 3, 5), np.array([2, 0, 1])
    check_numerical_gradients(submission, fixed_parameters(11, dims), X, y, dims, reg=0.7)


@item("FullyConnectedNet", public=True, weight=0.25,
      message="In its dtype, float32 unless another is asked for, the net keeps parameters and computes scores.")
def test_net_is_of_its_dtype(submission):
    net = new_net(submission, DIMS, weight_scale=0.3)
    params = arrays_named(net.params, names(DIMS), "params")
    for key in names(DIMS):
        assert_dtype(params[key], np.float32, f'params["{key}"]')
    assert_dtype(net.loss(wave(3, 2, 6)), np.float32, "scores")


@item("FullyConnectedNet", public=True, weight=0.25,
      message="Asking for the loss changes neither the parameters nor the inputs.")
def test_net_loss_changes_nothing(submission):
    parameters, X = fixed_parameters(1), wave(5, 4, 6)
    net = net_with(submission, parameters, reg=0.7)
    gradients_of(net, X, np.array([0, 2, 1, 2]))
    net.loss(X)
    for key in names(DIMS):
        assert_close(net.params[key], parameters[key], 0, f'params["{key}"] after the call')
    assert_inputs_unchanged(submission)


@item("FullyConnectedNet", weight=1.5, confirms="test_net_starts_with_weights_of_the_scale_asked_for",
      message="The standard deviation of the weights is weight_scale, whatever that is.")
def test_net_starts_with_weights_of_any_scale(submission, rng):
    for weight_scale in (float(rng.uniform(0.02, 0.08)), float(rng.uniform(2, 5))):
        check_spread(submission, weight_scale, (300, 100, 200), [weight_scale] * 2)


@item("FullyConnectedNet", weight=1,
      message="With 'xavier' or 'he', every layer has the standard deviation that belongs to its own sizes.")
def test_net_starts_with_weights_of_a_scheme(submission):
    dims = (400, 100, 300, 80)
    for scheme in ("xavier", "he"):
        check_spread(submission, scheme, dims, [std_formula(scheme, *sizes) for sizes in pairwise(dims)])


@item("FullyConnectedNet", weight=0.25, message="Every new network starts with random weights of its own.")
def test_net_starts_with_weights_of_its_own(submission):
    dims = (10, 8, 8, 5)
    one, other = (arrays_named(new_net(submission, dims).params, names(dims), "params") for _ in range(2))
    for key in names(dims, "W"):
        same = random_parameter(one, key, dims) != random_parameter(other, key, dims)
        assert_at_least(int(same.sum()), 1, f"number of weights in {key} that differ between two nets")


@item("FullyConnectedNet", weight=0.25, message="Images enter as they are: the first layer flattens them.")
def test_net_scores_of_colour_images(submission, expected):
    dims = (27, 6, 5, 3)
    expected("colour_scores", net_with(submission, fixed_parameters(4, dims), dims).loss(wave(5, 4, 3, 3, 3)),
             NETWORK_FORWARD)  # fmt: skip


@item("FullyConnectedNet", weight=0.5,
      confirms=["test_net_has_parameters_of_the_sizes_asked_for", "test_net_starts_with_zero_biases"],
      message="A net may have one hidden layer, or many.")
def test_net_of_any_depth_has_its_parameters(submission, rng):
    for depth in (1, 3, 11):
        check_shapes(submission, (7, *(int(size) for size in rng.integers(3, 9, size=depth)), 4))


def check_loss(submission, rng, dims):
    parameters, X, y = random_case(rng, dims)
    scores, loss, _ = net_formula(parameters, X, y)
    net = net_with(submission, parameters, dims)
    assert_close(net.loss(X), scores, NETWORK_FORWARD, "scores", relative_floor=NOISE_FLOOR)
    assert_close(loss_of(net, X, y), loss, LOSS, "loss")


@item("FullyConnectedNet", weight=1.5,
      confirms=["test_net_scores", "test_net_loss_without_regularisation", "test_net_is_of_its_dtype",
                "test_net_loss_changes_nothing"],
      message="Scores and loss must be right for networks of any depth.")
def test_net_loss_at_several_depths(submission, rng):
    for dims in [(8, 6, 5), (8, 7, 6, 7, 6, 5), (8, *[6] * 11, 5)]:
        check_loss(submission, rng, dims)


@item("FullyConnectedNet", weight=0.25, needs="test_net_loss_at_several_depths",
      message="With hidden_dims=[] the net is a linear classifier: its last layer is its only one.")
def test_net_without_hidden_layers(submission, rng):
    check_shapes(submission, (7, 4))
    check_loss(submission, rng, (8, 5))


@item("FullyConnectedNet", weight=3, needs="test_net_gradients_of_a_large_net",
      message="Each gradient must be right for networks of any depth.")
def test_net_gradients_at_several_depths(submission, rng):
    for dims in [(8, 6, 5), (8, 7, 6, 4, 5), (8, *[6] * 11, 5)]:
        check_gradients(submission, *random_case(rng, dims), dims)


@item("FullyConnectedNet", weight=3.5, confirms="test_net_gradients_agree_with_numerical_ones",
      message="Each gradient must be right for large layers, too, where nudging every weight takes too long.")
def test_net_gradients_of_a_large_net(submission, rng):
    check_large_gradients(submission, rng, (400, 200, 200, 30))


@item("FullyConnectedNet", weight=0.25, needs="test_net_gradients_at_several_depths",
      message="grads holds a gradient for every entry of params, and nothing else.")
def test_net_gradients_are_those_of_the_parameters(submission, rng):
    parameters, X, y = random_case(rng, DIMS)
    grads = gradients_of(net_with(submission, parameters), X, y)
    assert_equal(len(grads), len(parameters), "number of entries in grads")


@item("FullyConnectedNet", weight=1, confirms="test_net_loss_with_regularisation",
      message="The penalty weighs the weights of every layer, in the loss too.")
def test_net_loss_with_the_penalty_of_every_layer(submission, rng):
    dims = (8, 7, 6, 7, 5)
    parameters, X, y = random_case(rng, dims)
    loss = loss_of(net_with(submission, parameters, dims, reg=0.3), X, y)
    assert_close(loss, net_formula(parameters, X, y, 0.3)[1], LOSS, "loss")


@item("FullyConnectedNet", weight=1, needs="test_net_gradients_at_several_depths",
      confirms="test_net_gradients_with_regularisation_agree_with_numerical_ones",
      message="The penalty has a derivative in every W, and none in the biases.")
def test_net_gradients_of_the_penalty(submission, rng):
    dims = (8, 7, 6, 7, 5)
    check_gradients(submission, *random_case(rng, dims), dims, reg=0.7)


@item("FullyConnectedNet", weight=0.25, needs="test_net_loss_with_the_penalty_of_every_layer",
      message="Biases are not regularised: however large they are, reg leaves their share of the loss alone.")
def test_net_leaves_biases_unregularised(submission, rng):
    parameters, X, y = random_case(rng, DIMS)
    wanted = net_formula(parameters, X, y, 2.0)[1] - net_formula(parameters, X, y)[1]
    parameters |= {key: 10 + parameters[key] for key in names(DIMS, "b")}
    losses = [loss_of(net_with(submission, parameters, reg=reg), X, y) for reg in (0.0, 2.0)]
    for loss in losses:
        assert_shape(loss, (), "loss with large biases")
    assert_close(float(losses[1]) - float(losses[0]), wanted, LOSS, "what reg adds to the loss with large biases")


@item("FullyConnectedNet", weight=0.25, needs="test_net_gradients_at_several_depths",
      message="A layer may have a single unit, and a batch a single input.")
def test_net_with_single_units_and_a_single_input(submission):
    dims = (4, 1, 2, 3)
    parameters = fixed_parameters(3, dims) | {"b1": np.array([2.0]), "b2": np.array([1.5, 2.5])}
    check_numerical_gradients(submission, parameters, wave(3, 1, 2, 2), np.array([2]), dims, reg=0.7)


# Fifty images by heart: the parameters that the training left have to tell the images apart by themselves.


def trained_solver(submission, solver_name):
    return opaque(getattr(submission, solver_name), solver_name, "a Solver that has been trained")


def check_memory(submission, solver_name, small_data):
    X, y = small_data["X_train"], small_data["y_train"]
    solver = trained_solver(submission, solver_name)
    assert_below(solver.epoch, 20, "number of epochs")
    scores = opaque(solver.model, f"{solver_name}.model", "a network").loss(X)
    assert_shape(scores, (50, 10), f"{solver_name}.model.loss(X)")
    assert_at_least(float(np.mean(scores.argmax(axis=1) == y)), 1, "accuracy on the fifty images")


def check_parameters_remember(submission, solver_name, small_data, dims):
    X, y = small_data["X_train"], small_data["y_train"]
    solver = trained_solver(submission, solver_name)
    params = arrays_named(opaque(solver.model, f"{solver_name}.model", "a network").params, names(dims), "params")
    for key in names(dims):
        assert_shape(params[key], shape_of(key, dims), f'params["{key}"]')
    if f"W{len(dims)}" in params:
        raise CheckFailure(f"the network has more than {len(dims) - 1} layers")
    parameters = {key: params[key].astype(np.float64) for key in names(dims)}
    scores = net_formula(parameters, X)[0]
    assert_at_least(float(np.mean(scores.argmax(axis=1) == y)), 0.96, "accuracy that the parameters give")


THREE_LAYERS, FIVE_LAYERS = (3072, 100, 100, 10), (3072, 100, 100, 100, 100, 10)


@item("three_layers", public=True, weight=1,
      message="The net must know all fifty images after 20 epochs: try other learning rates and weight scales.")
def test_three_layers_know_the_images(submission, notebook_data):
    check_memory(submission, "three_layer_solver", notebook_data("small_data"))


@item("three_layers", weight=1, confirms="test_three_layers_know_the_images",
      message="Two hidden layers of 100 units, as trained, must know the fifty images.")
def test_parameters_of_three_layers_know_the_images(submission, notebook_data):
    check_parameters_remember(submission, "three_layer_solver", notebook_data("small_data"), THREE_LAYERS)


@item("five_layers", public=True, weight=1,
      message="The net must know all fifty images after 20 epochs: try other weight scales first.")
def test_five_layers_know_the_images(submission, notebook_data):
    check_memory(submission, "five_layer_solver", notebook_data("small_data"))


@item("five_layers", weight=1, confirms="test_five_layers_know_the_images",
      message="Four hidden layers of 100 units, as trained, must know the fifty images.")
def test_parameters_of_five_layers_know_the_images(submission, notebook_data):
    check_parameters_remember(submission, "five_layer_solver", notebook_data("small_data"), FIVE_LAYERS)


# Update rules: one step, what it keeps in config, several steps in a row.

W, DW = spaced(-0.4, 0.6, 4, 5), spaced(-0.6, 0.4, 4, 5)
HALFWAY = spaced(0.6, 0.9, 4, 5)
# Inside the root or outside of it, an epsilon of zero is the same: where it stands is asked by one test of each rule.
NO_EPSILON = {"epsilon": 0.0}


def step(rule, w, dw, config=None):
    config = inout(config) if type(config) is dict else config
    next_w, config = unpack(rule(w, dw, config), "next_w", "config")
    return next_w, opaque(config, "config", "a dictionary")


def kept(config, key):
    if key not in config:
        raise CheckFailure(f'config has no entry "{key}" after a step: what the next step needs is kept there')
    return config[key]


def check_steps(rule, formula, w, gradients, **settings):
    """Several steps in a row, each with the config that the one before has returned."""
    config, wanted, state = dict(settings), w, dict(settings)
    for count, dw in enumerate(gradients, start=1):
        w, config = step(rule, w, dw, config)
        wanted, state = formula(wanted, dw, state)
        assert_close(w, wanted, NETWORK_FORWARD, f"next_w after step {count}")


def one_step_case(rng):
    """Parameter, gradient, and something positive that steps before have left."""
    return rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), rng.uniform(0.5, 1, size=(3, 5))


def check_one_step(rule, formula, rng, key, **settings):
    """A step that is not the first: where it leads, not what it keeps."""
    w, dw, old = one_step_case(rng)
    config = {"learning_rate": 0.05, key: old, **settings}
    wanted, _ = formula(w, dw, dict(config))
    assert_close(step(rule, w, dw, config)[0], wanted, NETWORK_FORWARD, "next_w")


def check_one_is_kept(rule, formula, rng, key):
    """The same step: what it keeps, not where it leads."""
    w, dw, old = one_step_case(rng)
    config = {"learning_rate": 0.05, key: old}
    _, state = formula(w, dw, dict(config))
    assert_close(kept(step(rule, w, dw, config)[1], key), state[key], FORWARD, f'config["{key}"]')


def check_defaults(rule, formula):
    """Steps from nothing, without any settings."""
    w = wanted = wave(3, 3, 4)
    config, state = None, {}
    for phase in (4, 5):
        w, config = step(rule, w, wave(phase, 3, 4), config)
        wanted, state = formula(wanted, wave(phase, 3, 4), state)
        assert_close(w, wanted, NETWORK_FORWARD, "next_w")


def check_any_shape_in_float32(rule, formula, rng, **settings):
    for shape in [(7,), (2, 3, 2, 2), (1, 1)]:
        w, dw = (rng.normal(size=shape).astype(np.float32) for _ in range(2))
        config, state, wanted = {"learning_rate": 0.1, **settings}, {"learning_rate": 0.1, **settings}, w
        for _ in range(2):
            w, config = step(rule, w, dw, config)
            wanted, state = formula(wanted, dw.astype(np.float64), state)
        dtype = float32_result(w)
        # The floor is a tenth of a step's size: what is left of two numbers that cancel has lost float32's digits.
        assert_close(w, wanted, FORWARD_FLOAT32, "next_w", dtype=dtype, floor=0.1)


def check_inputs_stay(submission, rule):
    step(rule, wave(1, 3, 4), wave(2, 3, 4), {"learning_rate": 0.1})
    assert_inputs_unchanged(submission)


def random_gradients(rng, count=5, shape=(4, 3)):
    return [rng.normal(size=shape) for _ in range(count)]


@item("sgd_momentum", public=True, weight=1, message="The velocity loses a share, gains the step, and moves w.")
def test_momentum_moves_by_the_velocity(submission, expected):
    config = {"learning_rate": 1e-3, "velocity": HALFWAY}
    expected("next_w", step(submission.sgd_momentum, W, DW, config)[0], FORWARD)


@item("sgd_momentum", public=True, weight=1, message='The new velocity is kept in config["velocity"].')
def test_momentum_keeps_the_velocity(submission, expected):
    _, config = step(submission.sgd_momentum, W, DW, {"learning_rate": 1e-3, "velocity": HALFWAY})
    expected("velocity", kept(config, "velocity"), FORWARD)


@item("sgd_momentum", public=True, weight=0.5,
      message="w and dw stay as they are: next_w is a new array.")
def test_momentum_leaves_its_inputs(submission):
    check_inputs_stay(submission, submission.sgd_momentum)


@item("sgd_momentum", weight=0.5, confirms="test_momentum_moves_by_the_velocity",
      message="A step must lead to the right place, whatever the steps before have left.")
def test_momentum_from_any_velocity(submission, rng):
    check_one_step(submission.sgd_momentum, momentum_formula, rng, "velocity")


@item("sgd_momentum", weight=0.5, confirms="test_momentum_keeps_the_velocity",
      message="What the next step needs must be kept, whatever the steps before have left.")
def test_momentum_keeps_any_velocity(submission, rng):
    check_one_is_kept(submission.sgd_momentum, momentum_formula, rng, "velocity")


@item("sgd_momentum", weight=1, confirms="test_momentum_leaves_its_inputs",
      message="Step after step, the velocity must go on from where it was.")
def test_momentum_over_several_steps(submission, rng):
    check_steps(submission.sgd_momentum, momentum_formula, rng.normal(size=(4, 3)), random_gradients(rng),
                learning_rate=0.05)  # fmt: skip


@item("sgd_momentum", weight=0.5, message="Learning rate and momentum come from config.")
def test_momentum_with_other_settings(submission, rng):
    check_steps(submission.sgd_momentum, momentum_formula, rng.normal(size=(4, 3)), random_gradients(rng),
                learning_rate=0.2, momentum=0.4)  # fmt: skip


@item("sgd_momentum", weight=0.5, message="Without config, the rule starts from a velocity of zero.")
def test_momentum_from_nothing(submission):
    check_defaults(submission.sgd_momentum, momentum_formula)


@item("sgd_momentum", weight=0.5, message="Parameters of any shape must come back moved, also those in float32.")
def test_momentum_on_parameters_of_any_shape(submission, rng):
    check_any_shape_in_float32(submission.sgd_momentum, momentum_formula, rng)


@item("sgd_nesterov_momentum", public=True, weight=1, message="The step looks ahead by momentum * (new - old).")
def test_nesterov_looks_ahead(submission, expected):
    config = {"learning_rate": 1e-3, "velocity": HALFWAY}
    expected("next_w", step(submission.sgd_nesterov_momentum, W, DW, config)[0], FORWARD)


@item("sgd_nesterov_momentum", public=True, weight=1, message='The new velocity is kept in config["velocity"].')
def test_nesterov_keeps_the_velocity(submission, expected):
    _, config = step(submission.sgd_nesterov_momentum, W, DW, {"learning_rate": 1e-3, "velocity": HALFWAY})
    expected("velocity", kept(config, "velocity"), FORWARD)


@item("sgd_nesterov_momentum", public=True, weight=0.5,
      message="With no momentum and no velocity, the rule is gradient descent.")
def test_nesterov_without_momentum(submission):
    w, dw = wave(1, 3, 4), wave(2, 3, 4)
    next_w, _ = step(submission.sgd_nesterov_momentum, w, dw, {"learning_rate": 0.1, "momentum": 0.0})
    assert_close(next_w, w - 0.1 * dw, FORWARD, "next_w")


@item("sgd_nesterov_momentum", weight=0.5, needs="test_nesterov_over_several_steps",
      message="w and dw stay as they are: next_w is a new array.")
def test_nesterov_leaves_its_inputs(submission):
    check_inputs_stay(submission, submission.sgd_nesterov_momentum)


@item("sgd_nesterov_momentum", weight=0.5, confirms=["test_nesterov_looks_ahead", "test_nesterov_without_momentum"],
      message="A step must lead to the right place, whatever the steps before have left.")
def test_nesterov_from_any_velocity(submission, rng):
    check_one_step(submission.sgd_nesterov_momentum, nesterov_formula, rng, "velocity")


@item("sgd_nesterov_momentum", weight=0.5, confirms="test_nesterov_keeps_the_velocity",
      message="What the next step needs must be kept, whatever the steps before have left.")
def test_nesterov_keeps_any_velocity(submission, rng):
    check_one_is_kept(submission.sgd_nesterov_momentum, nesterov_formula, rng, "velocity")


@item("sgd_nesterov_momentum", weight=1, message="Step after step, the velocity must go on from where it was.")
def test_nesterov_over_several_steps(submission, rng):
    check_steps(submission.sgd_nesterov_momentum, nesterov_formula, rng.normal(size=(4, 3)), random_gradients(rng),
                learning_rate=0.05)  # fmt: skip


@item("sgd_nesterov_momentum", weight=0.5, message="Learning rate and momentum come from config.")
def test_nesterov_with_other_settings(submission, rng):
    check_steps(submission.sgd_nesterov_momentum, nesterov_formula, rng.normal(size=(4, 3)), random_gradients(rng),
                learning_rate=0.2, momentum=0.4)  # fmt: skip


@item("sgd_nesterov_momentum", weight=0.5, message="Without config, the rule starts from a velocity of zero.")
def test_nesterov_from_nothing(submission):
    check_defaults(submission.sgd_nesterov_momentum, nesterov_formula)


@item("sgd_nesterov_momentum", weight=0.5,
      message="Parameters of any shape must come back moved, also those in float32.")
def test_nesterov_on_parameters_of_any_shape(submission, rng):
    check_any_shape_in_float32(submission.sgd_nesterov_momentum, nesterov_formula, rng)


@item("rmsprop", public=True, weight=1, message="The gradient is divided by the root of the new cache.")
def test_rmsprop_divides_by_the_root(submission, expected):
    expected("next_w", step(submission.rmsprop, W, DW, {"learning_rate": 1e-2, "cache": HALFWAY})[0], PRINTED)


@item("rmsprop", public=True, weight=1, message='The new average of squares is kept in config["cache"].')
def test_rmsprop_keeps_the_cache(submission, expected):
    _, config = step(submission.rmsprop, W, DW, {"learning_rate": 1e-2, "cache": HALFWAY})
    expected("cache", kept(config, "cache"), FORWARD)


@item("rmsprop", public=True, weight=0.5,
      message="w and dw stay as they are: next_w is a new array.")
def test_rmsprop_leaves_its_inputs(submission):
    check_inputs_stay(submission, submission.rmsprop)


@item("rmsprop", weight=0.5, confirms="test_rmsprop_divides_by_the_root",
      message="A step must lead to the right place, whatever the steps before have left.")
def test_rmsprop_from_any_cache(submission, rng):
    check_one_step(submission.rmsprop, rmsprop_formula, rng, "cache", **NO_EPSILON)


@item("rmsprop", weight=0.5, confirms="test_rmsprop_keeps_the_cache",
      message="What the next step needs must be kept, whatever the steps before have left.")
def test_rmsprop_keeps_any_cache(submission, rng):
    check_one_is_kept(submission.rmsprop, rmsprop_formula, rng, "cache")


@item("rmsprop", weight=1, confirms="test_rmsprop_leaves_its_inputs",
      message="Step after step, the cache must go on from where it was.")
def test_rmsprop_over_several_steps(submission, rng):
    check_steps(submission.rmsprop, rmsprop_formula, rng.normal(size=(4, 3)), random_gradients(rng),
                learning_rate=0.05, **NO_EPSILON)  # fmt: skip


@item("rmsprop", weight=0.5, message="Learning rate and decay rate come from config.")
def test_rmsprop_with_other_settings(submission, rng):
    check_steps(submission.rmsprop, rmsprop_formula, rng.normal(size=(4, 3)), random_gradients(rng),
                learning_rate=0.2, decay_rate=0.6, **NO_EPSILON)  # fmt: skip


@item("rmsprop", weight=0.5, needs="test_rmsprop_over_several_steps",
      message="epsilon, from config, is added to the root, outside of it: tiny gradients show it.")
def test_rmsprop_of_tiny_gradients(submission, rng):
    check_steps(submission.rmsprop, rmsprop_formula, 1e-3 * rng.normal(size=(4, 3)),
                [1e-6 * dw for dw in random_gradients(rng, 2)], learning_rate=0.05, epsilon=1e-7)  # fmt: skip


@item("rmsprop", weight=0.5,
      message="Without config, the rule starts from a cache of zero; a zero gradient moves nothing.")
def test_rmsprop_from_nothing(submission):
    check_defaults(submission.rmsprop, rmsprop_formula)
    next_w, _ = step(submission.rmsprop, wave(1, 3), np.zeros(3))
    assert_close(next_w, wave(1, 3), FORWARD, "next_w for a zero gradient")


@item("rmsprop", weight=0.5, message="Parameters of any shape must come back moved, also those in float32.")
def test_rmsprop_on_parameters_of_any_shape(submission, rng):
    check_any_shape_in_float32(submission.rmsprop, rmsprop_formula, rng, **NO_EPSILON)


def fifth_step_taken():
    return {"learning_rate": 1e-2, "m": HALFWAY, "v": spaced(0.7, 0.5, 4, 5), "t": 5}


@item("adam", public=True, weight=1.5, message="The corrected m is divided by the root of the corrected v.")
def test_adam_moves(submission, expected):
    expected("next_w", step(submission.adam, W, DW, fifth_step_taken())[0], PRINTED)


@item("adam", public=True, weight=0.5, message='The average of gradients is kept in config["m"], uncorrected.')
def test_adam_keeps_m(submission, expected):
    expected("m", kept(step(submission.adam, W, DW, fifth_step_taken())[1], "m"), FORWARD)


@item("adam", public=True, weight=0.5, message='The average of squares is kept in config["v"], uncorrected.')
def test_adam_keeps_v(submission, expected):
    expected("v", kept(step(submission.adam, W, DW, fifth_step_taken())[1], "v"), FORWARD)


@item("adam", public=True, weight=0.5, message='config["t"] counts the steps, this one included.')
def test_adam_counts(submission):
    _, config = step(submission.adam, W, DW, fifth_step_taken())
    assert_close(kept(config, "t"), 6, 0, 'config["t"] after the sixth step')


@item("adam", public=True, weight=0.5,
      message="w and dw stay as they are: next_w is a new array.")
def test_adam_leaves_its_inputs(submission):
    check_inputs_stay(submission, submission.adam)


@item("adam", weight=0.5, message="In the first step t is 1, and every entry moves by about the learning rate.")
def test_adam_in_its_first_step(submission, rng):
    check_steps(submission.adam, adam_formula, rng.normal(size=(4, 3)), random_gradients(rng, 1),
                learning_rate=0.05, **NO_EPSILON)  # fmt: skip


def random_step_taken(rng):
    """Parameter, gradient, and a config after some steps."""
    w, dw, v = one_step_case(rng)
    return w, dw, {"learning_rate": 0.05, "m": rng.normal(size=w.shape), "v": v, "t": int(rng.integers(3, 9))}


@item("adam", weight=0.5, confirms="test_adam_moves",
      message="A step must lead to the right place, whatever the steps before have left.")
def test_adam_from_any_averages(submission, rng):
    w, dw, config = random_step_taken(rng)
    t = config["t"] + 1
    mean = (0.9 * config["m"] + 0.1 * dw) / (1 - 0.9**t)
    square = (0.999 * config["v"] + 0.001 * dw**2) / (1 - 0.999**t)
    assert_close(step(submission.adam, w, dw, config)[0], w - 0.05 * mean * square**-0.5, 1e-6, "next_w")


@item("adam", weight=0.5, confirms=["test_adam_keeps_m", "test_adam_keeps_v", "test_adam_counts"],
      message="Both averages and the count must be kept, whatever the steps before have left.")
def test_adam_keeps_any_averages(submission, rng):
    w, dw, config = random_step_taken(rng)
    wanted = {"m": 0.9 * config["m"] + 0.1 * dw, "v": 0.999 * config["v"] + 0.001 * dw**2, "t": config["t"] + 1}
    _, config = step(submission.adam, w, dw, config)
    for key, value in wanted.items():
        assert_close(kept(config, key), value, FORWARD, f'config["{key}"]', relative_floor=NOISE_FLOOR)


@item("adam", weight=1.5, confirms="test_adam_leaves_its_inputs",
      message="Step after step, m, v and t must go on from where they were.")
def test_adam_over_several_steps(submission, rng):
    check_steps(submission.adam, adam_formula, rng.normal(size=(4, 3)), random_gradients(rng),
                learning_rate=0.05, **NO_EPSILON)  # fmt: skip


@item("adam", weight=0.5, message="Learning rate, beta1 and beta2 come from config.")
def test_adam_with_other_settings(submission, rng):
    check_steps(submission.adam, adam_formula, rng.normal(size=(4, 3)), random_gradients(rng),
                learning_rate=0.2, beta1=0.5, beta2=0.8, **NO_EPSILON)  # fmt: skip


@item("adam", weight=0.5, needs="test_adam_over_several_steps",
      message="epsilon, from config, is added to the root, outside of it: tiny gradients show it.")
def test_adam_of_tiny_gradients(submission, rng):
    settings = {"learning_rate": 0.05, "epsilon": 1e-7}
    first = 1e-3 * rng.normal(size=(4, 3))
    w, config, state = first, dict(settings), dict(settings)
    wanted = [first, first]
    for count, dw in enumerate(random_gradients(rng, 2), start=1):
        w, config = step(submission.adam, w, 1e-6 * dw, config)
        # The paper has two forms, which differ in what epsilon is added to: the corrected root, or the kept one.
        shifts = [adam_formula(0.0, 1e-6 * dw, state | {"epsilon": epsilon})
                  for epsilon in (1e-7, 1e-7 / math.sqrt(1 - 0.999**count))]  # fmt: skip
        wanted, state = [place + shift for place, (shift, _) in zip(wanted, shifts, strict=True)], shifts[0][1]
        assert_shape(w, first.shape, "next_w")
        nearest = min(wanted, key=lambda each: float(np.abs(each - w).max()))
        assert_close(w, nearest, NETWORK_FORWARD, f"next_w after step {count}", relative_floor=NOISE_FLOOR)


@item("adam", weight=0.5, message="Without config, the rule starts from zeros; a zero gradient moves nothing.")
def test_adam_from_nothing(submission):
    check_defaults(submission.adam, adam_formula)
    next_w, _ = step(submission.adam, wave(1, 3), np.zeros(3))
    assert_close(next_w, wave(1, 3), FORWARD, "next_w for a zero gradient")


@item("adam", weight=0.5, message="Parameters of any shape must come back moved, also those in float32.")
def test_adam_on_parameters_of_any_shape(submission, rng):
    check_any_shape_in_float32(submission.adam, adam_formula, rng, **NO_EPSILON)


# tuning: what the search left in best_model, judged on images whose labels the student's code never sees.

LOCAL_VALIDATION_ACCURACY = 0.5


def predicted_classes(submission, X):
    """The classes with the highest scores, as found here: the submission gives nothing but scores."""
    scores = opaque(submission.best_model, "best_model", "a trained FullyConnectedNet").loss(X)
    assert_shape(scores, (len(X), 10), "best_model.loss(X)")
    if not np.isfinite(scores).all():
        raise CheckFailure("best_model.loss(X) holds scores that are not finite: the training has diverged")
    return np.argmax(scores, axis=1)


def held_back_accuracy(submission, X, y):
    return float(np.mean(predicted_classes(submission, X) == y))


@item("tuning", public=True, weight=1,
      message="best_model is a network whose loss(X) gives ten finite scores per image.")
def test_best_model_gives_scores(submission, notebook_data):
    predicted_classes(submission, notebook_data("X_val")[:50])


@item("tuning", public=True, weight=1,
      message="best_model does well on validation images: try other learning rates, depths, rules and reg.")
def test_best_model_on_the_validation_images(submission, notebook_data):
    X_val, y_val = notebook_data("X_val", "y_val")
    accuracy = float(np.mean(predicted_classes(submission, X_val) == y_val))
    assert_at_least(accuracy, LOCAL_VALIDATION_ACCURACY, "validation accuracy")


@item("tuning", weight=0.5, needs="test_best_model_beats_chance_on_new_images",
      message="The scores of an image don't depend on which other images are in the batch.")
def test_best_model_scores_each_image_by_itself(submission, data, rng):
    X = data("cifar10")[0][:40]
    order = rng.permutation(len(X))
    predicted_classes(submission, X)
    predicted_classes(submission, X[order])
    model = submission.best_model
    scores, shuffled = model.loss(X), model.loss(X[order])
    assert_close(shuffled, scores[order], FORWARD_FLOAT32, "scores", relative_floor=NOISE_FLOOR, dtype=scores.dtype)


@item("tuning", weight=2,
      confirms=["test_best_model_gives_scores", "test_best_model_on_the_validation_images"],
      message="best_model does much better than chance on new images.")
def test_best_model_beats_chance_on_new_images(submission, data, thresholds):
    assert_at_least(held_back_accuracy(submission, *data("cifar10")), 0.8 * thresholds.test, "test accuracy")


@item("tuning", weight=3, message="best_model does well on images that took no part in training or tuning.")
def test_best_model_on_new_images(submission, data, thresholds):
    assert_at_least(held_back_accuracy(submission, *data("cifar10")), thresholds.test, "test accuracy")


# The formulas that random inputs are judged by, written otherwise than the reference.


def std_formula(scheme, fan_in, fan_out):
    variances = {"xavier": 1 / ((fan_in + fan_out) / 2), "he": 1 / (fan_in / 2)}
    return variances[scheme] ** 0.5 if scheme in variances else scheme


def net_formula(parameters, X, y=None, reg=0.0):
    """Scores; with labels also the loss and the gradients."""
    depth = len(parameters) // 2
    inputs, outputs, signal = [], [], X.reshape(len(X), -1)
    for layer in range(1, depth + 1):
        inputs.append(signal)
        outputs.append(np.einsum("nd,dm->nm", signal, parameters[f"W{layer}"]) + parameters[f"b{layer}"])
        signal = np.where(outputs[-1] > 0, outputs[-1], 0)
    scores = outputs[-1]
    if y is None:
        return scores, None, None
    log_sums = np.logaddexp.reduce(scores, axis=1)
    correct = np.eye(scores.shape[1])[y]
    loss = np.mean(log_sums - (scores * correct).sum(axis=1))
    slope, grads = (np.exp(scores - log_sums[:, None]) - correct) / len(X), {}
    for layer in range(depth, 0, -1):
        w = parameters[f"W{layer}"]
        loss += reg / 2 * np.square(w).sum()
        grads[f"W{layer}"] = np.einsum("nd,nm->dm", inputs[layer - 1], slope) + reg * w
        grads[f"b{layer}"] = np.einsum("nm->m", slope)
        slope = np.einsum("nm,dm->nd", slope, w)
        if layer > 1:
            slope = np.where(outputs[layer - 2] > 0, slope, 0)
    return scores, loss, grads


# Update rules: (w, dw, state) -> (next_w, state), a new state each time.


def momentum_formula(w, dw, state):
    velocity = state.get("momentum", 0.9) * state.get("velocity", 0) - state.get("learning_rate", 0.01) * dw
    return w + velocity, state | {"velocity": velocity}


def nesterov_formula(w, dw, state):
    share, shift = state.get("momentum", 0.9), state.get("learning_rate", 0.01) * dw
    velocity = share * state.get("velocity", 0) - shift
    return w + share * velocity - shift, state | {"velocity": velocity}


def rmsprop_formula(w, dw, state):
    share = state.get("decay_rate", 0.99)
    cache = share * state.get("cache", 0) + (1 - share) * np.square(dw)
    root = cache**0.5 + state.get("epsilon", 1e-8)
    return w - state.get("learning_rate", 0.01) * (dw / root), state | {"cache": cache}


def adam_formula(w, dw, state):
    """All gradients so far are kept, and weighed anew."""
    past = [*state.get("past", []), np.asarray(dw)]
    beta1, beta2 = state.get("beta1", 0.9), state.get("beta2", 0.999)
    ages = np.arange(len(past) - 1, -1, -1)
    mean = sum(beta1**age * g for age, g in zip(ages, past, strict=True)) / (beta1**ages).sum()
    square = sum(beta2**age * g**2 for age, g in zip(ages, past, strict=True)) / (beta2**ages).sum()
    shift = state.get("learning_rate", 0.001) * mean / (square**0.5 + state.get("epsilon", 1e-8))
    return w - shift, state | {"past": past}
