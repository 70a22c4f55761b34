"""What the graders of lstm_captioning have to let pass, and what to refuse, besides what holds for every notebook."""

from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader, complaints

from nnkit.layers import affine_backward, affine_forward
from nnkit.one_hot_embedding import word_embedding_backward, word_embedding_forward
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.temporal import temporal_affine_backward, temporal_affine_forward, temporal_softmax_loss

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a4_sequences" / "test_lstm_captioning.py"
EXERCISES = ("lstm_step_forward", "lstm_step_backward", "lstm_forward", "lstm_backward", "CaptioningRNN")
GIVEN = {
    "np": np,
    "affine_forward": affine_forward,
    "affine_backward": affine_backward,
    "word_embedding_forward": word_embedding_forward,
    "word_embedding_backward": word_embedding_backward,
    "temporal_affine_forward": temporal_affine_forward,
    "temporal_affine_backward": temporal_affine_backward,
    "temporal_softmax_loss": temporal_softmax_loss,
}

ANOTHER_WAY = """
def logistic(z):
    return np.tanh(z / 2) / 2 + 0.5

def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    N, H = prev_h.shape
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    gates = logistic(a[:, : 3 * H])
    i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
    g = np.tanh(a[:, -H:])
    next_c = np.multiply(f, prev_c)
    next_c = next_c + np.multiply(i, g)
    next_h = np.tanh(next_c) * o
    return next_h, next_c, dict(inputs=(x, prev_h, prev_c, Wx, Wh), gates=gates, g=g, c=next_c)

def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh = cache["inputs"]
    gates, g, c = cache["gates"], cache["g"], cache["c"]
    H = g.shape[1]
    i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
    dc = dnext_h * o / np.cosh(c) ** 2
    dc = dc + dnext_c
    da = np.empty((len(x), 4 * H))
    da[:, : 3 * H] = np.hstack([dc * g, dc * prev_c, dnext_h * np.tanh(c)]) * gates * (1 - gates)
    da[:, 3 * H :] = dc * i - dc * i * g * g
    return da.dot(Wx.T), da.dot(Wh.T), dc * f, x.T.dot(da), prev_h.T.dot(da), np.sum(da, 0)

def lstm_forward(x, h0, Wx, Wh, b):
    h, c, caches, all_h = h0, 0 * h0, [], []
    for t in range(x.shape[1]):
        h, c, cache = lstm_step_forward(x[:, t, :], h, c, Wx, Wh, b)
        caches += [cache]
        all_h += [h]
    return np.stack(all_h, 1), caches

def lstm_backward(dh, cache):
    N, T, H = dh.shape
    dnext_h, dnext_c, dxs, totals = np.zeros((N, H)), np.zeros((N, H)), [None] * T, [0, 0, 0]
    for t in range(T - 1, -1, -1):
        dxs[t], dnext_h, dnext_c, *weights = lstm_step_backward(dnext_h + dh[:, t, :], dnext_c, cache[t])
        totals = [total + weight for total, weight in zip(totals, weights)]
    return (np.stack(dxs, 1), dnext_h, *totals)

class CaptioningRNN(object):
    def __init__(self, word_to_idx, input_dim=512, wordvec_dim=128, hidden_dim=128, cell_type="rnn", dtype=np.float32):
        self.params = {}
        self._null = word_to_idx["<NULL>"]
        self._start = word_to_idx.get("<START>", None)
        self.cell_type = cell_type

    def loss(self, features, captions):
        p, grads = self.params, {}
        h0, cache_0 = affine_forward(features, p["W_proj"], p["b_proj"])
        x, cache_x = word_embedding_forward(captions[:, :-1], p["W_embed"])
        h, cache_h = lstm_forward(x, h0, p["Wx"], p["Wh"], p["b"])
        scores, cache_s = temporal_affine_forward(h, p["W_vocab"], p["b_vocab"])
        words = captions[:, 1:]
        loss, dscores = temporal_softmax_loss(scores, words, words != self._null)
        dh, grads["W_vocab"], grads["b_vocab"] = temporal_affine_backward(dscores, cache_s)
        dx, dh0, grads["Wx"], grads["Wh"], grads["b"] = lstm_backward(dh, cache_h)
        grads["W_embed"] = word_embedding_backward(dx, cache_x)
        _, grads["W_proj"], grads["b_proj"] = affine_backward(dh0, cache_0)
        return loss, grads

    def sample(self, features, max_length=30, temperature=0):
        p = self.params
        h = features.dot(p["W_proj"]) + p["b_proj"]
        c = np.zeros(h.shape)
        columns = [np.repeat(self._start, len(features))]
        while len(columns) <= max_length:
            h, c, _ = lstm_step_forward(p["W_embed"][columns[-1]], h, c, p["Wx"], p["Wh"], p["b"])
            scores = h.dot(p["W_vocab"]) + p["b_vocab"]
            if temperature > 0:
                scores = scores / temperature - np.log(-np.log(np.random.rand(*scores.shape)))
            columns.append(np.argmax(scores, axis=1))
        return np.stack(columns[1:], axis=1)
"""


