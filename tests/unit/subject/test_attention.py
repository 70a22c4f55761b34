"""Attention, an encoder's other layers and the Matthews correlation: their properties and their gradients."""

import numpy as np
import pytest

from nnkit.attention import attention_backward, attention_forward, multi_head_backward, multi_head_forward
from nnkit.encoder import (
    embed_backward,
    embed_forward,
    feedforward_backward,
    feedforward_forward,
    temporal_layernorm_backward,
    temporal_layernorm_forward,
)
from nnkit.gradient_check import eval_numerical_gradient_array, rel_error
from nnkit.matthews import matthews_correlation

MASK = np.array([[True, True, True, True], [True, True, False, False], [True, False, False, False]])
PADDED_OUT = MASK[:, :, None]


def check_gradients(function, args, upstream, gradients, allowed=1e-6):
    for place, gradient in enumerate(gradients):

        def output(value, place=place):
            return function(*args[:place], value, *args[place + 1 :])[0]

        assert rel_error(gradient, eval_numerical_gradient_array(output, args[place], upstream)) < allowed


def queries_keys_values(rng, k=3, m=2):
    return [rng.normal(size=(3, 4, size)) for size in (k, k, m)]


def heads(rng, count=2, d=4, k=3, m=2):
    sizes = (3, 4, d), (count, d, k), (count, d, k), (count, d, m), (count * m, d), (d,)
    return [rng.normal(size=size) for size in sizes]


def test_equal_keys_give_the_mean_of_the_values_that_are_no_padding():
    q, k, v = queries_keys_values(np.random.default_rng(0))
    out, _ = attention_forward(q, np.ones_like(k), v, MASK)
    for n, mask in enumerate(MASK):
        assert rel_error(out[n], np.broadcast_to(v[n, mask].mean(axis=0), out[n].shape)) < 1e-12


def test_a_query_far_nearer_to_one_key_gets_its_value():
    q, v = 100 * np.eye(4)[None], np.random.default_rng(0).normal(size=(1, 4, 2))
    out, _ = attention_forward(q, np.eye(4)[None][:, ::-1], v, np.ones((1, 4), dtype=bool))
    assert rel_error(out, v[:, ::-1]) < 1e-12


def test_scores_are_divided_by_the_root_of_the_size_of_a_key():
    q, k = np.full((1, 2, 4), 0.5), np.array([[[0.0] * 4, [np.log(3.0)] * 4]])  # scores 0 and log 3
    out, _ = attention_forward(q, k, np.array([[[0.0], [1.0]]]), np.ones((1, 2), dtype=bool))
    assert rel_error(out, np.full((1, 2, 1), 0.75)) < 1e-12


def test_padding_counts_for_nothing_in_attention():
    q, k, v = queries_keys_values(np.random.default_rng(1))
    out, cache = attention_forward(q, k, v, MASK)
    moved = 1e3 * ~PADDED_OUT
    other, _ = attention_forward(q, k + moved, v + moved, MASK)
    assert np.array_equal(out * PADDED_OUT, other * PADDED_OUT)
    _, dk, dv = attention_backward(np.ones_like(out), cache)
    assert not np.any(dk[~MASK])
    assert not np.any(dv[~MASK])


def test_large_scores_do_not_overflow():
    q, k, v = queries_keys_values(np.random.default_rng(2))
    with np.errstate(over="raise", invalid="raise"):
        out, _ = attention_forward(1e4 * q, 1e4 * k, v, MASK)
    assert np.all(np.isfinite(out))


def test_gradients_of_attention_agree_with_numerical_ones():
    rng = np.random.default_rng(3)
    args, dout = [*queries_keys_values(rng), MASK], rng.normal(size=(3, 4, 2)) * PADDED_OUT
    check_gradients(attention_forward, args, dout, attention_backward(dout, attention_forward(*args)[1]))


def test_one_head_with_a_unit_projection_is_attention():
    rng = np.random.default_rng(4)
    x, Wq, Wk, Wv, _, _ = heads(rng, count=1, m=4)
    out, _ = multi_head_forward(x, Wq, Wk, Wv, np.eye(4), np.zeros(4), MASK)
    assert rel_error(out, attention_forward(x @ Wq[0], x @ Wk[0], x @ Wv[0], MASK)[0]) < 1e-12


