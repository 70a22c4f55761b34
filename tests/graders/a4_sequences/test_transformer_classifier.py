"""Graders of the notebook transformer_classifier: attention, an encoder block, and a judge of sentences.

Public tests compare with stored outputs, numerical gradients and properties, so that what a student receives holds no
formula to copy. Hidden tests add random inputs, judged by the formulas of a companion. Outputs at the padding mean
nothing: they are not looked at, and no derivative comes from there.
"""

import numpy as np
from captioning_models import check_keys
from encoder_formulas import (
    attention,
    attention_half,
    embedding,
    feedforward,
    feedforward_half,
    logistic_loss,
    multi_head,
    sentence_scores,
)
from large_gradients import check_large_gradient, check_large_gradients
from repeated_calls import check_repeatable
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


def check_embedded(submission, *args):
    assert_close(embedded(submission, *args), embedding(*args), FORWARD, "out", relative_floor=NOISE_FLOOR)


@item("embed_forward", public=True, weight=1, message="out[n, t] is the vector of the word plus that of its place.")
def test_embedding(submission, expected):
    expected("embedded", embedded(submission, WORDS, wave(1, 4, 3), wave(2, 6, 3)), FORWARD)


@item("embed_forward", public=True, weight=1, message="The first place is row 0 of W_position, in every sentence.")
def test_embedding_of_one_place(submission, expected):
    expected("first_place", embedded(submission, WORDS[:, :1], wave(1, 4, 3), wave(2, 6, 3)), FORWARD)


@item("embed_forward", public=True, weight=0.25,
      message="A forward pass reads what it is given and changes nothing of it.")
def test_embedding_leaves_its_inputs(submission):
    assert_shape(embedded(submission, WORDS, wave(1, 4, 3), wave(2, 6, 3)), (2, 4, 3), "out")
    assert_inputs_unchanged(submission)


@item("embed_forward", weight=1.5, confirms=["test_embedding", "test_embedding_leaves_its_inputs"],
      message="Words may repeat, and sentences may be shorter than there are places.")
def test_embedding_of_random_words(submission, rng):
    check_embedded(submission, rng.integers(7, size=(5, 6)), rng.normal(size=(7, 4)), rng.normal(size=(9, 4)))


@item("embed_forward", weight=0.5, confirms="test_embedding_of_one_place",
      message="In sentences of one word, that word stands at the first place.")
def test_embedding_of_any_one_place(submission, rng):
    check_embedded(submission, rng.integers(7, size=(5, 1)), rng.normal(size=(7, 4)), rng.normal(size=(9, 4)))


@item("embed_forward", weight=1, message="There may be as many sentences as words in each.")
def test_embedding_of_a_square(submission, rng):
    check_embedded(submission, rng.integers(7, size=(4, 4)), rng.normal(size=(7, 4)), rng.normal(size=(4, 4)))


@item("embed_forward", weight=0.75,
      message="Your embed_backward does not get the right gradients from your cache: are the words in it, and the "
              "shapes of both matrices?")
def test_embedding_keeps_what_the_backward_pass_needs(submission, rng):
    check_embedding_slopes(submission, rng, ("dW_word", "dW_position"), n=4, t=5, vocabulary=6, places=8, d=3)


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


@item("embed_backward", public=True, weight=0.25,
      message="A backward pass leaves dout and the cache as they are, and starts from zero: a second call must work as "
              "the first.")
def test_embed_backward_leaves_its_cache(submission):
    _, cache = unpack(submission.embed_forward(WORDS, wave(1, 4, 3), wave(2, 6, 3)), "out", "cache")
    check_repeatable(submission, submission.embed_backward, wave(3, 2, 4, 3), cache)


