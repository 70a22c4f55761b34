"""Graders of the notebook transformer_classifier: attention, an encoder block, and a judge of sentences.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formulas of a companion. Outputs at the padding mean
nothing: they are not looked at, and no derivative comes from there.
"""

import numpy as np
from encoder_formulas import (
    attention,
    attention_half,
    feedforward,
    feedforward_half,
    logistic_loss,
    multi_head,
    sentence_scores,
)
from sequence_formulas import slopes

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    FORWARD,
    GRADIENT,
    LOSS,
    NETWORK_FORWARD,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
    Call,
    CheckFailure,
    arrays_named,
    assert_at_least,
    assert_close,
    assert_inputs_unchanged,
    assert_shape,
    item,
    numerical_gradient,
    numerical_gradient_of_parameter,
    opaque,
    unpack,
    wave,
)

# Three sentences of five, three and one word.
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], dtype=bool)


def without_padding(out, mask, shape, name="out"):
    """An output with zeros where there is padding."""
    assert_shape(out, shape, name)
    return np.where(mask[:, :, None], out, 0.0)


def finite(array, name):
    """An answer of the student's that another one is to be compared with."""
    if array.dtype.kind not in "biuf" or not np.all(np.isfinite(array)):
        raise CheckFailure(f"{name} should hold numbers, none of them nan or infinite")
    return array


# embed_forward and embed_backward

WORDS = np.array([[1, 3, 2, 3], [1, 2, 2, 0]])


def embedded(submission, *args):
    return unpack(submission.embed_forward(*args), "out", "cache")[0]


def embed_gradients(submission, dout, *args):
    _, cache = unpack(submission.embed_forward(*args), "out", "cache")
    return unpack(submission.embed_backward(dout, cache), "dW_word", "dW_position")


def embedding(words, W_word, W_position):
    rows = [[W_word[word] + W_position[place] for place, word in enumerate(sentence)] for sentence in words]
    return np.array(rows)


@item("embed_forward", public=True, weight=1, message="out[n, t] is the vector of the word plus that of its place.")
def test_embedding(submission, expected):
    expected("embedded", embedded(submission, WORDS, wave(1, 4, 3), wave(2, 6, 3)), FORWARD)


@item("embed_forward", public=True, weight=1, message="The first place is row 0 of W_position, in every sentence.")
def test_embedding_of_one_place(submission, expected):
    expected("first_place", embedded(submission, WORDS[:, :1], wave(1, 4, 3), wave(2, 6, 3)), FORWARD)


@item("embed_forward", weight=1.5, message="Words may repeat, and sentences may be shorter than there are places.")
def test_embedding_of_random_words(submission, rng):
    words, W_word, W_position = rng.integers(7, size=(5, 6)), rng.normal(size=(7, 4)), rng.normal(size=(9, 4))
    assert_close(embedded(submission, words, W_word, W_position), embedding(words, W_word, W_position), FORWARD, "out")


@item("embed_forward", weight=2, message="There may be as many sentences as words in each.")
def test_embedding_of_a_square(submission, rng):
    words, W_word, W_position = rng.integers(7, size=(4, 4)), rng.normal(size=(7, 4)), rng.normal(size=(4, 4))
    assert_close(embedded(submission, words, W_word, W_position), embedding(words, W_word, W_position), FORWARD, "out")


@item("embed_backward", public=True, weight=1, message="A word that occurs several times collects all derivatives.")
def test_gradient_of_the_words(submission, expected):
    dW_word, _ = embed_gradients(submission, wave(3, 2, 4, 3), WORDS, wave(1, 4, 3), wave(2, 6, 3))
    expected("dW_word", dW_word, ANALYTIC_GRADIENT)


@item(
    "embed_backward",
    public=True,
    weight=1,
    message="Each place collects the derivatives of all sentences; places that don't occur have gradient zero.",
)
def test_gradient_of_the_places(submission, expected):
    _, dW_position = embed_gradients(submission, wave(3, 2, 4, 3), WORDS, wave(1, 4, 3), wave(2, 6, 3))
    expected("dW_position", dW_position, ANALYTIC_GRADIENT)


def random_embedding(rng, n=4, t=5):
    args = rng.integers(6, size=(n, t)), rng.normal(size=(6, 3)), rng.normal(size=(8, 3))
    return args, rng.normal(size=(n, t, 3))


def check_embedding_slopes(gradients, args, dout, names=("dW_word", "dW_position")):
    for wrt, name in enumerate(("dW_word", "dW_position"), start=1):
        if name in names:
            assert_close(gradients[wrt - 1], slopes(embedding, args, wrt, dout), ANALYTIC_GRADIENT, name)


@item("embed_backward", weight=1, message="dW_word must be right for words of any number, repeated or not.")
def test_gradient_of_random_words(submission, rng):
    args, dout = random_embedding(rng)
    check_embedding_slopes(embed_gradients(submission, dout, *args), args, dout, ("dW_word",))


