"""What the graders of convolutional_layers have to let pass: right solutions that are written in other ways."""

from pathlib import Path

import pytest
from graded_notebooks import GradedNotebook
from reference_grading import complaints

import nnkit.fast_convolution
from nnkit.kit.course.file import load_course
from nnkit.student.testing import LocalSubmission
from nnkit.student.verdict import unmet_needs

COURSE = load_course(Path(__file__).parents[3])


@pytest.fixture(scope="module")
def graded():
    return GradedNotebook(COURSE, "a3_training_deep_networks", "convolutional_layers")


LOOPS_OVER_PLACES = """
import numpy as np

def out_size(size, window, stride):
    return (size - window) // stride + 1

def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.zeros((N, C, H + 2 * p, W + 2 * p))
    xp[:, :, p:H + p, p:W + p] = x
    out = np.zeros((N, F, out_size(H + 2 * p, HH, s), out_size(W + 2 * p, WW, s)))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = xp[:, :, i * s:i * s + HH, j * s:j * s + WW].reshape(N, -1)
            out[:, :, i, j] = window.dot(w.reshape(F, -1).T) + b
    print("out has shape", out.shape)
    pass
    return out, (x, w, b, conv_param, xp)

def conv_backward_naive(dout, cache):
    x, w, b, conv_param, xp = cache
    s, p = conv_param["stride"], conv_param["pad"]
    F, C, HH, WW = w.shape
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            here = np.s_[:, :, i * s:i * s + HH, j * s:j * s + WW]
            dxp[here] += np.tensordot(dout[:, :, i, j], w, axes=(1, 0))
            dw += np.tensordot(dout[:, :, i, j], xp[here], axes=(0, 0))
    db = dout.sum(axis=(0, 2, 3))
    dx = dxp[:, :, p:-p, p:-p] if p > 0 else dxp
    return dx, dw, db

def max_pool_forward_naive(x, pool_param):
    h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    out = np.empty(x.shape[:2] + (out_size(x.shape[2], h, s), out_size(x.shape[3], w, s)))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = np.max(x[:, :, i * s:i * s + h, j * s:j * s + w], axis=(2, 3))
    return out, {"x": x, "param": pool_param, "out": out}

def max_pool_backward_naive(dout, cache):
    x, param = cache["x"], cache["param"]
    h, w, s = param["pool_height"], param["pool_width"], param["stride"]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            here = np.s_[:, :, i * s:i * s + h, j * s:j * s + w]
            mask = x[here] == cache["out"][:, :, i, j][:, :, None, None]
            dx[here] += mask * (dout[:, :, i, j] / mask.sum(axis=(2, 3)))[:, :, None, None]
    return dx

def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    flat = np.moveaxis(x, 1, 3).reshape((N * H * W, C))
    out, cache = batchnorm_forward(flat, gamma, beta, bn_param)
    return np.moveaxis(out.reshape((N, H, W, C)), 3, 1).copy(), (cache, x.shape)

def spatial_batchnorm_backward(dout, cache):
    cache, shape = cache
    N, C, H, W = shape
    dx, dgamma, dbeta = batchnorm_backward(np.moveaxis(dout, 1, -1).reshape(-1, C), cache)
    return np.moveaxis(dx.reshape(N, H, W, C), -1, 1), dgamma, dbeta

def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps = gn_param.get("eps", 1e-5)
    N, C, H, W = x.shape
    grouped = x.reshape(N, G, C // G, H, W)
    mean = grouped.mean(axis=(2, 3, 4), keepdims=True)
    std = np.sqrt(grouped.var(axis=(2, 3, 4), keepdims=True) + eps)
    hat = ((grouped - mean) / std).reshape(N, C, H, W)
    return gamma.reshape(1, C, 1, 1) * hat + beta.reshape(1, C, 1, 1), (G, hat, std, gamma)

def spatial_groupnorm_backward(dout, cache):
    G, hat, std, gamma = cache
    N, C, H, W = dout.shape
    m = C // G * H * W
    dgamma = np.sum(dout * hat, axis=(0, 2, 3))[:, None, None]
    dbeta = np.sum(dout, axis=(0, 2, 3))
    dhat = (dout * gamma.reshape(1, C, 1, 1)).reshape(N, G, C // G, H, W)
    hat = hat.reshape(N, G, C // G, H, W)
    total = dhat.sum(axis=(2, 3, 4), keepdims=True)
    slope = (dhat * hat).sum(axis=(2, 3, 4), keepdims=True)
    dx = (m * dhat - total - hat * slope) / (m * std)
    return dx.reshape(N, C, H, W), dgamma, dbeta

class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10,
                 weight_scale=1e-3, reg=0.0, dtype=np.float32):
        C, H, W = input_dim
        self.reg, self.dtype = reg, dtype
        shapes = [(num_filters, C, filter_size, filter_size), (num_filters * (H // 2) * (W // 2), hidden_dim)]
        self.params = {}
        for i, shape in enumerate([*shapes, (hidden_dim, num_classes)], start=1):
            self.params[f"W{i}"] = np.random.normal(scale=weight_scale, size=shape).astype(dtype)
            self.params[f"b{i}"] = np.zeros(shape[0] if i == 1 else shape[1], dtype=dtype)

    def loss(self, X, y=None):
        p, X = self.params, X.astype(self.dtype)
        conv_param = {"stride": 1, "pad": (p["W1"].shape[-1] - 1) // 2}
        a1, c1 = conv_relu_forward(X, p["W1"], p["b1"], conv_param)
        a2, c2 = max_pool_forward_fast(a1, {"pool_height": 2, "pool_width": 2, "stride": 2})
        a3, c3 = affine_relu_forward(a2, p["W2"], p["b2"])
        scores, c4 = affine_forward(a3, p["W3"], p["b3"])
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        grads = {}
        d, grads["W3"], grads["b3"] = affine_backward(d, c4)
        d, grads["W2"], grads["b2"] = affine_relu_backward(d, c3)
        d = max_pool_backward_fast(d, c2)
        d, grads["W1"], grads["b1"] = conv_relu_backward(d, c1)
        for name in p:
            if name.startswith("W"):
                loss += self.reg / 2 * (p[name] * p[name]).sum()
                grads[name] = grads[name] + self.reg * p[name]
        return loss, grads
"""

