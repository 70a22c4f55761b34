"""Graders of the notebook neural_net: the net as a plain function, the trainer's updates, and what the tuning left.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formulas at the end of this file; each confirms the
public ones of its kind. One case of each gradient is large: differences of the loss don't end in time there.

The trainer is tried with the given class Valley, whose loss doesn't depend on the other exercises. What is given of the
trainer is tested too, since students can edit all of the cell; these tests take momentum steps, so that nothing is
earned with what was given alone.
"""

from types import SimpleNamespace

import numpy as np

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    LOSS,
    NETWORK_FORWARD,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
    CheckFailure,
    Opaque,
    arrays_named,
    assert_at_least,
    assert_close,
    assert_equal,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    item,
    numerical_gradient,
    off_zero,
    opaque,
    spaced,
    type_name,
    unpack,
    wave,
)

PARAMETERS = ("W1", "b1", "W2", "b2")


# two_layer_net: scores, loss, gradients and regularisation earn marks separately.


def toy_model():
    return {
        "W1": spaced(-0.2, 0.6, 4, 10),
        "b1": spaced(-0.3, 0.7, 10),
        "W2": spaced(-0.4, 0.1, 10, 3),
        "b2": spaced(-0.5, 0.9, 3),
    }


TOY_X, TOY_Y = spaced(-0.2, 0.5, 5, 4), np.array([0, 1, 2, 2, 1])


def wave_model(phase, d, h, c):
    """Parameters with biases that are not zero: zero biases would put ReLUs on their kinks."""
    return {
        "W1": wave(phase, d, h),
        "b1": 0.5 * wave(phase + 1, h),
        "W2": wave(phase + 2, h, c),
        "b2": 0.5 * wave(phase + 3, c),
    }


def random_case(rng, n=6, d=5, h=7, c=4):
    """X, model and y. Scores are of the order of 1: a loss near zero would be what cancellation has left of them."""
    sizes = {"W1": (d, h), "b1": (h,), "W2": (h, c), "b2": (c,)}
    model = {
        key: rng.normal(size=size) * (1 / np.sqrt(size[0]) if key[0] == "W" else 0.5) for key, size in sizes.items()
    }
    return rng.normal(size=(n, d)), model, rng.integers(c, size=n)


def loss_and_grads(submission, X, model, y, reg=0.0):
    loss, grads = unpack(submission.two_layer_net(X, model, y, reg), "loss", "grads")
    return loss, arrays_named(grads, PARAMETERS, "grads")


