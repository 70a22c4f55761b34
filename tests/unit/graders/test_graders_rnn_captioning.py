"""What the graders of rnn_captioning have to let pass, and what to refuse, besides what holds for every notebook."""

from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader, complaints

from nnkit.layers import affine_backward, affine_forward
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.temporal import temporal_affine_backward, temporal_affine_forward, temporal_softmax_loss

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a4_sequences" / "test_rnn_captioning.py"
EXERCISES = (
    "rnn_step_forward",
    "rnn_step_backward",
    "rnn_forward",
    "rnn_backward",
    "word_embedding_forward",
    "word_embedding_backward",
    "CaptioningRNN",
)
GIVEN = {
    "np": np,
    "affine_forward": affine_forward,
    "affine_backward": affine_backward,
    "temporal_affine_forward": temporal_affine_forward,
    "temporal_affine_backward": temporal_affine_backward,
    "temporal_softmax_loss": temporal_softmax_loss,
}

ANOTHER_WAY = """
def rnn_step_forward(x, prev_h, Wx, Wh, b):
    print("one step of", len(x))
    a = np.dot(prev_h, Wh) + np.dot(x, Wx)
    a = a + b.reshape(1, -1)
    e = np.exp(-2 * a)
    next_h = (1 - e) / (1 + e)
    pass
    return next_h, {"x": x.copy(), "h": prev_h.copy(), "Wx": Wx, "Wh": Wh, "a": a}

def rnn_step_backward(dnext_h, cache):
    da = dnext_h / np.cosh(cache["a"]) ** 2
    dWx, dWh, db = np.zeros_like(cache["Wx"]), np.zeros_like(cache["Wh"]), np.zeros(da.shape[1], da.dtype)
    for n in range(len(da)):
        dWx += np.outer(cache["x"][n], da[n])
        dWh += np.outer(cache["h"][n], da[n])
        db += da[n]
    return np.einsum("nh,dh->nd", da, cache["Wx"]), np.einsum("nh,kh->nk", da, cache["Wh"]), dWx, dWh, db

def rnn_forward(x, h0, Wx, Wh, b):
    hs, caches = [h0], {}
    for t, inputs in enumerate(x.transpose(1, 0, 2)):
        h, caches[t] = rnn_step_forward(inputs, hs[-1], Wx, Wh, b)
        hs.append(h)
    return np.array(hs[1:]).transpose(1, 0, 2), (caches, x.shape)

def rnn_backward(dh, cache):
    caches, shape = cache
    dx = np.zeros(shape)
    dnext = 0
    sums = None
    t = shape[1] - 1
    while t >= 0:
        dx[:, t, :], dnext, *weights = rnn_step_backward(dh[:, t, :] + dnext, caches[t])
        sums = weights if sums is None else [one + other for one, other in zip(sums, weights)]
        t -= 1
    return (dx, dnext, *sums)

def word_embedding_forward(x, W):
    out = np.zeros(x.shape + W.shape[1:])
    for n in range(x.shape[0]):
        for t in range(x.shape[1]):
            out[n, t] = W[x[n, t]]
    return out, [x, len(W)]

def word_embedding_backward(dout, cache):
    x, V = cache
    dW = np.zeros((V, dout.shape[-1]))
    for n, t in np.ndindex(*x.shape):
        dW[x[n, t]] += dout[n, t]
    return dW

class CaptioningRNN(object):
    def __init__(self, word_to_idx, input_dim=512, wordvec_dim=128, hidden_dim=128, cell_type="rnn", dtype=np.float32):
        self.word_to_idx = word_to_idx
        self.idx_to_word = {i: w for w, i in word_to_idx.items()}
        self.params = {}
        self._null = word_to_idx["<NULL>"]
        self._start = word_to_idx.get("<START>", None)
        self._end = word_to_idx.get("<END>", None)

    def loss(self, features, captions):
        p, grads = self.params, {}
        N, T = captions.shape
        h0 = features.dot(p["W_proj"]) + p["b_proj"]
        x, cache_x = word_embedding_forward(captions[:, :-1], p["W_embed"])
        h, cache_h = rnn_forward(x, h0, p["Wx"], p["Wh"], p["b"])
        scores, cache_s = temporal_affine_forward(h, p["W_vocab"], p["b_vocab"])
        loss, dscores = temporal_softmax_loss(scores, captions[:, 1:], captions[:, 1:] != self._null, verbose=False)
        dh, grads["W_vocab"], grads["b_vocab"] = temporal_affine_backward(dscores, cache_s)
        dx, dh0, grads["Wx"], grads["Wh"], grads["b"] = rnn_backward(dh, cache_h)
        grads["W_embed"] = word_embedding_backward(dx, cache_x)
        grads["W_proj"], grads["b_proj"] = features.T.dot(dh0), np.sum(dh0, axis=0)
        return loss, grads

    def sample(self, features, max_length=30, temperature=0):
        N, p = features.shape[0], self.params
        captions = self._null * np.ones((N, max_length), dtype=np.int32)
        for n in range(N):
            word = self._start
            h = features[n : n + 1].dot(p["W_proj"]) + p["b_proj"]
            for t in range(max_length):
                h, _ = rnn_step_forward(p["W_embed"][[word]], h, p["Wx"], p["Wh"], p["b"])
                scores = (h.dot(p["W_vocab"]) + p["b_vocab"])[0]
                word = int(np.argmax(scores))
                if temperature:
                    shares = np.exp((scores - scores.max()) / temperature)
                    word = np.random.choice(len(scores), p=shares / shares.sum())
                captions[n, t] = word
                if word == self._end:
                    break
        return captions
"""