def check_embedding_slopes(submission, rng, names, n=50, t=40, vocabulary=3000, places=60, d=60):
    """Gradients of an embedding for which nudging one number after the other takes minutes."""
    words = rng.integers(vocabulary, size=(n, t))
    W_word, W_position = rng.normal(size=(vocabulary, d)), rng.normal(size=(places, d))
    dout = rng.normal(size=(n, t, d))
    gradients = embed_gradients(submission, dout, words, W_word, W_position)
    wanted = {"dW_word": np.zeros_like(W_word), "dW_position": np.zeros_like(W_position)}
    for place, (column, slopes_of_column) in enumerate(zip(words.T, dout.swapaxes(0, 1), strict=True)):
        wanted["dW_position"][place] = np.sum(slopes_of_column, axis=0)
        for word, slope in zip(column, slopes_of_column, strict=True):
            wanted["dW_word"][word] += slope
    for given, name in zip(gradients, wanted, strict=True):
        if name in names:
            assert_close(given, wanted[name], ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


@item("embed_backward", weight=1.5, confirms=["test_gradient_of_the_words", "test_embed_backward_leaves_its_cache"],
      message="dW_word must be right for words of any number, repeated or not, and for a large vocabulary.")
def test_gradient_of_random_words(submission, rng):
    check_embedding_slopes(submission, rng, ("dW_word",))


@item("embed_backward", weight=1.5, confirms="test_gradient_of_the_places",
      message="dW_position must be right for any count of sentences and places, and for a large vocabulary.")
def test_gradient_of_random_places(submission, rng):
    check_embedding_slopes(submission, rng, ("dW_position",))


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


def check_attended(submission, args, allowed=FORWARD, name="out"):
    wanted = attention(*args)
    assert_close(attended(submission, args), wanted, allowed, name, relative_floor=NOISE_FLOOR)


@item(
    "attention_forward",
    weight=1.5,
    confirms="test_attention",
    message="Attention must be right for any sizes, if there is no padding.",
)
def test_attention_of_random_words(submission, rng):
    check_attended(submission, random_attention(rng, np.ones((3, 5), dtype=bool)))


@item(
    "attention_forward",
    weight=1.5,
    confirms=["test_attention_with_padding", "test_attention_does_not_see_padding"],
    message="Attention must be right for sentences of unequal lengths.",
)
def test_attention_of_random_sentences(submission, rng):
    check_attended(submission, random_attention(rng, random_mask(rng, 4, 6)))


@item(
    "attention_forward",
    weight=0.25,
    needs="test_attention_of_random_words",
    message="A single word can only attend to itself: it gets its own value.",
)
def test_attention_of_one_word(submission, rng):
    check_attended(submission, random_attention(rng, np.ones((3, 1), dtype=bool)))


@item(
    "attention_forward",
    weight=0.25,
    needs="test_attention_of_random_sentences",
    message="Padding has the score -inf, and so the weight 0, however low the scores of the words are.",
)
def test_attention_if_all_scores_are_low(submission, rng):
    _, _, v, mask = random_attention(rng, random_mask(rng, 3, 5))
    q, k = np.full((3, 5, 1), -1e6), np.where(mask[:, :, None], 1e6, 0.0)
    check_attended(submission, (q, k, v, mask), name="out, if all scores are low")


@item(
    "attention_forward",
    weight=0.75,
    message="Your attention_backward does not get the right gradients from your cache: is all in it that it needs, and "
    "are the weights those after the mask?",
)
def test_attention_keeps_what_the_backward_pass_needs(submission, rng):
    mask = random_mask(rng, 3, 4)
    args, dout = random_attention(rng, mask), rng.normal(size=(3, 4, 4)) * mask[:, :, None]
    gradients = attention_gradients(submission, dout, args)
    for wrt, name in enumerate(SLOPES):
        wanted = slopes(attention, args, wrt, dout)
        assert_close(gradients[wrt], wanted, ANALYTIC_GRADIENT, name, relative_floor=NOISE_FLOOR)


@item(
    "attention_forward",
    weight=0.75,
    message="Large scores must not overflow: subtract the largest of a row before the exponential.",
)
def test_attention_with_large_scores(submission, rng):
    q, k, v, mask = random_attention(rng, random_mask(rng, 3, 4))
    # Whole numbers, so that differences of large scores are exact.
    args = np.rint(60 * q), np.rint(60 * k), v, mask
    check_attended(submission, args, NETWORK_FORWARD, "out, with large scores")


@item(
    "attention_forward",
    weight=0.5,
    message="Subtract the largest score of each row, not of the whole batch: rows of low scores must not vanish.",
)
def test_attention_with_unequal_scores(submission, rng):
    q, k, v, mask = random_attention(rng, np.ones((2, 3), dtype=bool))
    q[0], k[0] = 1.0, 2000.0 + k[0]
    check_attended(submission, (q, k, v, mask), NETWORK_FORWARD)


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


def check_large_attention(submission, rng, names, n=10, t=40, k=32, m=32):
    """Gradients of attention over so many words that nudging one number after the other takes minutes."""
    mask = random_mask(rng, n, t)
    args = random_attention(rng, mask, k, m)
    dout = rng.normal(size=(n, t, m)) * mask[:, :, None]

    def loss(*inputs):
        return np.sum(attention(*inputs, mask) * dout)

    gradients = attention_gradients(submission, dout, args)
    check_large_gradients(gradients, SLOPES, loss, args[:3], rng, only=names)


NUMERICAL_ATTENTION = "test_gradients_of_attention_agree_with_numerical_ones"


@item(
    "attention_backward",
    weight=1,
    confirms=["test_gradient_of_the_values", NUMERICAL_ATTENTION],
    message="dv must be right for many sentences of any lengths.",
)
def test_gradient_of_random_values(submission, rng):
    check_large_attention(submission, rng, ("dv",))


@item(
    "attention_backward",
    weight=1.5,
    confirms=["test_gradient_of_queries_and_keys", NUMERICAL_ATTENTION],
    message="dq must be right for many sentences of any lengths.",
)
def test_gradient_of_random_queries(submission, rng):
    check_large_attention(submission, rng, ("dq",))


@item(
    "attention_backward",
    weight=1.5,
    confirms=["test_gradient_of_queries_and_keys", NUMERICAL_ATTENTION],
    message="dk must be right for many sentences of any lengths.",
)
def test_gradient_of_random_keys(submission, rng):
    check_large_attention(submission, rng, ("dk",))


@item(
    "attention_backward",
    weight=0.25,
    needs=["test_gradient_of_random_values", "test_gradient_of_random_queries"],
    message="A single word only passes its value on: dv is dout, and nothing comes back to query and key.",
)
def test_gradients_of_one_word(submission, rng):
    args, dout = random_attention(rng, np.ones((3, 1), dtype=bool)), rng.normal(size=(3, 1, 4))
    dq, dk, dv = attention_gradients(submission, dout, args)
    assert_close(dv, dout, ANALYTIC_GRADIENT, "dv")
    assert_close(dq, np.zeros((3, 1, 3)), ANALYTIC_GRADIENT, "dq", floor=1.0)
    assert_close(dk, np.zeros((3, 1, 3)), ANALYTIC_GRADIENT, "dk", floor=1.0)


@item(
    "attention_backward",
    weight=0.5,
    needs="test_gradient_of_random_values",
    message="A backward pass leaves dout and the cache as they are: a second call must work as the first.",
)
def test_attention_backward_leaves_its_cache(submission, rng):
    args, dout = random_attention(rng, np.ones((2, 4), dtype=bool)), rng.normal(size=(2, 4, 4))
    _, cache = unpack(submission.attention_forward(*args), "out", "cache")
    check_repeatable(submission, submission.attention_backward, dout, cache)


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


@item("multi_head_forward", public=True, weight=0.75, message="There may be a single head.")
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


def check_looked(submission, args):
    wanted = multi_head(*args)
    assert_close(looked(submission, args), wanted, FORWARD, "out", relative_floor=NOISE_FLOOR)


@item(
    "multi_head_forward",
    weight=1.5,
    confirms=["test_two_heads", "test_heads_alike"],
    message="Attention must be right for different heads and any sentences.",
)
def test_random_heads(submission, rng):
    check_looked(submission, random_heads(rng, random_mask(rng, 4, 5)))


@item(
    "multi_head_forward",
    weight=0.75,
    confirms="test_one_head",
    message="There may be a single head, whatever its weights are.",
)
def test_any_one_head(submission, rng):
    check_looked(submission, random_heads(rng, random_mask(rng, 3, 4), heads=1))


@item("multi_head_forward", weight=1, message="There may be any count of heads, with values larger than keys.")
def test_three_heads(submission, rng):
    check_looked(submission, random_heads(rng, random_mask(rng, 2, 4), heads=3, d=5, k=2, m=4))


@item(
    "multi_head_forward",
    weight=0.25,
    needs="test_random_heads",
    message="There may be a single sentence of a single word.",
)
def test_heads_on_one_word(submission, rng):
    check_looked(submission, random_heads(rng, np.ones((1, 1), dtype=bool)))


@item(
    "multi_head_forward",
    weight=0.75,
    message="Your multi_head_backward does not get the right gradients from your cache: is every head's cache in it?",
)
def test_heads_keep_what_the_backward_pass_needs(submission, rng):
    mask = random_mask(rng, 2, 3)
    args, dout = random_heads(rng, mask), rng.normal(size=(2, 3, 4)) * mask[:, :, None]
    check_head_slopes(head_gradients(submission, dout, args), args, dout, HEAD_GRADIENTS)


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


def check_large_heads(submission, rng, names, n=6, t=20, heads=4, d=48, k=20, m=16):
    """Gradients of heads for which nudging one number after the other takes minutes."""
    mask = random_mask(rng, n, t)
    args = [array / np.sqrt(d / 4) for array in random_heads(rng, mask, heads, d, k, m)[1:-1]]
    args = (rng.normal(size=(n, t, d)), *args)
    dout = rng.normal(size=(n, t, d)) * mask[:, :, None]

    def loss(*inputs):
        return np.sum(multi_head(*inputs, mask) * dout)

    gradients = head_gradients(submission, dout, (*args, mask))
    check_large_gradients(gradients, HEAD_GRADIENTS, loss, args, rng, only=names)


NUMERICAL_HEADS = "test_gradients_of_heads_agree_with_numerical_ones"


@item(
    "multi_head_backward",
    weight=1.5,
    confirms=["test_gradient_of_what_heads_look_at", NUMERICAL_HEADS],
    message="dx must be right for many heads and any sentences.",
)
def test_gradient_of_words_under_random_heads(submission, rng):
    check_large_heads(submission, rng, ("dx",))


@item(
    "multi_head_backward",
    weight=1.5,
    confirms=NUMERICAL_HEADS,
    message="dWq, dWk and dWv must be right for every head.",
)
def test_gradients_of_random_heads(submission, rng):
    check_large_heads(submission, rng, ("dWq", "dWk", "dWv"))


@item(
    "multi_head_backward",
    weight=1,
    confirms=NUMERICAL_HEADS,
    message="dWo and dbo must be right for any count of heads.",
)
def test_gradients_of_the_projection(submission, rng):
    check_large_heads(submission, rng, ("dWo", "dbo"))


@item("multi_head_backward", weight=0.5, message="There may be a single head.")
def test_gradients_of_one_head(submission, rng):
    check_large_heads(submission, rng, HEAD_GRADIENTS, n=10, t=30, heads=1, d=80, k=50, m=60)


@item(
    "multi_head_backward",
    weight=0.5,
    needs="test_gradient_of_words_under_random_heads",
    message="A backward pass leaves dout and the cache as they are: a second call must work as the first.",
)
def test_multi_head_backward_leaves_its_cache(submission, rng):
    args, dout = random_heads(rng, np.ones((2, 3), dtype=bool)), rng.normal(size=(2, 3, 4))
    _, cache = unpack(submission.multi_head_forward(*args), "out", "cache")
    check_repeatable(submission, submission.multi_head_backward, dout, cache)


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


def check_passed_on(submission, args):
    wanted = feedforward(*args)
    assert_close(passed_on(submission, args), wanted, FORWARD, "out", relative_floor=NOISE_FLOOR)


@item(
    "feedforward_forward",
    weight=1.5,
    confirms="test_network",
    message="The network must be right for any sentences and sizes.",
)
def test_random_network(submission, rng):
    check_passed_on(submission, random_network(rng))


@item("feedforward_forward", weight=1, message="There may be a single word, and several hidden units.")
def test_network_of_one_word(submission, rng):
    check_passed_on(submission, random_network(rng, n=1, t=1, d=3, f=4))


@item(
    "feedforward_forward",
    weight=0.25,
    needs="test_random_network",
    message="There may be a single word, and a single hidden unit.",
)
def test_network_of_one_unit(submission, rng):
    check_passed_on(submission, random_network(rng, n=1, t=1, d=2, f=1))


@item(
    "feedforward_forward",
    weight=0.5,
    message="Your feedforward_backward does not get the right gradients from your cache: is all in it that it needs?",
)
def test_network_keeps_what_the_backward_pass_needs(submission, rng):
    args, dout = random_network(rng), rng.normal(size=(3, 4, 3))
    check_network_slopes(network_gradients(submission, dout, args), args, dout)


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


def check_large_network(submission, rng, names, n=20, t=20, d=60, f=120):
    """Gradients of a network for which nudging one number after the other takes minutes."""
    args = [rng.normal(size=(n, t, d))]
    args += [rng.normal(size=size) / np.sqrt(size[0]) for size in [(d, f), (f,), (f, d), (d,)]]
    dout = rng.normal(size=(n, t, d))

    def loss(*inputs):
        return np.sum(feedforward(*inputs) * dout)

    gradients = network_gradients(submission, dout, args)
    check_large_gradients(gradients, NETWORK_GRADIENTS, loss, args, rng, only=names)


@item(
    "feedforward_backward",
    weight=1,
    confirms="test_gradients_of_the_network",
    message="dx must be right for any sentences and sizes.",
)
def test_gradient_of_words_in_a_random_network(submission, rng):
    check_large_network(submission, rng, ("dx",))


@item(
    "feedforward_backward",
    weight=0.75,
    confirms="test_gradients_of_the_network",
    message="The gradients of the first layer must be right for any sentences and sizes.",
)
def test_gradients_of_the_first_layer(submission, rng):
    check_large_network(submission, rng, ("dW1", "db1"))


@item(
    "feedforward_backward",
    weight=0.75,
    confirms="test_gradients_of_the_network",
    message="The gradients of the second layer must be right for any sentences and sizes.",
)
def test_gradients_of_a_random_network(submission, rng):
    check_large_network(submission, rng, ("dW2", "db2"))


@item(
    "feedforward_backward",
    weight=0.25,
    needs=["test_gradient_of_words_in_a_random_network", "test_gradients_of_a_random_network"],
    message="A backward pass leaves dout and the cache as they are: a second call must work as the first.",
)
def test_feedforward_backward_leaves_its_cache(submission, rng):
    args, dout = random_network(rng), rng.normal(size=(3, 4, 3))
    _, cache = unpack(submission.feedforward_forward(*args), "out", "cache")
    check_repeatable(submission, submission.feedforward_backward, dout, cache)


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


def correlation_by_pairs(predicted, labels):
    """Correlation of two columns of zeros and ones that are not constant."""
    share_predicted, share_labels, both = np.mean(predicted), np.mean(labels), np.mean(predicted * labels)
    spread = share_predicted * (1 - share_predicted) * share_labels * (1 - share_labels)
    return (both - share_predicted * share_labels) / np.sqrt(spread)


def check_correlation(submission, predicted, labels, name="correlation"):
    wanted = correlation_by_pairs(predicted, labels)
    given = submission.matthews_correlation(predicted, labels)
    # Where right and wrong decisions balance, only rounding is left.
    assert_close(given, wanted, FORWARD, name, floor=1e-3)


@item(
    "matthews_correlation",
    weight=1.5,
    confirms="test_correlation",
    message="It must be right whatever the share of the classes.",
)
def test_correlation_of_random_decisions(submission, rng):
    labels = (rng.random(60) < 0.7).astype(int)
    predicted = np.where(rng.random(60) < 0.7, labels, rng.integers(2, size=60))
    predicted[:2], labels[:2] = [0, 1], [0, 1]
    check_correlation(submission, predicted, labels)


@item(
    "matthews_correlation",
    weight=0.5,
    confirms="test_correlation_of_extremes",
    message="It is 1 if everything is right, and -1 if all is wrong, be it two decisions only.",
)
def test_correlation_of_other_extremes(submission, rng):
    for labels in (np.array([0, 1]), rng.permutation([0, 1, 1, 0, 1, 0, 1])):
        assert_close(submission.matthews_correlation(labels, labels), 1.0, FORWARD, "correlation, all right")
        assert_close(submission.matthews_correlation(1 - labels, labels), -1.0, FORWARD, "correlation, all wrong")


@item(
    "matthews_correlation",
    weight=0.75,
    needs="test_correlation_of_random_decisions",
    message="If all decisions are the same, it is 0: mind the division by zero.",
)
def test_correlation_of_one_answer(submission, rng):
    labels = rng.permutation([0, 1, 1, 0, 1, 1])
    for answer in (0, 1):
        value = submission.matthews_correlation(np.full(6, answer), labels)
        assert_close(value, 0.0, FORWARD, f"correlation, if every decision is {answer}")


@item(
    "matthews_correlation",
    weight=0.5,
    needs="test_correlation_of_random_decisions",
    message="Decisions and labels may be True and False, too.",
)
def test_correlation_of_truth_values(submission, rng):
    labels = rng.permutation([True] * 9 + [False] * 6)
    predicted = np.where(rng.permutation(15) < 10, labels, ~labels)
    predicted[labels.argmax()], predicted[labels.argmin()] = True, False
    given = submission.matthews_correlation(predicted, labels)
    wanted = correlation_by_pairs(predicted.astype(float), labels.astype(float))
    assert_close(given, wanted, FORWARD, "correlation of truth values", floor=1e-3)


@item(
    "matthews_correlation",
    weight=0.5,
    needs="test_correlation_of_random_decisions",
    message="The product of four counts may be too large for an integer: make floats of them.",
)
def test_correlation_of_many_decisions(submission, rng):
    labels = rng.integers(2, size=300_000)
    predicted = np.where(rng.random(len(labels)) < 0.4, labels, rng.integers(2, size=len(labels)))
    check_correlation(submission, predicted, labels, "correlation of many decisions")


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
    """Parameters at random, small enough that no softmax settles on one word."""
    found = {}
    for key, shape in parameter_shapes(**sizes).items():
        inputs = shape[-2] if key.startswith("W") and key not in ("W_word", "W_position") else 1
        found[key] = rng.normal(size=shape) * min(0.8, 1.6 / np.sqrt(inputs))
    return found


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


@item("TransformerClassifier", public=True, weight=0.25, message="embed gives words and places as vectors.")
def test_embed(submission, expected):
    out, _ = unpack(model_with(submission, fixed_params()).embed(SENTENCES), "out", "cache")
    expected("embed", out, FORWARD)


@item(
    "TransformerClassifier",
    public=True,
    weight=0.75,
    message="multi_head_attention adds its input to what the heads find, and normalises the sum.",
)
def test_multi_head_attention(submission, expected):
    model = model_with(submission, fixed_params())
    out, _ = unpack(model.multi_head_attention(2 * wave(9, 3, 5, 4), MASK), "out", "cache")
    expected("attention_half", without_padding(out, MASK, (3, 5, 4)), FORWARD)


@item(
    "TransformerClassifier",
    public=True,
    weight=0.75,
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


@item("TransformerClassifier", public=True, weight=0.75, message="forward runs the four parts one after the other.")
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
    weight=0.25,
    needs="test_scores_of_random_sentences",
    message="Padding counts for nothing: a sentence has the same score alone and beside longer ones.",
)
def test_scores_with_more_padding(submission, rng):
    params, (words, _) = random_params(rng), random_sentences(rng)
    model = model_with(submission, params)
    scores = finite(scores_of(model, words), "scores")
    for sentence, score in zip(words, scores, strict=True):
        alone = scores_of(model, sentence[None, sentence != 0])
        assert_close(alone[0], float(score), NETWORK_FORWARD, "score of a sentence alone", floor=1e-3)


@item(
    "TransformerClassifier",
    weight=0.25,
    confirms="test_embed",
    message="embed gives any words at their places as vectors.",
)
def test_embed_of_random_words(submission, rng):
    params, (words, _) = random_params(rng), random_sentences(rng)
    out, _ = unpack(model_with(submission, params).embed(words), "out", "cache")
    wanted = embedding(words, params["W_word"], params["W_position"])
    assert_close(out, wanted, FORWARD, "embed(words)", relative_floor=NOISE_FLOOR)


@item(
    "TransformerClassifier",
    weight=0.75,
    confirms="test_multi_head_attention",
    message="The sum of input and attention is normalised, with gamma1 and beta1.",
)
def test_random_attention_half(submission, rng):
    params, x, mask = random_params(rng, heads=3), rng.normal(size=(4, 5, 4)), random_mask(rng, 4, 5)
    out, _ = unpack(model_with(submission, params).multi_head_attention(x, mask), "out", "cache")
    wanted = without_padding(attention_half(x, mask, params), mask, x.shape)
    given = without_padding(out, mask, x.shape)
    assert_close(given, wanted, FORWARD, "multi_head_attention(x, mask)", relative_floor=NOISE_FLOOR)


@item(
    "TransformerClassifier",
    weight=0.75,
    confirms="test_feedforward_layer",
    message="The second layer norm has a scale and a shift of its own: gamma2 and beta2, not those of the first.",
)
def test_random_feedforward_half(submission, rng):
    params, x = random_params(rng), rng.normal(size=(4, 5, 4))
    out, _ = unpack(model_with(submission, params).feedforward_layer(x), "out", "cache")
    assert_close(out, feedforward_half(x, params), FORWARD, "feedforward_layer(x)", relative_floor=NOISE_FLOOR)


@item(
    "TransformerClassifier",
    weight=0.5,
    confirms="test_final_layer",
    message="final_layer reads the first word's state alone, whatever the others are.",
)
def test_random_final_layer(submission, rng):
    params, x = random_params(rng), rng.normal(size=(4, 5, 4))
    scores, _ = unpack(model_with(submission, params).final_layer(x), "scores", "cache")
    wanted = np.array([np.dot(state, params["W_final"][:, 0]) for state in x[:, 0]]) + params["b_final"][0]
    assert_close(scores, wanted, FORWARD, "final_layer(x)", relative_floor=NOISE_FLOOR)


def check_scores(submission, params, words, padding=0):
    wanted = sentence_scores(words, padding, params)
    scores = scores_of(model_with(submission, params, padding), words)
    assert_close(scores, wanted, NETWORK_FORWARD, "scores", floor=1e-3)


@item(
    "TransformerClassifier",
    weight=1,
    confirms="test_scores",
    message="The scores must be right for sentences of any lengths.",
)
def test_scores_of_random_sentences(submission, rng):
    params, (words, _) = random_params(rng), random_sentences(rng)
    check_scores(submission, params, words)


@item(
    "TransformerClassifier",
    weight=0.25,
    needs="test_scores_of_random_sentences",
    message="A sentence may be a single word, and there may be a single head.",
)
def test_scores_of_one_word_and_one_head(submission, rng):
    check_scores(submission, random_params(rng, heads=1), np.array([[1]]))


@item(
    "TransformerClassifier",
    weight=0.25,
    needs="test_scores_of_random_sentences",
    message="Padding need not be word 0.",
)
def test_scores_with_another_padding(submission, rng):
    params, (words, _) = random_params(rng), random_sentences(rng, padding=4)
    check_scores(submission, params, words, padding=4)


@item("TransformerClassifier", weight=1, message="The loss is the mean of -log of the probability of the label.")
def test_loss_of_random_sentences(submission, rng):
    params, (words, labels) = random_params(rng), random_sentences(rng)
    loss, _ = loss_and_grads(model_with(submission, params), words, labels)
    assert_close(loss, logistic_loss(words, labels, 0, params), LOSS, "loss")


@item(
    "TransformerClassifier",
    weight=0.5,
    needs="test_loss_of_random_sentences",
    message="Scores may be large: log(1 + exp(s)) must not overflow, and no probability may become log(0).",
)
def test_loss_of_large_scores(submission, rng):
    params, (words, labels) = random_params(rng), random_sentences(rng, n=4)
    params["b_final"] = np.array([2000.0])
    scores = sentence_scores(words, 0, params)
    loss, grads = loss_and_grads(model_with(submission, params), words, labels)
    assert_close(loss, np.sum(scores[labels == 0]) / 4, LOSS, "loss of large scores")
    assert_close(grads["b_final"], np.array([np.mean(labels == 0)]), ANALYTIC_GRADIENT, 'grads["b_final"]')


def check_model_gradients(submission, rng, keys):
    """Gradients in some parameters of a model so large that nudging each of them takes minutes."""
    params = random_params(rng, words=400, d=48, heads=2, f=128, k=24, m=24, places=12)
    words, labels = random_sentences(rng, n=8, t=12, words=400)
    _, grads = loss_and_grads(model_with(submission, params), words, labels)
    for key in keys:

        def loss(value, key=key):
            return logistic_loss(words, labels, 0, {**params, key: value})

        check_large_gradient(grads[key], loss, params[key], rng, f'grads["{key}"]')


NUMERICAL_MODEL = "test_gradients_agree_with_numerical_ones"


@item(
    "TransformerClassifier",
    weight=0.75,
    confirms=NUMERICAL_MODEL,
    message="The gradients of W_final and b_final must be right.",
)
def test_gradients_of_the_final_layer(submission, rng):
    check_model_gradients(submission, rng, ("W_final", "b_final"))


@item(
    "TransformerClassifier",
    weight=1,
    confirms=NUMERICAL_MODEL,
    message="The gradients of the second half of the block must be right.",
)
def test_gradients_of_the_second_half(submission, rng):
    check_model_gradients(submission, rng, ("gamma2", "beta2", "W1", "b1", "W2", "b2"))


@item(
    "TransformerClassifier",
    weight=1,
    confirms=NUMERICAL_MODEL,
    message="The first half's gradients come back by the network and past it: two derivatives add up.",
)
def test_gradients_of_the_first_half(submission, rng):
    check_model_gradients(submission, rng, ("gamma1", "beta1", "Wq", "Wk", "Wv", "Wo", "bo"))


@item(
    "TransformerClassifier",
    weight=0.75,
    confirms=NUMERICAL_MODEL,
    message="The gradients of the embedding come back through attention and past it: two derivatives add up.",
)
def test_gradients_of_the_embedding(submission, rng):
    check_model_gradients(submission, rng, ("W_word", "W_position"))


@item(
    "TransformerClassifier",
    weight=0.25,
    needs="test_gradients_of_the_final_layer",
    message="grads has the keys of params, and no others.",
)
def test_gradients_have_the_keys_of_the_parameters(submission, rng):
    params, (words, labels) = random_params(rng), random_sentences(rng)
    _, grads = loss_and_grads(model_with(submission, params), words, labels)
    check_keys(grads, PARAMETERS, "grads")


@item(
    "TransformerClassifier",
    weight=0.25,
    needs=["test_loss_of_random_sentences", "test_gradients_of_the_second_half"],
    message="Asking for the loss changes neither parameters nor inputs, so asking twice gives the same.",
)
def test_loss_changes_nothing(submission, rng):
    params, (words, labels) = random_params(rng), random_sentences(rng)
    model = model_with(submission, params)
    check_repeatable(submission, model.loss, words, labels)
    for key in PARAMETERS:
        assert_close(model.params[key], params[key], 0, f'params["{key}"] after the call')


# classifier: a model of the student's own. What counts are its decisions.

# On the stand-in a count of words decides no better than a coin, on CoLA a little better.
MATTHEWS_WANTED = {"agreement": 0.6, "cola": 0.1}
MATTHEWS_ABOVE_CHANCE = {"agreement": 0.2, "cola": 0.03}


def decisions_of(submission, words):
    """The classifier's zeros and ones."""
    classifier = opaque(submission.classifier, "classifier", "a model with a method loss")
    parts = []
    for start in range(0, len(words), 200):
        chunk = words[start : start + 200]
        scores = classifier.loss(chunk)
        assert_shape(scores, (len(chunk), 2), "classifier.loss(words)")
        finite(scores, "classifier.loss(words)")
        parts.append(np.argmax(scores, axis=1))
    return np.concatenate(parts)


def correlation_of(submission, words, labels):
    """Matthews correlation of the classifier's decisions."""
    decided = decisions_of(submission, words)
    return 0.0 if decided.min() == decided.max() else float(correlation_by_pairs(decided, labels))


@item(
    "classifier",
    public=True,
    weight=2,
    message="The Matthews correlation on the validation sentences is too low: train longer, or another setting.",
)
def test_classifier_on_validation_sentences(submission, notebook_data):
    data = notebook_data("data")
    decided = decisions_of(submission, data["X_val"])
    correlation = submission.matthews_correlation(decided, data["y_val"])
    assert_at_least(correlation, MATTHEWS_WANTED[data["name"]], "Matthews correlation on validation sentences")


@item("classifier", weight=1, message="On new sentences the classifier should do better than counting words.")
def test_classifier_beats_a_bag_of_words_on_new_sentences(submission, data):
    words, labels, name = data("cola")
    correlation = correlation_of(submission, words, labels)
    assert_at_least(correlation, MATTHEWS_ABOVE_CHANCE[name], "Matthews correlation on new sentences")


@item(
    "classifier",
    weight=2,
    confirms="test_classifier_on_validation_sentences",
    message="On new sentences the classifier should do as well as on the validation ones.",
)
def test_classifier_on_new_sentences(submission, data):
    words, labels, name = data("cola")
    correlation = correlation_of(submission, words, labels)
    assert_at_least(correlation, MATTHEWS_WANTED[name], "Matthews correlation on new sentences")
