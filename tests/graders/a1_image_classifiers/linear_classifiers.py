"""What the graders of linear classifiers share: how a loss is checked against a formula, and what a grid search left.

``function`` is the student's ``(W, X, y, reg) -> (loss, dW)``, ``formula`` the same, written by the grader file.
"""

import numpy as np

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    LOSS,
    LOSS_GRADIENT,
    NOISE_FLOOR,
    CheckFailure,
    Opaque,
    assert_at_least,
    assert_below,
    assert_close,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    numerical_gradient,
    opaque,
    type_name,
    unpack,
    wave,
)


def loss_and_gradient(function, W, X, y, reg):
    return unpack(function(W, X, y, reg), "loss", "dW")


def random_case(rng, n, d, c, nearest=1e-4, scale=1.0):
    """W, X and y in which every margin is met or missed by something: at a kink the slope is a matter of choice."""
    while True:
        W, X, y = scale * rng.normal(size=(d, c)), rng.normal(size=(n, d)), rng.integers(c, size=n)
        scores = X @ W
        missing = scores - scores[np.arange(n), y][:, None] + 1
        if np.abs(missing).min() > nearest:
            return W, X, y


# A loss near zero has lost the digits of the scores that it is the difference of: below this it is judged by them.
LOSS_FLOOR = 1e-3


def check_loss(function, formula, W, X, y, reg, floor=LOSS_FLOOR):
    """Loss and gradient against the formula."""
    wanted_loss, wanted_dW = formula(W, X, y, reg)
    loss, dW = loss_and_gradient(function, W, X, y, reg)
    assert_close(loss, wanted_loss, LOSS, "loss", floor=floor)
    assert_close(dW, wanted_dW, ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR)


# What stored losses and gradients belong to.
FIXED = wave(1, 8, 5), wave(2, 6, 8), np.array([4, 0, 2, 2, 1, 0])
SIZES = ((1, 3, 4), (7, 5, 2), (5, 6, 9))


def regularised_part(function, W, X, y, reg):
    """By how much loss and gradient with this regularisation differ from those without."""
    without, with_reg = (loss_and_gradient(function, W, X, y, each) for each in (0.0, reg))
    for loss, dW in (without, with_reg):
        assert_shape(loss, (), "loss")
        assert_shape(dW, W.shape, "dW")
    return with_reg[0] - without[0], with_reg[1] - without[1]


def check_stored_regularisation(function, expected):
    loss, dW = regularised_part(function, *FIXED, 0.7)
    expected("loss_reg", loss, LOSS, called="what reg=0.7 adds to the loss")
    expected("dW_reg", dW, ANALYTIC_GRADIENT, called="what reg=0.7 adds to dW", relative_floor=NOISE_FLOOR)


def check_leaves_inputs(submission, function):
    loss, dW = loss_and_gradient(function, *FIXED, 0.3)
    assert_inputs_unchanged(submission)
    for value, name in ((loss, "loss"), (dW, "dW")):
        if isinstance(value, Opaque):
            raise CheckFailure(f"{name} is {type_name(value)}, expected numbers")


def check_values(function, formula, rng):
    """The loss alone, for batches of all sizes."""
    for sizes in SIZES:
        case = *random_case(rng, *sizes), 0.0
        wanted, _ = formula(*case)
        loss, _ = loss_and_gradient(function, *case)
        assert_close(loss, wanted, LOSS, "loss", floor=LOSS_FLOOR)


def check_gradients(function, formula, rng):
    """The gradient alone, for batches of all sizes, and for more weights than slopes can be measured one by one."""
    for sizes in SIZES:
        case = *random_case(rng, *sizes), 0.0
        _, wanted = formula(*case)
        _, dW = loss_and_gradient(function, *case)
        assert_close(dW, wanted, ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR)
    case = *random_case(rng, 3, 3073, 40, scale=0.02), 0.0
    _, wanted = formula(*case)
    _, dW = loss_and_gradient(function, *case)
    if type(dW) is not np.ndarray or dW.shape != wanted.shape:
        assert_shape(dW, wanted.shape, "dW")
    rows = rng.integers(3073, size=100)
    assert_close(dW[rows], wanted[rows], ANALYTIC_GRADIENT, "some rows of dW", relative_floor=NOISE_FLOOR)


def large_batch(rng):
    """Two million inputs of a single number."""
    return rng.normal(size=(1, 3)), rng.normal(size=(2_000_000, 1)), rng.integers(3, size=2_000_000), 0.0


def check_large_batch_value(function, formula, rng):
    case = large_batch(rng)
    loss, _ = loss_and_gradient(function, *case)
    assert_close(loss, formula(*case)[0], LOSS, "loss of two million inputs")


def check_large_batch_gradient(function, formula, rng):
    case = large_batch(rng)
    _, dW = loss_and_gradient(function, *case)
    wanted = formula(*case)[1]
    assert_close(dW, wanted, ANALYTIC_GRADIENT, "dW of two million inputs", relative_floor=NOISE_FLOOR)


def check_regularisation(function, rng):
    """Weak regularisation and strong: what it adds to loss and gradient."""
    for reg in (0.01, 0.7, 50.0):
        case = random_case(rng, 6, 5, 4)
        W = case[0].copy()
        loss, dW = regularised_part(function, *case, reg)
        assert_close(loss, reg * np.einsum("dc,dc->", W, W), LOSS, f"what reg={reg:g} adds to the loss")
        added = f"what reg={reg:g} adds to dW"
        assert_close(dW, reg * W + reg * W, ANALYTIC_GRADIENT, added, relative_floor=NOISE_FLOOR)


