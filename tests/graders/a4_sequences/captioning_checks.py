"""What hidden tests of rnn_captioning and lstm_captioning ask of captioning models, judged by formulas.

``cell`` is the model's cell_type, ``formula`` what its recurrent layer should compute.
"""

from captioning_models import (
    GATES,
    PARAMETERS,
    VOCABULARY,
    check_words,
    loss_and_grads,
    model_with,
    random_case,
    random_params,
    sampled,
    talkative_params,
)
from sequence_formulas import caption_loss, caption_slopes, greedy_captions

from nnkit.student.testing import (
    ANALYTIC_GRADIENT,
    LOSS,
    NOISE_FLOOR,
    assert_close,
    assert_equal,
    assert_inputs_unchanged,
    unpack,
)


def check_loss(submission, cell, formula, rng):
    params, features, captions = random_case(rng, GATES[cell])
    loss, _ = unpack(model_with(submission, params, cell).loss(features, captions), "loss", "grads")
    assert_close(loss, caption_loss(formula, 0, features, captions, **params), LOSS, "loss")


def check_model_gradients(submission, cell, formula, rng, keys):
    params, features, captions = random_case(rng, GATES[cell])
    _, grads = loss_and_grads(model_with(submission, params, cell), features, captions)
    for key in keys:
        wanted = caption_slopes(formula, 0, features, captions, params, key)
        assert_close(grads[key], wanted, ANALYTIC_GRADIENT, f'grads["{key}"]', relative_floor=NOISE_FLOOR)


def check_loss_changes_nothing(submission, cell, formula, rng):
    params, features, captions = random_case(rng, GATES[cell])
    model = model_with(submission, params, cell)
    submission.clear_mutations()
    loss_and_grads(model, features, captions)
    for key in PARAMETERS:
        assert_close(model.params[key], params[key], 0, f'params["{key}"] after the call')
    again, _ = unpack(model.loss(features, captions), "loss", "grads")
    assert_close(again, caption_loss(formula, 0, features, captions, **params), LOSS, "loss of a second call")
    assert_inputs_unchanged(submission)


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
