"""Graders of the notebook trigram_language_model: layers, the model, training, early stopping, and what was trained.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formulas at the end of this file.

What is written around a model (`train_epoch`, `EarlyStopping`, `top_words`) is judged on the `TrialModel` that the
notebook gives, whose steps and scores are computed here: a mistake in the student's own model costs nothing there, and
functions that only agree with each other earn nothing.
"""

import math

import numpy as np
from student_objects import check_keys, floats, kept

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    GRADIENT,
    LOSS,
    LOSS_GRADIENT,
    NETWORK_FORWARD,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
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
    numerical_gradient,
    numerical_gradient_of_parameter,
    opaque,
    spaced,
    type_name,
    unpack,
    wave,
)

PARAMETERS = ("W_embed", "W1", "b1", "W2", "b2")
CURVES = ("train_loss", "val_loss", "val_accuracy")
SIZES = ((8, 64), (16, 128), (32, 256))
MARGIN_OF_ALL = 0.7  # for the smallest model, too
MARGIN = 1.0  # in nats, below the unigram cross entropy; the reference is 1.3 below it


# Word numbers are one-based: x holds 1 and V somewhere, and words stand in it more than once.


def embedded(submission, x, W):
    out, _ = unpack(submission.embedding_forward(x, W), "out", "cache")
    return out


def embedding_gradient(submission, dout, x, W):
    _, cache = unpack(submission.embedding_forward(x, W), "out", "cache")
    return submission.embedding_backward(dout, cache)


def some_words(rng, n, V):
    x = rng.integers(1, V + 1, size=(n, 3))
    x[0] = [V, 1, V]
    return x


INNER = np.array([[2, 4, 3], [5, 2, 2], [3, 1, 4]])  # without the last of 6 words


@item("embedding_forward", public=True, weight=1, message="Word number i has row i - 1 of W: words are counted from 1.")
def test_embedding_forward_looks_words_up(submission, expected):
    expected("vectors", embedded(submission, INNER, wave(1, 6, 2)), FORWARD)


@item("embedding_forward", public=True, weight=1, message="The first word is number 1, the last one number V.")
def test_embedding_forward_of_the_first_and_the_last_word(submission, expected):
    expected("ends", embedded(submission, np.array([[1, 6, 1], [6, 6, 1]]), wave(2, 6, 3)), FORWARD)


@item("embedding_forward", public=True, weight=0.25,
      message="Looking words up changes neither the word numbers nor the vectors.")
def test_embedding_forward_leaves_its_inputs(submission):
    assert_shape(embedded(submission, INNER, wave(1, 6, 2)), (3, 6), "out")
    assert_inputs_unchanged(submission)


def check_embedded(submission, x, W):
    wanted = np.array([[W[word - 1, k] for word in row for k in range(W.shape[1])] for row in x])
    assert_close(embedded(submission, x, W), wanted, FORWARD, "out", hint="It has 3 * D columns.")


@item("embedding_forward", weight=1.5,
      confirms=["test_embedding_forward_looks_words_up", "test_embedding_forward_leaves_its_inputs"],
      message="Each row holds the D numbers of the first word, then those of the second, then those of the third.")
def test_embedding_forward_on_random_words(submission, rng):
    for n, V, D in [(1, 4, 5), (7, 9, 1), (20, 5, 3)]:
        check_embedded(submission, some_words(rng, n, V), rng.normal(size=(V, D)))


@item("embedding_forward", weight=1, confirms="test_embedding_forward_of_the_first_and_the_last_word",
      message="The first and the last word have rows as all others have.")
def test_embedding_forward_of_words_at_both_ends(submission, rng):
    check_embedded(submission, rng.choice([1, 8], size=(9, 3)), rng.normal(size=(8, 4)))


@item("embedding_backward", public=True, weight=0.75,
      message="What arrives at a word belongs to its row; a word that does not occur has a gradient of zero.")
def test_embedding_backward_of_different_words(submission, expected):
    x = np.array([[2, 5, 4]])
    expected("different", embedding_gradient(submission, wave(3, 1, 6), x, wave(1, 6, 2)), ANALYTIC_GRADIENT)


@item("embedding_backward", public=True, weight=1,
      message="A word that stands in several places collects what arrives at all of them.")
def test_embedding_backward_of_repeated_words(submission, expected):
    x = np.array([[2, 2, 2], [5, 2, 5]])
    expected("repeated", embedding_gradient(submission, wave(4, 2, 6), x, wave(1, 6, 2)), ANALYTIC_GRADIENT)


@item("embedding_backward", public=True, weight=0.5,
      message="dW must be the slope that your own embedding_forward shows when W is nudged.")
def test_embedding_backward_agrees_with_the_numerical_gradient(submission):
    x, W, dout = np.array([[4, 1, 6], [2, 5, 3]]), wave(5, 6, 3), wave(6, 2, 9)
    numeric = numerical_gradient(submission.embedding_forward, (x, W), 1, upstream=dout, pick=0)
    assert_close(embedding_gradient(submission, dout, x, W), numeric, GRADIENT, "dW", relative_floor=NOISE_FLOOR)


def check_embedding_gradient(submission, rng, x, V, D):
    W, dout = rng.normal(size=(V, D)), rng.normal(size=(len(x), 3 * D))
    wanted = embedding_slopes(dout, x, V)
    dW = embedding_gradient(submission, dout, x, W)
    assert_close(dW, wanted, ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR)


NUMERICAL_EMBEDDING = "test_embedding_backward_agrees_with_the_numerical_gradient"


@item("embedding_backward", weight=0.75,
      confirms=["test_embedding_backward_of_different_words", NUMERICAL_EMBEDDING],
      message="dW has the shape of W, and each word's own derivatives in its row, in a large vocabulary, too.")
def test_embedding_backward_on_random_different_words(submission, rng):
    for V, D in [(3, 4), (9, 1), (15, 3), (2100, 60)]:
        check_embedding_gradient(submission, rng, rng.permutation(V).reshape(-1, 3) + 1, V, D)


@item("embedding_backward", weight=1.5, confirms=["test_embedding_backward_of_repeated_words", NUMERICAL_EMBEDDING],
      message="dW adds up over all trigrams and places in which a word stands, in a large vocabulary, too.")
def test_embedding_backward_on_random_words(submission, rng):
    for n, V, D in [(1, 4, 5), (7, 9, 1), (30, 5, 3), (1000, 2100, 60)]:
        check_embedding_gradient(submission, rng, some_words(rng, n, V), V, D)


@item("embedding_backward", weight=0.25, needs="test_embedding_backward_on_random_different_words",
      message="A backward pass leaves dout as it is.")