def check_numerical_gradient(function, W, X, y, reg, coordinates=None):
    """dW against central differences of the student's own loss, at some entries or at all."""
    _, dW = loss_and_gradient(function, W, X, y, reg)
    assert_shape(dW, W.shape, "dW")
    wanted = numerical_gradient(function, (W, X, y, reg), 0, pick=0, coordinates=coordinates)
    measured = ~np.isnan(wanted)
    assert_close(dW[measured], wanted[measured], LOSS_GRADIENT, "dW", relative_floor=NOISE_FLOOR)


def check_sparse_gradient(function, rng):
    """Twenty entries of a gradient of the size of pictures, without regularisation and with much of it."""
    W, X, y = random_case(rng, 5, 300, 10, nearest=1e-3, scale=0.1)
    coordinates = list(dict.fromkeys((int(rng.integers(300)), int(rng.integers(10))) for _ in range(20)))
    for reg in (0.0, 50.0):
        check_numerical_gradient(function, W, X, y, reg, coordinates)


def check_average(function, rng):
    """The same inputs twice in the batch: the same loss and the same gradient."""
    W, X, y = random_case(rng, 4, 6, 5)
    loss, dW = loss_and_gradient(function, W, X, y, 0.3)
    loss_twice, dW_twice = loss_and_gradient(function, W, np.concatenate([X, X]), np.concatenate([y, y]), 0.3)
    assert_shape(loss, (), "loss")
    assert_close(loss_twice, float(loss), LOSS, "loss of the batch taken twice")
    assert_shape(dW, W.shape, "dW")
    assert_close(dW_twice, dW, ANALYTIC_GRADIENT, "dW of the batch taken twice", relative_floor=NOISE_FLOOR)


def check_labels(function, formula, rng):
    """Labels of any integer dtype; a batch with a single class, and one in which most classes are absent."""
    W, X, y = random_case(rng, 5, 4, 6)
    for dtype in (np.uint8, np.int16, np.int32, np.int64):
        check_loss(function, formula, W, X, y.astype(dtype), 0.0)
    for labels in ([5, 5, 5, 5, 5], [5, 0, 0, 5, 0]):
        check_loss(function, formula, W, X, np.array(labels), 0.0)


def check_input_dtypes(function, formula, rng):
    """Inputs that are whole numbers, as pixels are, and inputs in float32."""
    W, _, y = random_case(rng, 6, 5, 4)
    pixels = rng.integers(256, size=(6, 5))
    for dtype in (np.int32, np.int64):
        check_loss(function, formula, W / 100, pixels.astype(dtype), y, 0.0)
    W, X, y = random_case(rng, 6, 5, 4, nearest=1e-2)
    W, X = W.astype(np.float32), X.astype(np.float32)
    wanted_loss, wanted_dW = formula(W.astype(float), X.astype(float), y, 0.0)
    loss, dW = loss_and_gradient(function, W, X, y, 0.0)
    assert_close(loss, wanted_loss, FORWARD_FLOAT32, "loss", dtype=float32_result(loss), floor=0.1)
    # Where probabilities nearly cancel, few of float32's digits are left.
    assert_close(dW, wanted_dW, FORWARD_FLOAT32, "dW", dtype=float32_result(dW), relative_floor=0.1)


def rows_of(images):
    """Images as the notebook has them: rows with a 1 at the end."""
    return np.concatenate([images.reshape(len(images), -1), np.ones((len(images), 1))], axis=1)


def accuracy_on(submission, name, X, y):
    """The accuracy of the classifier that the notebook left under a name."""
    predicted = opaque(getattr(submission, name), name, "a trained classifier").predict(X)
    assert_shape(predicted, (len(X),), f"{name}.predict(X)")
    return float(np.mean(predicted == y))


MOST_SETTINGS = 1000


def entries(submission):
    """The grid: (learning rate, reg) and (training accuracy, validation accuracy) of each setting."""
    results = opaque(submission.results, "results", "a dictionary")
    if len(results) > MOST_SETTINGS:
        raise CheckFailure(f"results has {len(results)} entries: leave only settings that were tried in it")
    found = []
    for key in results:
        pair = []
        for value, name in ((key, "a key of results"), (results[key], "a value of results")):
            if not isinstance(value, Opaque) or len(value) != 2:
                raise CheckFailure(f"{name} is {type_name(value)}, expected a pair of numbers")
            for number in (value[0], value[1]):
                assert_shape(number, (), f"a number in {name}")
            pair.append((float(value[0]), float(value[1])))
        found.append(pair)
    return found


def check_grid(submission):
    """Accuracies of at least two learning rates and two regularisation strengths."""
    found = entries(submission)
    rates, strengths = ({key[i] for key, _ in found} for i in (0, 1))
    assert_at_least(len(rates), 2, "number of learning rates in results")
    assert_at_least(len(strengths), 2, "number of regularisation strengths in results")
    for _, accuracies in found:
        for accuracy in accuracies:
            assert_at_least(accuracy, 0, "an accuracy in results")
            assert_below(accuracy, 1, "an accuracy in results")


def check_best(submission, name, accuracy):
    """best_val is the highest validation accuracy of the grid, and the classifier reaches it."""
    best = max((accuracies[1] for _, accuracies in entries(submission)), default=0.0)
    assert_close(submission.best_val, best, FORWARD, "best_val")
    assert_close(accuracy, best, FORWARD, f"validation accuracy of {name}")