@item("embed_backward", weight=1, message="dW_position must be right for any count of sentences and places.")
def test_gradient_of_random_places(submission, rng):
    args, dout = random_embedding(rng)
    check_embedding_slopes(embed_gradients(submission, dout, *args), args, dout, ("dW_position",))


@item("embed_backward", weight=0.5, message="A second call starts from zero, and must work as the first.")
def test_gradient_of_words_of_a_second_call(submission, rng):
    args, dout = random_embedding(rng)
    _, cache = unpack(submission.embed_forward(*args), "out", "cache")
    submission.clear_mutations()
    submission.embed_backward(-dout, cache)
    again = unpack(submission.embed_backward(dout, cache), "dW_word", "dW_position")
    check_embedding_slopes(again, args, dout)
    assert_inputs_unchanged(submission)


# attention_forward and attention_backward

SLOPES = ("dq", "dk", "dv")


def fixed_attention(mask=MASK, k=4, m=3):
    """q, k, v and a mask without a pattern."""
    n, t = mask.shape
    return 2 * wave(1, n, t, k), 2 * wave(2, n, t, k), wave(3, n, t, m), mask


def random_mask(rng, n, t):
    """Sentences of unequal lengths, at least one of them of all words and one that is shorter."""
    lengths = rng.integers(1, t, size=n)
    lengths[0] = t
    return np.arange(t) < lengths[:, None]


def random_attention(rng, mask, k=3, m=4):
    n, t = mask.shape
    return rng.normal(size=(n, t, k)), rng.normal(size=(n, t, k)), rng.normal(size=(n, t, m)), mask


def attended(submission, args):
    q, _, v, mask = args
    out, _ = unpack(submission.attention_forward(*args), "out", "cache")
    return without_padding(out, mask, (*q.shape[:2], v.shape[2]))


def attention_gradients(submission, dout, args):
    _, cache = unpack(submission.attention_forward(*args), "out", "cache")
    return unpack(submission.attention_backward(dout, cache), *SLOPES)


@item(
    "attention_forward",
    public=True,
    weight=1,
    message="The scores are q.k / sqrt(K), their softmax over the second word weighs the values.",
)
def test_attention(submission, expected):
    expected("attended", attended(submission, fixed_attention(np.ones((2, 4), dtype=bool))), FORWARD)


@item("attention_forward", public=True, weight=1, message="A word that is padding has weight zero.")
def test_attention_with_padding(submission, expected):
    expected("attended_with_padding", attended(submission, fixed_attention()), FORWARD)


@item(
    "attention_forward",
    public=True,
    weight=0.5,
    message="Padding counts for nothing: whatever its keys and values are, other words get the same.",
)
def test_attention_does_not_see_padding(submission):
    q, k, v, mask = fixed_attention()
    before = finite(attended(submission, (q, k, v, mask)), "out")
    moved = 5.0 * ~mask[:, :, None]
    assert_close(attended(submission, (q, k + moved, v - moved, mask)), before, FORWARD, "out, with other padding")


@item("attention_forward", weight=1, message="Attention must be right for any sizes, if there is no padding.")
def test_attention_of_random_words(submission, rng):
    args = random_attention(rng, np.ones((3, 5), dtype=bool))
    assert_close(attended(submission, args), attention(*args), FORWARD, "out")


@item("attention_forward", weight=1, message="Attention must be right for sentences of unequal lengths.")
def test_attention_of_random_sentences(submission, rng):
    args = random_attention(rng, random_mask(rng, 4, 6))
    assert_close(attended(submission, args), attention(*args), FORWARD, "out")


@item("attention_forward", weight=0.5, message="A single word can only attend to itself: it gets its own value.")
def test_attention_of_one_word(submission, rng):
    args = random_attention(rng, np.ones((3, 1), dtype=bool))
    assert_close(attended(submission, args), args[2], FORWARD, "out")


@item(
    "attention_forward",
    weight=1,
    message="Large scores must not overflow: subtract the largest of a row before the exponential.",
)
def test_attention_with_large_scores(submission, rng):
    q, k, v, mask = random_attention(rng, random_mask(rng, 3, 4))
    args = 60 * q, 60 * k, v, mask
    assert_close(attended(submission, args), attention(*args), FORWARD, "out, with large scores")


@item(
    "attention_forward",
    weight=0.5,
    message="Subtract the largest score of each row, not of the whole batch: rows of low scores must not vanish.",
)
def test_attention_with_unequal_scores(submission, rng):
    q, k, v, mask = random_attention(rng, np.ones((2, 3), dtype=bool))
    q[0], k[0] = 1.0, 2000.0 + k[0]
    assert_close(attended(submission, (q, k, v, mask)), attention(q, k, v, mask), NETWORK_FORWARD, "out")