FAST_LAYERS_CALLED = """
def conv_forward_naive(x, w, b, conv_param):
    return conv_forward_fast(x, w, b, conv_param)

def conv_backward_naive(dout, cache):
    return conv_backward_fast(dout, cache)

def max_pool_forward_naive(x, pool_param):
    return max_pool_forward_fast(x, pool_param)

def max_pool_backward_naive(dout, cache):
    return max_pool_backward_fast(dout, cache)
"""

VALID_WITH_OTHER_HELPERS = """
def groups_as_rows(x, G):
    return x.reshape(x.shape[0] * G, -1)

def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    rows = groups_as_rows(x, G).T
    out, cache = batchnorm_forward(rows, np.ones(rows.shape[1]), np.zeros(rows.shape[1]), {"mode": "train", **gn_param})
    hat = out.T.reshape(x.shape)
    return hat * gamma + beta, (hat, cache, gamma, G)

def spatial_groupnorm_backward(dout, cache):
    hat, cache, gamma, G = cache
    dx, _, _ = batchnorm_backward(groups_as_rows(dout * gamma, G).T, cache)
    summed = {"axis": (0, 2, 3), "keepdims": True}
    return dx.T.reshape(dout.shape), (dout * hat).sum(**summed), dout.sum(**summed)
"""


@pytest.mark.parametrize("written", [LOOPS_OVER_PLACES, VALID_WITH_OTHER_HELPERS], ids=["loops_over_places", "reuse"])
def test_a_right_solution_written_in_another_way_passes_every_test(graded, written):
    namespace = graded.plan.reference()
    exec(written, namespace)
    submission = LocalSubmission(namespace)
    results = [graded.grader.replay(test.name, submission)[0] for test in graded.grader.tests]
    assert complaints(results) == {}


NAIVE = ("conv_forward_naive", "conv_backward_naive", "max_pool_forward_naive", "max_pool_backward_naive")


def earned(graded, namespace):
    """The tests that earn their points, by item, with what they need."""
    submission, tests = LocalSubmission(namespace), graded.grader.tests
    passed = {test.name for test in tests if graded.grader.replay(test.name, submission)[0].verdict == "passed"}
    kept = passed - unmet_needs(tests, passed).keys()
    return {(test.item, test.name) for test in tests if test.name in kept}


@pytest.mark.parametrize("copied", [False, True], ids=["called", "copied"])
def test_the_fast_layers_earn_nothing_where_loops_are_asked_for(graded, copied):
    namespace = graded.plan.reference()
    if copied:
        text = Path(nnkit.fast_convolution.__file__).read_text(encoding="utf-8")
        exec(text.replace("_fast(", "_naive("), namespace)
    else:
        exec(FAST_LAYERS_CALLED, namespace)
    assert {item for item, _ in earned(graded, namespace)}.isdisjoint(NAIVE)


def test_with_the_reference_forward_passes_the_fast_backward_passes_earn_nothing_either(graded):
    namespace = graded.plan.reference()
    exec(FAST_LAYERS_CALLED.replace("forward_naive(", "forward_unused("), namespace)
    items = {item for item, _ in earned(graded, namespace)}
    assert items.isdisjoint({"conv_backward_naive", "max_pool_backward_naive"})
