"""Graders of the notebook rnn_captioning: the simple recurrent layer, word vectors, and the captioning model.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formulas of a companion.
"""

import numpy as np
from captioning_checks import (
    check_another_padding,
    check_gradient_keys,
    check_greedy_sampling,
    check_loss,
    check_loss_changes_nothing,
    check_model_gradients,
    check_sampling,
    check_temperature,
)
from captioning_models import (
    CAPTIONS,
    FLOAT32_FLOOR,
    GOLDEN_CAPTIONS,
    check_numerical_gradients,
    check_padding,
    fixed_params,
    golden_model,
    model_with,
    random_params,
    sampled,
    talkative_params,
)
from large_gradients import check_large_gradients
from recurrent_layers import (
    GRADIENTS,
    check_gradients,
    check_large_slopes,
    check_own_slopes,
    check_slopes,
    large_sequence,
    states,
)
from repeated_calls import check_repeatable
from sequence_formulas import caption_loss, rnn, rnn_step, slopes

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    GRADIENT,
    LOSS,
    NETWORK_FORWARD,
    NOISE_FLOOR,
    assert_close,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    item,
    numerical_gradient,
    spaced,
    unpack,
    wave,
)

STEP_GRADIENTS = ("dx", "dprev_h", "dWx", "dWh", "db")


def fixed_step(n=3, d=4, h=5):
    """x, prev_h, Wx, Wh and b without a pattern."""
    return wave(1, n, d), wave(2, n, h), wave(3, d, h), wave(4, h, h), wave(5, h)


def fixed_sequence(n=2, t=3, d=4, h=5):
    """x, h0, Wx, Wh and b without a pattern."""
    return wave(1, n, t, d), wave(2, n, h), wave(3, d, h), wave(4, h, h), wave(5, h)


def random_step(rng, n=4, d=3, h=6):
    sizes = (n, d), (n, h), (d, h), (h, h), (h,)
    return tuple(0.6 * rng.normal(size=size) for size in sizes)


def random_sequence(rng, n=3, t=5, d=4, h=2):
    sizes = (n, t, d), (n, h), (d, h), (h, h), (h,)
    return tuple(0.6 * rng.normal(size=size) for size in sizes)


# rnn_step_forward


def next_state(submission, args):
    next_h, _ = unpack(submission.rnn_step_forward(*args), "next_h", "cache")
    return next_h


def check_next_state(submission, args):
    wanted = rnn_step(*args)
    assert_close(next_state(submission, args), wanted, FORWARD, "next_h", relative_floor=NOISE_FLOOR)


@item("rnn_step_forward", public=True, weight=1,
      message="next_h is the tanh of what the input, the state before and the bias bring.")
def test_step_forward(submission, expected):
    args = spaced(-0.4, 0.7, 3, 10), spaced(-0.2, 0.5, 3, 4), spaced(-0.1, 0.9, 10, 4), spaced(-0.3, 0.7, 4, 4)
    expected("next_h", next_state(submission, (*args, spaced(-0.2, 0.4, 4))), FORWARD)


@item("rnn_step_forward", public=True, weight=0.5, message="Without state and bias, next_h is the tanh of x times Wx.")
def test_step_forward_reads_the_input(submission, expected):
    x, _, Wx, Wh, _ = fixed_step()
    expected("from_input", next_state(submission, (x, np.zeros((3, 5)), Wx, Wh, np.zeros(5))), FORWARD)


@item("rnn_step_forward", public=True, weight=0.5,
      message="Without input and bias, next_h is the tanh of prev_h times Wh.")
def test_step_forward_reads_the_state_before(submission, expected):
    _, prev_h, Wx, Wh, _ = fixed_step()
    expected("from_state", next_state(submission, (np.zeros((3, 4)), prev_h, Wx, Wh, np.zeros(5))), FORWARD)


@item("rnn_step_forward", public=True, weight=0.25,
      message="A forward pass reads its inputs and changes none of them.")
def test_step_forward_leaves_its_inputs(submission):
    assert_shape(next_state(submission, fixed_step()), (3, 5), "next_h")
    assert_inputs_unchanged(submission)