def test_embedding_backward_leaves_its_inputs(submission, rng):
    dW = embedding_gradient(submission, rng.normal(size=(6, 6)), some_words(rng, 6, 4), rng.normal(size=(4, 2)))
    assert_shape(dW, (4, 2), "dW")
    assert_inputs_unchanged(submission)


@item("embedding_backward", weight=0.25, needs="test_embedding_backward_on_random_words",
      message="A second call starts from zero, and must work as the first.")
def test_embedding_backward_of_a_second_call(submission, rng):
    x, W, dout = some_words(rng, 6, 4), rng.normal(size=(4, 2)), rng.normal(size=(6, 6))
    wanted = embedding_slopes(dout, x, 4)
    _, cache = unpack(submission.embedding_forward(x, W), "out", "cache")
    submission.embedding_backward(rng.normal(size=(6, 6)), cache)
    dW = submission.embedding_backward(dout, cache)
    assert_close(dW, wanted, ANALYTIC_GRADIENT, "dW of a second call", relative_floor=NOISE_FLOOR)


@item("sigmoid_forward", public=True, weight=1, message="Entry by entry, 1 / (1 + e^-x).")
def test_sigmoid_forward_of_small_numbers(submission, expected):
    expected("out", unpack(submission.sigmoid_forward(spaced(-3, 3, 3, 4)), "out", "cache")[0], FORWARD)


@item("sigmoid_forward", weight=1.5, confirms="test_sigmoid_forward_of_small_numbers",
      message="Large inputs of either sign give 0 and 1, and nothing that is not a number.")
def test_sigmoid_forward_of_numbers_of_any_size(submission, rng):
    for shape, scale in [((7,), 0.01), ((3, 5), 2), ((4, 25), 3000)]:
        x = scale * rng.normal(size=shape)
        wanted = 0.5 + 0.5 * np.tanh(0.5 * x)
        assert_close(unpack(submission.sigmoid_forward(x), "out", "cache")[0], wanted, FORWARD, "out", floor=1e-3)


@item("sigmoid_forward", weight=0.25, needs="test_sigmoid_forward_of_numbers_of_any_size",
      message="A forward pass leaves x as it is.")
def test_sigmoid_forward_leaves_its_input(submission, rng):
    assert_shape(unpack(submission.sigmoid_forward(rng.normal(size=(3, 4))), "out", "cache")[0], (3, 4), "out")
    assert_inputs_unchanged(submission)


@item("sigmoid_forward", weight=0.5, needs="test_sigmoid_forward_of_numbers_of_any_size",
      message="Large inputs must not overflow on the way: choose, for each sign, an exponential below 1.")
def test_sigmoid_forward_far_below_zero_keeps_its_digits(submission):
    x = np.array([-20.0, -200.0, -700.0, -712.0])  # e^712 is too large for a float, e^-712 is not too small
    out, _ = unpack(submission.sigmoid_forward(x), "out", "cache")
    # As logarithms: the numbers themselves are below what a relative error looks at.
    assert_shape(out, (4,), "out")
    assert_at_least(float(np.min(out)), 1e-320, "the smallest output")
    assert_close(np.log(out), x, FORWARD, "logarithm of out")


@item("sigmoid_backward", public=True, weight=1, message="dx is dout times the slope, which the output alone tells.")
def test_sigmoid_backward_multiplies_by_the_slope(submission, expected):
    expected("dx", submission.sigmoid_backward(wave(1, 3, 4), 0.5 + 0.45 * wave(2, 3, 4)), ANALYTIC_GRADIENT)


@item("sigmoid_backward", weight=1.5, confirms="test_sigmoid_backward_multiplies_by_the_slope",
      message="The slope at the output s is what the sigmoid has there, for any dout.")
def test_sigmoid_backward_on_random_arrays(submission, rng):
    for shape in [(6,), (4, 5)]:
        x, dout = 2 * rng.normal(size=shape), 10 * rng.normal(size=shape)
        out = 1 / (1 + np.exp(-x))
        dx = submission.sigmoid_backward(dout, out)
        assert_close(dx, dout / (2 * np.cosh(x / 2)) ** 2, ANALYTIC_GRADIENT, "dx")


@item("sigmoid_backward", weight=0.5, needs="test_sigmoid_backward_on_random_arrays",
      message="A backward pass leaves dout and the cache as they are.")
def test_sigmoid_backward_leaves_its_inputs(submission, rng):
    dx = submission.sigmoid_backward(rng.normal(size=(3, 4)), rng.uniform(0.1, 0.9, size=(3, 4)))
    assert_shape(dx, (3, 4), "dx")
    assert_inputs_unchanged(submission)


@item("softmax", public=True, weight=1, message="Each row of scores becomes a row of probabilities, which add up to 1.")
def test_softmax_makes_rows_of_probabilities(submission, expected):
    expected("probabilities", submission.softmax(2 * wave(1, 4, 5)), FORWARD)


@item("softmax", public=True, weight=0.5, message="Scores of any size must not overflow.")
def test_softmax_of_large_scores(submission, expected):
    expected("large", submission.softmax(np.array([[1000.0, 999.0, 998.0], [-1000.0, -1001.0, -999.0]])), FORWARD)


@item("softmax", weight=1.5, confirms="test_softmax_makes_rows_of_probabilities",
      message="Every row is a row of its own, whatever stands in the others.")
def test_softmax_on_random_scores(submission, rng):
    for n, V in [(1, 6), (6, 2), (5, 5)]:
        scores = 3 * rng.normal(size=(n, V))
        assert_close(submission.softmax(scores), np.exp(log_softmax(scores)), FORWARD, "probabilities")


@item("softmax", weight=0.5, confirms="test_softmax_of_large_scores",
      message="Rows on very different scales each need a maximum of their own.")
def test_softmax_of_rows_far_apart(submission, rng):
    scores = np.array([[3000.0], [-3000.0], [0.0]]) + rng.integers(-3, 4, size=(3, 4))
    assert_close(submission.softmax(scores), np.exp(log_softmax(scores)), FORWARD, "probabilities")


@item("softmax", weight=0.25, needs="test_softmax_on_random_scores", message="softmax leaves the scores as they are.")
def test_softmax_leaves_its_input(submission, rng):
    assert_shape(submission.softmax(rng.normal(size=(3, 4))), (3, 4), "probabilities")
    assert_inputs_unchanged(submission)


SCORES, NEXT = 3 * wave(1, 6, 5), np.array([4, 1, 3, 3, 2, 1])  # the last of 5 words does not occur