def check_grads(submission, X, model, y, reg=0.0, keys=PARAMETERS):
    """Gradients against the formula."""
    _, _, wanted = net_formula(X, model, y, reg)
    _, grads = loss_and_grads(submission, X, model, y, reg)
    for key in keys:
        assert_close(grads[key], wanted[key], ANALYTIC_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


def check_large_grads(submission, rng, sizes, keys):
    """The same of a large network, on a sample of the entries."""
    X, model, y = random_case(rng, *sizes)
    _, _, wanted = net_formula(X, model, y)
    _, grads = loss_and_grads(submission, X, model, y)
    for key in keys:
        gradient, entries = grads[key], rng.integers(model[key].size, size=200)
        assert_shape(gradient, model[key].shape, f'grads["{key}"]')
        assert_close(gradient.ravel()[entries], wanted[key].ravel()[entries], ANALYTIC_GRADIENT,
                     f'entries of grads["{key}"]', relative_floor=NOISE_FLOOR)  # fmt: skip


def check_numerical_gradients(submission, X, model, y, reg):
    """Every gradient against central differences of the student's own loss."""
    _, grads = loss_and_grads(submission, X, model, y, reg)

    def of_parameter(key):
        def batch(points, pick, kwargs):
            calls = [(X, {**model, key: point}, y, reg) for (point,) in points]
            return submission.two_layer_net.batch(calls, pick=pick, kwargs=kwargs)

        return SimpleNamespace(batch=batch)

    for key in PARAMETERS:
        numeric = numerical_gradient(of_parameter(key), (model[key],), 0, pick=0)
        assert_close(grads[key], numeric, NETWORK_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


@item("two_layer_net", public=True, weight=1, message="The scores are max(0, X W1 + b1) W2 + b2, and nothing behind.")
def test_net_scores(submission, expected):
    expected("scores", submission.two_layer_net(TOY_X, toy_model()), NETWORK_FORWARD)


@item("two_layer_net", public=True, weight=1,
      message="Without regularisation, the loss is the mean over the inputs of -log(probability of the label).")
def test_net_loss_without_regularisation(submission, expected):
    expected("loss_reg_0", loss_and_grads(submission, TOY_X, toy_model(), TOY_Y)[0], LOSS)


@item("two_layer_net", public=True, weight=0.5,
      message="Regularisation adds 0.5 * reg * (sum of W1**2 + sum of W2**2); biases don't count.")
def test_net_loss_with_regularisation(submission, expected):
    expected("loss", loss_and_grads(submission, TOY_X, toy_model(), TOY_Y, reg=0.1)[0], LOSS)


@item("two_layer_net", public=True, weight=1,
      message="Each gradient must be the slope of your own loss in that parameter.")
def test_net_gradients_agree_with_numerical_ones(submission):
    X, y = wave(5, 4, 6), np.array([0, 3, 1, 2])
    check_numerical_gradients(submission, X, wave_model(1, 6, 5, 4), y, reg=0.0)


@item("two_layer_net", public=True, weight=0.5, message="What regularisation adds to the loss has a derivative, too.")
def test_net_gradients_with_regularisation_agree_with_numerical_ones(submission):
    X, y = wave(7, 3, 5), np.array([2, 0, 1])
    check_numerical_gradients(submission, X, wave_model(11, 5, 4, 3), y, reg=0.7)


@item("two_layer_net", public=True, weight=0.5,
      message="Large scores must not overflow: a constant added to a row of scores changes nothing, so choose one.")
def test_net_loss_of_large_scores(submission, expected):
    model = {"W1": np.eye(3), "b1": np.zeros(3), "W2": np.eye(3), "b2": np.zeros(3)}
    X = np.array([[1000.0, 999.0, 998.0], [2001.0, 2003.0, 2002.0]])
    loss, grads = loss_and_grads(submission, X, model, np.array([1, 0]))
    expected("large_loss", loss, LOSS)
    expected("large_db2", grads["b2"], ANALYTIC_GRADIENT)


@item("two_layer_net", public=True, weight=0.5,
      message="Asking for the loss changes neither the model nor the inputs.")
def test_net_changes_nothing(submission):
    X, model, y = wave(1, 4, 6), wave_model(2, 6, 5, 4), np.array([0, 3, 1, 2])
    before = {key: array.copy() for key, array in model.items()}
    loss_and_grads(submission, X, model, y, 0.7)
    submission.two_layer_net(X, model)
    for key in PARAMETERS:
        assert_close(model[key], before[key], 0, f'model["{key}"] after the call')
    assert_inputs_unchanged(submission)


@item("two_layer_net", weight=1, confirms=["test_net_scores", "test_net_changes_nothing"],
      message="The scores must be right for any sizes and any numbers.")
def test_net_scores_of_random_inputs(submission, rng):
    for sizes in [(6, 5, 7, 4), (3, 8, 2, 6)]:
        X, model, _ = random_case(rng, *sizes)
        assert_close(submission.two_layer_net(X, model), net_formula(X, model)[0], NETWORK_FORWARD, "scores")


@item("two_layer_net", weight=1, confirms="test_net_loss_without_regularisation",
      message="The loss must be right for any number of inputs and classes.")
def test_net_loss_of_random_inputs(submission, rng):
    for sizes in [(6, 5, 7, 4), (1, 3, 4, 2), (4, 2, 3, 12)]:
        X, model, y = random_case(rng, *sizes)
        loss, _ = loss_and_grads(submission, X, model, y)
        assert_close(loss, net_formula(X, model, y)[1], LOSS, "loss")


@item("two_layer_net", weight=0.5, confirms="test_net_loss_with_regularisation",
      message="reg weighs the squares of W1 and of W2 alike, each with a factor of 0.5.")
def test_net_penalty_of_random_weights(submission, rng):
    X, model, y = random_case(rng)
    for reg in (0.01, 3.0):
        loss, _ = loss_and_grads(submission, X, model, y, reg)
        assert_close(loss, net_formula(X, model, y, reg)[1], LOSS, f"loss with reg={reg:g}")


@item("two_layer_net", weight=1, confirms="test_net_gradients_agree_with_numerical_ones",
      message="The gradients of W2 and b2 must be right: they see the hidden units' output.")
def test_net_gradients_of_the_second_layer(submission, rng):
    for sizes in [(6, 5, 7, 4), (3, 8, 2, 6)]:
        check_grads(submission, *random_case(rng, *sizes), keys=("W2", "b2"))
    check_large_grads(submission, rng, (10, 4, 2000, 40), keys=("W2", "b2"))


@item("two_layer_net", weight=1, confirms="test_net_gradients_agree_with_numerical_ones",
      message="The gradients of W1 and b1 must be right: derivatives pass where a hidden unit is above zero.")
def test_net_gradients_of_the_first_layer(submission, rng):
    for sizes in [(6, 5, 7, 4), (3, 8, 2, 6)]:
        check_grads(submission, *random_case(rng, *sizes), keys=("W1", "b1"))
    check_large_grads(submission, rng, (20, 800, 100, 4), keys=("W1", "b1"))


GRADIENTS_ARE_RIGHT = ["test_net_gradients_of_the_first_layer", "test_net_gradients_of_the_second_layer"]


@item("two_layer_net", weight=1, needs=GRADIENTS_ARE_RIGHT,
      confirms="test_net_gradients_with_regularisation_agree_with_numerical_ones",
      message="The penalty has a derivative in W1 and in W2, and none in the biases.")
def test_net_gradients_of_the_penalty(submission, rng):
    for reg in (0.3, 5.0):
        check_grads(submission, *random_case(rng), reg)


@item("two_layer_net", weight=0.5, needs=["test_net_penalty_of_random_weights", "test_net_gradients_of_the_penalty"],
      message="Biases are not regularised: however large they are, reg leaves their share of the loss alone.")
def test_net_leaves_biases_unregularised(submission, rng):
    X, model, y = random_case(rng)
    large = model | {"b1": 10 + model["b1"], "b2": 10 + model["b2"]}
    (plain, plain_grads), (loss, grads) = (loss_and_grads(submission, X, large, y, reg) for reg in (0.0, 2.0))
    wanted = net_formula(X, model, y, 2.0)[1] - net_formula(X, model, y)[1]
    for value in (plain, loss):
        assert_shape(value, (), "loss with large biases")
    assert_close(float(loss) - float(plain), wanted, LOSS, "what reg adds to the loss with large biases")
    for key in ("b1", "b2"):
        assert_shape(plain_grads[key], model[key].shape, f'grads["{key}"]')
        assert_close(grads[key], plain_grads[key], ANALYTIC_GRADIENT, f'grads["{key}"] with reg',
                     relative_floor=NOISE_FLOOR, floor=1e-3)  # fmt: skip


@item("two_layer_net", weight=0.25, needs=GRADIENTS_ARE_RIGHT,
      message="grads holds the gradients of W1, b1, W2 and b2, and nothing else.")
def test_net_gradients_are_those_of_the_parameters(submission, rng):
    _, grads = loss_and_grads(submission, *random_case(rng), 0.7)
    assert_equal(len(grads), len(PARAMETERS), "number of entries in grads")


@item("two_layer_net", weight=0.5, needs=["test_net_loss_of_random_inputs", *GRADIENTS_ARE_RIGHT],
      message="Loss and gradients are averages over the inputs: taking every input twice leaves them as they are.")
def test_net_loss_is_an_average(submission, rng):
    X, model, y = random_case(rng)
    loss, grads = loss_and_grads(submission, X, model, y)
    loss_twice, grads_twice = loss_and_grads(submission, np.concatenate([X, X]), model, np.concatenate([y, y]))
    assert_shape(loss, (), "loss")
    assert_close(loss_twice, float(loss), LOSS, "loss of the inputs taken twice")
    for key in PARAMETERS:
        assert_shape(grads[key], model[key].shape, f'grads["{key}"]')
        twice = grads_twice[key]
        assert_close(twice, grads[key], ANALYTIC_GRADIENT, f'grads["{key}"] of the inputs taken twice',
                     relative_floor=NOISE_FLOOR)


@item("two_layer_net", weight=0.5, confirms="test_net_loss_of_large_scores",
      message="Scores far apart must neither overflow nor lead to log(0), and every row has its own scale.")
def test_net_loss_of_scores_far_apart(submission, rng):
    model = {"W1": np.eye(4), "b1": np.zeros(4), "W2": rng.permutation(np.eye(4)), "b2": rng.normal(size=4)}
    X = np.array([[3e3, 1.0, 0.0, 2.0], [0.0, 1.0, 2.0, 0.0], [0.0, 1e3, 1e3, 5e3]])
    for labels in ([0, 1, 2], [3, 2, 1]):
        y = np.array(labels)
        loss, _ = loss_and_grads(submission, X, model, y)
        assert_close(loss, net_formula(X, model, y)[1], LOSS, "loss")
        check_grads(submission, X, model, y)


@item("two_layer_net", weight=0.5,
      message="A network may have a single hidden unit, a batch a single input, and labels any integer dtype.")
def test_net_of_one_unit_and_labels_of_any_kind(submission, rng):
    check_grads(submission, *random_case(rng, n=1, h=1), 0.7)
    X, model, y = random_case(rng)
    for dtype in (np.uint8, np.int32):
        check_grads(submission, X, model, y.astype(dtype), 0.7)


@item("two_layer_net", weight=0.5, message="Results for float32 inputs must be floats, right to float32's digits.")
def test_net_in_float32(submission, rng):
    X, model, y = random_case(rng)
    X, model = X.astype(np.float32), {key: array.astype(np.float32) for key, array in model.items()}
    loss, grads = loss_and_grads(submission, X, model, y, 0.3)
    exact = {key: array.astype(float) for key, array in model.items()}
    _, wanted_loss, wanted = net_formula(X.astype(float), exact, y, 0.3)
    assert_close(loss, wanted_loss, FORWARD_FLOAT32, "loss", dtype=float32_result(loss))
    for key in PARAMETERS:
        gradient = grads[key]
        assert_close(gradient, wanted[key], FORWARD_FLOAT32, f'grads["{key}"]', dtype=float32_result(gradient),
                     relative_floor=10 * NOISE_FLOOR)


# ClassifierTrainer


def trained(submission, loss_function, model, X, y, X_val=None, y_val=None, **settings):
    """Train with a new trainer: best_model and the three histories."""
    trainer = opaque(submission.ClassifierTrainer(), "ClassifierTrainer()", "a trainer")
    X_val, y_val = (X, y) if X_val is None else (X_val, y_val)
    settings = {"learning_rate": 0.1, "learning_rate_decay": 1, "update": "momentum"} | settings
    result = trainer.train(X, y, X_val, y_val, model, loss_function, **settings)
    return unpack(result, "best_model", "loss_history", "train_acc_history", "val_acc_history")


def check_length(values, length, name):
    """The count is noted only if it is wrong: a table shows what was measured of the numbers themselves."""
    if len(values) != length:
        assert_equal(len(values), length, name)


def numbers(history, length, name):
    """A history as an array."""
    if not isinstance(history, Opaque) and type(history) is not np.ndarray:
        raise CheckFailure(f"{name} is {type_name(history)}, expected a list of numbers")
    check_length(history, length, f"length of {name}")
    entries = list(history)
    for entry in entries:
        assert_shape(entry, (), f"an entry of {name}")
    return np.array([float(entry) for entry in entries])


def last_toy_loss(submission, **settings):
    settings = {"reg": 1e-3, "sample_batches": False, "num_epochs": 100} | settings
    _, losses, _, _ = trained(submission, submission.two_layer_net, toy_model(), TOY_X, TOY_Y, **settings)
    return numbers(losses, 100, "loss_history")[-1]


INPUTS, LABELS = spaced(0, 5, 6, 1), np.array([0, 1, 0, 1, 1, 0])


def valley_of(submission, steepness):
    return opaque(submission.Valley(steepness), "Valley(...)", "a loss function")


def path_in_valley(submission, start, steepness, steps, **settings):
    """The parameters before each step and after the last one, as the trainer shows them to the loss function."""
    valley = valley_of(submission, steepness)
    model = {name: array.copy() for name, array in start.items()}
    trained(submission, valley, model, INPUTS, LABELS, sample_batches=False, num_epochs=steps + 1, **settings)
    visited = list(valley.models)
    check_length(visited, steps + 1, "number of steps")
    return {name: [parameters[name] for parameters in visited] for name in start}


# For RMSProp's steps where no gradient is small: the place of epsilon moves them by 1e-4, and has tests of its own.
ANY_EPSILON = 1e-3


def check_path(path, wanted, allowed=FORWARD):
    """Every parameter after every step: a list of arrays against a list of arrays."""
    for name, positions in wanted.items():
        for number, (position, right) in enumerate(zip(path[name], positions, strict=True)):
            assert_close(position, right, allowed, f"{name} after {number} steps", relative_floor=0.1)


def random_valley(rng):
    """Start and steepness: parameters of different shapes, so that each needs a memory of its own."""
    start = {name: off_zero(rng.normal(size=shape)) for name, shape in [("w", (3, 2)), ("b", (2,)), ("v", (3, 2))]}
    return start, {name: float(rng.uniform(0.5, 3)) for name in start}


@item("ClassifierTrainer", public=True, weight=0.5,
      message="With momentum=0 nothing is left of the velocity: the steps are those of sgd.")
def test_trainer_without_momentum_is_sgd(submission, expected):
    for update in ("sgd", "momentum"):
        expected("sgd", last_toy_loss(submission, update=update, momentum=0), NETWORK_FORWARD)


@item("ClassifierTrainer", public=True, weight=1,
      message="Momentum on the toy data: the velocity is kept from step to step, one for every parameter.")
def test_trainer_with_momentum_on_toy_data(submission, expected):
    expected("momentum", last_toy_loss(submission, momentum=0.9), NETWORK_FORWARD)


@item("ClassifierTrainer", public=True, weight=1,
      message="RMSProp on the toy data: decay 0.99, and 1e-8 inside the root (nnkit.optim has it outside).")
def test_trainer_with_rmsprop_on_toy_data(submission, expected):
    expected("rmsprop", last_toy_loss(submission, update="rmsprop", momentum=0.9), NETWORK_FORWARD)


@item("ClassifierTrainer", public=True, weight=1,
      message="With momentum, each step is the new velocity: momentum times the old one, less rate times gradient.")
def test_momentum_steps(submission, expected):
    start = {"w": wave(1, 3, 2), "b": wave(2, 4)}
    path = path_in_valley(submission, start, {"w": 1.0, "b": 3.0}, 3, momentum=0.8)
    for name in start:
        for number in (1, 2, 3):
            expected(f"momentum_{name}{number}", path[name][number], FORWARD)


@item("ClassifierTrainer", public=True, weight=1,
      message="With RMSProp, each entry's gradient is divided by the root of the running mean of its own square.")
def test_rmsprop_steps(submission, expected):
    start = {"w": off_zero(wave(3, 3, 2)), "b": off_zero(wave(4, 4))}
    path = path_in_valley(submission, start, {"w": 1.0, "b": 3.0}, 3, update="rmsprop", learning_rate=0.01)
    for name in start:
        for number in (1, 2, 3):
            expected(f"rmsprop_{name}{number}", path[name][number], ANY_EPSILON, relative_floor=0.1)


@item("ClassifierTrainer", weight=1.5,
      confirms=["test_trainer_without_momentum_is_sgd", "test_trainer_with_momentum_on_toy_data",
                "test_momentum_steps"],
      message="Momentum must be right for any parameters, rates and shares.")
def test_momentum_on_random_parameters(submission, rng):
    for learning_rate, momentum in [(0.1, 0.9), (0.03, 0.5)]:
        start, steepness = random_valley(rng)
        path = path_in_valley(submission, start, steepness, 6, learning_rate=learning_rate, momentum=momentum)
        check_path(path, momentum_path(start, steepness, [learning_rate] * 6, momentum))


@item("ClassifierTrainer", weight=1.5, confirms=["test_trainer_with_rmsprop_on_toy_data", "test_rmsprop_steps"],
      message="RMSProp must be right for any parameters and rates; momentum is ignored.")
def test_rmsprop_on_random_parameters(submission, rng):
    for learning_rate, momentum in [(0.02, 0.0), (0.1, 0.9)]:
        start, steepness = random_valley(rng)
        path = path_in_valley(submission, start, steepness, 6, update="rmsprop", learning_rate=learning_rate,
                              momentum=momentum)
        check_path(path, rmsprop_path(start, steepness, [learning_rate] * 6), ANY_EPSILON)


@item("ClassifierTrainer", weight=1, needs="test_rmsprop_on_random_parameters",
      message="In RMSProp's step 1e-8 is added inside the root (nnkit.optim has it outside): small gradients show it.")
def test_rmsprop_of_small_gradients(submission, rng):
    start = {"w": 1e-3 * rng.normal(size=(4, 3)), "b": 1e-5 * rng.normal(size=3)}
    steepness = {"w": 1.0, "b": 2.0}
    path = path_in_valley(submission, start, steepness, 3, update="rmsprop", learning_rate=1e-4)
    check_path(path, rmsprop_path(start, steepness, [1e-4] * 3))


# The loop is given: its tests presuppose the steps that were to be written.
MOMENTUM_IS_RIGHT = "test_momentum_on_random_parameters"


@item("ClassifierTrainer", weight=0.5, needs=MOMENTUM_IS_RIGHT,
      message="What is remembered belongs to one trainer: a new one starts without velocities.")
def test_a_new_trainer_remembers_nothing(submission, rng):
    start, steepness = random_valley(rng)
    first, second = (
        path_in_valley(submission, start, steepness, 2, momentum=0.9, learning_rate=0.05) for _ in range(2)
    )
    for name in start:
        for position in first[name]:
            assert_shape(position, start[name].shape, name)
    check_path(second, first)


@item("ClassifierTrainer", weight=0.5, needs=MOMENTUM_IS_RIGHT,
      message="The learning rate is multiplied by learning_rate_decay after every epoch.")
def test_learning_rate_decays_after_every_epoch(submission, rng):
    start, steepness = random_valley(rng)
    valley = valley_of(submission, steepness)
    model = {name: array.copy() for name, array in start.items()}
    settings = {"learning_rate": 0.2, "learning_rate_decay": 0.5, "momentum": 0.3}
    trained(submission, valley, model, INPUTS, LABELS, num_epochs=3, batch_size=2, **settings)
    visited = list(valley.models)
    check_length(visited, 9, "number of steps")
    path = {name: [parameters[name] for parameters in visited] for name in start}
    check_path(path, momentum_path(start, steepness, [0.2] * 3 + [0.1] * 3 + [0.05] * 2, 0.3))


@item("ClassifierTrainer", weight=0.5, needs=MOMENTUM_IS_RIGHT,
      message="best_model is a copy of the parameters that did best on the validation data, not of the last ones.")
def test_best_model_is_kept(submission):
    # The loss is 2 * 0.81**t after t steps. The two validation inputs are both right after the fourth step alone.
    model = {"w": np.array([2.0, 0.0])}
    X_val, y_val = np.array([[0.9], [0.75]]), np.array([1, 0])
    best_model, losses, _, accuracies = trained(
        submission, valley_of(submission, {"w": 1.0}), model, INPUTS, LABELS, X_val, y_val, sample_batches=False,
        num_epochs=7,
    )
    assert_close(numbers(losses, 7, "loss_history"), 2 * 0.81 ** np.arange(7), LOSS, "loss_history")
    wanted = np.array([0.5, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5])
    assert_close(numbers(accuracies, 7, "val_acc_history"), wanted, LOSS, "val_acc_history")
    if "w" not in opaque(best_model, "best_model", "a dictionary of arrays"):
        raise CheckFailure("best_model lacks a parameter of the model")
    assert_close(best_model["w"], np.array([2 * 0.9**4, 0.0]), FORWARD, "w in best_model")


@item("ClassifierTrainer", weight=0.5, needs=MOMENTUM_IS_RIGHT,
      message="Accuracies are measured after the first step, after every epoch, and as often as acc_frequency says.")
def test_histories_have_an_entry_for_every_measurement(submission):
    for settings, steps, measured in [
        ({"num_epochs": 4, "batch_size": 2}, 12, 5),
        ({"num_epochs": 4, "batch_size": 2, "acc_frequency": 4}, 12, 6),
        ({"num_epochs": 2, "batch_size": 3, "acc_frequency": 1}, 4, 4),
        ({"num_epochs": 5, "sample_batches": False}, 5, 5),
    ]:
        valley = valley_of(submission, {"w": 1.0})
        _, *histories = trained(submission, valley, {"w": wave(5, 3)}, INPUTS, LABELS, **settings)
        lengths = {"loss_history": steps, "train_acc_history": measured, "val_acc_history": measured}
        for history, (name, length) in zip(histories, lengths.items(), strict=True):
            numbers(history, length, name)


@item("ClassifierTrainer", weight=0.5, needs=MOMENTUM_IS_RIGHT,
      message="With sample_batches a step sees a minibatch, inputs with their own labels; without, it sees all.")
def test_steps_see_a_minibatch_or_everything(submission):
    X = np.stack([np.arange(1100.0), np.zeros(1100)], axis=1)
    y = np.arange(1100) * 7 % 13
    submission.np.random.seed(3)
    valley = valley_of(submission, {"w": 1.0})
    trained(submission, valley, {"w": wave(6, 3)}, X, y, reg=0.25, num_epochs=1, batch_size=300, acc_frequency=2)
    assert_equal(len(valley.batches), 3, "number of minibatches")
    draws = np.random.RandomState(3)
    for number, (X_batch, y_batch, reg) in enumerate(zip(valley.batches, valley.labels, valley.regs, strict=True)):
        chosen = draws.choice(1100, 300)
        assert_close(X_batch, X[chosen], 0, "a minibatch, drawn with np.random.choice(len(X), batch_size)")
        assert_equal(y_batch, y[chosen], "the labels of a minibatch")
        assert_close(reg, 0.25, 0, "reg")
        if number != 1:
            draws.choice(1100, 1000)
    scored = np.array([len(inputs) for inputs in valley.scored])
    assert_equal(scored, np.array([1000, 1100, 1000, 1100]), "numbers of inputs that accuracies are measured on")
    valley = valley_of(submission, {"w": 1.0})
    trained(submission, valley, {"w": wave(6, 3)}, X, y, sample_batches=False, num_epochs=2, batch_size=300)
    assert_equal(len(valley.batches), 2, "number of steps on everything")
    for X_batch, y_batch in zip(valley.batches, valley.labels, strict=True):
        assert_close(X_batch, X, 0, "the inputs of a step")
        assert_equal(y_batch, y, "the labels of a step")


# tuning: what the search left in best_model, judged on images whose labels the student's code never sees.

LOCAL_VALIDATION_ACCURACY = 0.50


def best_parameters(submission):
    """best_model as arrays that fit each other."""
    model = arrays_named(submission.best_model, PARAMETERS, "best_model")
    parameters = {key: model[key] for key in PARAMETERS}
    bias = parameters["b1"]
    hidden = bias.size if type(bias) is np.ndarray else 1
    for key, shape in {"W1": (3072, hidden), "b1": (hidden,), "W2": (hidden, 10), "b2": (10,)}.items():
        assert_shape(parameters[key], shape, f'best_model["{key}"]')
        if not np.isfinite(parameters[key]).all():
            raise CheckFailure(f'best_model["{key}"] holds numbers that are not finite: the training has diverged')
    return parameters


def accuracy_on(submission, X, y):
    """Accuracy of the network with the parameters in best_model, as scored here."""
    scores, _, _ = net_formula(X.reshape(len(X), -1), best_parameters(submission))
    return float(np.mean(np.argmax(scores, axis=1) == y))


def accuracy_by_own_scores(submission, X, y):
    """The same as scored by the student's network: what students receive holds no formula of it."""
    scores = submission.two_layer_net(X, best_parameters(submission))
    assert_shape(scores, (len(X), 10), "two_layer_net(X_val, best_model)")
    return float(np.mean(np.argmax(scores, axis=1) == y))


@item("tuning", public=True, weight=1,
      message="best_model holds the parameters of a network of images: W1 (3072, H), b1 (H,), W2 (H, 10), b2 (10,).")
def test_best_model_holds_a_network(submission):
    best_parameters(submission)


@item("tuning", public=True, weight=1,
      message="best_model does well on the validation images: try other learning rates, updates, sizes and reg.")
def test_best_model_on_the_validation_images(submission, notebook_data):
    accuracy = accuracy_by_own_scores(submission, *notebook_data("X_val", "y_val"))
    assert_at_least(accuracy, LOCAL_VALIDATION_ACCURACY, "validation accuracy")


@item("tuning", weight=2,
      confirms=["test_best_model_holds_a_network", "test_best_model_on_the_validation_images"],
      message="best_model does better on new images than the network of the given setting.")
def test_best_model_beats_the_given_setting_on_new_images(submission, data, thresholds):
    assert_at_least(accuracy_on(submission, *data("cifar10")), 0.85 * thresholds.test, "test accuracy")


@item("tuning", weight=3, message="best_model does well on images that took no part in training or tuning.")
def test_best_model_on_new_images(submission, data, thresholds):
    assert_at_least(accuracy_on(submission, *data("cifar10")), thresholds.test, "test accuracy")


# The formulas that random inputs are judged by, written otherwise than the reference.


def net_formula(X, model, y=None, reg=0.0):
    """Scores; with labels also the loss and the gradients."""
    before = np.einsum("nd,dh->nh", X, model["W1"]) + model["b1"]
    passes = before > 0
    scores = np.einsum("nh,nh,hc->nc", before, passes, model["W2"], optimize=True) + model["b2"]
    if y is None:
        return scores, None, None
    log_sums = np.logaddexp.reduce(scores, axis=1)
    correct = np.eye(scores.shape[1])[y]
    loss = np.mean(log_sums - (scores * correct).sum(axis=1))
    loss += reg / 2 * (np.square(model["W1"]).sum() + np.square(model["W2"]).sum())
    slopes = (np.exp(scores - log_sums[:, None]) - correct) / len(X)
    inner = np.einsum("nc,hc,nh->nh", slopes, model["W2"], passes, optimize=True)
    grads = {
        "W1": np.einsum("nd,nh->dh", X, inner) + reg * model["W1"],
        "b1": np.einsum("nh->h", inner),
        "W2": np.einsum("nh,nh,nc->hc", before, passes, slopes, optimize=True) + reg * model["W2"],
        "b2": np.einsum("nc->c", slopes),
    }
    return scores, float(loss), grads


def momentum_path(start, steepness, rates, momentum):
    """Positions before each step and after the last: a velocity is the sum of all pushes, faded by their age."""
    path = {}
    for name, position in start.items():
        pushes, path[name] = [], [position]
        for rate in rates:
            pushes.append(-rate * steepness[name] * path[name][-1])
            faded = [momentum**age * push for age, push in enumerate(reversed(pushes))]
            path[name].append(path[name][-1] + sum(faded))
    return path


def rmsprop_path(start, steepness, rates):
    """Positions before each step and after the last: a running mean is the sum of all squares, faded by their age."""
    path = {}
    for name, position in start.items():
        squares, path[name] = [], [position]
        for rate in rates:
            gradient = steepness[name] * path[name][-1]
            squares.append(gradient**2)
            mean = sum(0.01 * 0.99**age * square for age, square in enumerate(reversed(squares)))
            path[name].append(path[name][-1] - rate * gradient * (mean + 1e-8) ** -0.5)
    return path