def grade(submitted, *items, **data):
    return run_graders(GRADER_FILE, InProcessGrader(submitted, set(items), **data))


def test_a_right_solution_written_in_another_way_passes_every_test():
    namespace = dict(GIVEN)
    exec(ANOTHER_WAY, namespace)
    results = grade(LocalSubmission(namespace), *EXERCISES)
    assert {result.item for result in results} == set(EXERCISES)
    assert complaints(results) == {}


IDX_TO_WORD = ["<NULL>", "<START>", "<END>", "<UNK>", *(f"word{number}" for number in range(40))]


def images(seed, count=200):
    """Images whose features are the words of their captions, four each."""
    words = np.random.default_rng(seed).integers(4, len(IDX_TO_WORD), size=(count, 4))
    return words.astype(float), words


class Reader:
    """Reads a share of the words off the features; beyond them it says the same of every image."""

    def __init__(self, right):
        self.right = right

    def sample(self, features, max_length=30):
        captions = np.full((len(features), max_length), 2)
        captions[:, :4] = features
        captions[:, round(4 * self.right) : 4] = 3
        return captions


def captioner_results(**left_behind):
    features, words = images(seed=1)
    padded = np.hstack([np.full((200, 1), 1), words, np.full((200, 1), 2)])
    data = {
        "val_features": features,
        "val_image_idxs": np.arange(200),
        "val_captions": padded,
        "idx_to_word": IDX_TO_WORD,
    }

    def notebook_data(name):
        assert name == "data"
        return data

    def held_back(name):
        assert name == "coco_captions"
        new_features, new_words = images(seed=2)
        return new_features, [" ".join(IDX_TO_WORD[word] for word in row) for row in new_words], IDX_TO_WORD

    return grade(LocalSubmission(left_behind), "captioner", held_back=held_back, notebook_data=notebook_data)


def test_a_good_captioner_passes_every_test():
    assert complaints(captioner_results(captioner=Reader(right=1))) == {}


def test_a_captioner_just_short_of_the_mark_earns_a_part():
    lost = complaints(captioner_results(captioner=Reader(right=0.25)))
    assert set(lost) == {
        "test_captioner_on_validation_captions",
        "test_captioner_beats_a_blind_one_on_new_images",
        "test_captioner_on_new_images",
    }
    assert "0.25" in lost["test_captioner_on_validation_captions"]


def test_one_text_for_all_images_earns_nothing():
    assert len(complaints(captioner_results(captioner=Reader(right=0)))) == 4


@pytest.mark.parametrize("captioner", [None, 0.4, "a red ring", np.ones((4, 16), dtype=int)])
def test_something_that_is_no_captioner_earns_nothing(captioner):
    assert {result.verdict for result in captioner_results(captioner=captioner)} == {"failed"}


@pytest.mark.parametrize("words", ["captions + 0.5", "captions + 1000", "captions - 100", "captions[:, :3]", "'text'"])
def test_captions_that_are_no_words_of_the_vocabulary_earn_nothing(words):
    class Wrong(Reader):
        def sample(self, features, max_length=30):
            return eval(words, {"captions": super().sample(features, max_length)})

    assert {result.verdict for result in captioner_results(captioner=Wrong(right=1))} == {"failed"}


def test_validation_data_of_the_submission_count_for_nothing():
    forged = {"val_features": np.full((9, 4), 3.0), "val_image_idxs": np.arange(9), "idx_to_word": IDX_TO_WORD}
    forged["val_captions"] = np.full((9, 6), 3)
    lost = complaints(captioner_results(captioner=Reader(right=0), data=forged))
    assert "test_captioner_on_validation_captions" in lost


def test_a_missing_captioner_is_the_students_error():
    assert {result.verdict for result in captioner_results()} == {"student_error"}