def entropy_and_gradient(submission, scores, d):
    return unpack(submission.cross_entropy(scores, d), "loss", "dscores")


@item("cross_entropy", public=True, weight=1,
      message="The mean of -log(probability of the correct word); words are counted from 1.")
def test_cross_entropy_value(submission, expected):
    expected("loss", entropy_and_gradient(submission, SCORES, NEXT)[0], LOSS)


@item("cross_entropy", public=True, weight=1,
      message="dscores is the gradient of the mean: probabilities, corrected at the correct word of each row.")
def test_cross_entropy_gradient(submission, expected):
    expected("dscores", entropy_and_gradient(submission, SCORES, NEXT)[1], ANALYTIC_GRADIENT)


@item("cross_entropy", public=True, weight=0.5,
      message="dscores must be the slope that your own loss shows when the scores are nudged.")
def test_cross_entropy_agrees_with_the_numerical_gradient(submission):
    scores, d = 2 * wave(2, 4, 3), np.array([1, 3, 2, 3])
    _, dscores = entropy_and_gradient(submission, scores, d)
    numeric = numerical_gradient(submission.cross_entropy, (scores, d), 0, pick=0)
    assert_close(dscores, numeric, LOSS_GRADIENT, "dscores", relative_floor=NOISE_FLOOR)


@item("cross_entropy", public=True, weight=0.25, message="Who knows nothing gives each of 250 words 1/250.")
def test_cross_entropy_of_equal_scores_is_the_log_of_the_number_of_words(submission):
    loss, _ = entropy_and_gradient(submission, np.zeros((20, 250)), np.arange(20) * 7 + 1)
    assert_close(loss, math.log(250), LOSS, "loss")


@item("cross_entropy", weight=1.5,
      confirms=["test_cross_entropy_value",
                "test_cross_entropy_of_equal_scores_is_the_log_of_the_number_of_words"],
      message="The loss must be right for any batch, the last word included.")
def test_cross_entropy_value_on_random_scores(submission, rng):
    for n, V in [(1, 4), (7, 3), (9, 12)]:
        scores, d = 3 * rng.normal(size=(n, V)), last_word_too(rng, n, V)
        wanted = word_entropy(scores, d)[0]
        assert_close(entropy_and_gradient(submission, scores, d)[0], wanted, LOSS, "loss", floor=1e-3)


@item("cross_entropy", weight=1.5,
      confirms=["test_cross_entropy_gradient", "test_cross_entropy_agrees_with_the_numerical_gradient"],
      message="The gradient must be right for any batch, the last word included.")
def test_cross_entropy_gradient_on_random_scores(submission, rng):
    # In the last batch nudging one score after the other takes minutes.
    for n, V in [(1, 4), (7, 3), (9, 12), (300, 400)]:
        scores, d = 3 * rng.normal(size=(n, V)), last_word_too(rng, n, V)
        wanted = word_entropy(scores, d)[1]
        _, dscores = entropy_and_gradient(submission, scores, d)
        assert_close(dscores, wanted, ANALYTIC_GRADIENT, "dscores", relative_floor=NOISE_FLOOR)


def scores_far_apart(rng):
    return np.array([[1e3, -1e3, 0.0], [-1e3, -1e3, -1e3], [0.0, 1e3, -1e3]]) + rng.integers(-3, 4, size=(3, 3))


@item("cross_entropy", weight=0.5, needs="test_cross_entropy_value_on_random_scores",
      message="Scores far apart must neither overflow nor lead to log(0).")
def test_cross_entropy_of_scores_far_apart(submission, rng):
    scores = scores_far_apart(rng)
    for d in ([1, 2, 3], [2, 3, 1], [3, 1, 2]):
        wanted = word_entropy(scores, np.array(d))[0]
        assert_close(entropy_and_gradient(submission, scores, np.array(d))[0], wanted, LOSS, "loss")


@item("cross_entropy", weight=0.25, needs="test_cross_entropy_gradient_on_random_scores",
      message="Scores far apart must not overflow on the way to the gradient either.")
def test_cross_entropy_gradient_of_scores_far_apart(submission, rng):
    scores, d = scores_far_apart(rng), rng.permutation(3) + 1
    wanted = word_entropy(scores, d)[1]
    _, dscores = entropy_and_gradient(submission, scores, d)
    assert_close(dscores, wanted, ANALYTIC_GRADIENT, "dscores", relative_floor=NOISE_FLOOR)


@item("cross_entropy", weight=0.25, needs="test_cross_entropy_gradient_on_random_scores",
      message="The loss reads scores and words and changes neither.")
def test_cross_entropy_leaves_its_inputs(submission, rng):
    loss, _ = entropy_and_gradient(submission, rng.normal(size=(4, 5)), last_word_too(rng, 4, 5))
    assert_shape(loss, (), "loss")
    assert_inputs_unchanged(submission)


def last_word_too(rng, n, V):
    d = rng.integers(1, V + 1, size=n)
    d[-1] = V
    return d


# TrigramModel: initialisation, scores, loss and gradients earn marks separately.


def new_model(submission, V, D, P, **settings):
    model = submission.TrigramModel(num_words=V, wordvec_dim=D, hidden_dim=P, seed=0, **settings)
    return opaque(model, "TrigramModel(...)", "a model")


def model_with(submission, parameters):
    """A model of the student's in float64, with these parameters in it."""
    V, D = parameters["W_embed"].shape
    model = new_model(submission, V, D, parameters["b1"].size, dtype="float64")
    params = opaque(model.params, "params", "a dictionary of arrays")
    for name, value in parameters.items():
        params[name] = value
    return model


def shapes(V, D, P):
    return {"W_embed": (V, D), "W1": (3 * D, P), "b1": (P,), "W2": (P, V), "b2": (V,)}


def fixed_parameters(V=6, D=2, P=4):
    return {name: 0.9 * wave(phase, *shape) for phase, (name, shape) in enumerate(shapes(V, D, P).items(), start=1)}


def random_parameters(rng, V, D, P):
    return {name: rng.normal(size=shape) for name, shape in shapes(V, D, P).items()}


X_FIXED, D_FIXED = np.array([[2, 4, 3], [6, 1, 6], [3, 3, 5], [1, 2, 2]]), np.array([3, 6, 1, 3])


@item("TrigramModel", public=True, weight=0.25,
      message="All three words share one matrix of word vectors; three vectors side by side enter the hidden layer.")
def test_model_has_parameters_of_the_right_shapes(submission):
    check_shapes(submission, 11, 4, 7)