@item("rnn_step_forward", weight=1.5, confirms=["test_step_forward", "test_step_forward_leaves_its_inputs"],
      message="The next state must be right for inputs, states and sizes of any kind.")
def test_step_forward_on_random_inputs(submission, rng):
    check_next_state(submission, random_step(rng))


@item("rnn_step_forward", weight=0.5, confirms="test_step_forward_reads_the_input",
      message="Without state and bias, what a step gives is the tanh of x times Wx.")
def test_step_forward_reads_any_input(submission, rng):
    x, prev_h, Wx, Wh, b = random_step(rng)
    check_next_state(submission, (x, np.zeros_like(prev_h), Wx, Wh, np.zeros_like(b)))


@item("rnn_step_forward", weight=0.5, confirms="test_step_forward_reads_the_state_before",
      message="Without input and bias, what a step gives is the tanh of prev_h times Wh.")
def test_step_forward_reads_any_state_before(submission, rng):
    x, prev_h, Wx, Wh, b = random_step(rng)
    check_next_state(submission, (np.zeros_like(x), prev_h, Wx, Wh, np.zeros_like(b)))


@item("rnn_step_forward", weight=0.5, needs="test_step_forward_on_random_inputs",
      message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_step_forward_of_one_sequence_and_one_unit(submission, rng):
    check_next_state(submission, random_step(rng, n=1, d=2, h=1))


@item("rnn_step_forward", weight=0.5, needs="test_step_forward_on_random_inputs",
      message="The next state for float32 inputs must be an array of floats, right to float32's digits.")
def test_step_forward_in_float32(submission, rng):
    args = tuple(array.astype(np.float32) for array in random_step(rng))
    next_h = next_state(submission, args)
    dtype = float32_result(next_h)
    assert_close(next_h, rnn_step(*args), FORWARD_FLOAT32, "next_h", dtype=dtype, relative_floor=FLOAT32_FLOOR)


@item("rnn_step_forward", weight=0.75,
      message="Your rnn_step_backward does not get the right gradients from your cache: is all in it that it needs, "
              "and is it what its name says?")
def test_step_forward_keeps_what_the_backward_pass_needs(submission, rng):
    check_step_slopes(submission, random_step(rng), rng.normal(size=(4, 6)))


# rnn_step_backward: each gradient earns marks of its own.


def step_gradients(submission, dnext_h, args):
    _, cache = unpack(submission.rnn_step_forward(*args), "next_h", "cache")
    return unpack(submission.rnn_step_backward(dnext_h, cache), *STEP_GRADIENTS)


def check_step_gradient(submission, expected, name):
    gradients = step_gradients(submission, wave(6, 3, 5), fixed_step())
    expected(name, gradients[STEP_GRADIENTS.index(name)], ANALYTIC_GRADIENT)


@item("rnn_step_backward", public=True, weight=0.5, message="db adds up, over the batch, what comes back through tanh.")
def test_step_backward_db(submission, expected):
    check_step_gradient(submission, expected, "db")


@item("rnn_step_backward", public=True, weight=0.5, message="dx tells how the loss moves with this step's input.")
def test_step_backward_dx(submission, expected):
    check_step_gradient(submission, expected, "dx")


@item("rnn_step_backward", public=True, weight=0.5, message="dprev_h tells how the loss moves with the state before.")
def test_step_backward_dprev_h(submission, expected):
    check_step_gradient(submission, expected, "dprev_h")


@item("rnn_step_backward", public=True, weight=0.5, message="dWx is to the input what dw of an affine layer is to x.")
def test_step_backward_dWx(submission, expected):
    check_step_gradient(submission, expected, "dWx")


@item("rnn_step_backward", public=True, weight=0.5, message="dWh is to the state before what dWx is to the input.")
def test_step_backward_dWh(submission, expected):
    check_step_gradient(submission, expected, "dWh")


@item("rnn_step_backward", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own rnn_step_forward shows when its inputs are nudged.")
def test_step_backward_agrees_with_numerical_gradients(submission):
    args, dnext_h = fixed_step(2, 3, 4), wave(7, 2, 4)
    gradients = step_gradients(submission, dnext_h, args)
    for wrt, name in enumerate(STEP_GRADIENTS):
        numeric = numerical_gradient(submission.rnn_step_forward, args, wrt, upstream=dnext_h, pick=0)
        assert_close(gradients[wrt], numeric, GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("rnn_step_backward", public=True, weight=0.25,
      message="A backward pass leaves upstream derivative and cache as they are: a second call must work as the first.")
def test_step_backward_leaves_its_cache(submission):
    _, cache = unpack(submission.rnn_step_forward(*fixed_step()), "next_h", "cache")
    check_repeatable(submission, submission.rnn_step_backward, wave(6, 3, 5), cache)


def check_step_slopes(submission, args, dnext_h, names=STEP_GRADIENTS):
    gradients = step_gradients(submission, dnext_h, args)
    for name in names:
        wrt = STEP_GRADIENTS.index(name)
        wanted = slopes(rnn_step, args, wrt, dnext_h)
        assert_close(gradients[wrt], wanted, ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


def check_large_step(submission, rng, name, n=40, d=300, h=200):
    """One gradient of a layer for which nudging one number after the other takes minutes."""
    x, *others = large_sequence(rng, 1, d, h, n=n, t=1)
    args, dnext_h = (x[:, 0], *others), rng.normal(size=(n, h))

    def loss(*inputs):
        return np.sum(rnn_step(*inputs) * dnext_h)

    gradients = step_gradients(submission, dnext_h, args)
    check_large_gradients(gradients, STEP_GRADIENTS, loss, args, rng, only=(name,))


NUMERICAL_STEP = "test_step_backward_agrees_with_numerical_gradients"


@item("rnn_step_backward", weight=1, confirms=["test_step_backward_db", NUMERICAL_STEP],
      message="db must be right in a large layer, too.")
def test_step_backward_db_in_a_large_layer(submission, rng):
    check_large_step(submission, rng, "db")


@item("rnn_step_backward", weight=1,
      confirms=["test_step_backward_dx", NUMERICAL_STEP, "test_step_backward_leaves_its_cache"],
      message="dx must be right in a large layer, too.")
def test_step_backward_dx_in_a_large_layer(submission, rng):
    check_large_step(submission, rng, "dx")


@item("rnn_step_backward", weight=1, confirms=["test_step_backward_dprev_h", NUMERICAL_STEP],
      message="dprev_h must be right in a large layer, too.")
def test_step_backward_dprev_h_in_a_large_layer(submission, rng):
    check_large_step(submission, rng, "dprev_h")


@item("rnn_step_backward", weight=1, confirms=["test_step_backward_dWx", NUMERICAL_STEP],
      message="dWx must be right in a large layer, too.")
def test_step_backward_dWx_in_a_large_layer(submission, rng):
    check_large_step(submission, rng, "dWx")


@item("rnn_step_backward", weight=1, confirms=["test_step_backward_dWh", NUMERICAL_STEP],
      message="dWh must be right in a large layer, too.")
def test_step_backward_dWh_in_a_large_layer(submission, rng):
    check_large_step(submission, rng, "dWh")


@item("rnn_step_backward", weight=0.5,
      needs=["test_step_backward_dx_in_a_large_layer", "test_step_backward_dWx_in_a_large_layer"],
      message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_step_backward_of_one_sequence_and_one_unit(submission, rng):
    check_step_slopes(submission, random_step(rng, n=1, d=2, h=1), rng.normal(size=(1, 1)))


# rnn_forward


def check_states(submission, args, allowed=FORWARD):
    wanted = rnn(*args)
    assert_close(states(submission.rnn_forward, args), wanted, allowed, "h", relative_floor=NOISE_FLOOR)


@item("rnn_forward", public=True, weight=0.5, message="h[:, 0] comes from h0 and the first input.")
def test_forward_of_a_single_step(submission, expected):
    expected("one_step", states(submission.rnn_forward, fixed_sequence(t=1)), FORWARD)


@item("rnn_forward", public=True, weight=1, message="Every step takes the state that the step before has left.")
def test_forward_carries_the_state_along(submission, expected):
    args = spaced(-0.1, 0.3, 2, 3, 4), spaced(-0.3, 0.1, 2, 5), spaced(-0.2, 0.4, 4, 5), spaced(-0.4, 0.1, 5, 5)
    expected("h", states(submission.rnn_forward, (*args, spaced(-0.7, 0.1, 5))), FORWARD)


@item("rnn_forward", public=True, weight=0.75,
      message="From a state of zeros, what is carried along comes from the inputs.")
def test_forward_from_a_state_of_zeros(submission, expected):
    x, h0, *weights = fixed_sequence()
    expected("from_zero", states(submission.rnn_forward, (x, np.zeros_like(h0), *weights)), FORWARD)


@item("rnn_forward", public=True, weight=0.5,
      message="A forward pass reads its inputs and changes none of them.")
def test_forward_leaves_its_inputs(submission):
    assert_shape(states(submission.rnn_forward, fixed_sequence()), (2, 3, 5), "h")
    assert_inputs_unchanged(submission)


@item("rnn_forward", weight=1.5, confirms=["test_forward_carries_the_state_along", "test_forward_leaves_its_inputs"],
      message="h must be right for batches, sequences and layers of any size.")
def test_forward_on_random_sequences(submission, rng):
    check_states(submission, random_sequence(rng))


@item("rnn_forward", weight=0.25, confirms="test_forward_of_a_single_step",
      message="A sequence may have a single step: its state comes from h0 and the first input.")
def test_forward_of_any_single_step(submission, rng):
    check_states(submission, random_sequence(rng, t=1))


@item("rnn_forward", weight=0.5, needs="test_forward_on_random_sequences",
      message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_forward_of_one_sequence_and_one_unit(submission, rng):
    check_states(submission, random_sequence(rng, n=1, t=4, d=1, h=1))


@item("rnn_forward", weight=0.75, confirms="test_forward_from_a_state_of_zeros",
      message="A sequence may be long: its last state has come through all steps.")
def test_forward_on_long_sequences(submission, rng):
    x, h0, *weights = random_sequence(rng, n=2, t=60, d=3, h=4)
    check_states(submission, (x, np.zeros_like(h0), *weights), NETWORK_FORWARD)


@item("rnn_forward", weight=0.5, needs="test_forward_on_random_sequences",
      message="h for float32 inputs must be an array of floats, right to float32's digits.")
def test_forward_in_float32(submission, rng):
    args = tuple(array.astype(np.float32) for array in random_sequence(rng))
    h = states(submission.rnn_forward, args)
    assert_close(h, rnn(*args), FORWARD_FLOAT32, "h", dtype=float32_result(h), relative_floor=FLOAT32_FLOOR)


@item("rnn_forward", weight=0.75,
      message="Your rnn_backward does not get the right gradients from your cache: is every step's cache in it?")
def test_forward_keeps_what_the_backward_pass_needs(submission, rng):
    args = random_sequence(rng, n=2, t=4, d=3, h=2)
    check_slopes(layer_of(submission), rnn, rng.normal(size=(2, 4, 2)), args)


# rnn_backward


def layer_of(submission):
    return submission.rnn_forward, submission.rnn_backward


@item("rnn_backward", public=True, weight=0.5, message="Over a single step it does what rnn_step_backward does.")
def test_backward_of_a_single_step(submission, expected):
    check_gradients(layer_of(submission), expected, "one_step", GRADIENTS, wave(6, 2, 1, 5), fixed_sequence(t=1))


@item("rnn_backward", public=True, weight=1,
      message="A state reaches the loss by itself and through the next step: add both derivatives.")
def test_backward_dx_and_dh0(submission, expected):
    check_gradients(layer_of(submission), expected, "sequence", ("dx", "dh0"), wave(6, 2, 3, 5), fixed_sequence())


@item("rnn_backward", public=True, weight=1,
      message="The weights are used at every step: add the derivatives of all steps.")
def test_backward_of_the_weights(submission, expected):
    names = ("dWx", "dWh", "db")
    check_gradients(layer_of(submission), expected, "sequence", names, wave(6, 2, 3, 5), fixed_sequence())


@item("rnn_backward", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own rnn_forward shows when its inputs are nudged.")
def test_backward_agrees_with_numerical_gradients(submission):
    check_own_slopes(layer_of(submission), wave(7, 2, 3, 3), fixed_sequence(2, 3, 2, 3))


@item("rnn_backward", public=True, weight=0.25,
      message="A backward pass leaves dh and the cache as they are: a second call must work as the first.")
def test_backward_leaves_its_cache(submission):
    _, cache = unpack(submission.rnn_forward(*fixed_sequence()), "h", "cache")
    check_repeatable(submission, submission.rnn_backward, wave(6, 2, 3, 5), cache)


NUMERICAL = "test_backward_agrees_with_numerical_gradients"


@item("rnn_backward", weight=1.5, confirms=["test_backward_dx_and_dh0", NUMERICAL, "test_backward_leaves_its_cache"],
      message="dx and dh0 must be right for long sequences and large layers, too.")
def test_backward_of_large_inputs(submission, rng):
    args = large_sequence(rng, 1, d=80, h=60)
    check_large_slopes(layer_of(submission), rnn, rng.normal(size=(20, 24, 60)), args, rng, ("dx", "dh0"))


@item("rnn_backward", weight=1.5, confirms=["test_backward_of_the_weights", NUMERICAL],
      message="dWx, dWh and db must be right for long sequences and large layers, too.")
def test_backward_of_large_weights(submission, rng):
    args = large_sequence(rng, 1, d=80, h=60)
    check_large_slopes(layer_of(submission), rnn, rng.normal(size=(20, 24, 60)), args, rng, ("dWx", "dWh", "db"))


@item("rnn_backward", weight=0.5, confirms="test_backward_of_a_single_step",
      message="A sequence may have a single step, in a large layer, too.")
def test_backward_of_any_single_step(submission, rng):
    args = large_sequence(rng, 1, d=300, h=200, n=40, t=1)
    check_large_slopes(layer_of(submission), rnn, rng.normal(size=(40, 1, 200)), args, rng)


@item("rnn_backward", weight=1,
      message="A loss that reads the last state alone still reaches every input and h0: carry the derivative back.")
def test_backward_from_the_last_state_alone(submission, rng):
    dh = np.zeros((20, 24, 60))
    dh[:, -1] = rng.normal(size=(20, 60))
    check_large_slopes(layer_of(submission), rnn, dh, large_sequence(rng, 1, d=80, h=60), rng)


@item("rnn_backward", weight=0.5, needs=["test_backward_of_large_inputs", "test_backward_of_large_weights"],
      message="Over a long sequence the derivatives of many steps add up, and come back through all of them.")
def test_backward_on_long_sequences(submission, rng):
    x, h0, Wx, _, b = random_sequence(rng, n=2, t=40, d=2, h=3)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]  # neither fades nor blows up what goes through it
    args = 0.1 * x, 0.3 * h0, 0.3 * Wx, 1.02 * turn, 0.1 * b
    check_slopes(layer_of(submission), rnn, rng.normal(size=(2, 40, 3)), args)


@item("rnn_backward", weight=0.25, needs=["test_backward_of_large_inputs", "test_backward_of_large_weights"],
      message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_backward_of_one_sequence_and_one_unit(submission, rng):
    check_slopes(layer_of(submission), rnn, rng.normal(size=(1, 4, 1)), random_sequence(rng, n=1, t=4, d=1, h=1))


# word_embedding_forward and word_embedding_backward

WORDS = np.array([[0, 3, 1, 2], [2, 1, 0, 3]])


def vectors(submission, x, W):
    out, _ = unpack(submission.word_embedding_forward(x, W), "out", "cache")
    return out


def embedding_gradient(submission, dout, x, W):
    _, cache = unpack(submission.word_embedding_forward(x, W), "out", "cache")
    return submission.word_embedding_backward(dout, cache)


@item("word_embedding_forward", public=True, weight=1, message="out[n, t] is the row of W that belongs to x[n, t].")
def test_embedding_picks_rows(submission, expected):
    expected("out", vectors(submission, WORDS, spaced(0, 1, 5, 3)), FORWARD)


@item("word_embedding_forward", public=True, weight=0.5,
      message="out has the axes of x, and one more for the vectors.")
def test_embedding_gives_a_vector_for_each_word(submission):
    assert_shape(vectors(submission, WORDS, spaced(0, 1, 5, 3)), (2, 4, 3), "out")


@item("word_embedding_forward", public=True, weight=0.5,
      message="The embedding reads words and W and changes neither.")
def test_embedding_leaves_its_inputs(submission):
    assert_shape(vectors(submission, WORDS, wave(1, 5, 4)), (2, 4, 4), "out")
    assert_inputs_unchanged(submission)


@item("word_embedding_forward", weight=1.5,
      confirms=["test_embedding_picks_rows", "test_embedding_gives_a_vector_for_each_word",
                "test_embedding_leaves_its_inputs"],
      message="Words may repeat, and there may be any number of them.")
def test_embedding_of_random_words(submission, rng):
    x, W = rng.integers(7, size=(4, 9)), rng.normal(size=(7, 3))
    wanted = np.array([[W[word] for word in row] for row in x])
    assert_close(vectors(submission, x, W), wanted, FORWARD, "out")


@item("word_embedding_forward", weight=0.5, needs="test_embedding_of_random_words",
      message="There may be a single word.")
def test_embedding_of_one_word(submission, rng):
    W = rng.normal(size=(6, 2))
    assert_close(vectors(submission, np.array([[5]]), W), W[5].reshape(1, 1, 2), FORWARD, "out")


@item("word_embedding_forward", weight=0.5, slow=True, needs="test_embedding_of_random_words",
      message="A vocabulary may have 100,000 words: pick rows, one-hot vectors of them don't fit into memory.")
def test_embedding_of_a_large_vocabulary(submission, rng):
    x, W = rng.integers(100_000, size=(40, 50)), rng.normal(size=(100_000, 2))
    assert_close(vectors(submission, x, W), np.take(W, x, axis=0), FORWARD, "out")


@item("word_embedding_forward", weight=1,
      message="Your word_embedding_backward does not get the right gradient from your cache: are the words in it, and "
              "the shape of W?")
def test_embedding_keeps_what_the_backward_pass_needs(submission, rng):
    x, W, dout = rng.integers(5, size=(6, 8)), rng.normal(size=(9, 3)), rng.normal(size=(6, 8, 3))
    wanted = embedding_slopes(dout, x, 9)
    assert_close(
        embedding_gradient(submission, dout, x, W), wanted, ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR
    )


@item("word_embedding_backward", public=True, weight=0.5,
      message="Each dout[n, t] belongs to the row of dW of its word; words that don't occur have gradient zero.")
def test_embedding_gradient_of_words_that_occur_once(submission, expected):
    x = np.array([[4, 0], [2, 1]])
    expected("once_each", embedding_gradient(submission, wave(1, 2, 2, 3), x, wave(2, 6, 3)), ANALYTIC_GRADIENT)


@item("word_embedding_backward", public=True, weight=1,
      message="A word that occurs several times collects the derivatives of all its places.")
def test_embedding_gradient_of_repeated_words(submission, expected):
    x = np.array([[0, 3, 0, 0], [2, 3, 0, 2]])
    expected("repeated", embedding_gradient(submission, wave(3, 2, 4, 3), x, wave(4, 5, 3)), ANALYTIC_GRADIENT)


@item("word_embedding_backward", public=True, weight=0.5,
      message="dW must be the slope that your own word_embedding_forward shows when W is nudged.")
def test_embedding_gradient_agrees_with_the_numerical_one(submission):
    x, W, dout = np.array([[1, 1, 0], [3, 0, 1]]), wave(5, 4, 2), wave(6, 2, 3, 2)
    numeric = numerical_gradient(submission.word_embedding_forward, (x, W), 1, upstream=dout, pick=0)
    assert_close(embedding_gradient(submission, dout, x, W), numeric, GRADIENT, "dW", relative_floor=NOISE_FLOOR)


def embedding_slopes(dout, x, vocabulary):
    dW = np.zeros((vocabulary, dout.shape[2]))
    for row, slopes_of_row in zip(x, dout, strict=True):
        for word, slope in zip(row, slopes_of_row, strict=True):
            dW[word] += slope
    return dW


def check_embedding_gradient(submission, rng, x, vocabulary, D):
    W, dout = rng.normal(size=(vocabulary, D)), rng.normal(size=(*x.shape, D))
    wanted = embedding_slopes(dout, x, vocabulary)
    given = embedding_gradient(submission, dout, x, W)
    assert_close(given, wanted, ANALYTIC_GRADIENT, "dW", relative_floor=NOISE_FLOOR)


@item("word_embedding_backward", weight=2,
      confirms=["test_embedding_gradient_of_repeated_words", "test_embedding_gradient_agrees_with_the_numerical_one"],
      message="dW must be right for words of any number, repeated or not, and for a large vocabulary.")
def test_embedding_gradient_of_random_words(submission, rng):
    check_embedding_gradient(submission, rng, rng.integers(2500, size=(60, 50)), 3000, 60)


@item("word_embedding_backward", weight=0.5, confirms="test_embedding_gradient_of_words_that_occur_once",
      message="dW must be right for words that occur once, in any order.")
def test_embedding_gradient_of_different_words(submission, rng):
    check_embedding_gradient(submission, rng, rng.permutation(3000)[:2000].reshape(40, 50), 3000, 60)


@item("word_embedding_backward", weight=0.5, needs="test_embedding_gradient_of_random_words",
      message="A caption may consist of one word, again and again.")
def test_embedding_gradient_of_one_word(submission, rng):
    for x in (np.array([[2]]), np.full((3, 5), 2)):
        check_embedding_gradient(submission, rng, x, 4, 2)


@item("word_embedding_backward", weight=0.5, needs="test_embedding_gradient_of_different_words",
      message="A backward pass leaves dout and the cache as they are, and starts from zero: a second call must work as "
              "the first.")
def test_embedding_gradient_of_a_second_call(submission, rng):
    x, W, dout = rng.permutation(10).reshape(2, 5), rng.normal(size=(12, 3)), rng.normal(size=(2, 5, 3))
    _, cache = unpack(submission.word_embedding_forward(x, W), "out", "cache")
    check_repeatable(submission, submission.word_embedding_backward, dout, cache)


# CaptioningRNN with the simple cell: loss, gradients and sampling earn marks separately.


@item("CaptioningRNN", public=True, weight=1,
      message="The loss adds up over the words that are to be predicted, and averages over the captions.")
def test_loss(submission, expected):
    model = golden_model(submission, "rnn", gates=1)
    loss, _ = unpack(model.loss(spaced(-1.5, 0.3, 10, 20), GOLDEN_CAPTIONS), "loss", "grads")
    expected("loss", loss, LOSS)


@item("CaptioningRNN", public=True, weight=1,
      message="Each gradient must be the slope of your own loss in that parameter.")
def test_gradients_agree_with_numerical_ones(submission):
    model = model_with(submission, fixed_params(1), "rnn")
    check_numerical_gradients(submission, model, wave(9, 3, 7), CAPTIONS)


@item("CaptioningRNN", public=True, weight=0.25,
      message="Padding counts for nothing: more <NULL> behind a caption leave its loss as it is.")
def test_loss_of_padded_captions(submission):
    check_padding(model_with(submission, fixed_params(1), "rnn"))


@item("CaptioningRNN", public=True, weight=1,
      message="sample gives the likeliest words after <START>, which is fed in and not among them.")
def test_sampled_words(submission, expected):
    fixed = np.random.default_rng(52)
    captions = sampled(model_with(submission, talkative_params(fixed, 1), "rnn"), fixed.normal(size=(12, 7)), 6)
    expected("words", captions.astype(float), 0)


@item("CaptioningRNN", weight=1, confirms=["test_loss", "test_loss_of_padded_captions"],
      message="The loss must be right for captions of any lengths.")
def test_loss_of_random_captions(submission, rng):
    check_loss(submission, "rnn", rnn, rng)


NUMERICAL_MODEL = "test_gradients_agree_with_numerical_ones"


@item("CaptioningRNN", weight=0.75, confirms=NUMERICAL_MODEL,
      message="The gradients of W_vocab and b_vocab must be right for any captions, and in a large model.")
def test_gradients_of_the_scores(submission, rng):
    check_model_gradients(submission, "rnn", rnn, rng, ("W_vocab", "b_vocab"))


@item("CaptioningRNN", weight=0.75, confirms=NUMERICAL_MODEL,
      message="The gradients of Wx, Wh and b must be right for any captions, and in a large model.")
def test_gradients_of_the_recurrent_layer(submission, rng):
    check_model_gradients(submission, "rnn", rnn, rng, ("Wx", "Wh", "b"))


@item("CaptioningRNN", weight=0.75, confirms=NUMERICAL_MODEL,
      message="The gradient of W_embed must be right for any captions, and in a large model.")
def test_gradient_of_the_word_vectors(submission, rng):
    check_model_gradients(submission, "rnn", rnn, rng, ("W_embed",))


@item("CaptioningRNN", weight=0.75, confirms=NUMERICAL_MODEL,
      message="The image acts through the first state: what comes back is the gradient of h0.")
def test_gradients_of_the_projection(submission, rng):
    check_model_gradients(submission, "rnn", rnn, rng, ("W_proj", "b_proj"))


@item("CaptioningRNN", weight=0.25, needs="test_gradients_of_the_scores",
      message="grads has the keys of params, and no others.")
def test_gradients_have_the_keys_of_the_parameters(submission, rng):
    check_gradient_keys(submission, "rnn", rng)


@item("CaptioningRNN", weight=0.5, needs="test_loss_of_random_captions",
      message="<NULL> need not be word 0: what counts is that padding is masked.")
def test_loss_with_another_padding_word(submission, rng):
    check_another_padding(submission, "rnn", rnn, rng)


@item("CaptioningRNN", weight=0.25, needs="test_loss_of_random_captions",
      message="There may be a single image whose caption has a single word to predict.")
def test_loss_of_one_caption_with_one_word(submission, rng):
    params, features, captions = random_params(rng, 1), rng.normal(size=(1, 7)), np.array([[1, 4]])
    loss, _ = unpack(model_with(submission, params, "rnn").loss(features, captions), "loss", "grads")
    assert_close(loss, caption_loss(rnn, 0, features, captions, **params), LOSS, "loss")


@item("CaptioningRNN", weight=0.25, needs=["test_loss_of_random_captions", "test_gradients_of_the_recurrent_layer"],
      message="Asking for the loss changes neither parameters nor inputs, so asking twice gives the same.")
def test_loss_changes_nothing(submission, rng):
    check_loss_changes_nothing(submission, "rnn", rng)


@item("CaptioningRNN", weight=1.5, confirms="test_sampled_words",
      message="Each word is fed in for the next one, with the state that the step before has left.")
def test_sampling_for_random_images(submission, rng):
    check_sampling(submission, "rnn", rnn, rng, images=8, max_length=6)


@item("CaptioningRNN", weight=0.5, message="The first column holds the first word after <START>.")
def test_sampling_a_single_word(submission, rng):
    check_sampling(submission, "rnn", rnn, rng, images=12, max_length=1)


@item("CaptioningRNN", weight=0.25, needs="test_sampling_for_random_images",
      message="There may be one image, and a caption may be as long as is asked for.")
def test_sampling_for_one_image(submission, rng):
    check_sampling(submission, "rnn", rnn, rng, images=1, max_length=12)


@item("CaptioningRNN", weight=0.25, needs="test_sampling_for_random_images",
      message="By default the likeliest word is taken: asking twice gives the same captions.")
def test_sampling_is_greedy(submission, rng):
    check_greedy_sampling(submission, "rnn", rnn, rng)


@item("CaptioningRNN", weight=0.5, needs="test_sampling_a_single_word",
      message="With a temperature, words are drawn with the probabilities softmax(scores / temperature).")
def test_sampling_at_a_temperature(submission, rng):
    check_temperature(submission, "rnn", rng)
