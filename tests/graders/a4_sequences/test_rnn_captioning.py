"""Graders of the notebook rnn_captioning: the simple recurrent layer, word vectors, and the captioning model.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formulas of a companion.
"""

import numpy as np
from captioning_checks import (
    check_greedy_sampling,
    check_loss,
    check_loss_changes_nothing,
    check_model_gradients,
    check_sampling,
)
from captioning_models import (
    CAPTIONS,
    FLOAT32_FLOOR,
    GOLDEN_CAPTIONS,
    check_numerical_gradients,
    check_padding,
    fixed_params,
    golden_model,
    loss_and_grads,
    model_with,
    random_params,
    sampled,
    talkative_params,
)
from recurrent_layers import (
    GRADIENTS,
    check_gradients,
    check_last_state_alone,
    check_own_slopes,
    check_second_backward,
    check_slopes,
    states,
)
from sequence_formulas import caption_loss, caption_slopes, rnn, rnn_step, slopes

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


@item("rnn_step_forward", public=True, weight=1,
      message="next_h is the tanh of what the input, the state before and the bias bring.")
def test_step_forward(submission, expected):
    args = spaced(-0.4, 0.7, 3, 10), spaced(-0.2, 0.5, 3, 4), spaced(-0.1, 0.9, 10, 4), spaced(-0.3, 0.7, 4, 4)
    expected("next_h", next_state(submission, (*args, spaced(-0.2, 0.4, 4))), FORWARD)


@item("rnn_step_forward", public=True, weight=1, message="Without state and bias, next_h is the tanh of x times Wx.")
def test_step_forward_reads_the_input(submission, expected):
    x, _, Wx, Wh, _ = fixed_step()
    expected("from_input", next_state(submission, (x, np.zeros((3, 5)), Wx, Wh, np.zeros(5))), FORWARD)


@item("rnn_step_forward", public=True, weight=1,
      message="Without input and bias, next_h is the tanh of prev_h times Wh.")
def test_step_forward_reads_the_state_before(submission, expected):
    _, prev_h, Wx, Wh, _ = fixed_step()
    expected("from_state", next_state(submission, (np.zeros((3, 4)), prev_h, Wx, Wh, np.zeros(5))), FORWARD)


@item("rnn_step_forward", public=True, weight=0.5, message="A forward pass reads its inputs and changes none of them.")
def test_step_forward_leaves_its_inputs(submission, expected):
    expected("once", next_state(submission, fixed_step()), FORWARD)
    assert_inputs_unchanged(submission)


@item("rnn_step_forward", weight=1, message="The next state must be right for inputs, states and sizes of any kind.")
def test_step_forward_on_random_inputs(submission, rng):
    args = random_step(rng)
    assert_close(next_state(submission, args), rnn_step(*args), FORWARD, "next_h")


