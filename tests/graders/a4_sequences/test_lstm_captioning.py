"""Graders of the notebook lstm_captioning: the LSTM, the captioning model on it, and a captioner of the student's own.

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
from sequence_formulas import lstm, lstm_step, slopes

from nnkit.bleu import mean_unigram_bleu
from nnkit.data.coco_captions import decode_captions
from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    GRADIENT,
    LOSS,
    NETWORK_FORWARD,
    NOISE_FLOOR,
    CheckFailure,
    assert_at_least,
    assert_close,
    assert_inputs_unchanged,
    assert_shape,
    float32_result,
    item,
    numerical_gradient,
    opaque,
    spaced,
    unpack,
    wave,
)

STEP_GRADIENTS = ("dx", "dprev_h", "dprev_c", "dWx", "dWh", "db")


def fixed_step(n=3, d=4, h=5):
    """x, prev_h, prev_c, Wx, Wh and b without a pattern."""
    return wave(1, n, d), wave(2, n, h), wave(3, n, h), wave(4, d, 4 * h), wave(5, h, 4 * h), wave(6, 4 * h)


def fixed_sequence(n=2, t=3, d=4, h=5):
    """x, h0, Wx, Wh and b without a pattern."""
    return wave(1, n, t, d), wave(2, n, h), wave(3, d, 4 * h), wave(4, h, 4 * h), wave(5, 4 * h)


def random_step(rng, n=4, d=3, h=5):
    sizes = (n, d), (n, h), (n, h), (d, 4 * h), (h, 4 * h), (4 * h,)
    return tuple(0.8 * rng.normal(size=size) for size in sizes)


def random_sequence(rng, n=3, t=5, d=4, h=2):
    sizes = (n, t, d), (n, h), (d, 4 * h), (h, 4 * h), (4 * h,)
    return tuple(0.8 * rng.normal(size=size) for size in sizes)


# lstm_step_forward: hidden and cell state earn marks separately.


def next_states(submission, args):
    return unpack(submission.lstm_step_forward(*args), "next_h", "next_c", "cache")[:2]


def check_next_state(submission, args, name):
    which = ("next_h", "next_c").index(name)
    wanted = lstm_step(*args)[which]
    assert_close(next_states(submission, args)[which], wanted, FORWARD, name, relative_floor=NOISE_FLOOR)


def saturated_step(i=0.0, f=0.0, o=0.0, g=0.0, n=2, h=3):
    """A step whose gates are set by the bias alone: 50 opens one and -50 closes it."""
    b = np.repeat([i, f, o, g], h)
    return wave(1, n, 2), wave(2, n, h), wave(3, n, h), np.zeros((2, 4 * h)), np.zeros((h, 4 * h)), b


def random_saturated_step(rng, **gates):
    x, prev_h, prev_c, Wx, Wh, b = saturated_step(**gates, n=3, h=4)
    return rng.normal(size=x.shape), rng.normal(size=prev_h.shape), rng.normal(size=prev_c.shape), Wx, Wh, b


@item("lstm_step_forward", public=True, weight=1,
      message="next_c is what the forget gate keeps of prev_c, and what the input gate lets in of the candidate.")
def test_step_forward_cell(submission, expected):
    args = spaced(-0.4, 1.2, 3, 4), spaced(-0.3, 0.7, 3, 5), spaced(-0.4, 0.9, 3, 5), spaced(-2.1, 1.3, 4, 20)
    expected("next_c", next_states(submission, (*args, spaced(-0.7, 2.2, 5, 20), spaced(0.3, 0.7, 20)))[1], FORWARD)


@item("lstm_step_forward", public=True, weight=1,
      message="next_h is the tanh of the new cell state, as far as the output gate lets it out.")
def test_step_forward_state(submission, expected):
    args = spaced(-0.4, 1.2, 3, 4), spaced(-0.3, 0.7, 3, 5), spaced(-0.4, 0.9, 3, 5), spaced(-2.1, 1.3, 4, 20)
    expected("next_h", next_states(submission, (*args, spaced(-0.7, 2.2, 5, 20), spaced(0.3, 0.7, 20)))[0], FORWARD)


@item("lstm_step_forward", public=True, weight=0.25,
      message="With the forget gate open and the input gate closed, the cell state stays as it is.")
def test_step_forward_keeps_the_cell(submission, expected):
    expected("kept", next_states(submission, saturated_step(i=-50, f=50, o=1, g=0.5))[1], FORWARD)


@item("lstm_step_forward", public=True, weight=0.25,
      message="With the input gate open and the forget gate closed, the cell state is the candidate, a tanh.")
def test_step_forward_replaces_the_cell(submission, expected):
    expected("replaced", next_states(submission, saturated_step(i=50, f=-50, o=1, g=0.5))[1], FORWARD)


@item("lstm_step_forward", public=True, weight=0.25,
      message="A forward pass reads its inputs and changes none of them.")
def test_step_forward_leaves_its_inputs(submission):
    assert_shape(next_states(submission, fixed_step())[0], (3, 5), "next_h")
    assert_inputs_unchanged(submission)


@item("lstm_step_forward", weight=1.5, confirms=["test_step_forward_cell", "test_step_forward_leaves_its_inputs"],
      message="The new cell state must be right for inputs, states and sizes of any kind.")
def test_step_forward_cell_on_random_inputs(submission, rng):
    check_next_state(submission, random_step(rng), "next_c")


@item("lstm_step_forward", weight=1.5, confirms="test_step_forward_state",
      message="The new hidden state must be right for inputs, states and sizes of any kind.")
def test_step_forward_state_on_random_inputs(submission, rng):
    check_next_state(submission, random_step(rng), "next_h")


@item("lstm_step_forward", weight=0.25, confirms="test_step_forward_keeps_the_cell",
      message="Whatever is in the cell stays there, if the forget gate is open and the input gate closed.")
def test_step_forward_keeps_any_cell(submission, rng):
    check_next_state(submission, random_saturated_step(rng, i=-50, f=50, o=1, g=rng.normal()), "next_c")


@item("lstm_step_forward", weight=0.25, confirms="test_step_forward_replaces_the_cell",
      message="Whatever the candidate is, it is in the cell, if the input gate is open and the forget gate closed.")
def test_step_forward_replaces_any_cell(submission, rng):
    check_next_state(submission, random_saturated_step(rng, i=50, f=-50, o=1, g=rng.normal()), "next_c")


@item("lstm_step_forward", weight=0.5, needs="test_step_forward_state_on_random_inputs",
      message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_step_forward_of_one_sequence_and_one_unit(submission, rng):
    args = random_step(rng, n=1, d=2, h=1)
    for name in ("next_h", "next_c"):
        check_next_state(submission, args, name)


@item("lstm_step_forward", weight=0.5, needs="test_step_forward_state_on_random_inputs",
      message="States for float32 inputs must be floats, right to float32's digits.")
def test_step_forward_in_float32(submission, rng):
    args = tuple(array.astype(np.float32) for array in random_step(rng))
    for given, wanted, name in zip(next_states(submission, args), lstm_step(*args), ("next_h", "next_c"), strict=True):
        assert_close(given, wanted, FORWARD_FLOAT32, name, dtype=float32_result(given), relative_floor=FLOAT32_FLOOR)


@item("lstm_step_forward", weight=1,
      message="Your lstm_step_backward does not get the right gradients from your cache: is all in it that it needs, "
              "and is it what its name says?")
def test_step_forward_keeps_what_the_backward_pass_needs(submission, rng):
    check_step_slopes(submission, random_step(rng), rng.normal(size=(4, 5)), rng.normal(size=(4, 5)))


# lstm_step_backward: each gradient earns marks of its own, also with one upstream derivative alone.


def step_gradients(submission, dnext_h, dnext_c, args):
    _, _, cache = unpack(submission.lstm_step_forward(*args), "next_h", "next_c", "cache")
    return unpack(submission.lstm_step_backward(dnext_h, dnext_c, cache), *STEP_GRADIENTS)


def check_step_gradients(submission, expected, key, names, dnext_h, dnext_c):
    gradients = step_gradients(submission, dnext_h, dnext_c, fixed_step())
    for name in names:
        expected(f"{key}_{name}", gradients[STEP_GRADIENTS.index(name)], ANALYTIC_GRADIENT)


@item("lstm_step_backward", public=True, weight=0.5,
      message="With dnext_h zero, only the cell state carries derivatives: to f, i, g and prev_c.")
def test_step_backward_from_the_cell_alone(submission, expected):
    names = ("dprev_c", "db")
    check_step_gradients(submission, expected, "cell", names, np.zeros((3, 5)), wave(8, 3, 5))


@item("lstm_step_backward", public=True, weight=0.5,
      message="With dnext_c zero, next_h still reaches the cell state, through its tanh.")
def test_step_backward_from_the_state_alone(submission, expected):
    names = ("dprev_c", "db")
    check_step_gradients(submission, expected, "state", names, wave(7, 3, 5), np.zeros((3, 5)))


@item("lstm_step_backward", public=True, weight=1,
      message="dx and dprev_h collect what comes back through all four gates.")
def test_step_backward_dx_and_dprev_h(submission, expected):
    check_step_gradients(submission, expected, "both", ("dx", "dprev_h"), wave(7, 3, 5), wave(8, 3, 5))


@item("lstm_step_backward", public=True, weight=0.75,
      message="dprev_c is what the forget gate lets back of the cell state.")
def test_step_backward_dprev_c(submission, expected):
    check_step_gradients(submission, expected, "both", ("dprev_c",), wave(7, 3, 5), wave(8, 3, 5))


@item("lstm_step_backward", public=True, weight=1, message="dWx, dWh and db have a block of columns for each gate.")
def test_step_backward_weights(submission, expected):
    check_step_gradients(submission, expected, "both", ("dWx", "dWh", "db"), wave(7, 3, 5), wave(8, 3, 5))


@item("lstm_step_backward", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own lstm_step_forward shows when its inputs are nudged.")
def test_step_backward_agrees_with_numerical_gradients(submission):
    args, dnext_h, dnext_c = fixed_step(2, 3, 2), wave(7, 2, 2), wave(8, 2, 2)
    gradients = step_gradients(submission, dnext_h, dnext_c, args)
    for wrt, name in enumerate(STEP_GRADIENTS):
        numeric = sum(
            numerical_gradient(submission.lstm_step_forward, args, wrt, upstream=upstream, pick=pick)
            for pick, upstream in enumerate((dnext_h, dnext_c))
        )
        assert_close(gradients[wrt], numeric, GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("lstm_step_backward", public=True, weight=0.25,
      message="A backward pass leaves its inputs and the cache as they are: a second call must work as the first.")
def test_step_backward_leaves_its_cache(submission):
    _, _, cache = unpack(submission.lstm_step_forward(*fixed_step()), "next_h", "next_c", "cache")
    check_repeatable(submission, submission.lstm_step_backward, wave(7, 3, 5), wave(8, 3, 5), cache)


def step_loss(dnext_h, dnext_c):
    """A loss that reads both states of a step."""

    def loss(*inputs):
        next_h, next_c = lstm_step(*inputs)
        return np.sum(next_h * dnext_h) + np.sum(next_c * dnext_c)

    return loss


def check_step_slopes(submission, args, dnext_h, dnext_c, names=STEP_GRADIENTS):
    gradients = step_gradients(submission, dnext_h, dnext_c, args)
    for name in names:
        wrt = STEP_GRADIENTS.index(name)
        wanted = slopes(step_loss(dnext_h, dnext_c), args, wrt)
        assert_close(gradients[wrt], wanted, ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


def check_large_step(submission, rng, names, h_share=1.0, c_share=1.0, n=40, d=150, h=100):
    """Gradients of a layer for which nudging one number after the other takes minutes."""
    x, prev_h, *weights = large_sequence(rng, 4, d, h, n=n, t=1)
    args = (x[:, 0], prev_h, rng.normal(size=(n, h)), *weights)
    dnext_h, dnext_c = h_share * rng.normal(size=(n, h)), c_share * rng.normal(size=(n, h))
    gradients = step_gradients(submission, dnext_h, dnext_c, args)
    check_large_gradients(gradients, STEP_GRADIENTS, step_loss(dnext_h, dnext_c), args, rng, only=names)


NUMERICAL_STEP = "test_step_backward_agrees_with_numerical_gradients"


@item("lstm_step_backward", weight=1.5,
      confirms=["test_step_backward_dx_and_dprev_h", NUMERICAL_STEP, "test_step_backward_leaves_its_cache"],
      message="The gradients of input and hidden state must be right in a large layer, too.")
def test_step_backward_of_large_states(submission, rng):
    check_large_step(submission, rng, ("dx", "dprev_h"))


@item("lstm_step_backward", weight=1, confirms=["test_step_backward_dprev_c", NUMERICAL_STEP],
      message="The gradient of the cell state must be right in a large layer, too.")
def test_step_backward_of_large_cells(submission, rng):
    check_large_step(submission, rng, ("dprev_c",))


@item("lstm_step_backward", weight=1.5, confirms=["test_step_backward_weights", NUMERICAL_STEP],
      message="The gradients of weights and bias must be right in a large layer, too.")
def test_step_backward_of_large_weights(submission, rng):
    check_large_step(submission, rng, ("dWx", "dWh", "db"))


@item("lstm_step_backward", weight=0.5, confirms="test_step_backward_from_the_cell_alone",
      message="With dnext_h zero, derivatives come from the cell state alone.")
def test_step_backward_from_any_cell_alone(submission, rng):
    check_large_step(submission, rng, ("dprev_c", "db"), h_share=0.0)


@item("lstm_step_backward", weight=0.5, confirms="test_step_backward_from_the_state_alone",
      message="With dnext_c zero, derivatives come from the hidden state alone, and reach the cell state through it.")
def test_step_backward_from_any_state_alone(submission, rng):
    check_large_step(submission, rng, ("dprev_c", "db"), c_share=0.0)


@item("lstm_step_backward", weight=0.5,
      needs=["test_step_backward_of_large_states", "test_step_backward_of_large_weights"],
      message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_step_backward_of_one_sequence_and_one_unit(submission, rng):
    args = random_step(rng, n=1, d=2, h=1)
    check_step_slopes(submission, args, rng.normal(size=(1, 1)), rng.normal(size=(1, 1)))


# lstm_forward


def check_states(submission, args, allowed=FORWARD):
    wanted = lstm(*args)
    assert_close(states(submission.lstm_forward, args), wanted, allowed, "h", relative_floor=NOISE_FLOOR)


@item("lstm_forward", public=True, weight=0.5,
      message="h[:, 0] comes from h0, a cell state of zeros and the first input.")
def test_forward_of_a_single_step(submission, expected):
    expected("one_step", states(submission.lstm_forward, fixed_sequence(t=1)), FORWARD)


@item("lstm_forward", public=True, weight=1,
      message="Every step takes the hidden state and the cell state that the step before has left.")
def test_forward_carries_both_states_along(submission, expected):
    args = spaced(-0.4, 0.6, 2, 3, 5), spaced(-0.4, 0.8, 2, 4), spaced(-0.2, 0.9, 5, 16), spaced(-0.3, 0.6, 4, 16)
    expected("h", states(submission.lstm_forward, (*args, spaced(0.2, 0.7, 16))), FORWARD)


@item("lstm_forward", public=True, weight=0.75,
      message="From a hidden state of zeros, all that is carried comes from the inputs.")
def test_forward_from_a_state_of_zeros(submission, expected):
    x, h0, *weights = fixed_sequence()
    expected("from_zero", states(submission.lstm_forward, (x, np.zeros_like(h0), *weights)), FORWARD)


@item("lstm_forward", public=True, weight=0.5,
      message="A forward pass reads its inputs and changes none of them.")
def test_forward_leaves_its_inputs(submission):
    assert_shape(states(submission.lstm_forward, fixed_sequence()), (2, 3, 5), "h")
    assert_inputs_unchanged(submission)


@item("lstm_forward", weight=1.5, confirms=["test_forward_carries_both_states_along", "test_forward_leaves_its_inputs"],
      message="h must be right for batches, sequences and layers of any size.")
def test_forward_on_random_sequences(submission, rng):
    check_states(submission, random_sequence(rng))


@item("lstm_forward", weight=0.5, confirms="test_forward_of_a_single_step",
      message="A sequence may have a single step: its state comes from h0, a cell of zeros and the first input.")
def test_forward_of_any_single_step(submission, rng):
    check_states(submission, random_sequence(rng, t=1))


@item("lstm_forward", weight=0.25, needs="test_forward_on_random_sequences",
      message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_forward_of_one_sequence_and_one_unit(submission, rng):
    check_states(submission, random_sequence(rng, n=1, t=4, d=1, h=1))


@item("lstm_forward", weight=0.75, confirms="test_forward_from_a_state_of_zeros",
      message="A sequence may be long: its last state has come through all steps.")
def test_forward_on_long_sequences(submission, rng):
    x, h0, *weights = random_sequence(rng, n=2, t=60, d=3, h=4)
    check_states(submission, (x, np.zeros_like(h0), *weights), NETWORK_FORWARD)


@item("lstm_forward", weight=0.25, needs="test_forward_on_random_sequences",
      message="The cell state begins at zero in every call: a sequence knows nothing of the one before.")
def test_forward_starts_anew(submission, rng):
    args = random_sequence(rng)
    states(submission.lstm_forward, random_sequence(rng))
    check_states(submission, args)


@item("lstm_forward", weight=0.75,
      message="Your lstm_backward does not get the right gradients from your cache: is every step's cache in it?")
def test_forward_keeps_what_the_backward_pass_needs(submission, rng):
    args = random_sequence(rng, n=2, t=4, d=3, h=2)
    check_slopes(layer_of(submission), lstm, rng.normal(size=(2, 4, 2)), args)


# lstm_backward


def layer_of(submission):
    return submission.lstm_forward, submission.lstm_backward


@item("lstm_backward", public=True, weight=0.5, message="Over a single step it does what lstm_step_backward does.")
def test_backward_of_a_single_step(submission, expected):
    check_gradients(layer_of(submission), expected, "one_step", GRADIENTS, wave(6, 2, 1, 5), fixed_sequence(t=1))


@item("lstm_backward", public=True, weight=1,
      message="Hidden and cell state both carry derivatives back; what the next step sends back is added to dh[:, t].")
def test_backward_dx_and_dh0(submission, expected):
    check_gradients(layer_of(submission), expected, "sequence", ("dx", "dh0"), wave(6, 2, 3, 5), fixed_sequence())


@item("lstm_backward", public=True, weight=1,
      message="The weights are used at every step: add the derivatives of all steps.")
def test_backward_of_the_weights(submission, expected):
    names = ("dWx", "dWh", "db")
    check_gradients(layer_of(submission), expected, "sequence", names, wave(6, 2, 3, 5), fixed_sequence())


@item("lstm_backward", public=True, weight=0.5,
      message="Your gradients must be the slopes that your own lstm_forward shows when its inputs are nudged.")
def test_backward_agrees_with_numerical_gradients(submission):
    check_own_slopes(layer_of(submission), wave(7, 2, 3, 2), fixed_sequence(2, 3, 2, 2))


@item("lstm_backward", public=True, weight=0.25,
      message="A backward pass leaves dh and the cache as they are: a second call must work as the first.")
def test_backward_leaves_its_cache(submission):
    _, cache = unpack(submission.lstm_forward(*fixed_sequence()), "h", "cache")
    check_repeatable(submission, submission.lstm_backward, wave(6, 2, 3, 5), cache)


NUMERICAL = "test_backward_agrees_with_numerical_gradients"


@item("lstm_backward", weight=1.5, confirms=["test_backward_dx_and_dh0", NUMERICAL, "test_backward_leaves_its_cache"],
      message="dx and dh0 must be right for long sequences and large layers, too.")
def test_backward_of_large_inputs(submission, rng):
    args = large_sequence(rng, 4, d=50, h=40)
    check_large_slopes(layer_of(submission), lstm, rng.normal(size=(20, 24, 40)), args, rng, ("dx", "dh0"))


@item("lstm_backward", weight=1.5, confirms=["test_backward_of_the_weights", NUMERICAL],
      message="dWx, dWh and db must be right for long sequences and large layers, too.")
def test_backward_of_large_weights(submission, rng):
    args = large_sequence(rng, 4, d=50, h=40)
    check_large_slopes(layer_of(submission), lstm, rng.normal(size=(20, 24, 40)), args, rng, ("dWx", "dWh", "db"))


@item("lstm_backward", weight=0.5, confirms="test_backward_of_a_single_step",
      message="A sequence may have a single step, in a large layer, too.")
def test_backward_of_any_single_step(submission, rng):
    args = large_sequence(rng, 4, d=150, h=100, n=40, t=1)
    check_large_slopes(layer_of(submission), lstm, rng.normal(size=(40, 1, 100)), args, rng)


@item("lstm_backward", weight=1,
      message="A loss that reads the last state alone still reaches every input and h0: carry both derivatives back.")
def test_backward_from_the_last_state_alone(submission, rng):
    dh = np.zeros((20, 24, 40))
    dh[:, -1] = rng.normal(size=(20, 40))
    check_large_slopes(layer_of(submission), lstm, dh, large_sequence(rng, 4, d=50, h=40), rng)


@item("lstm_backward", weight=0.5, needs=["test_backward_of_large_inputs", "test_backward_of_large_weights"],
      message="With open forget gates a derivative comes back through many steps: the cell state carries it.")
def test_backward_on_long_sequences(submission, rng):
    x, h0, Wx, Wh, b = random_sequence(rng, n=2, t=30, d=2, h=2)
    dh = np.zeros((2, 30, 2))
    dh[:, -3:] = rng.normal(size=(2, 3, 2))
    check_slopes(layer_of(submission), lstm, dh, (x, h0, 0.5 * Wx, 0.5 * Wh, b + np.repeat([0.0, 4, 0, 0], 2)))


@item("lstm_backward", weight=0.25, needs=["test_backward_of_large_inputs", "test_backward_of_large_weights"],
      message="A batch may hold a single sequence, and a layer a single hidden unit.")
def test_backward_of_one_sequence_and_one_unit(submission, rng):
    check_slopes(layer_of(submission), lstm, rng.normal(size=(1, 4, 1)), random_sequence(rng, n=1, t=4, d=1, h=1))


# CaptioningRNN with the LSTM: loss, gradients and sampling earn marks separately.


@item("CaptioningRNN", public=True, weight=1,
      message="The loss adds up over the words that are to be predicted, and averages over the captions.")
def test_loss(submission, expected):
    model = golden_model(submission, "lstm", gates=4)
    loss, _ = unpack(model.loss(spaced(-0.5, 1.7, 10, 20), GOLDEN_CAPTIONS), "loss", "grads")
    expected("loss", loss, LOSS)


@item("CaptioningRNN", public=True, weight=1,
      message="Each gradient must be the slope of your own loss in that parameter.")
def test_gradients_agree_with_numerical_ones(submission):
    model = model_with(submission, fixed_params(4), "lstm")
    check_numerical_gradients(submission, model, wave(9, 3, 7), CAPTIONS)


@item("CaptioningRNN", public=True, weight=0.25,
      message="Padding counts for nothing: more <NULL> behind a caption leave its loss as it is.")
def test_loss_of_padded_captions(submission):
    check_padding(model_with(submission, fixed_params(4), "lstm"))


@item("CaptioningRNN", public=True, weight=1,
      message="sample gives the likeliest words after <START>, and carries hidden and cell state from word to word.")
def test_sampled_words(submission, expected):
    fixed = np.random.default_rng(12)
    captions = sampled(model_with(submission, talkative_params(fixed, 4), "lstm"), fixed.normal(size=(12, 7)), 6)
    expected("words", captions.astype(float), 0)


@item("CaptioningRNN", weight=1, confirms=["test_loss", "test_loss_of_padded_captions"],
      message="The loss must be right for captions of any lengths.")
def test_loss_of_random_captions(submission, rng):
    check_loss(submission, "lstm", lstm, rng)


NUMERICAL_MODEL = "test_gradients_agree_with_numerical_ones"


@item("CaptioningRNN", weight=0.75, confirms=NUMERICAL_MODEL,
      message="The gradients of W_vocab, b_vocab and W_embed must be right for any captions, and in a large model.")
def test_gradients_of_words(submission, rng):
    check_model_gradients(submission, "lstm", lstm, rng, ("W_vocab", "b_vocab", "W_embed"))


@item("CaptioningRNN", weight=0.75, confirms=NUMERICAL_MODEL,
      message="The gradients of Wx, Wh and b must be right for any captions, and in a large model.")
def test_gradients_of_the_recurrent_layer(submission, rng):
    check_model_gradients(submission, "lstm", lstm, rng, ("Wx", "Wh", "b"))


@item("CaptioningRNN", weight=0.75, confirms=NUMERICAL_MODEL,
      message="The image acts through the first state: what comes back is the gradient of h0.")
def test_gradients_of_the_projection(submission, rng):
    check_model_gradients(submission, "lstm", lstm, rng, ("W_proj", "b_proj"))


@item("CaptioningRNN", weight=0.25, needs="test_gradients_of_words",
      message="grads has the keys of params, and no others.")
def test_gradients_have_the_keys_of_the_parameters(submission, rng):
    check_gradient_keys(submission, "lstm", rng)


@item("CaptioningRNN", weight=0.25, needs="test_loss_of_random_captions",
      message="<NULL> need not be word 0: what counts is that padding is masked.")
def test_loss_with_another_padding_word(submission, rng):
    check_another_padding(submission, "lstm", lstm, rng)


@item("CaptioningRNN", weight=0.25, needs=["test_loss_of_random_captions", "test_gradients_of_the_recurrent_layer"],
      message="Asking for the loss changes neither parameters nor inputs, so asking twice gives the same.")
def test_loss_changes_nothing(submission, rng):
    check_loss_changes_nothing(submission, "lstm", rng)


@item("CaptioningRNN", weight=1.5, confirms="test_sampled_words",
      message="Each word is fed in for the next one, with both states that the step before has left.")
def test_sampling_for_random_images(submission, rng):
    check_sampling(submission, "lstm", lstm, rng, images=12, max_length=7)


@item("CaptioningRNN", weight=0.5, message="The first column holds the first word after <START>.")
def test_sampling_a_single_word(submission, rng):
    check_sampling(submission, "lstm", lstm, rng, images=12, max_length=1)


@item("CaptioningRNN", weight=0.25, needs="test_sampling_for_random_images",
      message="By default the likeliest word is taken: asking twice gives the same captions.")
def test_sampling_is_greedy(submission, rng):
    check_greedy_sampling(submission, "lstm", lstm, rng)


@item("CaptioningRNN", weight=0.5, needs="test_sampling_a_single_word",
      message="With a temperature, words are drawn with the probabilities softmax(scores / temperature).")
def test_sampling_at_a_temperature(submission, rng):
    check_temperature(submission, "lstm", rng)


# captioner: what the student's own training left, judged on captions that it never saw.

BLEU_WANTED = 0.3
BLEU_OF_A_BLIND_CAPTIONER = 0.26  # the best that one text for all images was found to reach on the drawn scenes
CAPTION_LENGTH = 16


def said_of(submission, features, idx_to_word):
    """The captioner's words for images, as texts."""
    captions = opaque(submission.captioner, "captioner", "a model with a method sample").sample(
        features, max_length=CAPTION_LENGTH
    )
    assert_shape(captions, (len(features), CAPTION_LENGTH), "captioner.sample(features, max_length=16)")
    if captions.dtype.kind not in "iu" or captions.min() < 0 or captions.max() >= len(idx_to_word):
        raise CheckFailure("captioner.sample(features) should hold whole numbers, places in idx_to_word")
    return decode_captions(captions, idx_to_word)