def check_shapes(submission, *sizes):
    params = arrays_named(new_model(submission, *sizes).params, PARAMETERS, "params")
    for name, shape in shapes(*sizes).items():
        assert_shape(params[name], shape, name)


def check_initial_weights(submission, scale, *sizes):
    """Weights as Gaussian as so many numbers show; six standard deviations, and more, are allowed."""
    params = arrays_named(new_model(submission, *sizes, weight_scale=scale).params, PARAMETERS, "params")
    for name in ("W_embed", "W1", "W2"):
        values = params[name]
        assert_shape(values, shapes(*sizes)[name], name)
        assert_close(float(np.std(values)), scale, 0.03, f"standard deviation of {name}")
        assert_below(abs(float(np.mean(values))), scale / 15, f"mean of {name}, without its sign")
        assert_close(float(np.mean(np.abs(values) < scale)), 0.6827, 0.02, f"{name} within one standard deviation")
    for name in ("b1", "b2"):
        wanted = np.zeros(shapes(*sizes)[name])
        assert_close(params[name], wanted, FORWARD, name, dtype=float32_result(params[name]))


@item("TrigramModel", public=True, weight=0.5,
      message="Weights and word vectors are Gaussian with mean 0 and standard deviation weight_scale.")
def test_model_starts_with_small_gaussian_weights(submission):
    for scale in (0.01, 0.5):
        check_initial_weights(submission, scale, 250, 40, 100)


@item("TrigramModel", public=True, weight=1, message="Look up, affine, sigmoid, affine: these are the scores.")
def test_model_scores(submission, expected):
    expected("scores", model_with(submission, fixed_parameters()).loss(X_FIXED), NETWORK_FORWARD)


@item("TrigramModel", public=True, weight=0.5, message="The loss is the cross entropy of the scores with the words d.")
def test_model_loss(submission, expected):
    loss, _ = unpack(model_with(submission, fixed_parameters()).loss(X_FIXED, D_FIXED), "loss", "grads")
    expected("loss", loss, NETWORK_FORWARD)


@item("TrigramModel", public=True, weight=1,
      message="Gradients must be the slopes that your own loss shows when the parameters are nudged.")
def test_model_gradients_agree_with_numerical_ones(submission):
    model = model_with(submission, fixed_parameters())
    _, grads = unpack(model.loss(X_FIXED, D_FIXED), "loss", "grads")
    arrays_named(grads, PARAMETERS, "grads")
    for name in PARAMETERS:
        call = Call(model.loss, (X_FIXED, D_FIXED))
        numeric = numerical_gradient_of_parameter(submission, call, model.params, name, pick=0)
        assert_close(grads[name], numeric, NETWORK_GRADIENT, f"gradient of {name}", relative_floor=NOISE_FLOOR)


@item("TrigramModel", weight=0.25, confirms="test_model_has_parameters_of_the_right_shapes",
      message="Parameters have the shapes that the three sizes say.")
def test_model_has_parameters_of_any_shapes(submission, rng):
    check_shapes(submission, *(int(size) for size in rng.permutation(np.arange(2, 20))[:3]))


@item("TrigramModel", weight=0.5, confirms="test_model_starts_with_small_gaussian_weights",
      message="Weights and word vectors are Gaussian with the standard deviation that weight_scale says.")
def test_model_starts_with_weights_of_any_scale(submission, rng):
    check_initial_weights(submission, rng.uniform(0.05, 3), 260, 41, 99)


@item("TrigramModel", weight=0.25, needs="test_model_has_parameters_of_any_shapes",
      message="Biases start at zero: memory that is only reserved (np.empty) holds what was there before.")
def test_model_starts_with_biases_of_zero(submission):
    # Weights and biases of one size, so that biases come to stand where weights were.
    for size in (60, 60, 60, 300, 300, 300):
        for model in (new_model(submission, size, 1, 1, dtype="float64"), new_model(submission, 1, 1, size)):
            params = arrays_named(model.params, PARAMETERS, "params")
            for name in ("b1", "b2"):
                if np.any(floats(params[name], name)):
                    raise CheckFailure(f"{name} of a new model is not zero everywhere")


@item("TrigramModel", weight=0.25, needs="test_model_starts_with_weights_of_any_scale",
      message="seed decides about all weights: the same seed, the same model; another seed, or none, another one.")
def test_model_starts_as_its_seed_says(submission, rng):
    seed = int(rng.integers(1, 1000))
    models = [submission.TrigramModel(9, 3, 9, seed=each) for each in (seed, seed, seed + 1, None, None)]
    first, same, another, unseeded, once_more = (weights_of(model) for model in models)
    if not all(np.array_equal(first[name], same[name]) for name in first):
        raise CheckFailure("two models with the same seed have different weights")
    check_nothing_in_common(first["W1"], another["W1"], "W1 of models of two seeds")
    check_nothing_in_common(unseeded["W1"], once_more["W1"], "W1 of two models without a seed")
    check_nothing_in_common(first["W1"], first["W2"], "W1 and W2 of a model")
    check_nothing_in_common(first["W_embed"], first["W1"], "W_embed and W1 of a model")


def weights_of(model):
    params = arrays_named(opaque(model, "TrigramModel(...)", "a model").params, PARAMETERS, "params")
    return {name: floats(params[name], name) for name in ("W_embed", "W1", "W2")}


def check_nothing_in_common(one, other, what):
    if np.intersect1d(one, other).size > 2:
        raise CheckFailure(f"{what} have numbers in common: they should be drawn anew")


@item("TrigramModel", weight=1.5, confirms="test_model_scores",
      message="The scores must be right for any number of words, units and trigrams.")
def test_model_scores_on_random_trigrams(submission, rng):
    for V, D, P, n in [(4, 3, 2, 1), (9, 1, 5, 8)]:
        parameters, x = random_parameters(rng, V, D, P), some_words(rng, n, V)
        wanted = trigram_scores(parameters, x)
        scores = model_with(submission, parameters).loss(x)
        assert_close(scores, wanted, NETWORK_FORWARD, "scores", relative_floor=NOISE_FLOOR)


@item("TrigramModel", weight=0.5, confirms="test_model_loss", message="The loss must be right for any batch.")
def test_model_loss_on_random_trigrams(submission, rng):
    for V, D, P, n in [(4, 3, 2, 1), (9, 1, 5, 8)]:
        parameters, x, d = random_parameters(rng, V, D, P), some_words(rng, n, V), last_word_too(rng, n, V)
        wanted = word_entropy(trigram_scores(parameters, x), d)[0]
        loss, _ = unpack(model_with(submission, parameters).loss(x, d), "loss", "grads")
        assert_close(loss, wanted, NETWORK_FORWARD, "loss", floor=1e-3)


