"""What the graders of batch_normalization have to let pass, and to refuse, besides what holds for every notebook."""

from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader, complaints

from nnkit.initialization import weight_std
from nnkit.kit.grading.collected import collected
from nnkit.layers import affine_backward, affine_forward, relu_backward, relu_forward
from nnkit.losses import softmax_loss
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.student.verdict import unmet_needs

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a3_training_deep_networks" / "test_batch_normalization.py"
TESTS = collected(GRADER_FILE).tests
LAYERS = {
    "batchnorm_forward",
    "batchnorm_backward",
    "batchnorm_backward_alt",
    "layernorm_forward",
    "layernorm_backward",
}
GIVEN = (weight_std, affine_forward, affine_backward, relu_forward, relu_backward, softmax_loss)

# Whatever divides by a deviation of zero is refused for it.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def submission_of(*sources):
    namespace = {"np": np} | {function.__name__: function for function in GIVEN}
    for source in sources:
        exec(source, namespace)
    return LocalSubmission(namespace)


def grade(submission, items):
    return run_graders(GRADER_FILE, InProcessGrader(submission, set(items)))


def lost(submission, item):
    return {result.name for result in grade(submission, {item}) if result.verdict != "passed"}


# As other courses' notebooks have them: running averages updated in place and stored in testing too, dictionaries for
# caches, statistics from NumPy, loops over rows.
LAYERS_ANOTHER_WAY = """
def batchnorm_forward(x, gamma, beta, bn_param):
    N, D = x.shape
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    out, cache = None, None
    if bn_param["mode"] == "train":
        print("training on", N)
        mu, var = np.mean(x, axis=0), np.var(x, axis=0)
        running_mean *= momentum
        running_mean += (1 - momentum) * mu
        running_var = momentum * running_var + (1.0 - momentum) * var
        std = np.sqrt(var + eps)
        out = (x - mu) / std
        cache = {"x": x, "mu": mu, "std": std, "gamma": gamma, "x_hat": out.copy()}
        out = out * gamma + beta
    else:
        out = gamma / np.sqrt(running_var + eps) * x + (beta - gamma * running_mean / np.sqrt(running_var + eps))
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    pass
    return out, cache

def batchnorm_backward(dout, cache):
    x, mu, std, gamma = (cache[key] for key in ("x", "mu", "std", "gamma"))
    m = float(len(x))
    dxhat = dout * gamma
    dvar = np.sum(dxhat * (x - mu) * (-0.5) * std ** -3.0, axis=0)
    dmu = np.sum(-dxhat / std, axis=0) + dvar * np.mean(-2.0 * (x - mu), axis=0)
    dx = dxhat / std + dvar * 2.0 * (x - mu) / m + dmu / m
    return dx, np.sum(dout * cache["x_hat"], axis=0), np.sum(dout, axis=0)

def batchnorm_backward_alt(dout, cache):
    N, x_hat = len(dout), cache["x_hat"]
    dbeta, dgamma = dout.sum(0), (dout * x_hat).sum(0)
    return cache["gamma"] / cache["std"] / N * (N * dout - dbeta - x_hat * dgamma), dgamma, dbeta

def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    rows = [((row - row.mean()) / np.sqrt(row.var() + eps), np.sqrt(row.var() + eps)) for row in x]
    x_hat, std = np.array([row for row, _ in rows]), np.array([std for _, std in rows])
    return x_hat * gamma + beta, (x_hat, std, gamma)

def layernorm_backward(dout, cache):
    x_hat, std, gamma = cache
    D = dout.shape[1]
    d = (dout * gamma).T
    h = x_hat.T
    dx = (D * d - d.sum(axis=0) - h * (d * h).sum(axis=0)) / (D * std)
    return dx.T, np.sum(dout * x_hat, 0), np.sum(dout, 0)
"""

# The whole class in two methods, without the helpers that the given one is cut into.
NET_ANOTHER_WAY = """
class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10, dropout_keep_ratio=1, normalization=None,
                 reg=0.0, weight_scale=1e-2, dtype=np.float32, seed=None):
        self.normalization, self.reg, self.dtype = normalization, reg, dtype
        self.num_layers = 1 + len(hidden_dims)
        self.params = {}
        sizes = [input_dim] + hidden_dims + [num_classes]
        for i in range(self.num_layers):
            self.params["W%d" % (i + 1)] = np.random.normal(0, weight_scale, (sizes[i], sizes[i + 1]))
            self.params["b%d" % (i + 1)] = np.zeros(sizes[i + 1])
            if normalization and i < self.num_layers - 1:
                self.params["gamma%d" % (i + 1)] = np.ones(sizes[i + 1])
                self.params["beta%d" % (i + 1)] = np.zeros(sizes[i + 1])
        self.bn_params = [{"mode": "train"} for _ in range(self.num_layers - 1)]
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        for bn_param in self.bn_params:
            bn_param["mode"] = mode
        p, caches, a = self.params, [], X
        for i in range(1, self.num_layers):
            a, fc = affine_forward(a, p[f"W{i}"], p[f"b{i}"])
            norm = None
            if self.normalization == "batchnorm":
                a, norm = batchnorm_forward(a, p[f"gamma{i}"], p[f"beta{i}"], self.bn_params[i - 1])
            elif self.normalization == "layernorm":
                a, norm = layernorm_forward(a, p[f"gamma{i}"], p[f"beta{i}"], self.bn_params[i - 1])
            a, relu = relu_forward(a)
            caches.append((fc, norm, relu))
        L = self.num_layers
        scores, last = affine_forward(a, p[f"W{L}"], p[f"b{L}"])
        if mode == "test":
            return scores
        loss, d = softmax_loss(scores, y)
        loss += 0.5 * self.reg * sum(np.sum(p[k] ** 2) for k in p if k[0] == "W")
        grads = {}
        d, grads[f"W{L}"], grads[f"b{L}"] = affine_backward(d, last)
        for i in reversed(range(1, L)):
            fc, norm, relu = caches.pop()
            d = relu_backward(d, relu)
            if self.normalization == "batchnorm":
                d, grads[f"gamma{i}"], grads[f"beta{i}"] = batchnorm_backward_alt(d, norm)
            elif self.normalization == "layernorm":
                d, grads[f"gamma{i}"], grads[f"beta{i}"] = layernorm_backward(d, norm)
            d, grads[f"W{i}"], grads[f"b{i}"] = affine_backward(d, fc)
        for k in grads:
            if k.startswith("W"):
                grads[k] = grads[k] + self.reg * p[k]
        return loss, grads
"""