@item(
    "attention_backward",
    public=True,
    weight=1,
    message="dv collects dout with the weights: whom was a value passed on to?",
)
def test_gradient_of_the_values(submission, expected):
    args = fixed_attention(np.ones((2, 4), dtype=bool))
    expected("dv", attention_gradients(submission, wave(4, 2, 4, 3), args)[2], ANALYTIC_GRADIENT)


@item(
    "attention_backward",
    public=True,
    weight=1,
    message="dq and dk come back through average, softmax, scaling and dot products.",
)
def test_gradient_of_queries_and_keys(submission, expected):
    args = fixed_attention(np.ones((2, 4), dtype=bool))
    dq, dk, _ = attention_gradients(submission, wave(4, 2, 4, 3), args)
    expected("dq", dq, ANALYTIC_GRADIENT)
    expected("dk", dk, ANALYTIC_GRADIENT)


@item(
    "attention_backward",
    public=True,
    weight=1,
    message="With padding too, each gradient must be the slope that your own attention_forward shows.",
)
def test_gradients_of_attention_agree_with_numerical_ones(submission):
    args = fixed_attention()
    dout = wave(4, 3, 5, 3) * MASK[:, :, None]
    gradients = attention_gradients(submission, dout, args)
    for wrt, name in enumerate(SLOPES):
        numeric = numerical_gradient(submission.attention_forward, args, wrt, upstream=dout, pick=0)
        assert_close(gradients[wrt], numeric, GRADIENT, name, relative_floor=NOISE_FLOOR)


