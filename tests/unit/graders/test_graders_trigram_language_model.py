"""What the graders of trigram_language_model have to let pass and to refuse, besides what holds for every notebook."""

from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader, complaints

from nnkit.models.trigram import TrialModel, TrigramModel, evaluate, unigram_cross_entropy
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a5_learning_from_hdf5" / "test_trigram_language_model.py"
EXERCISES = (
    "embedding_forward",
    "embedding_backward",
    "sigmoid_forward",
    "sigmoid_backward",
    "softmax",
    "cross_entropy",
    "TrigramModel",
    "unigram_cross_entropy",
    "train_epoch",
    "EarlyStopping",
    "top_words",
)
SIZES = ((8, 64), (16, 128), (32, 256))


def predictable(seed, n):
    """Trigrams whose fourth word is their first one."""
    x = np.random.default_rng(seed).integers(1, 251, size=(n, 3))
    return x, x[:, 0]


def notebook_data(name):
    assert name == "data"
    x, d = predictable(1, 400)
    return {"x_val": x, "d_val": d, "d_train": d}


def grade(namespace, items):
    grader = InProcessGrader(
        LocalSubmission(namespace),
        set(items),
        held_back=lambda name: predictable(3, 300),
        notebook_data=notebook_data,
    )
    return run_graders(GRADER_FILE, grader)


LOOPS = """
import copy

def embedding_forward(x, W):
    out = np.zeros((x.shape[0], 3 * W.shape[1]), dtype=W.dtype)
    for n in range(x.shape[0]):
        out[n] = np.concatenate([W[x[n, 0] - 1], W[x[n, 1] - 1], W[x[n, 2] - 1]])
    return out, (x, W)

def embedding_backward(dout, cache):
    x, W = cache
    D = W.shape[1]
    dW = np.zeros_like(W)
    for n, row in enumerate(x):
        for place, word in enumerate(row):
            dW[word - 1] += dout[n, place * D : (place + 1) * D]
    return dW

def sigmoid_forward(x):
    out = np.zeros_like(x)
    up = x >= 0
    out[up] = 1 / (1 + np.exp(-x[up]))
    out[~up] = np.exp(x[~up]) / (1 + np.exp(x[~up]))
    print("sigmoid", x.shape)
    return out, out

def sigmoid_backward(dout, cache):
    return (cache - cache ** 2) * dout

def softmax(scores):
    rows = []
    for row in scores:
        e = np.exp(row - np.max(row))
        rows.append(e / np.sum(e))
    return np.array(rows)

def cross_entropy(scores, d):
    N, V = scores.shape
    target = np.zeros((N, V))
    for n in range(N):
        target[n, d[n] - 1] = 1
    top = np.max(scores, axis=1).reshape(N, 1)
    logs = scores - top - np.log(np.sum(np.exp(scores - top), axis=1)).reshape(N, 1)
    return -np.sum(target * logs) / N, ((np.exp(logs) - target) / N).astype(scores.dtype)

class TrigramModel:
    def __init__(self, num_words=250, wordvec_dim=16, hidden_dim=128, weight_scale=0.01, dtype=np.float32, seed=None):
        np.random.seed(seed)
        def draw(*shape):
            return (np.random.randn(*shape) * weight_scale).astype(dtype)
        self.params = dict(
            b2=np.zeros(num_words, dtype), W2=draw(hidden_dim, num_words), b1=np.zeros(hidden_dim, dtype),
            W1=draw(3 * wordvec_dim, hidden_dim), W_embed=draw(num_words, wordvec_dim),
        )

    def loss(self, x, d=None):
        p = self.params
        E = p["W_embed"][x.reshape(-1) - 1].reshape(x.shape[0], -1)
        h = 0.5 * (1 + np.tanh(0.5 * (E @ p["W1"] + p["b1"])))
        scores = h @ p["W2"] + p["b2"]
        if d is None:
            return scores
        loss, ds = cross_entropy(scores, d)
        dh = (ds @ p["W2"].T) * h * (1 - h)
        one_hot = np.zeros((x.size, len(p["b2"])), dtype=scores.dtype)
        one_hot[np.arange(x.size), x.reshape(-1) - 1] = 1
        dE = (dh @ p["W1"].T).reshape(x.size, -1)
        grads = {"W_embed": one_hot.T @ dE, "W1": E.T @ dh, "b1": dh.sum(0), "W2": h.T @ ds, "b2": ds.sum(0)}
        return loss, grads

def unigram_cross_entropy(d_train, d, num_words=250):
    counts = {word: 1 for word in range(1, num_words + 1)}
    for word in d_train:
        counts[int(word)] += 1
    total = sum(counts.values())
    return float(np.mean([-np.log(counts[int(word)] / total) for word in d]))

def train_epoch(model, x, d, order, velocity, learning_rate=0.15, momentum=0.85, batch_size=200):
    xs, ds = x[order], d[order]
    losses, count = [], len(order)
    while len(xs):
        loss, grads = model.loss(xs[:batch_size], ds[:batch_size])
        losses += [loss] * len(xs[:batch_size])
        for name in model.params:
            if name not in velocity:
                velocity[name] = np.zeros_like(model.params[name])
            velocity[name] = velocity[name] * momentum - grads[name] * learning_rate
        model.params = {name: value + velocity[name] for name, value in model.params.items()}
        xs, ds = xs[batch_size:], ds[batch_size:]
    return np.mean(losses)

class EarlyStopping:
    def __init__(self, model, patience=3):
        self.model, self.patience = model, patience
        self.losses = []
        self.best_loss, self.best_params = np.inf, None

    def update(self, val_loss):
        self.losses.append(val_loss)
        first_best = int(np.nanargmin(self.losses))
        if first_best == len(self.losses) - 1:
            self.best_loss = val_loss
            self.best_params = copy.deepcopy(self.model.params)
        return len(self.losses) - 1 - first_best >= self.patience

    def restore(self):
        if self.best_params is None:
            return
        for name in self.model.params:
            self.model.params[name][...] = self.best_params[name]

def top_words(model, x, words, count=10):
    table = softmax(model.loss(x))
    found, shares = [], []
    for row in table:
        ranked = sorted(range(len(words)), key=lambda j: row[j], reverse=True)[:count]
        found.append([words[j] for j in ranked])
        shares.append([row[j] for j in ranked])
    return np.array(found), np.array(shares)
"""

