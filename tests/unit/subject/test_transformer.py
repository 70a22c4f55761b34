"""The transformer that judges sentences: its gradients, its padding, its parts, and that it learns."""

import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, rel_error
from nnkit.models.transformer import TransformerClassifier
from nnkit.optim import adam

WORDS = np.array([[1, 2, 3, 4, 2], [1, 5, 5, 0, 0], [1, 2, 0, 0, 0]])
LABELS = np.array([1, 0, 1])


@pytest.fixture
def model():
    np.random.seed(0)
    model = TransformerClassifier(6, hidden_dim=4, dim_feedforward=5, dim_k=3, dim_v=2, max_length=7, dtype=np.float64)
    rng = np.random.default_rng(1)
    for name, value in model.params.items():
        model.params[name] = value + 0.3 * rng.normal(size=value.shape)
    return model


def test_every_gradient_agrees_with_the_numerical_one(model):
    _, grads = model.loss(WORDS, LABELS)
    assert grads.keys() == model.params.keys()
    for name, value in model.params.items():
        numeric = eval_numerical_gradient(lambda _: model.loss(WORDS, LABELS)[0], value, verbose=False)
        assert rel_error(grads[name], numeric) < 1e-5, name


def test_a_sentence_has_the_same_score_alone_and_beside_longer_ones(model):
    scores, _ = model.forward(WORDS)
    alone = [model.forward(sentence[None, sentence != 0])[0][0] for sentence in WORDS]
    assert rel_error(scores, np.array(alone)) < 1e-12
    longer, _ = model.forward(np.hstack([WORDS, np.zeros((3, 2), dtype=int)]))
    assert np.array_equal(longer, scores)


def test_padding_may_be_any_word(model):
    scores, _ = model.forward(WORDS)
    model.padding = 4
    exchanged = np.array([4, 1, 2, 3, 0, 5])
    model.params["W_word"] = model.params["W_word"][exchanged]
    assert rel_error(model.forward(exchanged[WORDS])[0], scores) < 1e-12


def test_without_places_the_order_of_words_behind_the_first_does_not_matter(model):
    turned = WORDS[:1][:, [0, 4, 2, 1, 3]]
    assert abs(model.forward(WORDS[:1])[0] - model.forward(turned)[0]) > 1e-6
    model.params["W_position"][:] = 0
    assert rel_error(model.forward(WORDS[:1])[0], model.forward(turned)[0]) < 1e-12


def test_the_halves_of_the_block_are_normalised_each_by_a_layer_norm_of_its_own(model):
    x, mask = np.random.default_rng(2).normal(size=(3, 5, 4)), WORDS != 0
    for number, half in [(1, lambda: model.multi_head_attention(x, mask)), (2, lambda: model.feedforward_layer(x))]:
        model.params[f"gamma{number}"], model.params[f"beta{number}"] = np.zeros(4), np.full(4, float(number))
        assert np.all(half()[0] == number)


def test_a_layer_that_gives_nothing_leaves_its_input_but_for_the_norm(model):
    x, mask = np.random.default_rng(3).normal(size=(3, 5, 4)), WORDS != 0
    for name in ("Wo", "bo", "W2", "b2"):
        model.params[name] = np.zeros_like(model.params[name])
    for number in (1, 2):
        model.params[f"gamma{number}"], model.params[f"beta{number}"] = np.ones(4), np.zeros(4)
    normalised = (x - x.mean(axis=2, keepdims=True)) / np.sqrt(x.var(axis=2, keepdims=True) + 1e-5)
    assert rel_error(model.multi_head_attention(x, mask)[0], normalised) < 1e-9
    assert rel_error(model.feedforward_layer(x)[0], normalised) < 1e-9


def test_the_decision_is_the_higher_of_two_scores(model):
    both = model.loss(WORDS)
    assert both.shape == (3, 2)
    assert np.array_equal(both.argmax(axis=1), model.forward(WORDS)[0] > 0)


def test_the_loss_of_indecision_is_log_two_and_large_scores_do_not_overflow(model):
    model.params["W_final"][:], model.params["b_final"][:] = 0, 0
    assert model.loss(WORDS, LABELS)[0] == pytest.approx(np.log(2))
    model.params["b_final"][:] = 3000
    with np.errstate(over="raise", invalid="raise"):
        assert model.loss(WORDS, LABELS)[0] == pytest.approx(1000)


def test_float32_stays_float32():
    np.random.seed(4)
    model = TransformerClassifier(6, hidden_dim=8, dim_feedforward=5, dim_k=3, dim_v=2)
    _, grads = model.loss(WORDS, LABELS)
    dtypes = {value.dtype for value in (*model.params.values(), *grads.values(), model.loss(WORDS))}
    assert dtypes == {np.dtype(np.float32)}


def test_a_few_sentences_are_learnt_by_heart():
    np.random.seed(5)
    model = TransformerClassifier(30, hidden_dim=16, dim_feedforward=32, dim_k=8, dim_v=8, max_length=6)
    rng = np.random.default_rng(6)
    words, labels = rng.integers(1, 30, size=(20, 6)), np.arange(20) % 2
    configs = {name: {"learning_rate": 5e-3} for name in model.params}
    for _ in range(120):
        loss, grads = model.loss(words, labels)
        for name, gradient in grads.items():
            model.params[name], configs[name] = adam(model.params[name], gradient, configs[name])
    assert loss < 0.1
    assert np.array_equal(model.loss(words).argmax(axis=1), labels)