def test_right_solutions_written_in_another_way_pass_every_test():
    results = grade(submission_of(LAYERS_ANOTHER_WAY, NET_ANOTHER_WAY), {*LAYERS, "FullyConnectedNet"})
    assert {result.item for result in results} == {*LAYERS, "FullyConnectedNet"}
    assert complaints(results) == {}


def earned(submission, item):
    """The tests of an item that earn their points, with what they need."""
    passed = {result.name for result in grade(submission, {item}) if result.verdict == "passed"}
    return passed - unmet_needs(TESTS.values(), passed).keys()


def test_a_net_whose_normalisation_is_never_asked_for_earns_nothing():
    """The plain net of the assignment before, handed in as it was given."""
    plain = NET_ANOTHER_WAY.replace("= normalization, reg, dtype", "= None, reg, dtype").replace(
        "if normalization and", "if 0 and"
    )
    assert earned(submission_of(LAYERS_ANOTHER_WAY, plain), "FullyConnectedNet") == set()


@pytest.mark.parametrize("value", ["0.0", "1.0"])
def test_layers_that_agree_with_each_other_and_compute_nothing_earn_nothing(value):
    forward = "def {}(x, gamma, beta, param):\n    return np.full(x.shape, {}), x.shape\n"
    backward = "def {}(dout, cache):\n    return np.zeros(cache), np.zeros(cache[1]), np.zeros(cache[1])\n"
    forwards = ("batchnorm_forward", "layernorm_forward")
    backwards = ("batchnorm_backward", "batchnorm_backward_alt", "layernorm_backward")
    sources = [forward.format(name, value) for name in forwards] + [backward.format(name) for name in backwards]
    for item in LAYERS:
        assert earned(submission_of(*sources), item) == set()


def test_layer_norm_handed_in_as_batch_norm_passes_no_test_of_training():
    rows = LAYERS_ANOTHER_WAY.replace("np.mean(x, axis=0), np.var(x, axis=0)", "x.mean(1)[:, None], x.var(1)[:, None]")
    names = lost(submission_of(rows), "batchnorm_forward")
    assert {"test_batchnorm_normalises_in_training", "test_batchnorm_of_random_batches"} <= names


def test_running_averages_kept_outside_of_bn_param_are_refused():
    """They would be shared by every layer of every network."""
    hidden = LAYERS_ANOTHER_WAY.replace('bn_param.get("running_', 'STORE.get("running_').replace(
        'bn_param["running_', 'STORE["running_'
    )
    names = lost(submission_of("STORE = {}", hidden), "batchnorm_forward")
    assert {
        "test_batchnorm_stores_the_running_mean",
        "test_batchnorm_keeps_running_averages_over_several_batches",
        "test_batchnorm_uses_the_running_averages_at_test_time",
    } <= names


def test_a_backward_pass_that_differentiates_numerically_is_not_exact_enough():
    """Central differences of the forward pass agree with themselves, and with nothing else."""
    numeric = """
def batchnorm_backward(dout, cache):
    x, gamma, h = cache["x"], cache["gamma"], 1e-4
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        up, down = (batchnorm_forward(x + s * e, gamma, 0, {"mode": "train"})[0] for s in (1, -1))
        dx[i] = ((up - down) * dout).sum() / (2 * h)
    return dx, np.sum(dout * cache["x_hat"], axis=0), np.sum(dout, axis=0)
"""
    numeric = numeric.replace("    dx = np", "    assert x.size < 1000, 'too many entries'\n    dx = np")
    submission = submission_of(LAYERS_ANOTHER_WAY, numeric)
    assert not any("dx" in name for name in earned(submission, "batchnorm_backward"))
    names = lost(submission, "batchnorm_backward")
    assert {"test_batchnorm_backward_dx", "test_batchnorm_backward_with_small_and_large_eps"} <= names
