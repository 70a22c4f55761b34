"""What the graders of transformer_classifier have to let pass and to refuse, besides what holds for every notebook."""

from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader, complaints

from nnkit.encoder import temporal_layernorm_backward, temporal_layernorm_forward
from nnkit.layers import affine_backward, affine_forward, affine_relu_backward, affine_relu_forward
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission

# Numbers that are undefined are multiplied and compared here.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a4_sequences" / "test_transformer_classifier.py"
EXERCISES = (
    "embed_forward",
    "embed_backward",
    "attention_forward",
    "attention_backward",
    "multi_head_forward",
    "multi_head_backward",
    "feedforward_forward",
    "feedforward_backward",
    "matthews_correlation",
    "TransformerClassifier",
)
GIVEN = {
    "np": np,
    "affine_forward": affine_forward,
    "affine_backward": affine_backward,
    "affine_relu_forward": affine_relu_forward,
    "affine_relu_backward": affine_relu_backward,
    "temporal_layernorm_forward": temporal_layernorm_forward,
    "temporal_layernorm_backward": temporal_layernorm_backward,
}

ANOTHER_WAY = """
def embed_forward(words, W_word, W_position):
    N, T = words.shape
    out = np.zeros((N, T, W_word.shape[1]))
    for n in range(N):
        for t in range(T):
            out[n, t] = W_word[words[n, t]] + W_position[t]
    return out, {"words": words, "V": len(W_word), "L": len(W_position)}

def embed_backward(dout, cache):
    dW_word = np.zeros((cache["V"], dout.shape[2]))
    dW_position = np.zeros((cache["L"], dout.shape[2]))
    for n, t in np.ndindex(*cache["words"].shape):
        dW_word[cache["words"][n, t]] += dout[n, t]
        dW_position[t] += dout[n, t]
    return dW_word, dW_position

def attention_forward(q, k, v, mask):
    print("attention over", q.shape[1], "words")
    scores = np.einsum("ntk,nsk->nts", q, k) / np.sqrt(q.shape[-1])
    scores += -1e30 * (1 - mask[:, None, :])
    e = np.exp(scores - scores.max(-1)[..., None])
    weights = e / e.sum(-1)[..., None]
    # Padding doesn't look anywhere.
    weights = weights * mask[:, :, None]
    pass
    return np.einsum("nts,nsm->ntm", weights, v), [q, k, v, weights]

def attention_backward(dout, cache):
    q, k, v, weights = cache
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for n in range(len(q)):
        for t in range(q.shape[1]):
            w = weights[n, t]
            dv[n] += np.outer(w, dout[n, t])
            da = (np.diag(w) - np.outer(w, w)) @ (v[n] @ dout[n, t]) / np.sqrt(q.shape[2])
            dq[n, t] += da @ k[n]
            dk[n] += np.outer(da, q[n, t])
    return dq, dk, dv

def multi_head_forward(x, Wq, Wk, Wv, Wo, bo, mask):
    H, M = Wv.shape[0], Wv.shape[2]
    out = np.zeros_like(x) + bo
    stored = []
    for h in range(H):
        head, cache = attention_forward(x.dot(Wq[h]), x.dot(Wk[h]), x.dot(Wv[h]), mask)
        out = out + head.dot(Wo[h * M : (h + 1) * M])
        stored.append((head, cache))
    return out, (x, Wq, Wk, Wv, Wo, stored)

def multi_head_backward(dout, cache):
    x, Wq, Wk, Wv, Wo, stored = cache
    M = Wv.shape[2]
    dx = 0
    dWq, dWk, dWv, dWo = np.zeros_like(Wq), np.zeros_like(Wk), np.zeros_like(Wv), np.zeros_like(Wo)
    for h, (head, inner) in enumerate(stored):
        part = slice(h * M, h * M + M)
        dWo[part] = np.tensordot(head, dout, axes=((0, 1), (0, 1)))
        dq, dk, dv = attention_backward(dout.dot(Wo[part].T), inner)
        dWq[h] = np.tensordot(x, dq, axes=((0, 1), (0, 1)))
        dWk[h] = np.tensordot(x, dk, axes=((0, 1), (0, 1)))
        dWv[h] = np.tensordot(x, dv, axes=((0, 1), (0, 1)))
        dx = dx + dq.dot(Wq[h].T) + dk.dot(Wk[h].T) + dv.dot(Wv[h].T)
    return dx, dWq, dWk, dWv, dWo, dout.sum(0).sum(0)

def feedforward_forward(x, W1, b1, W2, b2):
    a = x.dot(W1) + b1
    return np.maximum(a, 0).dot(W2) + b2, (x, W1, W2, a)

def feedforward_backward(dout, cache):
    x, W1, W2, a = cache
    da = dout.dot(W2.T) * (a > 0)
    both = ((0, 1), (0, 1))
    dW1, dW2 = np.tensordot(x, da, axes=both), np.tensordot(np.maximum(a, 0), dout, axes=both)
    return da.dot(W1.T), dW1, da.sum((0, 1)), dW2, dout.sum((0, 1))

def matthews_correlation(predicted, labels):
    if len(set(predicted)) < 2 or len(set(labels)) < 2:
        return 0
    return np.corrcoef(predicted, labels)[0, 1]

class TransformerClassifier(object):
    def __init__(self, vocab_size, hidden_dim=128, num_heads=2, dim_feedforward=256, dim_k=96, dim_v=96,
                 max_length=43, padding=0, dtype=np.float32):
        self.padding = padding
        self.params = {}

    def embed(self, words):
        return embed_forward(words, self.params["W_word"], self.params["W_position"])

    def multi_head_attention(self, x, mask):
        p = self.params
        a, cache_a = multi_head_forward(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], p["bo"], mask)
        out, cache_n = temporal_layernorm_forward(a + x, p["gamma1"], p["beta1"])
        return out, {"a": cache_a, "n": cache_n}

    def feedforward_layer(self, x):
        p = self.params
        a, cache_a = feedforward_forward(x, p["W1"], p["b1"], p["W2"], p["b2"])
        out, cache_n = temporal_layernorm_forward(a + x, p["gamma2"], p["beta2"])
        return out, {"a": cache_a, "n": cache_n}

    def final_layer(self, x):
        return (x[:, 0, :].dot(self.params["W_final"]) + self.params["b_final"]).reshape(-1), x

    def forward(self, words):
        x, one = self.embed(words)
        x, two = self.multi_head_attention(x, words != self.padding)
        x, three = self.feedforward_layer(x)
        scores, four = self.final_layer(x)
        return scores, (one, two, three, four)

    def loss(self, words, labels=None):
        s, cache = self.forward(words)
        if labels is None:
            return np.array([0 * s, s]).T
        signed = np.where(labels > 0, s, -s)
        loss = np.mean(np.maximum(-signed, 0) + np.log1p(np.exp(-np.abs(signed))))
        slope = np.where(s > 0, 1 / (1 + np.exp(-np.abs(s))), np.exp(-np.abs(s)) / (1 + np.exp(-np.abs(s))))
        return loss, self.backward((slope - labels) / len(s), cache)

    def backward(self, ds, cache):
        one, two, three, x = cache
        g = {"W_final": x[:, 0].T @ ds[:, None], "b_final": np.array([ds.sum()])}
        dx = np.zeros_like(x)
        dx[:, 0] += np.outer(ds, self.params["W_final"])
        d, g["gamma2"], g["beta2"] = temporal_layernorm_backward(dx, three["n"])
        e, g["W1"], g["b1"], g["W2"], g["b2"] = feedforward_backward(d, three["a"])
        d, g["gamma1"], g["beta1"] = temporal_layernorm_backward(d + e, two["n"])
        e, g["Wq"], g["Wk"], g["Wv"], g["Wo"], g["bo"] = multi_head_backward(d, two["a"])
        g["W_word"], g["W_position"] = embed_backward(d + e, one)
        return g
"""