def test_the_order_of_heads_does_not_matter_if_that_of_their_projections_goes_along():
    x, Wq, Wk, Wv, Wo, bo = heads(np.random.default_rng(5))
    out, _ = multi_head_forward(x, Wq, Wk, Wv, Wo, bo, MASK)
    other, _ = multi_head_forward(x, Wq[::-1], Wk[::-1], Wv[::-1], np.roll(Wo, 2, axis=0), bo, MASK)
    assert rel_error(out, other) < 1e-12


@pytest.mark.parametrize("count", [1, 2, 3])
def test_gradients_of_several_heads_agree_with_numerical_ones(count):
    rng = np.random.default_rng(6)
    args, dout = [*heads(rng, count), MASK], rng.normal(size=(3, 4, 4)) * PADDED_OUT
    check_gradients(multi_head_forward, args, dout, multi_head_backward(dout, multi_head_forward(*args)[1]))


def test_attention_keeps_float32():
    args = [value.astype(np.float32) for value in heads(np.random.default_rng(7))]
    out, cache = multi_head_forward(*args, MASK)
    assert {out.dtype, *(gradient.dtype for gradient in multi_head_backward(out, cache))} == {np.dtype(np.float32)}


def test_a_word_at_two_places_differs_by_the_places():
    W_word, W_position = np.random.default_rng(8).normal(size=(2, 5, 3))
    out, _ = embed_forward(np.array([[4, 1, 4]]), W_word, W_position)
    assert rel_error(out[0, 2] - out[0, 0], W_position[2] - W_position[0]) < 1e-12


def test_gradients_of_words_and_places_agree_with_numerical_ones():
    rng = np.random.default_rng(9)
    words, dout = np.array([[1, 1, 3], [1, 0, 2]]), rng.normal(size=(2, 3, 4))
    args = [words, rng.normal(size=(5, 4)), rng.normal(size=(6, 4))]
    gradients = embed_backward(dout, embed_forward(*args)[1])

    def embedded(W_word, W_position):
        return embed_forward(words, W_word, W_position)

    check_gradients(embedded, args[1:], dout, gradients)
    assert not np.any(gradients[1][3:])


def test_the_small_network_treats_every_word_by_itself():
    rng = np.random.default_rng(10)
    x, *weights = [rng.normal(size=size) for size in [(2, 3, 4), (4, 5), (5,), (5, 4), (4,)]]
    out, _ = feedforward_forward(x, *weights)
    alone, _ = feedforward_forward(x[1:, 2:], *weights)
    assert rel_error(out[1:, 2:], alone) < 1e-12


def test_gradients_of_the_small_network_agree_with_numerical_ones():
    rng = np.random.default_rng(11)
    args = [rng.normal(size=size) for size in [(2, 3, 4), (4, 5), (5,), (5, 4), (4,)]]
    dout = rng.normal(size=(2, 3, 4))
    check_gradients(feedforward_forward, args, dout, feedforward_backward(dout, feedforward_forward(*args)[1]))


def test_every_word_is_normalised_by_itself_and_its_gradients_agree_with_numerical_ones():
    rng = np.random.default_rng(12)
    args = [rng.normal(size=size) for size in [(2, 3, 4), (4,), (4,)]]
    out, cache = temporal_layernorm_forward(args[0], np.ones(4), np.zeros(4))
    assert np.allclose(out.mean(axis=2), 0)
    assert np.allclose(out.var(axis=2), 1, atol=1e-3)
    dout = rng.normal(size=(2, 3, 4))
    _, cache = temporal_layernorm_forward(*args)
    check_gradients(temporal_layernorm_forward, args, dout, temporal_layernorm_backward(dout, cache))


def test_the_matthews_correlation_is_that_of_two_columns_of_zeros_and_ones():
    rng = np.random.default_rng(13)
    predicted, labels = rng.random((2, 80)) < 0.6
    assert rel_error(matthews_correlation(predicted, labels), np.corrcoef(predicted, labels)[0, 1]) < 1e-12


def test_the_matthews_correlation_goes_from_one_to_minus_one_and_is_zero_for_a_single_answer():
    labels = np.array([1, 0, 1, 1])
    assert matthews_correlation(labels, labels) == 1
    assert matthews_correlation(1 - labels, labels) == -1
    assert matthews_correlation(np.ones(4, dtype=int), labels) == 0
