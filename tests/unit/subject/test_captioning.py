"""The captioning model with either cell."""

import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, rel_error
from nnkit.models.captioning import CaptioningRNN

WORDS = {"<NULL>": 0, "<START>": 1, "<END>": 2, "cat": 3, "dog": 4}
CAPTIONS = np.array([[1, 3, 3, 4, 2], [1, 4, 2, 0, 0]])
both_cells = pytest.mark.parametrize("cell", ["rnn", "lstm"])


def small_model(cell, seed=0, **options):
    """A model of parameters at random, and features of two images."""
    rng = np.random.default_rng(seed)
    model = CaptioningRNN(WORDS, input_dim=3, wordvec_dim=2, hidden_dim=3, cell_type=cell, dtype=np.float64, **options)
    for name, w in model.params.items():
        model.params[name] = rng.normal(size=w.shape)
    return model, rng.normal(size=(2, 3))


@pytest.mark.parametrize(
    ("cell", "low", "high", "wanted"),
    [
        ("rnn", -1.5, 0.3, 9.83235591003),
        ("lstm", -0.5, 1.7, 9.82445935443),
    ],
)
def test_the_loss_has_its_golden_value(cell, low, high, wanted):
    words = {"<NULL>": 0, "cat": 2, "dog": 3}
    model = CaptioningRNN(words, input_dim=20, wordvec_dim=30, hidden_dim=40, cell_type=cell, dtype=np.float64)
    for name, w in model.params.items():
        model.params[name] = np.linspace(-1.4, 1.3, num=w.size).reshape(w.shape)
    features = np.linspace(low, high, num=200).reshape(10, 20)
    loss, _ = model.loss(features, (np.arange(10 * 13) % 3).reshape(10, 13))
    assert loss == pytest.approx(wanted, abs=1e-10)


@both_cells
def test_gradients_are_slopes_of_the_loss(cell):
    model, features = small_model(cell)
    _, grads = model.loss(features, CAPTIONS)
    assert grads.keys() == model.params.keys()
    for name, w in model.params.items():
        numeric = eval_numerical_gradient(lambda _: model.loss(features, CAPTIONS)[0], w, verbose=False)
        assert rel_error(grads[name], numeric) < 5e-6


@both_cells
def test_padding_counts_for_nothing(cell):
    model, features = small_model(cell)
    loss, grads = model.loss(features, CAPTIONS)
    longer, longer_grads = model.loss(features, np.hstack([CAPTIONS, np.zeros((2, 3), dtype=int)]))
    assert longer == pytest.approx(loss, rel=1e-12)
    for name in grads:
        np.testing.assert_allclose(longer_grads[name], grads[name], atol=1e-12)


@both_cells
def test_a_fresh_model_finds_all_words_equally_likely(cell):
    np.random.seed(0)
    model = CaptioningRNN(WORDS, input_dim=6, hidden_dim=50, cell_type=cell)
    loss, _ = model.loss(np.random.randn(100, 6), np.tile(CAPTIONS[:1], (100, 1)))
    assert loss == pytest.approx(4 * np.log(len(WORDS)), rel=0.2)


@both_cells
def test_greedy_words_are_those_of_the_highest_scores_one_after_the_other(cell):
    model, features = small_model(cell)
    captions = model.sample(features, max_length=6)
    assert captions.shape == (2, 6)
    forced = np.column_stack([[1, 1], captions])
    for t in range(6):
        # Of all words in place t + 1 the one that was chosen makes the loss smallest.
        losses = []
        for word in range(1, len(WORDS)):
            tried = forced[:, : t + 2].copy()
            tried[:, -1] = word
            losses.append([model.loss(features[n : n + 1], tried[n : n + 1])[0] for n in range(2)])
        alternatives = np.argmin(losses, axis=0) + 1
        free = captions[:, t] != 0  # padding has no loss to compare
        np.testing.assert_array_equal(captions[free, t], alternatives[free])


@both_cells
def test_a_low_temperature_is_greedy_and_a_high_one_is_not(cell):
    model, features = small_model(cell)
    np.random.seed(0)
    greedy = model.sample(features, max_length=8)
    np.testing.assert_array_equal(model.sample(features, max_length=8), greedy)
    np.testing.assert_array_equal(model.sample(features, max_length=8, temperature=1e-6), greedy)
    drawn = model.sample(np.repeat(features[:1], 500, axis=0), max_length=1, temperature=100)
    assert np.bincount(drawn[:, 0], minlength=5) == pytest.approx(np.full(5, 100), abs=40)


def test_words_are_drawn_with_the_probabilities_of_the_softmax():
    np.random.seed(0)
    model, _ = small_model("rnn")
    scores = np.log(np.tile([[0.1, 0.2, 0.3, 0.4]], (4000, 1)))
    frequencies = np.bincount(model._choose(scores, 1), minlength=4) / 4000
    np.testing.assert_allclose(frequencies, [0.1, 0.2, 0.3, 0.4], atol=0.03)


def test_a_cell_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="cell_type is 'gru', expected 'rnn' or 'lstm'"):
        CaptioningRNN(WORDS, cell_type="gru")