def submission(code=ANOTHER_WAY):
    namespace = dict(GIVEN)
    exec(code, namespace)
    return LocalSubmission(namespace)


def grade(submitted, *items):
    return run_graders(GRADER_FILE, InProcessGrader(submitted, set(items)))


def test_a_right_solution_written_in_another_way_passes_every_test():
    results = grade(submission(), *EXERCISES)
    assert {result.item for result in results} == set(EXERCISES)
    assert complaints(results) == {}


def test_captions_may_go_on_behind_their_end_or_stop_there():
    unstopped = ANOTHER_WAY.replace("if word == self._end:", "if False:")
    assert unstopped != ANOTHER_WAY
    assert complaints(grade(submission(unstopped), "CaptioningRNN")) == {}


CONSTANT_CAPTIONS = """
    def sample(self, features, max_length=30, temperature=0):
        return np.full((len(features), max_length), self._end)
"""


def test_ending_at_once_is_no_way_round_sampling():
    ending = ANOTHER_WAY[: ANOTHER_WAY.index("    def sample")] + CONSTANT_CAPTIONS
    lost = complaints(grade(submission(ending), "CaptioningRNN"))
    assert {"test_sampled_words", "test_sampling_for_random_images", "test_sampling_for_one_image"} <= set(lost)
    assert not any("loss" in name or "gradient" in name for name in lost)


@pytest.mark.parametrize("values", ["captions * 1.0", "[list(row) for row in captions]", "captions[:, :-1]"])
def test_captions_that_are_no_whole_numbers_of_the_right_shape_earn_nothing_for_sampling(values):
    code = ANOTHER_WAY.replace("return captions\n", f"return {values}\n")
    lost = complaints(grade(submission(code), "CaptioningRNN"))
    assert {name for name in lost if "sampl" in name} == {
        "test_sampled_words",
        "test_sampling_for_random_images",
        "test_sampling_a_single_word",
        "test_sampling_for_one_image",
        "test_sampling_is_greedy",
        "test_sampling_at_a_temperature",
    }


def test_gradients_that_are_no_dictionary_are_refused_by_name():
    code = ANOTHER_WAY.replace("return loss, grads", "return loss, [grads]")
    lost = complaints(grade(submission(code), "CaptioningRNN"))
    assert "grads" in lost["test_gradients_agree_with_numerical_ones"]
    assert "test_loss" not in lost