def check_gradients(submission, rng, names):
    # For the last model nudging one number after the other takes minutes.
    for V, D, P, n in [(4, 3, 2, 1), (9, 2, 5, 12), (300, 16, 100, 60)]:
        parameters, x, d = random_parameters(rng, V, D, P), some_words(rng, n, V), last_word_too(rng, n, V)
        if P == 100:
            parameters = {name: value / 4 for name, value in parameters.items()}
        wanted = trigram_gradients(parameters, x, d)
        _, grads = unpack(model_with(submission, parameters).loss(x, d), "loss", "grads")
        for name in names:
            value = arrays_named(grads, PARAMETERS, "grads")[name]
            assert_close(value, wanted[name], ANALYTIC_GRADIENT, f"gradient of {name}", relative_floor=NOISE_FLOOR)


NUMERICAL = "test_model_gradients_agree_with_numerical_ones"


@item("TrigramModel", weight=1, confirms=NUMERICAL, message="Gradients of the layer before the softmax must be right.")
def test_model_gradients_of_the_output_layer(submission, rng):
    check_gradients(submission, rng, ("W2", "b2"))


@item("TrigramModel", weight=1, confirms=NUMERICAL, message="Gradients of the hidden layer must be right.")
def test_model_gradients_of_the_hidden_layer(submission, rng):
    check_gradients(submission, rng, ("W1", "b1"))


@item("TrigramModel", weight=1, confirms=NUMERICAL,
      message="The gradient of the word vectors collects all places of a word.")
def test_model_gradient_of_the_word_vectors(submission, rng):
    check_gradients(submission, rng, ("W_embed",))


@item("TrigramModel", weight=0.25, needs="test_model_gradients_of_the_output_layer",
      message="grads has the keys of params, and no others.")
def test_model_gradients_have_the_keys_of_the_parameters(submission, rng):
    parameters, x, d = random_parameters(rng, 7, 2, 3), some_words(rng, 5, 7), last_word_too(rng, 5, 7)
    _, grads = unpack(model_with(submission, parameters).loss(x, d), "loss", "grads")
    check_keys(arrays_named(grads, PARAMETERS, "grads"), PARAMETERS, "grads")


@item("TrigramModel", weight=0.25, needs="test_model_gradients_of_the_hidden_layer",
      message="Parameters and gradients have the dtype that was asked for.")
def test_model_keeps_its_dtype(submission):
    for dtype in ("float32", "float64"):
        model = new_model(submission, 6, 2, 4, dtype=dtype)
        params = arrays_named(model.params, PARAMETERS, "params")
        _, grads = unpack(model.loss(X_FIXED, D_FIXED), "loss", "grads")
        for name in PARAMETERS:
            assert_dtype(params[name], dtype, name)
            assert_dtype(arrays_named(grads, PARAMETERS, "grads")[name], dtype, f"gradient of {name}")


@item("unigram_cross_entropy", public=True, weight=0.5,
      message="Count each training word once more than it occurs, and take -log of its share, averaged over d.")
def test_unigram_cross_entropy_of_a_few_words(submission):
    # Shares of words 1 to 3: 3/8, 4/8, 1/8.
    entropy = submission.unigram_cross_entropy(np.array([1, 2, 2, 1, 2]), np.array([2, 2, 1]), num_words=3)
    assert_close(entropy, (2 * math.log(2) + math.log(8 / 3)) / 3, LOSS, "cross entropy")


@item("unigram_cross_entropy", public=True, weight=0.75,
      message="Where all V words are equally frequent, every one has the probability 1 / V.")
def test_unigram_cross_entropy_of_equally_frequent_words(submission):
    entropy = submission.unigram_cross_entropy(np.arange(60) % 20 + 1, np.array([1, 20, 7]), num_words=20)
    assert_close(entropy, math.log(20), LOSS, "cross entropy")


@item("unigram_cross_entropy", weight=1,
      confirms=["test_unigram_cross_entropy_of_a_few_words",
                "test_unigram_cross_entropy_of_equally_frequent_words"],
      message="Words that never occurred in training must be possible, number V too.")