@item("rnn_step_forward", weight=0.5, message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_step_forward_of_one_sequence_and_one_unit(submission, rng):
    args = random_step(rng, n=1, d=2, h=1)
    assert_close(next_state(submission, args), rnn_step(*args), FORWARD, "next_h")


@item("rnn_step_forward", weight=0.5,
      message="The next state for float32 inputs must be an array of floats, right to float32's digits.")
def test_step_forward_in_float32(submission, rng):
    args = tuple(array.astype(np.float32) for array in random_step(rng))
    next_h = next_state(submission, args)
    dtype = float32_result(next_h)
    assert_close(next_h, rnn_step(*args), FORWARD_FLOAT32, "next_h", dtype=dtype, relative_floor=FLOAT32_FLOOR)


# rnn_step_backward: each gradient earns marks of its own.


def step_gradients(submission, dnext_h, args):
    _, cache = unpack(submission.rnn_step_forward(*args), "next_h", "cache")
    return unpack(submission.rnn_step_backward(dnext_h, cache), *STEP_GRADIENTS)


def check_step_gradient(submission, expected, name):
    gradients = step_gradients(submission, wave(6, 3, 5), fixed_step())
    expected(name, gradients[STEP_GRADIENTS.index(name)], ANALYTIC_GRADIENT)


@item("rnn_step_backward", public=True, weight=1, message="db adds up, over the batch, what comes back through tanh.")
def test_step_backward_db(submission, expected):
    check_step_gradient(submission, expected, "db")


@item("rnn_step_backward", public=True, weight=1, message="dx tells how the loss moves with this step's input.")
def test_step_backward_dx(submission, expected):
    check_step_gradient(submission, expected, "dx")


@item("rnn_step_backward", public=True, weight=1, message="dprev_h tells how the loss moves with the state before.")
def test_step_backward_dprev_h(submission, expected):
    check_step_gradient(submission, expected, "dprev_h")


@item("rnn_step_backward", public=True, weight=1, message="dWx is to the input what dw of an affine layer is to x.")
def test_step_backward_dWx(submission, expected):
    check_step_gradient(submission, expected, "dWx")


@item("rnn_step_backward", public=True, weight=1, message="dWh is to the state before what dWx is to the input.")
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


def check_step_slopes(submission, args, dnext_h, names=STEP_GRADIENTS):
    gradients = step_gradients(submission, dnext_h, args)
    for name in names:
        wrt = STEP_GRADIENTS.index(name)
        wanted = slopes(rnn_step, args, wrt, dnext_h)
        assert_close(gradients[wrt], wanted, ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("rnn_step_backward", weight=1.5, message="The gradients of input and state must be right for sizes of any kind.")
def test_step_backward_of_random_states(submission, rng):
    check_step_slopes(submission, random_step(rng), rng.normal(size=(4, 6)), ("dx", "dprev_h"))


@item("rnn_step_backward", weight=1.5, message="The gradients of weights and bias must be right for sizes of any kind.")
def test_step_backward_of_random_weights(submission, rng):
    check_step_slopes(submission, random_step(rng), rng.normal(size=(4, 6)), ("dWx", "dWh", "db"))


@item("rnn_step_backward", weight=0.5, message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_step_backward_of_one_sequence_and_one_unit(submission, rng):
    check_step_slopes(submission, random_step(rng, n=1, d=2, h=1), rng.normal(size=(1, 1)))


@item("rnn_step_backward", weight=0.5,
      message="A backward pass leaves upstream derivative and cache as they are: a second call must work as the first.")
def test_step_backward_leaves_its_cache(submission, rng):
    args, dnext_h = random_step(rng), rng.normal(size=(4, 6))
    _, cache = unpack(submission.rnn_step_forward(*args), "next_h", "cache")
    submission.clear_mutations()
    submission.rnn_step_backward(rng.normal(size=(4, 6)), cache)
    again = unpack(submission.rnn_step_backward(dnext_h, cache), *STEP_GRADIENTS)
    for wrt, name in enumerate(STEP_GRADIENTS):
        wanted = slopes(rnn_step, args, wrt, dnext_h)
        assert_close(again[wrt], wanted, ANALYTIC_GRADIENT, f"{name} of a second call", relative_floor=NOISE_FLOOR)
    assert_inputs_unchanged(submission)


# rnn_forward


@item("rnn_forward", public=True, weight=1, message="h[:, 0] comes from h0 and the first input.")
def test_forward_of_a_single_step(submission, expected):
    expected("one_step", states(submission.rnn_forward, fixed_sequence(t=1)), FORWARD)


@item("rnn_forward", public=True, weight=1, message="Every step takes the state that the step before has left.")
def test_forward_carries_the_state_along(submission, expected):
    args = spaced(-0.1, 0.3, 2, 3, 4), spaced(-0.3, 0.1, 2, 5), spaced(-0.2, 0.4, 4, 5), spaced(-0.4, 0.1, 5, 5)
    expected("h", states(submission.rnn_forward, (*args, spaced(-0.7, 0.1, 5))), FORWARD)


@item("rnn_forward", public=True, weight=1.5,
      message="From a state of zeros, what is carried along comes from the inputs.")
def test_forward_from_a_state_of_zeros(submission, expected):
    x, h0, *weights = fixed_sequence()
    expected("from_zero", states(submission.rnn_forward, (x, np.zeros_like(h0), *weights)), FORWARD)


@item("rnn_forward", public=True, weight=0.5, message="A forward pass reads its inputs and changes none of them.")
def test_forward_leaves_its_inputs(submission, expected):
    expected("once", states(submission.rnn_forward, fixed_sequence()), FORWARD)
    assert_inputs_unchanged(submission)


@item("rnn_forward", weight=1, message="h must be right for batches, sequences and layers of any size.")
def test_forward_on_random_sequences(submission, rng):
    args = random_sequence(rng)
    assert_close(states(submission.rnn_forward, args), rnn(*args), FORWARD, "h")


@item("rnn_forward", weight=0.5, message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_forward_of_one_sequence_and_one_unit(submission, rng):
    args = random_sequence(rng, n=1, t=4, d=1, h=1)
    assert_close(states(submission.rnn_forward, args), rnn(*args), FORWARD, "h")


@item("rnn_forward", weight=0.5, message="A sequence may be long: its last state has come through all steps.")
def test_forward_on_long_sequences(submission, rng):
    x, h0, *weights = random_sequence(rng, n=2, t=60, d=3, h=4)
    args = x, np.zeros_like(h0), *weights
    assert_close(states(submission.rnn_forward, args), rnn(*args), NETWORK_FORWARD, "h")


@item("rnn_forward", weight=0.5,
      message="h for float32 inputs must be an array of floats, right to float32's digits.")
def test_forward_in_float32(submission, rng):
    args = tuple(array.astype(np.float32) for array in random_sequence(rng))
    h = states(submission.rnn_forward, args)
    assert_close(h, rnn(*args), FORWARD_FLOAT32, "h", dtype=float32_result(h), relative_floor=FLOAT32_FLOOR)


# rnn_backward


def layer_of(submission):
    return submission.rnn_forward, submission.rnn_backward


@item("rnn_backward", public=True, weight=1, message="Over a single step it does what rnn_step_backward does.")
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


@item("rnn_backward", weight=1, message="dx and dh0 must be right for batches, sequences and layers of any size.")
def test_backward_of_random_inputs(submission, rng):
    check_slopes(layer_of(submission), rnn, rng.normal(size=(3, 5, 2)), random_sequence(rng), ("dx", "dh0"))


@item("rnn_backward", weight=1, message="dWx, dWh and db must be right for batches, sequences and layers of any size.")
def test_backward_of_random_weights(submission, rng):
    check_slopes(layer_of(submission), rnn, rng.normal(size=(3, 5, 2)), random_sequence(rng), ("dWx", "dWh", "db"))


@item("rnn_backward", weight=1,
      message="A loss that reads the last state alone still reaches every input and h0: carry the derivative back.")
def test_backward_from_the_last_state_alone(submission, rng):
    check_last_state_alone(layer_of(submission), rnn, rng, random_sequence(rng, n=2, t=4, d=3, h=3))


@item("rnn_backward", weight=1,
      message="Over a long sequence the derivatives of many steps add up, and come back through all of them.")
def test_backward_on_long_sequences(submission, rng):
    x, h0, Wx, _, b = random_sequence(rng, n=2, t=40, d=2, h=3)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]  # neither fades nor blows up what goes through it
    args = 0.1 * x, 0.3 * h0, 0.3 * Wx, 1.02 * turn, 0.1 * b
    check_slopes(layer_of(submission), rnn, rng.normal(size=(2, 40, 3)), args)


@item("rnn_backward", weight=0.5, message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_backward_of_one_sequence_and_one_unit(submission, rng):
    check_slopes(layer_of(submission), rnn, rng.normal(size=(1, 4, 1)), random_sequence(rng, n=1, t=4, d=1, h=1))


@item("rnn_backward", weight=0.5,
      message="A backward pass leaves dh and the cache as they are: a second call must work as the first.")
def test_backward_leaves_its_cache(submission, rng):
    check_second_backward(submission, layer_of(submission), rnn, rng, random_sequence(rng))


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


@item("word_embedding_forward", public=True, weight=1, message="out has the axes of x, and one more for the vectors.")
def test_embedding_gives_a_vector_for_each_word(submission):
    assert_shape(vectors(submission, WORDS, spaced(0, 1, 5, 3)), (2, 4, 3), "out")


@item("word_embedding_forward", public=True, weight=0.5, message="The embedding reads words and W and changes neither.")
def test_embedding_leaves_its_inputs(submission):
    assert_shape(vectors(submission, WORDS[:, :2], wave(1, 5, 4)), (2, 2, 4), "out")
    assert_inputs_unchanged(submission)


@item("word_embedding_forward", weight=1, message="Words may repeat, and there may be any number of them.")
def test_embedding_of_random_words(submission, rng):
    x, W = rng.integers(7, size=(4, 9)), rng.normal(size=(7, 3))
    wanted = np.array([[W[word] for word in row] for row in x])
    assert_close(vectors(submission, x, W), wanted, FORWARD, "out")


@item("word_embedding_forward", weight=0.5, message="There may be a single word.")
def test_embedding_of_one_word(submission, rng):
    W = rng.normal(size=(6, 2))
    assert_close(vectors(submission, np.array([[5]]), W), W[5].reshape(1, 1, 2), FORWARD, "out")


@item("word_embedding_forward", weight=0.5, slow=True,
      message="A vocabulary may have 100,000 words: pick rows, one-hot vectors of them don't fit into memory.")
def test_embedding_of_a_large_vocabulary(submission, rng):
    x, W = rng.integers(100_000, size=(40, 50)), rng.normal(size=(100_000, 2))
    assert_close(vectors(submission, x, W), np.take(W, x, axis=0), FORWARD, "out")


@item("word_embedding_backward", public=True, weight=1,
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


@item("word_embedding_backward", weight=1.5, message="dW must be right for words of any number, repeated or not.")
def test_embedding_gradient_of_random_words(submission, rng):
    x, W, dout = rng.integers(5, size=(6, 8)), rng.normal(size=(9, 3)), rng.normal(size=(6, 8, 3))
    wanted = embedding_slopes(dout, x, 9)
    assert_close(embedding_gradient(submission, dout, x, W), wanted, ANALYTIC_GRADIENT, "dW")


@item("word_embedding_backward", weight=1, message="dW must be right for words that occur once, in any order.")
def test_embedding_gradient_of_different_words(submission, rng):
    x, W, dout = rng.permutation(15)[:12].reshape(3, 4), rng.normal(size=(15, 2)), rng.normal(size=(3, 4, 2))
    wanted = embedding_slopes(dout, x, 15)
    assert_close(embedding_gradient(submission, dout, x, W), wanted, ANALYTIC_GRADIENT, "dW")


@item("word_embedding_backward", weight=0.5, message="A caption may consist of one word, again and again.")
def test_embedding_gradient_of_one_word(submission, rng):
    for x in (np.array([[2]]), np.full((3, 5), 2)):
        W, dout = rng.normal(size=(4, 2)), rng.normal(size=(*x.shape, 2))
        wanted = embedding_slopes(dout, x, 4)
        assert_close(embedding_gradient(submission, dout, x, W), wanted, ANALYTIC_GRADIENT, "dW")


@item("word_embedding_backward", weight=0.5,
      message="Every call starts from a gradient of zero: a second call must work as the first.")
def test_embedding_gradient_of_a_second_call(submission, rng):
    x, W, dout = rng.permutation(10).reshape(2, 5), rng.normal(size=(12, 3)), rng.normal(size=(2, 5, 3))
    _, cache = unpack(submission.word_embedding_forward(x, W), "out", "cache")
    submission.clear_mutations()
    submission.word_embedding_backward(-dout, cache)
    again = submission.word_embedding_backward(dout, cache)
    assert_close(again, embedding_slopes(dout, x, 12), ANALYTIC_GRADIENT, "dW of a second call")
    assert_inputs_unchanged(submission)


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


@item("CaptioningRNN", public=True, weight=0.5,
      message="Padding counts for nothing: more <NULL> behind a caption leave its loss as it is.")
def test_loss_of_padded_captions(submission):
    check_padding(model_with(submission, fixed_params(1), "rnn"))


@item("CaptioningRNN", public=True, weight=1,
      message="sample gives the likeliest words after <START>, which is fed in and not among them.")
def test_sampled_words(submission, expected):
    fixed = np.random.default_rng(52)
    captions = sampled(model_with(submission, talkative_params(fixed, 1), "rnn"), fixed.normal(size=(12, 7)), 6)
    expected("words", captions.astype(float), 0)


@item("CaptioningRNN", weight=1, message="The loss must be right for captions of any lengths.")
def test_loss_of_random_captions(submission, rng):
    check_loss(submission, "rnn", rnn, rng)


@item("CaptioningRNN", weight=0.5, message="The gradients of W_vocab and b_vocab must be right for any captions.")
def test_gradients_of_the_scores(submission, rng):
    check_model_gradients(submission, "rnn", rnn, rng, ("W_vocab", "b_vocab"))


@item("CaptioningRNN", weight=0.5, message="The gradients of Wx, Wh and b must be right for any captions.")
def test_gradients_of_the_recurrent_layer(submission, rng):
    check_model_gradients(submission, "rnn", rnn, rng, ("Wx", "Wh", "b"))


@item("CaptioningRNN", weight=0.5, message="The gradient of W_embed must be right for any captions.")
def test_gradient_of_the_word_vectors(submission, rng):
    check_model_gradients(submission, "rnn", rnn, rng, ("W_embed",))


@item("CaptioningRNN", weight=0.5,
      message="The image acts through the first state: what comes back is the gradient of h0.")
def test_gradients_of_the_projection(submission, rng):
    check_model_gradients(submission, "rnn", rnn, rng, ("W_proj", "b_proj"))


@item("CaptioningRNN", weight=0.5, message="<NULL> need not be word 0: what counts is that padding is masked.")
def test_loss_with_another_padding_word(submission, rng):
    words = {"cat": 0, "<START>": 1, "<END>": 2, "<NULL>": 3, "dog": 4, "and": 5}
    captions = np.array([[1, 0, 4, 2], [1, 0, 2, 3], [1, 2, 3, 3]])
    params, features = random_params(rng, 1), rng.normal(size=(3, 7))
    loss, _ = unpack(model_with(submission, params, "rnn", words).loss(features, captions), "loss", "grads")
    assert_close(loss, caption_loss(rnn, 3, features, captions, **params), LOSS, "loss")


@item("CaptioningRNN", weight=0.5, message="There may be a single image whose caption has a single word to predict.")
def test_loss_of_one_caption_with_one_word(submission, rng):
    params, features, captions = random_params(rng, 1), rng.normal(size=(1, 7)), np.array([[1, 4]])
    loss, grads = loss_and_grads(model_with(submission, params, "rnn"), features, captions)
    assert_close(loss, caption_loss(rnn, 0, features, captions, **params), LOSS, "loss")
    wanted = caption_slopes(rnn, 0, features, captions, params, "Wh")
    assert_close(grads["Wh"], wanted, ANALYTIC_GRADIENT, 'grads["Wh"]', relative_floor=NOISE_FLOOR)


@item("CaptioningRNN", weight=0.5,
      message="Asking for the loss changes neither parameters nor inputs, so asking twice gives the same.")
def test_loss_changes_nothing(submission, rng):
    check_loss_changes_nothing(submission, "rnn", rnn, rng)


@item("CaptioningRNN", weight=1,
      message="Each word is fed in for the next one, with the state that the step before has left.")
def test_sampling_for_random_images(submission, rng):
    check_sampling(submission, "rnn", rnn, rng, images=8, max_length=6)


@item("CaptioningRNN", weight=0.5, message="The first column holds the first word after <START>.")
def test_sampling_a_single_word(submission, rng):
    check_sampling(submission, "rnn", rnn, rng, images=12, max_length=1)


@item("CaptioningRNN", weight=0.5, message="There may be one image, and a caption may be as long as is asked for.")
def test_sampling_for_one_image(submission, rng):
    check_sampling(submission, "rnn", rnn, rng, images=1, max_length=12)


@item("CaptioningRNN", weight=0.5,
      message="By default the likeliest word is taken: asking twice gives the same captions.")
def test_sampling_is_greedy(submission, rng):
    check_greedy_sampling(submission, "rnn", rnn, rng)