def submission(code=ANOTHER_WAY):
    namespace = dict(GIVEN)
    exec(code, namespace)
    return LocalSubmission(namespace)


def grade(submitted, *items):
    return run_graders(GRADER_FILE, InProcessGrader(submitted, set(items)))


def changed(old, new):
    assert ANOTHER_WAY.count(old) == 1
    return submission(ANOTHER_WAY.replace(old, new))


def test_a_right_solution_written_in_another_way_passes_every_test():
    results = grade(submission(), *EXERCISES)
    assert {result.item for result in results} == set(EXERCISES)
    assert complaints(results) == {}


def test_what_comes_out_at_the_padding_is_nobody_s_business():
    nonsense = changed("weights = weights * mask[:, :, None]", "weights = np.where(mask[:, :, None], weights, 7.0)")
    assert complaints(grade(nonsense, "attention_forward")) == {}


def test_outputs_that_are_not_numbers_are_the_student_s_error_and_not_the_grader_s():
    undefined = changed("return np.maximum(a, 0).dot(W2) + b2,", "return np.nan * a.dot(W2),")
    results = grade(undefined, "feedforward_forward", "TransformerClassifier")
    assert {result.verdict for result in results} <= {"passed", "failed"}
    assert {result.item for result in results if result.verdict == "failed"} == {
        "feedforward_forward",
        "TransformerClassifier",
    }


def test_reading_the_first_norm_s_parameters_twice_is_seen_in_its_half_and_in_the_scores_only():
    second, first = (f'forward(a + x, p["gamma{number}"], p["beta{number}"])' for number in (2, 1))
    twice = changed(second, first)
    lost = complaints(grade(twice, "TransformerClassifier"))
    assert {"test_feedforward_layer", "test_random_feedforward_half", "test_scores"} <= set(lost)
    assert not {"test_embed", "test_multi_head_attention", "test_final_layer", "test_random_attention_half"} & set(lost)


def test_gradients_that_are_no_dictionary_are_refused_by_name():
    lost = complaints(grade(changed("        return g\n", "        return [g]\n"), "TransformerClassifier"))
    assert "grads" in lost["test_gradients_agree_with_numerical_ones"]
    assert "test_scores" not in lost