SHORT = """
def embedding_forward(x, W):
    return np.take(W, x.ravel() - 1, axis=0).reshape(x.shape[0], 3 * W.shape[1]), (x, W)

def embedding_backward(dout, cache):
    x, W = cache
    one_hot = x.reshape(-1, 1) == np.arange(1, len(W) + 1)
    return one_hot.T.astype(dout.dtype) @ dout.reshape(-1, W.shape[1])

def sigmoid_forward(x):
    out = np.exp(-np.logaddexp(0, -x))
    return out, out

sigmoid_backward = lambda dout, s: s * (1 - s) * dout
softmax = lambda scores: np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))

def cross_entropy(scores, d):
    N = len(d)
    logs = scores - np.logaddexp.reduce(scores, axis=1)[:, None]
    return -logs[range(N), d - 1].sum() / N, (np.exp(logs) - np.eye(scores.shape[1], dtype=scores.dtype)[d - 1]) / N

class TrigramModel:
    def __init__(self, num_words=250, wordvec_dim=16, hidden_dim=128, weight_scale=0.01, dtype=np.float32, seed=None):
        V, D, P, rng = num_words, wordvec_dim, hidden_dim, np.random.default_rng(seed)
        shapes = {"W_embed": (V, D), "W1": (3 * D, P), "b1": (P,), "W2": (P, V), "b2": (V,)}
        self.params = {
            name: np.asarray(rng.standard_normal(shape) * weight_scale if len(shape) == 2 else np.zeros(shape), dtype)
            for name, shape in shapes.items()
        }

    def loss(self, x, d=None):
        W_embed, W1, b1, W2, b2 = (self.params[name] for name in ("W_embed", "W1", "b1", "W2", "b2"))
        e, from_words = embedding_forward(x, W_embed)
        h, from_sum = sigmoid_forward(e @ W1 + b1)
        s = h @ W2 + b2
        if d is None:
            return s
        loss, ds = cross_entropy(s, d)
        da = sigmoid_backward(ds @ W2.T, from_sum)
        de = da @ W1.T
        return loss, {"W_embed": embedding_backward(de, from_words), "W1": e.T @ da, "b1": da.sum(0),
                      "W2": h.T @ ds, "b2": ds.sum(0)}

def unigram_cross_entropy(d_train, d, num_words=250):
    counts = (d_train[:, None] == np.arange(1, num_words + 1)).sum(0) + 1.0
    return np.log(counts.sum()) - np.log(counts)[d - 1].mean()

def train_epoch(model, x, d, order, velocity, learning_rate=0.15, momentum=0.85, batch_size=200):
    total = 0
    for batch in np.split(order, np.arange(batch_size, len(order), batch_size)):
        loss, grads = model.loss(x[batch], d[batch])
        total = total + loss * len(batch)
        for name in grads:
            velocity.setdefault(name, np.zeros_like(grads[name]))
            velocity[name] *= momentum
            velocity[name] -= learning_rate * grads[name]
            model.params[name] += velocity[name]
    return np.array(total / len(order))

class EarlyStopping:
    def __init__(self, model, patience=3):
        self.model, self.patience, self.left = model, patience, patience
        self.best_loss, self.best_params = float("inf"), None

    def update(self, val_loss):
        self.left -= 1
        if val_loss < self.best_loss:
            self.best_loss, self.left = val_loss, self.patience
            self.best_params = {name: np.array(value) for name, value in self.model.params.items()}
        return self.left <= 0

    def restore(self):
        for name, value in (self.best_params or {}).items():
            self.model.params[name] = np.array(value)

def top_words(model, x, words, count=10):
    p = softmax(model.loss(x))
    order = np.fliplr(p.argsort(1))[:, :count]
    return np.array(words)[order], p[np.arange(len(p))[:, None], order]
"""


