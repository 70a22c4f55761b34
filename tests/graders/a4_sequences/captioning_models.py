"""Captioning models of a submission, for the graders of rnn_captioning and lstm_captioning."""

import numpy as np

from nnkit.student.testing import (
    LOSS,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
    Call,
    CheckFailure,
    arrays_named,
    assert_close,
    assert_equal,
    assert_shape,
    numerical_gradient_of_parameter,
    opaque,
    spaced,
    unpack,
    wave,
)

# In float32 an entry that nearly cancels has few digits: below a tenth of the largest, errors count as absolute.
FLOAT32_FLOOR = 0.1

PARAMETERS = ("W_proj", "b_proj", "W_embed", "Wx", "Wh", "b", "W_vocab", "b_vocab")
VOCABULARY = {"<NULL>": 0, "<START>": 1, "<END>": 2, "cat": 3, "dog": 4, "and": 5}
GATES = {"rnn": 1, "lstm": 4}
CAPTIONS = np.array([[1, 3, 5, 4, 2], [1, 4, 4, 2, 0], [1, 3, 2, 0, 0]])


def model_with(submission, params, cell_type, words=VOCABULARY):
    """A model of the student's, with these parameters in it."""
    model = opaque(
        submission.CaptioningRNN(
            dict(words),
            input_dim=params["W_proj"].shape[0],
            wordvec_dim=params["W_embed"].shape[1],
            hidden_dim=params["W_proj"].shape[1],
            cell_type=cell_type,
            dtype="float64",
        ),
        "CaptioningRNN(...)",
        "a model",
    )
    own = opaque(model.params, "params", "a dictionary of arrays")
    for key in PARAMETERS:
        own[key] = params[key]
    return model


def shapes(gates, words=6, features=7, wordvec=5, hidden=4):
    """The shape of every parameter; `gates` is 1 for the simple cell and 4 for the LSTM."""
    return {
        "W_proj": (features, hidden),
        "b_proj": (hidden,),
        "W_embed": (words, wordvec),
        "Wx": (wordvec, gates * hidden),
        "Wh": (hidden, gates * hidden),
        "b": (gates * hidden,),
        "W_vocab": (hidden, words),
        "b_vocab": (words,),
    }


def fixed_params(gates, **sizes):
    """Parameters without a pattern, of about the size of trained ones."""
    return {key: wave(place, *shape) for place, (key, shape) in enumerate(shapes(gates, **sizes).items(), start=1)}


def random_params(rng, gates, **sizes):
    """Parameters at random, small enough that no tanh saturates: there 1 - tanh**2 would keep few digits."""
    found = {}
    for key, shape in shapes(gates, **sizes).items():
        inputs = shape[0] if key in ("W_proj", "Wx", "Wh", "W_vocab") else 1
        found[key] = rng.normal(size=shape) * min(0.5, 1.4 / np.sqrt(inputs))
    return found


def talkative_params(rng, gates):
    """Parameters of a model whose words depend on image, words and states before, and whose captions end late."""
    params = {key: 2 * value for key, value in random_params(rng, gates).items()}
    params["W_vocab"] *= 4
    params["b_vocab"] = np.zeros(len(VOCABULARY))
    params["b_vocab"][VOCABULARY["<END>"]] = -6
    if gates == 4:
        params["Wh"] /= 2
        params["b"] += np.repeat([0, 2, 1, 0], params["b"].size // 4)  # what is in the cell stays, and is shown
    return params


def random_case(rng, gates, n=4, t=6, **sizes):
    """Parameters, features, and captions of unequal lengths."""
    params = random_params(rng, gates, **sizes)
    captions = rng.integers(3, len(params["W_embed"]), size=(n, t))
    captions[:, 0] = VOCABULARY["<START>"]
    for caption, end in zip(captions, rng.integers(2, t, size=n), strict=True):
        caption[end:] = VOCABULARY["<NULL>"]
        caption[end] = VOCABULARY["<END>"]
    return params, rng.normal(size=(n, len(params["W_proj"]))), captions


def large_vocabulary(words):
    """The special words, and others without a name."""
    return VOCABULARY | {f"word {number}": number for number in range(len(VOCABULARY), words)}


def golden_model(submission, cell_type, gates):
    """The model of the course's golden values: every parameter evenly spaced over its own shape."""
    sizes = shapes(gates, words=3, features=20, wordvec=30, hidden=40)
    params = {key: spaced(-1.4, 1.3, *shape) for key, shape in sizes.items()}
    return model_with(submission, params, cell_type, {"<NULL>": 0, "cat": 2, "dog": 3})


GOLDEN_CAPTIONS = (np.arange(10 * 13) % 3).reshape(10, 13)


def loss_and_grads(model, features, captions):
    """Loss and gradients, with an entry for every parameter."""
    loss, grads = unpack(model.loss(features, captions), "loss", "grads")
    return loss, arrays_named(grads, PARAMETERS, "grads")


def check_keys(dictionary, names, name):
    """A dictionary of the student's has these entries and no others."""
    others = sorted({str(key) for key in dictionary} - set(names))
    if others:
        raise CheckFailure(f"{name} has an entry {others[0]!r} that is not among {', '.join(names)}")


def check_numerical_gradients(submission, model, features, captions, keys=PARAMETERS):
    """Every gradient against central differences of the student's own loss."""
    _, grads = loss_and_grads(model, features, captions)
    for key in keys:
        numeric = numerical_gradient_of_parameter(
            submission, Call(model.loss, (features, captions)), model.params, key, pick=0
        )
        assert_close(grads[key], numeric, NETWORK_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


def check_padding(model):
    """More padding behind the captions leaves their loss as it is."""
    padded = np.hstack([CAPTIONS, np.zeros((3, 4), dtype=int)])
    loss, _ = unpack(model.loss(wave(9, 3, 7), CAPTIONS), "loss", "grads")
    assert_shape(loss, (), "loss")
    longer, _ = unpack(model.loss(wave(9, 3, 7), padded), "loss", "grads")
    assert_close(longer, float(loss), LOSS, "loss with more padding")


def up_to_end(captions, end):
    """Captions in which everything behind the first <END> is -1: it means nothing."""
    ended = np.cumsum(captions == end, axis=1) - (captions == end) > 0
    return np.where(ended, -1, captions)


def sampled(model, features, max_length, **settings):
    """Captions that a model writes, as whole numbers (N, max_length), up to their <END>."""
    captions = model.sample(features, max_length=max_length, **settings)
    assert_shape(captions, (len(features), max_length), "sample(features)")
    if captions.dtype.kind not in "iu":
        raise CheckFailure(f"sample(features) has dtype {captions.dtype}, expected whole numbers")
    return up_to_end(captions, VOCABULARY["<END>"])


def check_words(captions, wanted):
    assert_equal(captions, up_to_end(wanted, VOCABULARY["<END>"]), "sample(features)")
