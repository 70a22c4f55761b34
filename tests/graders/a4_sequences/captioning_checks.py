"""What hidden tests of rnn_captioning and lstm_captioning ask of captioning models, judged by formulas.

``cell`` is the model's cell_type, ``formula`` what its recurrent layer should compute.
"""

import numpy as np
from captioning_models import (
    GATES,
    PARAMETERS,
    VOCABULARY,
    check_keys,
    check_words,
    large_vocabulary,
    loss_and_grads,
    model_with,
    random_case,
    random_params,
    sampled,
    talkative_params,
)
from large_gradients import check_large_gradient
from repeated_calls import check_repeatable
from sequence_formulas import caption_loss, caption_slopes, greedy_captions

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    LOSS,
    NOISE_FLOOR,
    assert_below,
    assert_close,
    assert_equal,
    unpack,
)


def check_loss(submission, cell, formula, rng):
    params, features, captions = random_case(rng, GATES[cell])
    loss, _ = unpack(model_with(submission, params, cell).loss(features, captions), "loss", "grads")
    assert_close(loss, caption_loss(formula, 0, features, captions, **params), LOSS, "loss")


def check_model_gradients(submission, cell, formula, rng, keys):
    """Gradients in some parameters of a model so large that nudging each of them takes minutes."""
    sizes = {"words": 200, "features": 60, "wordvec": 30, "hidden": 60}
    params, features, captions = random_case(rng, GATES[cell], n=8, t=12, **sizes)
    _, grads = loss_and_grads(model_with(submission, params, cell, large_vocabulary(200)), features, captions)
    for key in keys:

        def loss(value, key=key):
            return caption_loss(formula, 0, features, captions, **{**params, key: value})

        check_large_gradient(grads[key], loss, params[key], rng, f'grads["{key}"]')


def check_gradient_keys(submission, cell, rng):
    params, features, captions = random_case(rng, GATES[cell])
    _, grads = loss_and_grads(model_with(submission, params, cell), features, captions)
    check_keys(grads, PARAMETERS, "grads")


def check_another_padding(submission, cell, formula, rng):
    """Loss and gradients of a vocabulary in which <NULL> is not word 0."""
    words = {"cat": 0, "<START>": 1, "<END>": 2, "<NULL>": 3, "dog": 4, "and": 5}
    captions = np.array([[1, 0, 4, 2], [1, 0, 2, 3], [1, 2, 3, 3]])
    params, features = random_params(rng, GATES[cell]), rng.normal(size=(3, 7))
    loss, grads = loss_and_grads(model_with(submission, params, cell, words), features, captions)
    assert_close(loss, caption_loss(formula, 3, features, captions, **params), LOSS, "loss")
    wanted = caption_slopes(formula, 3, features, captions, params, "b_vocab")
    assert_close(grads["b_vocab"], wanted, ANALYTIC_GRADIENT, 'grads["b_vocab"]', relative_floor=NOISE_FLOOR)


def check_loss_changes_nothing(submission, cell, rng):
    params, features, captions = random_case(rng, GATES[cell])
    model = model_with(submission, params, cell)
    check_repeatable(submission, model.loss, features, captions)
    for key in PARAMETERS:
        assert_close(model.params[key], params[key], 0, f'params["{key}"] after the call')


def check_sampling(submission, cell, formula, rng, images, max_length):
    for _ in range(4):  # in a single model a mistake may come to the same words
        params, features = talkative_params(rng, GATES[cell]), rng.normal(size=(images, 7))
        wanted = greedy_captions(formula, VOCABULARY["<START>"], features, max_length, params)
        check_words(sampled(model_with(submission, params, cell), features, max_length), wanted)


def check_greedy_sampling(submission, cell, formula, rng):
    """Probabilities so close to each other that drawn words would differ from call to call."""
    params = {key: value / 10 for key, value in random_params(rng, GATES[cell]).items()}
    model, features = model_with(submission, params, cell), rng.normal(size=(5, 7))
    first = sampled(model, features, 4)
    assert_equal(sampled(model, features, 4), first, "sample(features) of a second call")
    check_words(first, greedy_captions(formula, VOCABULARY["<START>"], features, 4, params))


def check_temperature(submission, cell, rng):
    """How often each word is drawn first, if the scores of all images are the same."""
    images, temperature = 4000, 0.5
    params = random_params(rng, GATES[cell])
    params["W_vocab"] = np.zeros_like(params["W_vocab"])
    params["b_vocab"] = rng.permutation(np.linspace(-0.6, 0.6, len(VOCABULARY)))
    features = rng.normal(size=(images, 7))
    first_words = sampled(model_with(submission, params, cell), features, 2, temperature=temperature)[:, 0]
    shares = np.exp(params["b_vocab"] / temperature)
    shares /= shares.sum()
    for word, share in enumerate(shares):
        # Six standard deviations: a right solution is outside of them once in 500 million times.
        allowed = 6 * np.sqrt(share * (1 - share) / images)
        drawn = float(np.mean(first_words == word))
        assert_below(abs(drawn - share), allowed, f"difference from the probability of word {word}, drawn {drawn:.3f}")