@pytest.mark.parametrize("source", [LOOPS, SHORT], ids=["loops", "short"])
def test_a_right_solution_written_in_another_way_passes_every_test(source):
    namespace = {"np": np, "TrialModel": TrialModel}
    exec(source, namespace)
    results = grade(namespace, EXERCISES)
    assert {result.item for result in results} == set(EXERCISES)
    assert complaints(results) == {}


class Echo:
    """Thinks the first word the likeliest next one, as sure of it as it is told; has parameters of the right shapes."""

    def __init__(self, size, sure):
        self.params, self.sure = TrigramModel(wordvec_dim=size[0], hidden_dim=size[1]).params, sure

    def loss(self, x, d=None):
        return self.sure * np.eye(250)[x[:, 0] - 1]


def entropy(sure):
    return float(np.log(np.exp(sure) + 249) - sure)


def left_behind(sure=12.0, val_loss=None):
    history = {name: [6.0, entropy(sure) if val_loss is None else val_loss] for name in ("train_loss", "val_loss")}
    models = {size: Echo(size, sure) for size in SIZES}
    return {
        "evaluate": evaluate,
        "unigram_cross_entropy": unigram_cross_entropy,
        "models": models,
        "histories": {size: history | {"val_accuracy": [0.1, 1.0]} for size in SIZES},
        "best_model": models[SIZES[0]],
    }


def lost(**changed):
    return set(complaints(grade(left_behind() | changed, {"model_sizes"})))


def test_good_models_pass_every_test_of_the_experiment():
    assert lost() == set()


def test_a_best_model_that_knows_nothing_is_refused_on_old_and_on_new_text():
    wanted = {"test_best_model_beats_word_frequencies", "test_best_model_on_new_text"}
    assert lost(best_model=Echo(SIZES[0], 0.0)) == wanted


def test_a_forged_evaluation_and_forged_data_count_for_nothing():
    """On a student's machine they may please; with what the grader holds they don't."""
    forged = {"evaluate": lambda model, x, d: (0.1, 1.0), "data": {"d_train": np.ones(1, int)}}
    assert "test_best_model_on_new_text" in lost(best_model=Echo(SIZES[0], 0.0), **forged)


CONSISTENT_NOTHING = """
class TrigramModel:
    def __init__(self, num_words=250, wordvec_dim=16, hidden_dim=128, weight_scale=0.01, dtype=np.float32, seed=None):
        V, D, P = num_words, wordvec_dim, hidden_dim
        self.params = {"W_embed": np.zeros((V, D)), "W1": np.zeros((3 * D, P)), "b1": np.zeros(P),
                       "W2": np.zeros((P, V)), "b2": np.zeros(V)}

    def loss(self, x, d=None):
        scores = np.zeros((len(x), len(self.params["b2"])))
        return scores if d is None else (0.0, {name: np.zeros_like(value) for name, value in self.params.items()})

def train_epoch(model, x, d, order, velocity, learning_rate=0.15, momentum=0.85, batch_size=200):
    return 0.0

def top_words(model, x, words, count=10):
    return np.repeat(words[:1], len(x) * count).reshape(len(x), count), np.full((len(x), count), 1 / len(words))
"""


def test_functions_that_only_agree_with_each_other_earn_nothing():
    namespace = {"np": np, "TrialModel": TrialModel}
    exec(CONSISTENT_NOTHING, namespace)
    for item in ("train_epoch", "top_words"):
        results = grade(namespace, {item})
        assert {result.verdict for result in results} == {"failed"}


def test_histories_that_the_models_do_not_bear_out_are_refused():
    assert lost(**left_behind(val_loss=0.5)) == {"test_histories_belong_to_the_models"}


@pytest.mark.parametrize("nothing", [None, {}, 3, {SIZES[0]: None}])
def test_something_that_holds_no_models_passes_no_test_of_the_experiment(nothing):
    results = grade(left_behind() | {"models": nothing, "histories": nothing, "best_model": nothing}, {"model_sizes"})
    assert {result.verdict for result in results} <= {"failed", "student_error"}