def test_unigram_cross_entropy_of_random_words(submission, rng):
    for V, n, m in [(250, 500, 300), (7, 50, 9), (40, 10, 60)]:
        d_train, d = rng.integers(1, max(V // 2, 2), size=n), last_word_too(rng, m, V)
        shares = [((d_train == word).sum() + 1) / (n + V) for word in d]
        entropy = submission.unigram_cross_entropy(d_train, d, num_words=V)
        assert_close(entropy, -sum(map(math.log, shares)) / m, LOSS, "cross entropy")


# train_epoch: the given TrialModel, with steps and losses that are computed here.


def trial_case(rng, n, V=5):
    """Parameters of a TrialModel, trigrams, next words, and an order to take them in."""
    parameters = {"w": 0.3 * rng.normal(size=(3, V)), "b": rng.normal(size=V)}
    return parameters, some_words(rng, n, V), last_word_too(rng, n, V), rng.permutation(n)


def trial_model(submission, parameters):
    return opaque(submission.TrialModel(dict(parameters)), "TrialModel(...)", "the given model")


RATE = 0.01  # word numbers are large inputs


def trained(submission, case, batch_size, momentum, epochs=1):
    """Parameters and mean loss after the student's epochs."""
    parameters, x, d, order = case
    model, velocity, loss = trial_model(submission, parameters), {}, None
    for _ in range(epochs):
        loss = submission.train_epoch(
            model, x, d, order, inout(velocity), learning_rate=RATE, momentum=momentum, batch_size=batch_size
        )
    return arrays_named(model.params, ("w", "b"), "params after training"), loss


def check_epoch(submission, case, batch_size, momentum, epochs=1):
    """Parameters after epochs, against the same steps made here."""
    wanted, _ = stepped(case, batch_size, momentum, epochs)
    params, _ = trained(submission, case, batch_size, momentum, epochs)
    for name, value in wanted.items():
        assert_close(params[name], value, NETWORK_FORWARD, f"{name} after training", relative_floor=NOISE_FLOOR)


def check_mean_loss(submission, case, batch_size):
    wanted = stepped(case, batch_size, 0.5, 1)[1]
    assert_close(trained(submission, case, batch_size, 0.5)[1], wanted, NETWORK_FORWARD, "mean loss")


@item("train_epoch", public=True, weight=0.75,
      message="One minibatch, no momentum: every parameter goes against its gradient.")
def test_one_step(submission, expected):
    params, _ = trained(submission, trial_case(np.random.default_rng(1), 8), 8, momentum=0.0)
    expected("one_step_w", params["w"], NETWORK_FORWARD, called="w after training")
    expected("one_step_b", params["b"], NETWORK_FORWARD, called="b after training")


@item("train_epoch", public=True, weight=1,
      message="Momentum sums steps up: each step has the momentum's part of the step before in it.")
def test_steps_with_momentum(submission, expected):
    params, _ = trained(submission, trial_case(np.random.default_rng(2), 12), 4, momentum=0.85)
    expected("momentum_w", params["w"], NETWORK_FORWARD, called="w after training")
    expected("momentum_b", params["b"], NETWORK_FORWARD, called="b after training")


@item("train_epoch", public=True, weight=0.5,
      message="Return the mean loss over all inputs, whatever the batch sizes are.")
def test_the_mean_loss_of_an_epoch(submission, expected):
    _, loss = trained(submission, trial_case(np.random.default_rng(3), 12), 4, momentum=0.5)
    expected("mean_loss", loss, NETWORK_FORWARD, called="mean loss")


@item("train_epoch", weight=0.75, confirms="test_one_step",
      message="However many inputs there are: a step goes against the gradient.")
def test_any_one_step(submission, rng):
    check_epoch(submission, trial_case(rng, 9), 9, momentum=0.0)


@item("train_epoch", weight=1, confirms="test_steps_with_momentum",
      message="Every step holds the momentum's part of the one before, in whatever order the inputs come.")
def test_any_steps_with_momentum(submission, rng):
    check_epoch(submission, trial_case(rng, 12), 3, momentum=0.7)


@item("train_epoch", weight=1, message="The last minibatch holds what is left: it is smaller, and it counts.")
def test_an_unequal_last_minibatch(submission, rng):
    for n, batch_size in [(11, 4), (5, 8), (7, 6)]:
        check_epoch(submission, trial_case(rng, n), batch_size, momentum=0.5)


@item("train_epoch", weight=0.5, confirms="test_the_mean_loss_of_an_epoch",
      message="The mean loss is over the inputs, each measured when its minibatch was taken.")
def test_the_mean_loss_of_any_epoch(submission, rng):
    check_mean_loss(submission, trial_case(rng, 12), 3)


@item("train_epoch", weight=0.5,
      message="In the mean loss every input weighs the same, those of a small minibatch too.")
def test_the_mean_loss_with_an_unequal_last_minibatch(submission, rng):
    for n, batch_size in [(9, 4), (5, 8)]:
        check_mean_loss(submission, trial_case(rng, n), batch_size)


@item("train_epoch", weight=1, message="The velocities of one epoch go on in the next: they are kept in velocity.")
def test_velocity_goes_on_in_the_next_epoch(submission, rng):
    check_epoch(submission, trial_case(rng, 6), 3, momentum=0.9, epochs=2)


# EarlyStopping: a TrialModel whose parameters the test changes itself. No training takes place.


W_STATES = [wave(10 + k, 3, 2) for k in range(8)]


def watched(submission, patience):
    """A model, its watcher, and a function that is one epoch: other parameters, then a validation loss."""
    model = trial_model(submission, {"w": wave(1, 3, 2), "b": wave(2, 2)})
    stopping = opaque(submission.EarlyStopping(model, patience=patience), "EarlyStopping(...)", "an object")

    def epoch(state, val_loss, in_place=False):
        if in_place:
            submission.np.copyto(model.params["w"], W_STATES[state])
        else:
            model.params["w"] = W_STATES[state]
        return truth(stopping.update(val_loss), "update(...)")

    return model, stopping, epoch


def truth(value, name):
    if type(value) not in (bool, np.bool_):
        raise CheckFailure(f"{name} gave {type_name(value)}, expected True or False")
    return bool(value)


def check_answers(submission, patience, losses, wanted):
    _, _, epoch = watched(submission, patience)
    answers = np.array([epoch(k % 8, loss) for k, loss in enumerate(losses)])
    assert_equal(answers, np.array(wanted), f"answers of update with patience {patience}")


def check_restored(submission, losses, best, in_place):
    model, stopping, epoch = watched(submission, 10)
    for state, loss in enumerate(losses):
        epoch(state, loss, in_place)
    stopping.restore()
    W = arrays_named(model.params, ("w",), "params after restore()")["w"]
    assert_close(W, W_STATES[best], FORWARD, "w after restore()")


def losses_that_stop(rng, patience):
    """Losses of an improving start and then none that is better, and what `update` should answer."""
    falling = np.sort(rng.uniform(3, 5, size=rng.integers(2, 5)))[::-1]
    worse = falling[-1] + rng.uniform(0.1, 1, size=patience)
    return [*map(float, falling), *map(float, worse)], [False] * (len(falling) + patience - 1) + [True]


@item("EarlyStopping", public=True, weight=0.75,
      message="Stop when so many epochs in a row were not better than the best; a better one starts the count anew.")
def test_when_to_stop(submission):
    check_answers(submission, 2, [5.0, 4.0, 4.5, 3.9, 4.1, 4.2], [False] * 5 + [True])


@item("EarlyStopping", public=True, weight=0.75, message="restore() brings back the parameters of the best epoch.")
def test_restore_brings_the_best_parameters_back(submission):
    check_restored(submission, [5.0, 3.0, 3.5, 4.0], best=1, in_place=False)


@item("EarlyStopping", public=True, weight=0.75,
      message="Training may change arrays in place: what you keep must be copies, or it changes along.")
def test_restore_after_changes_in_place(submission):
    check_restored(submission, [5.0, 3.0, 3.5, 4.0], best=1, in_place=True)


@item("EarlyStopping", public=True, weight=0.25, message="best_loss is the lowest loss so far.")
def test_best_loss(submission):
    _, stopping, epoch = watched(submission, 3)
    for state, loss in enumerate([4.0, 3.25, 3.5]):
        epoch(state, loss)
    assert_close(stopping.best_loss, 3.25, FORWARD, "best_loss")


@item("EarlyStopping", weight=1, confirms="test_when_to_stop",
      message="The count is of epochs in a row that bring no new lowest loss.")
def test_when_to_stop_for_other_losses(submission, rng):
    for patience in (1, 2, 4):
        losses, answers = losses_that_stop(rng, patience)
        check_answers(submission, patience, losses, answers)
    check_answers(submission, 3, [3, 4, 3.5, 3.2, 3.1], [False, False, False, True, True])
    check_answers(submission, 3, [3, 4, 3.5, 2.9, 3, 2.8, 3], [False] * 7)


@item("EarlyStopping", weight=0.25, needs="test_when_to_stop_for_other_losses",
      message="A loss that equals the best is no better.")
def test_an_equal_loss_is_not_better(submission):
    check_answers(submission, 2, [3.0, 3.0, 3.0], [False, False, True])


@item("EarlyStopping", weight=0.25, needs="test_when_to_stop_for_other_losses",
      message="A loss that is not a number (nan) is no better than any.")
def test_a_loss_that_is_not_a_number_is_not_better(submission):
    check_answers(submission, 2, [3.0, math.nan, math.nan, math.nan], [False, False, True, True])
    check_restored(submission, [3.0, math.nan, 4.0], best=0, in_place=True)


@item("EarlyStopping", weight=0.25, needs="test_when_to_stop_for_other_losses", confirms="test_best_loss",
      message="best_loss is the lowest loss of any epochs so far.")
def test_best_loss_of_any_epochs(submission, rng):
    _, stopping, epoch = watched(submission, 9)
    losses = [float(loss) for loss in rng.uniform(2, 5, size=6)]
    for state, loss in enumerate(losses):
        epoch(state, loss)
    assert_close(stopping.best_loss, min(losses), FORWARD, "best_loss")


@item("EarlyStopping", weight=1,
      confirms=["test_restore_brings_the_best_parameters_back", "test_restore_after_changes_in_place"],
      message="The best epoch counts, be it the first, the last, or one long ago.")
def test_restore_for_other_losses(submission, rng):
    check_restored(submission, [1.0, 2.0, 3.0, 2.5, 2.0, 1.5], best=0, in_place=True)
    check_restored(submission, [4.0, 3.0, 2.0], best=2, in_place=False)
    losses = [float(loss) for loss in rng.permutation(np.arange(1.0, 8.0))]
    check_restored(submission, losses, best=int(np.argmin(losses)), in_place=True)


@item("EarlyStopping", weight=0.5, needs="test_restore_for_other_losses",
      message="What is kept stays as it is if training goes on after restore(), and can be restored again.")
def test_restore_twice(submission):
    model, stopping, epoch = watched(submission, 10)
    for state, loss in enumerate([4.0, 2.0, 3.0]):
        epoch(state, loss)
    stopping.restore()
    submission.np.copyto(model.params["w"], W_STATES[5])
    stopping.restore()
    assert_close(model.params["w"], W_STATES[1], FORWARD, "w after another restore()")


@item("EarlyStopping", weight=0.25, needs="test_restore_for_other_losses",
      message="Before the first update there is nothing to restore: leave the model as it is.")
def test_restore_before_any_update(submission):
    model, stopping, epoch = watched(submission, 3)
    model.params["w"] = W_STATES[2]
    stopping.restore()
    params = arrays_named(model.params, ("w",), "params after restore()")
    assert_close(params["w"], W_STATES[2], FORWARD, "w after restore()")
    assert_equal(epoch(3, 5.0), False, "answer of the first update")


# top_words: ranked by the scores of the given TrialModel.


VOCABULARY = np.array([f"word{number}" for number in range(1, 41)])
WORDS = np.array(["the", "to", "and", "of", "her", "a"])
FIXED_TRIAL = {"w": 0.2 * wave(1, 3, 6), "b": wave(2, 6)}


def top(submission, parameters, x, words, *count):
    return unpack(submission.top_words(trial_model(submission, parameters), x, words, *count), "found", "probabilities")


def check_top(submission, parameters, x, *count, what=("found", "probabilities")):
    """Words and probabilities of a model against those computed here."""
    words = VOCABULARY[: len(parameters["b"])]
    probabilities = np.exp(log_softmax(x @ parameters["w"] + parameters["b"]))
    shown = count[0] if count else 10
    order = np.flip(np.argsort(probabilities, axis=1), axis=1)[:, :shown]
    found, given = top(submission, parameters, x, words, *count)
    if "found" in what:
        assert_equal(found, words[order], "found")
    if "probabilities" in what:
        wanted = np.take_along_axis(probabilities, order, axis=1)
        assert_close(given, wanted, NETWORK_FORWARD, "probabilities", floor=1e-6)


def random_trial(rng, V, n):
    return {"w": rng.normal(size=(3, V)) / V, "b": rng.normal(size=V)}, some_words(rng, n, V)


@item("top_words", public=True, weight=1, message="The likeliest word first; word number i is words[i - 1].")
def test_top_words_in_order(submission):
    found, _ = top(submission, FIXED_TRIAL, X_FIXED, WORDS, 4)
    wanted = [
        ["the", "to", "and", "of"],
        ["and", "to", "of", "the"],
        ["to", "the", "and", "of"],
        ["the", "to", "and", "of"],
    ]
    assert_equal(found, np.array(wanted), "found")


@item("top_words", public=True, weight=0.5, message="The probabilities of these very words, in the same order.")
def test_top_words_with_their_probabilities(submission, expected):
    _, probabilities = top(submission, FIXED_TRIAL, X_FIXED, WORDS, 4)
    expected("probabilities", probabilities, NETWORK_FORWARD)


@item("top_words", weight=1.5, confirms="test_top_words_in_order",
      message="In order of probability, for any number of trigrams and of words asked for.")
def test_top_words_of_random_models(submission, rng):
    for V, n, count in [(12, 5, 10), (7, 1, 1), (9, 4, 9)]:
        check_top(submission, *random_trial(rng, V, n), count, what=("found",))


@item("top_words", weight=1, confirms="test_top_words_with_their_probabilities",
      message="Probabilities of all words of a row together add up to 1.")
def test_top_words_probabilities_of_random_models(submission, rng):
    for V, n, count in [(12, 5, 10), (9, 4, 9)]:
        check_top(submission, *random_trial(rng, V, n), count, what=("probabilities",))


@item("top_words", weight=0.25, needs="test_top_words_of_random_models",
      message="More than ten words may be asked for, and ten are meant if nothing is said.")
def test_more_than_ten_top_words(submission, rng):
    check_top(submission, *random_trial(rng, 40, 6), 25, what=("found",))
    check_top(submission, *random_trial(rng, 40, 6), what=("found",))


@item("top_words", weight=0.25, needs="test_top_words_probabilities_of_random_models",
      message="Scores may be large: the probabilities must not overflow.")
def test_top_words_of_large_scores(submission, rng):
    parameters, x = random_trial(rng, 8, 5)
    check_top(submission, parameters | {"b": parameters["b"] + 2000}, x, 5)


# The experiment: what it left behind is measured again, on students' machines by the notebook's own functions.


def scores_of(model, x, name):
    scores = opaque(model, name, "a model").loss(x)
    assert_shape(scores, (len(x), 250), f"scores of {name}")
    return np.asarray(scores, dtype=float)


@item("model_sizes", public=True, weight=0.5, message="models holds a trained TrigramModel for each (D, P).")
def test_models_of_three_sizes(submission):
    for D, P in SIZES:
        params = arrays_named(kept(submission.models, (D, P), "models").params, PARAMETERS, "params")
        for name, shape in shapes(250, D, P).items():
            assert_shape(params[name], shape, f"{name} of models[{D}, {P}]")


@item("model_sizes", public=True, weight=0.5,
      message="histories[D, P] is what train_language_model returned for that model.")
def test_histories_belong_to_the_models(submission, notebook_data):
    data = notebook_data("data")
    x, d = data["x_val"][:2000], data["d_val"][:2000]
    for size in SIZES:
        history = arrays_named(kept(submission.histories, size, "histories"), CURVES, f"histories[{size}]")
        losses = list(opaque(history["val_loss"], f"val_loss of histories[{size}]", "a list"))
        for value in losses:
            assert_shape(value, (), "an entry of val_loss")
        assert_at_least(len(losses), 2, f"epochs in histories[{size}]")
        model = kept(submission.models, size, "models")
        measured, _ = unpack(submission.evaluate(model, x, d), "loss", "accuracy")
        assert_close(measured, float(min(losses)), 0.05, f"validation cross entropy of models[{size}]")


@item("model_sizes", public=True, weight=1,
      message="best_model is well below the cross entropy of the unigram model, on the validation set.")
def test_best_model_beats_word_frequencies(submission, notebook_data):
    data = notebook_data("data")
    x, d = data["x_val"][:4000], data["d_val"][:4000]
    wanted = submission.unigram_cross_entropy(data["d_train"], d)
    assert_shape(wanted, (), "unigram_cross_entropy(d_train, d_val)")
    best_model = opaque(submission.best_model, "best_model", "a model")
    measured, _ = unpack(submission.evaluate(best_model, x, d), "loss", "accuracy")
    assert_below(measured, float(wanted) - MARGIN, "cross entropy of best_model")


def check_on_new_text(model, name, notebook_data, data, margin):
    x, d = data("trigrams")
    wanted = unigram(notebook_data("data")["d_train"], d) - margin
    measured = word_entropy(scores_of(model, x, name), d)[0]
    assert_below(measured, wanted, f"cross entropy of {name}")


@item("model_sizes", weight=1, confirms=["test_models_of_three_sizes", "test_histories_belong_to_the_models"],
      message="All three models are below the unigram cross entropy on text that took no part in anything.")
def test_all_models_on_new_text(submission, notebook_data, data):
    for size in SIZES:
        model = kept(submission.models, size, "models")
        check_on_new_text(model, f"models[{size}]", notebook_data, data, MARGIN_OF_ALL)


@item("model_sizes", weight=2, confirms="test_best_model_beats_word_frequencies",
      message="best_model is well below the unigram cross entropy on text that took no part in anything.")
def test_best_model_on_new_text(submission, notebook_data, data):
    check_on_new_text(submission.best_model, "best_model", notebook_data, data, MARGIN)


# The formulas that random inputs are judged by, written otherwise than the reference.


def embedding_slopes(dout, x, V):
    columns = dout.reshape(x.size, -1).T
    return np.stack([np.bincount(x.ravel() - 1, column, minlength=V) for column in columns], axis=1)


def log_softmax(scores):
    return scores - np.logaddexp.reduce(scores, axis=1)[:, None]


def word_entropy(scores, d):
    logs, correct = log_softmax(scores), np.eye(scores.shape[1])[np.asarray(d) - 1]
    return -np.sum(logs * correct) / len(scores), (np.exp(logs) - correct) / len(scores)


def unigram(d_train, d, V=250):
    shares = (np.bincount(d_train, minlength=V + 1)[1:] + 1) / (len(d_train) + V)
    return -float(np.log(shares)[d - 1].mean())


def trial_loss_and_slopes(parameters, x, d):
    """Loss and gradients of a TrialModel, input by input."""
    loss, found = 0.0, {name: np.zeros_like(value) for name, value in parameters.items()}
    for row, word in zip(x, d, strict=True):
        off = np.einsum("k,kv->v", row, parameters["w"]) + parameters["b"]
        off[word - 1] -= 1
        loss += np.dot(off, off) / len(x)
        found["w"] += np.outer(row, 2 * off) / len(x)
        found["b"] += 2 * off / len(x)
    return loss, found


def stepped(case, batch_size, momentum, epochs):
    """Parameters and mean loss after steps, each gradient's share of the way summed up anew."""
    start, x, d, order = case
    batches = np.split(order, range(batch_size, len(order), batch_size)) * epochs
    reached, slopes, losses = start, [], []
    for batch in batches:
        loss, found = trial_loss_and_slopes(reached, x[batch], d[batch])
        losses.append(loss)
        slopes.append(found)
        shares = [sum(momentum**k for k in range(len(slopes) - first)) for first in range(len(slopes))]
        reached = {
            name: value - RATE * sum(share * past[name] for share, past in zip(shares, slopes, strict=True))
            for name, value in start.items()
        }
    return reached, float(np.average(losses, weights=[len(batch) for batch in batches]))


def hidden_activity(parameters, x):
    vectors = np.stack([parameters["W_embed"][row - 1].ravel() for row in x])
    return vectors, 0.5 + 0.5 * np.tanh(0.5 * (np.einsum("nk,kp->np", vectors, parameters["W1"]) + parameters["b1"]))


def trigram_scores(parameters, x):
    return np.einsum("np,pv->nv", hidden_activity(parameters, x)[1], parameters["W2"]) + parameters["b2"]


def trigram_gradients(parameters, x, d):
    vectors, hidden = hidden_activity(parameters, x)
    dscores = word_entropy(trigram_scores(parameters, x), d)[1]
    daffine = np.einsum("nv,pv->np", dscores, parameters["W2"]) * (hidden - hidden**2)
    dvectors = np.einsum("np,kp->nk", daffine, parameters["W1"])
    return {
        "W_embed": embedding_slopes(dvectors, x, len(parameters["W_embed"])),
        "W1": np.einsum("nk,np->kp", vectors, daffine),
        "b1": np.einsum("np->p", daffine),
        "W2": np.einsum("np,nv->pv", hidden, dscores),
        "b2": np.einsum("nv->v", dscores),
    }