def validation_data(notebook_data):
    """Features and captions of the notebook's validation data, and its words."""
    data = notebook_data("data")
    images = data["val_image_idxs"][:1000]
    return data["val_features"][images], data["val_captions"][:1000], [str(word) for word in data["idx_to_word"]]


@item("captioner", public=True, weight=0.5,
      message="captioner.sample(features, max_length=16) gives words for every image, and not the same for all.")
def test_captioner_speaks_of_the_image(submission, notebook_data):
    features, _, idx_to_word = validation_data(notebook_data)
    said = said_of(submission, features[::5][:40], idx_to_word)
    assert_at_least(len(set(said)), 10, "different captions for 40 images")


@item("captioner", public=True, weight=1,
      message="The mean unigram BLEU on validation captions should exceed 0.3: train longer, or another setting.")
def test_captioner_on_validation_captions(submission, notebook_data):
    features, captions, idx_to_word = validation_data(notebook_data)
    bleu = mean_unigram_bleu(said_of(submission, features, idx_to_word), decode_captions(captions, idx_to_word))
    assert_at_least(bleu, BLEU_WANTED, "mean unigram BLEU on validation captions")


@item("captioner", weight=1.5, confirms="test_captioner_speaks_of_the_image",
      message="Captions of new images should be better than one and the same text for all.")
def test_captioner_beats_a_blind_one_on_new_images(submission, data):
    features, captions, idx_to_word = data("coco_captions")
    bleu = mean_unigram_bleu(said_of(submission, features, idx_to_word), captions)
    assert_at_least(bleu, BLEU_OF_A_BLIND_CAPTIONER, "mean unigram BLEU on new captions")


@item("captioner", weight=2, confirms="test_captioner_on_validation_captions",
      message="Captions of new images should reach a mean unigram BLEU of 0.3 as well.")
def test_captioner_on_new_images(submission, data):
    features, captions, idx_to_word = data("coco_captions")
    bleu = mean_unigram_bleu(said_of(submission, features, idx_to_word), captions)
    assert_at_least(bleu, BLEU_WANTED, "mean unigram BLEU on new captions")