def check_attention_slopes(gradients, args, dout, names=SLOPES):
    for wrt, name in enumerate(SLOPES):
        if name in names:
            wanted = slopes(attention, args, wrt, dout)
            assert_close(gradients[wrt], wanted, ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


def random_attention_slopes(submission, rng, mask, names):
    args = random_attention(rng, mask)
    dout = rng.normal(size=(*mask.shape, 4)) * mask[:, :, None]
    check_attention_slopes(attention_gradients(submission, dout, args), args, dout, names)


@item("attention_backward", weight=1, message="dv must be right for sentences of any lengths.")
def test_gradient_of_random_values(submission, rng):
    random_attention_slopes(submission, rng, random_mask(rng, 3, 5), ("dv",))


@item("attention_backward", weight=1, message="dq must be right for sentences of any lengths.")
def test_gradient_of_random_queries(submission, rng):
    random_attention_slopes(submission, rng, random_mask(rng, 3, 5), ("dq",))


@item("attention_backward", weight=1, message="dk must be right for sentences of any lengths.")
def test_gradient_of_random_keys(submission, rng):
    random_attention_slopes(submission, rng, random_mask(rng, 3, 5), ("dk",))


@item("attention_backward", weight=0.5, message="A single word only passes its value on: dv is dout.")
def test_gradients_of_one_word(submission, rng):
    args, dout = random_attention(rng, np.ones((3, 1), dtype=bool)), rng.normal(size=(3, 1, 4))
    assert_close(attention_gradients(submission, dout, args)[2], dout, ANALYTIC_GRADIENT, "dv")


@item(
    "attention_backward",
    weight=0.5,
    message="A backward pass leaves dout and the cache as they are: a second call must work as the first.",
)
def test_attention_backward_leaves_its_cache(submission, rng):
    args, dout = random_attention(rng, np.ones((2, 4), dtype=bool)), rng.normal(size=(2, 4, 4))
    _, cache = unpack(submission.attention_forward(*args), "out", "cache")
    submission.clear_mutations()
    submission.attention_backward(-dout, cache)
    check_attention_slopes(unpack(submission.attention_backward(dout, cache), *SLOPES), args, dout)
    assert_inputs_unchanged(submission)


# multi_head_forward and multi_head_backward

HEAD_GRADIENTS = ("dx", "dWq", "dWk", "dWv", "dWo", "dbo")


def head_shapes(heads, d, k, m):
    return (heads, d, k), (heads, d, k), (heads, d, m), (heads * m, d), (d,)


def fixed_heads(mask=MASK, heads=2, d=4, k=3, m=2):
    weights = [wave(place, *shape) for place, shape in enumerate(head_shapes(heads, d, k, m), start=1)]
    return (wave(0.5, *mask.shape, d), *weights, mask)


def random_heads(rng, mask, heads=2, d=4, k=3, m=2):
    weights = [0.7 * rng.normal(size=shape) for shape in head_shapes(heads, d, k, m)]
    return (rng.normal(size=(*mask.shape, d)), *weights, mask)


def looked(submission, args):
    out, _ = unpack(submission.multi_head_forward(*args), "out", "cache")
    return without_padding(out, args[-1], args[0].shape)


def head_gradients(submission, dout, args):
    _, cache = unpack(submission.multi_head_forward(*args), "out", "cache")
    return unpack(submission.multi_head_backward(dout, cache), *HEAD_GRADIENTS)


@item(
    "multi_head_forward",
    public=True,
    weight=1,
    message="Every head has queries, keys and values of its own; their results are concatenated and projected.",
)
def test_two_heads(submission, expected):
    expected("two_heads", looked(submission, fixed_heads()), FORWARD)


@item("multi_head_forward", public=True, weight=1.5, message="There may be a single head.")
def test_one_head(submission, expected):
    expected("one_head", looked(submission, fixed_heads(heads=1)), FORWARD)


@item(
    "multi_head_forward",
    public=True,
    weight=0.5,
    message="Heads that are all alike find the same: their parts of the projection just add up.",
)
def test_heads_alike(submission):
    x, Wq, Wk, Wv, Wo, bo, mask = fixed_heads()
    alike = looked(submission, (x, *(np.stack([W[0], W[0]]) for W in (Wq, Wk, Wv)), Wo, bo, mask))
    single = looked(submission, (x, Wq[:1], Wk[:1], Wv[:1], Wo[:2] + Wo[2:], bo, mask))
    assert_close(alike, finite(single, "out of one head"), FORWARD, "out of two heads that are alike")


@item("multi_head_forward", weight=1.5, message="Attention must be right for different heads and any sentences.")
def test_random_heads(submission, rng):
    args = random_heads(rng, random_mask(rng, 4, 5))
    assert_close(looked(submission, args), multi_head(*args), FORWARD, "out")


@item("multi_head_forward", weight=1, message="There may be any count of heads, with values larger than keys.")
def test_three_heads(submission, rng):
    args = random_heads(rng, random_mask(rng, 2, 4), heads=3, d=5, k=2, m=4)
    assert_close(looked(submission, args), multi_head(*args), FORWARD, "out")


@item("multi_head_forward", weight=0.5, message="There may be a single sentence of a single word.")
def test_heads_on_one_word(submission, rng):
    args = random_heads(rng, np.ones((1, 1), dtype=bool))
    assert_close(looked(submission, args), multi_head(*args), FORWARD, "out")


@item(
    "multi_head_backward",
    public=True,
    weight=1,
    message="Words are used by every head, and three times by each: dx adds up all.",
)
def test_gradient_of_what_heads_look_at(submission, expected):
    gradients = head_gradients(submission, wave(7, 3, 5, 4) * MASK[:, :, None], fixed_heads())
    expected("dx", without_padding(gradients[0], MASK, (3, 5, 4), "dx"), ANALYTIC_GRADIENT, called="dx")


@item(
    "multi_head_backward",
    public=True,
    weight=1,
    message="Each gradient of a weight must be the slope that your own multi_head_forward shows.",
)
def test_gradients_of_heads_agree_with_numerical_ones(submission):
    args, dout = fixed_heads(), wave(7, 3, 5, 4) * MASK[:, :, None]
    gradients = head_gradients(submission, dout, args)
    for wrt, name in enumerate(HEAD_GRADIENTS):
        numeric = numerical_gradient(submission.multi_head_forward, args, wrt, upstream=dout, pick=0)
        assert_close(gradients[wrt], numeric, GRADIENT, name, relative_floor=NOISE_FLOOR)


def check_head_slopes(gradients, args, dout, names):
    for wrt, name in enumerate(HEAD_GRADIENTS):
        if name in names:
            wanted = slopes(multi_head, args, wrt, dout)
            assert_close(gradients[wrt], wanted, ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


def random_head_slopes(submission, rng, names, **sizes):
    mask = random_mask(rng, 3, 4)
    args = random_heads(rng, mask, **sizes)
    dout = rng.normal(size=args[0].shape) * mask[:, :, None]
    check_head_slopes(head_gradients(submission, dout, args), args, dout, names)


@item("multi_head_backward", weight=1, message="dx must be right for different heads and any sentences.")
def test_gradient_of_words_under_random_heads(submission, rng):
    random_head_slopes(submission, rng, ("dx",))


@item("multi_head_backward", weight=1, message="dWq, dWk and dWv must be right for every head.")
def test_gradients_of_random_heads(submission, rng):
    random_head_slopes(submission, rng, ("dWq", "dWk", "dWv"), heads=3)


@item("multi_head_backward", weight=1, message="dWo and dbo must be right for any count of heads.")
def test_gradients_of_the_projection(submission, rng):
    random_head_slopes(submission, rng, ("dWo", "dbo"), heads=3, m=4)


@item("multi_head_backward", weight=0.5, message="There may be a single head.")
def test_gradients_of_one_head(submission, rng):
    random_head_slopes(submission, rng, HEAD_GRADIENTS, heads=1)


@item(
    "multi_head_backward",
    weight=0.5,
    message="A backward pass leaves dout and the cache as they are: a second call must work as the first.",
)
def test_multi_head_backward_leaves_its_cache(submission, rng):
    args, dout = random_heads(rng, np.ones((2, 3), dtype=bool)), rng.normal(size=(2, 3, 4))
    _, cache = unpack(submission.multi_head_forward(*args), "out", "cache")
    submission.clear_mutations()
    submission.multi_head_backward(-dout, cache)
    again = unpack(submission.multi_head_backward(dout, cache), *HEAD_GRADIENTS)
    check_head_slopes(again, args, dout, HEAD_GRADIENTS)
    assert_inputs_unchanged(submission)


# feedforward_forward and feedforward_backward

NETWORK_GRADIENTS = ("dx", "dW1", "db1", "dW2", "db2")


def fixed_network(n=2, t=3, d=4, f=5):
    return wave(1, n, t, d), wave(2, d, f), wave(3, f), wave(4, f, d), wave(5, d)


def random_network(rng, n=3, t=4, d=3, f=6):
    return tuple(rng.normal(size=size) for size in [(n, t, d), (d, f), (f,), (f, d), (d,)])


def passed_on(submission, args):
    return unpack(submission.feedforward_forward(*args), "out", "cache")[0]


def network_gradients(submission, dout, args):
    _, cache = unpack(submission.feedforward_forward(*args), "out", "cache")
    return unpack(submission.feedforward_backward(dout, cache), *NETWORK_GRADIENTS)


@item("feedforward_forward", public=True, weight=1, message="Affine, ReLU, affine, for every word by itself.")
def test_network(submission, expected):
    expected("passed_on", passed_on(submission, fixed_network()), FORWARD)


@item("feedforward_forward", weight=1, message="The network must be right for any sentences and sizes.")
def test_random_network(submission, rng):
    args = random_network(rng)
    assert_close(passed_on(submission, args), feedforward(*args), FORWARD, "out")


@item("feedforward_forward", weight=1, message="There may be a single word, and a single hidden unit.")
def test_network_of_one_unit(submission, rng):
    args = random_network(rng, n=1, t=1, d=2, f=1)
    assert_close(passed_on(submission, args), feedforward(*args), FORWARD, "out")


@item(
    "feedforward_backward",
    public=True,
    weight=1,
    message="Back through affine, ReLU and affine; the weights collect the derivatives of all words.",
)
def test_gradients_of_the_network(submission, expected):
    for name, gradient in zip(
        NETWORK_GRADIENTS, network_gradients(submission, wave(6, 2, 3, 4), fixed_network()), strict=True
    ):
        expected(f"network_{name}", gradient, ANALYTIC_GRADIENT, called=name)


def check_network_slopes(gradients, args, dout, names=NETWORK_GRADIENTS):
    for wrt, name in enumerate(NETWORK_GRADIENTS):
        if name in names:
            wanted = slopes(feedforward, args, wrt, dout)
            assert_close(gradients[wrt], wanted, ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("feedforward_backward", weight=1.5, message="dx must be right for any sentences and sizes.")
def test_gradient_of_words_in_a_random_network(submission, rng):
    args, dout = random_network(rng), rng.normal(size=(3, 4, 3))
    check_network_slopes(network_gradients(submission, dout, args), args, dout, ("dx",))


@item("feedforward_backward", weight=1, message="The weights' gradients must be right for any sentences and sizes.")
def test_gradients_of_a_random_network(submission, rng):
    args, dout = random_network(rng), rng.normal(size=(3, 4, 3))
    check_network_slopes(network_gradients(submission, dout, args), args, dout, NETWORK_GRADIENTS[1:])


@item(
    "feedforward_backward",
    weight=0.5,
    message="A backward pass leaves dout and the cache as they are: a second call must work as the first.",
)
def test_feedforward_backward_leaves_its_cache(submission, rng):
    args, dout = random_network(rng), rng.normal(size=(3, 4, 3))
    _, cache = unpack(submission.feedforward_forward(*args), "out", "cache")
    submission.clear_mutations()
    submission.feedforward_backward(-dout, cache)
    check_network_slopes(unpack(submission.feedforward_backward(dout, cache), *NETWORK_GRADIENTS), args, dout)
    assert_inputs_unchanged(submission)


# matthews_correlation


@item("matthews_correlation", public=True, weight=1, message="Compare with the formula: four counts, six of ten right.")
def test_correlation(submission, expected):
    predicted, labels = np.array([1, 1, 1, 1, 1, 1, 0, 0, 1, 0]), np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 1])
    expected("correlation", submission.matthews_correlation(predicted, labels), FORWARD)


@item("matthews_correlation", public=True, weight=1, message="It is 1 if everything is right, and -1 if all is wrong.")
def test_correlation_of_extremes(submission):
    labels = np.array([0, 1, 1, 0, 1])
    assert_close(submission.matthews_correlation(labels, labels), 1.0, FORWARD, "correlation, all right")
    assert_close(submission.matthews_correlation(1 - labels, labels), -1.0, FORWARD, "correlation, all wrong")


@item("matthews_correlation", weight=1, message="It must be right whatever the share of the classes.")
def test_correlation_of_random_decisions(submission, rng):
    labels = (rng.random(60) < 0.7).astype(int)
    predicted = np.where(rng.random(60) < 0.7, labels, rng.integers(2, size=60))
    predicted[:2], labels[:2] = [0, 1], [0, 1]
    wanted = np.corrcoef(predicted, labels)[0, 1]
    assert_close(submission.matthews_correlation(predicted, labels), wanted, FORWARD, "correlation")


@item("matthews_correlation", weight=1, message="If all decisions are the same, it is 0: mind the division by zero.")
def test_correlation_of_one_answer(submission, rng):
    labels = rng.permutation([0, 1, 1, 0, 1, 1])
    for answer in (0, 1):
        value = submission.matthews_correlation(np.full(6, answer), labels)
        assert_close(value, 0.0, FORWARD, f"correlation, if every decision is {answer}")


@item(
    "matthews_correlation",
    weight=0.5,
    message="The product of four counts may be too large for an integer: make floats of them.",
)
def test_correlation_of_many_decisions(submission, rng):
    labels = rng.integers(2, size=300_000)
    predicted = np.where(rng.random(len(labels)) < 0.4, labels, rng.integers(2, size=len(labels)))
    wanted = np.corrcoef(predicted, labels)[0, 1]
    assert_close(submission.matthews_correlation(predicted, labels), wanted, FORWARD, "correlation of many decisions")


# TransformerClassifier: the parts of the block, the scores, the loss and the gradients earn marks separately.

SENTENCES = np.array([[1, 4, 2, 5, 3], [1, 3, 3, 0, 0], [1, 2, 0, 0, 0]])
LABELS = np.array([1, 0, 1])


def parameter_shapes(words=6, d=4, heads=2, f=5, k=3, m=2, places=7):
    """The shape of every parameter."""
    return {
        "W_word": (words, d),
        "W_position": (places, d),
        **dict(zip(("Wq", "Wk", "Wv", "Wo", "bo"), head_shapes(heads, d, k, m), strict=True)),
        "gamma1": (d,),
        "beta1": (d,),
        "W1": (d, f),
        "b1": (f,),
        "W2": (f, d),
        "b2": (d,),
        "gamma2": (d,),
        "beta2": (d,),
        "W_final": (d, 1),
        "b_final": (1,),
    }


PARAMETERS = tuple(parameter_shapes())


def fixed_params():
    """Parameters without a pattern, the two layer norms different."""
    return {key: wave(place, *shape) for place, (key, shape) in enumerate(parameter_shapes().items(), start=1)}


def random_params(rng, **sizes):
    return {key: 0.8 * rng.normal(size=shape) for key, shape in parameter_shapes(**sizes).items()}


def model_with(submission, params, padding=0):
    """A model of the student's, with these parameters in it."""
    heads, d, k = params["Wq"].shape
    model = opaque(
        submission.TransformerClassifier(
            len(params["W_word"]),
            hidden_dim=d,
            num_heads=heads,
            dim_feedforward=params["W1"].shape[1],
            dim_k=k,
            dim_v=params["Wv"].shape[2],
            max_length=len(params["W_position"]),
            padding=padding,
            dtype="float64",
        ),
        "TransformerClassifier(...)",
        "a model",
    )
    own = opaque(model.params, "params", "a dictionary of arrays")
    for key in PARAMETERS:
        own[key] = params[key]
    return model


def random_sentences(rng, n=5, t=6, words=6, padding=0):
    """Sentences of unequal lengths, the first of them as long as can be, and their labels."""
    others = [word for word in range(words) if word != padding]
    mask = random_mask(rng, n, t)
    return np.where(mask, rng.choice(others, size=(n, t)), padding), rng.permutation(np.arange(n) % 2)


def scores_of(model, words):
    scores, _ = unpack(model.forward(words), "scores", "cache")
    assert_shape(scores, (len(words),), "scores")
    return scores


def loss_and_grads(model, words, labels):
    """Loss and gradients, with an entry for every parameter."""
    loss, grads = unpack(model.loss(words, labels), "loss", "grads")
    return loss, arrays_named(grads, PARAMETERS, "grads")


@item("TransformerClassifier", public=True, weight=0.5, message="embed gives words and places as vectors.")
def test_embed(submission, expected):
    out, _ = unpack(model_with(submission, fixed_params()).embed(SENTENCES), "out", "cache")
    expected("embed", out, FORWARD)


@item(
    "TransformerClassifier",
    public=True,
    weight=1,
    message="multi_head_attention adds its input to what the heads find, and normalises the sum.",
)
def test_multi_head_attention(submission, expected):
    model = model_with(submission, fixed_params())
    out, _ = unpack(model.multi_head_attention(2 * wave(9, 3, 5, 4), MASK), "out", "cache")
    expected("attention_half", without_padding(out, MASK, (3, 5, 4)), FORWARD)


@item(
    "TransformerClassifier",
    public=True,
    weight=1,
    message="feedforward_layer adds its input to what the network gives, and normalises with gamma2 and beta2.",
)
def test_feedforward_layer(submission, expected):
    out, _ = unpack(model_with(submission, fixed_params()).feedforward_layer(wave(9, 3, 5, 4)), "out", "cache")
    expected("feedforward_half", out, FORWARD)


@item(
    "TransformerClassifier",
    public=True,
    weight=0.5,
    message="final_layer reads the first word's state alone, and gives one score for each sentence.",
)
def test_final_layer(submission, expected):
    scores, _ = unpack(model_with(submission, fixed_params()).final_layer(wave(9, 3, 5, 4)), "scores", "cache")
    expected("final", scores, FORWARD)


@item("TransformerClassifier", public=True, weight=1, message="forward runs the four parts one after the other.")
def test_scores(submission, expected):
    expected("scores", scores_of(model_with(submission, fixed_params()), SENTENCES), NETWORK_FORWARD)


@item(
    "TransformerClassifier",
    public=True,
    weight=1,
    message="Each gradient must be the slope of your own loss in that parameter.",
)
def test_gradients_agree_with_numerical_ones(submission):
    model = model_with(submission, fixed_params())
    _, grads = loss_and_grads(model, SENTENCES, LABELS)
    for key in PARAMETERS:
        numeric = numerical_gradient_of_parameter(
            submission, Call(model.loss, (SENTENCES, LABELS)), model.params, key, pick=0
        )
        assert_close(grads[key], numeric, NETWORK_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


@item(
    "TransformerClassifier",
    weight=0.5,
    message="Padding counts for nothing: a sentence has the same score alone and beside longer ones.",
)
def test_scores_with_more_padding(submission, rng):
    params, (words, _) = random_params(rng), random_sentences(rng)
    model = model_with(submission, params)
    scores = finite(scores_of(model, words), "scores")
    for sentence, score in zip(words, scores, strict=True):
        alone = scores_of(model, sentence[None, sentence != 0])
        assert_close(alone[0], float(score), NETWORK_FORWARD, "score of a sentence alone")


@item(
    "TransformerClassifier", weight=0.5, message="The sum of input and attention is normalised, with gamma1 and beta1."
)
def test_random_attention_half(submission, rng):
    params, x, mask = random_params(rng, heads=3), rng.normal(size=(4, 5, 4)), random_mask(rng, 4, 5)
    out, _ = unpack(model_with(submission, params).multi_head_attention(x, mask), "out", "cache")
    wanted = without_padding(attention_half(x, mask, params), mask, x.shape)
    assert_close(without_padding(out, mask, x.shape), wanted, FORWARD, "multi_head_attention(x, mask)")


@item(
    "TransformerClassifier",
    weight=0.5,
    message="The second layer norm has a scale and a shift of its own: gamma2 and beta2, not those of the first.",
)
def test_random_feedforward_half(submission, rng):
    params, x = random_params(rng), rng.normal(size=(4, 5, 4))
    out, _ = unpack(model_with(submission, params).feedforward_layer(x), "out", "cache")
    assert_close(out, feedforward_half(x, params), FORWARD, "feedforward_layer(x)")


@item("TransformerClassifier", weight=1, message="The scores must be right for sentences of any lengths.")
def test_scores_of_random_sentences(submission, rng):
    params, (words, _) = random_params(rng), random_sentences(rng)
    scores = scores_of(model_with(submission, params), words)
    assert_close(scores, sentence_scores(words, 0, params), NETWORK_FORWARD, "scores")


@item("TransformerClassifier", weight=0.5, message="A sentence may be a single word, and there may be a single head.")
def test_scores_of_one_word_and_one_head(submission, rng):
    params = random_params(rng, heads=1)
    words = np.array([[1]])
    scores = scores_of(model_with(submission, params), words)
    assert_close(scores, sentence_scores(words, 0, params), NETWORK_FORWARD, "scores")


@item("TransformerClassifier", weight=0.5, message="Padding need not be word 0.")
def test_scores_with_another_padding(submission, rng):
    params, (words, _) = random_params(rng), random_sentences(rng, padding=4)
    scores = scores_of(model_with(submission, params, padding=4), words)
    assert_close(scores, sentence_scores(words, 4, params), NETWORK_FORWARD, "scores")


@item("TransformerClassifier", weight=1, message="The loss is the mean of -log of the probability of the label.")
def test_loss_of_random_sentences(submission, rng):
    params, (words, labels) = random_params(rng), random_sentences(rng)
    loss, _ = loss_and_grads(model_with(submission, params), words, labels)
    assert_close(loss, logistic_loss(words, labels, 0, params), LOSS, "loss")


@item(
    "TransformerClassifier",
    weight=0.5,
    message="Scores may be large: log(1 + exp(s)) must not overflow, and no probability may become log(0).",
)
def test_loss_of_large_scores(submission, rng):
    params, (words, labels) = random_params(rng), random_sentences(rng, n=4)
    params["b_final"] = np.array([2000.0])
    loss, grads = loss_and_grads(model_with(submission, params), words, labels)
    scores = sentence_scores(words, 0, params)
    assert_close(loss, np.sum(scores[labels == 0]) / 4, LOSS, "loss of large scores")
    assert_close(grads["b_final"], np.array([np.mean(labels == 0)]), ANALYTIC_GRADIENT, 'grads["b_final"]')


def check_model_gradients(submission, rng, keys):
    params, (words, labels) = random_params(rng), random_sentences(rng, n=3, t=4)
    _, grads = loss_and_grads(model_with(submission, params), words, labels)
    for key in keys:

        def loss(value, key=key):
            return logistic_loss(words, labels, 0, {**params, key: value})

        wanted = slopes(loss, (params[key],), 0)
        assert_close(grads[key], wanted, ANALYTIC_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


@item("TransformerClassifier", weight=0.5, message="The gradients of W_final and b_final must be right.")
def test_gradients_of_the_final_layer(submission, rng):
    check_model_gradients(submission, rng, ("W_final", "b_final"))


@item("TransformerClassifier", weight=1, message="The gradients of the second half of the block must be right.")
def test_gradients_of_the_second_half(submission, rng):
    check_model_gradients(submission, rng, ("gamma2", "beta2", "W1", "b1", "W2", "b2"))


@item(
    "TransformerClassifier",
    weight=1,
    message="The first half's gradients come back by the network and past it: two derivatives add up.",
)
def test_gradients_of_the_first_half(submission, rng):
    check_model_gradients(submission, rng, ("gamma1", "beta1", "Wq", "Wk", "Wv", "Wo", "bo"))


@item(
    "TransformerClassifier",
    weight=0.5,
    message="The gradients of the embedding come back through attention and past it: two derivatives add up.",
)
def test_gradients_of_the_embedding(submission, rng):
    check_model_gradients(submission, rng, ("W_word", "W_position"))


@item(
    "TransformerClassifier",
    weight=0.5,
    message="Asking for the loss changes neither parameters nor inputs, so asking twice gives the same.",
)
def test_loss_changes_nothing(submission, rng):
    params, (words, labels) = random_params(rng), random_sentences(rng)
    model = model_with(submission, params)
    submission.clear_mutations()
    loss_and_grads(model, words, labels)
    for key in PARAMETERS:
        assert_close(model.params[key], params[key], 0, f'params["{key}"] after the call')
    again, _ = loss_and_grads(model, words, labels)
    assert_close(again, logistic_loss(words, labels, 0, params), LOSS, "loss of a second call")
    assert_inputs_unchanged(submission)


# classifier: a model of the student's own. What counts are its decisions.

# On the stand-in a count of words decides no better than a coin, on CoLA a little better.
MATTHEWS_WANTED = {"agreement": 0.6, "cola": 0.1}
MATTHEWS_ABOVE_CHANCE = {"agreement": 0.2, "cola": 0.03}


def correlation_of(submission, words, labels):
    """Matthews correlation of the classifier's decisions: that of two columns of zeros and ones."""
    classifier = opaque(submission.classifier, "classifier", "a model with a method loss")
    parts = []
    for start in range(0, len(words), 200):
        chunk = words[start : start + 200]
        scores = classifier.loss(chunk)
        assert_shape(scores, (len(chunk), 2), "classifier.loss(words)")
        finite(scores, "classifier.loss(words)")
        parts.append(np.argmax(scores, axis=1))
    decided = np.concatenate(parts)
    return 0.0 if decided.min() == decided.max() else float(np.corrcoef(decided, labels)[0, 1])


@item(
    "classifier",
    public=True,
    weight=2,
    message="The Matthews correlation on the validation sentences is too low: train longer, or another setting.",
)
def test_classifier_on_validation_sentences(submission):
    data = opaque(submission.data, "data", "the dictionary of the notebook's data")
    words, labels, name = data["X_val"], data["y_val"], data["name"]
    arrays = type(words) is np.ndarray and type(labels) is np.ndarray
    if not arrays or type(name) is not str or name not in MATTHEWS_WANTED:
        raise CheckFailure("data does not hold the notebook's data any more: leave it as it is")
    correlation = correlation_of(submission, words, labels)
    assert_at_least(correlation, MATTHEWS_WANTED[name], "Matthews correlation on validation sentences")


@item("classifier", weight=1, message="On new sentences the classifier should do better than counting words.")
def test_classifier_beats_a_bag_of_words_on_new_sentences(submission, data):
    words, labels, name = data("cola")
    correlation = correlation_of(submission, words, labels)
    assert_at_least(correlation, MATTHEWS_ABOVE_CHANCE[name], "Matthews correlation on new sentences")


@item("classifier", weight=2, message="On new sentences the classifier should do as well as on the validation ones.")
def test_classifier_on_new_sentences(submission, data):
    words, labels, name = data("cola")
    correlation = correlation_of(submission, words, labels)
    assert_at_least(correlation, MATTHEWS_WANTED[name], "Matthews correlation on new sentences")
