"""What the graders of dropout have to let pass, and what to refuse, besides what holds for every notebook."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from reference_grading import InProcessGrader, complaints

from nnkit.kit.grading.collected import collected
from nnkit.layers import affine_backward, affine_forward, relu_backward, relu_forward
from nnkit.losses import softmax_loss
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.student.verdict import unmet_needs

FOLDER = Path(__file__).parents[2] / "graders" / "a3_training_deep_networks"
GRADER_FILE = FOLDER / "test_dropout.py"
GIVEN = (affine_forward, affine_backward, relu_forward, relu_backward, softmax_loss)
TESTS = collected(GRADER_FILE).tests
ITEMS = {"dropout_forward", "dropout_backward", "FullyConnectedNet"}


def submission_of(*sources):
    namespace = {"np": np} | {function.__name__: function for function in GIVEN}
    for source in sources:
        exec(source, namespace)
    return LocalSubmission(namespace)


def grade(submission, items):
    return run_graders(GRADER_FILE, InProcessGrader(submission, set(items)))


def lost(submission, item):
    return {result.name for result in grade(submission, {item}) if result.verdict != "passed"}


def earned(submission, item):
    """The tests of an item that earn their points, with what they need."""
    passed = {result.name for result in grade(submission, {item}) if result.verdict == "passed"}
    return passed - unmet_needs(TESTS.values(), passed).keys()


LAYER_ANOTHER_WAY = """
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask, out = None, None
    if mode == "train":
        print("dropping")
        keep = np.random.random_sample(x.shape) < p
        mask = keep.astype(float) / p
        out = np.where(keep, x / p, 0)
    elif mode == "test":
        out = np.copy(x)
    pass
    return out.astype(x.dtype, copy=False), (dropout_param, mask)

def dropout_backward(dout, cache):
    dropout_param, mask = cache
    if dropout_param["mode"] == "test":
        return dout.copy()
    dx = np.zeros(dout.shape)
    for i in np.ndindex(dout.shape):
        dx[i] = dout[i] * mask[i]
    return dx
"""

# An older course's class: its fourth argument is called dropout, and normalisation is part of it already.
NET_ANOTHER_WAY = """
class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10, dropout=1, normalization=None, reg=0.0,
                 weight_scale=1e-2, dtype=np.float32, seed=None):
        self.normalization, self.use_dropout = normalization, dropout != 1
        self.reg, self.dtype, self.num_layers = reg, dtype, 1 + len(hidden_dims)
        dims = [input_dim] + hidden_dims + [num_classes]
        self.params = {}
        for i in range(self.num_layers):
            self.params["b" + str(i + 1)] = np.zeros(dims[i + 1])
            self.params["W" + str(i + 1)] = np.random.randn(dims[i], dims[i + 1]) * weight_scale
        self.dropout_param = {}
        if self.use_dropout:
            self.dropout_param = {"mode": "train", "p": dropout}
            if seed is not None:
                self.dropout_param["seed"] = seed
        for k, v in self.params.items():
            self.params[k] = v.astype(dtype)

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        if self.use_dropout:
            self.dropout_param["mode"] = mode
        out, caches = X, []
        for i in range(1, self.num_layers):
            out, fc = affine_forward(out, self.params[f"W{i}"], self.params[f"b{i}"])
            if self.normalization == "batchnorm":
                gamma, beta = self.params[f"gamma{i}"], self.params[f"beta{i}"]
                out, bn = batchnorm_forward(out, gamma, beta, self.bn_params[i - 1])
            out, relu = relu_forward(out)
            drop = None
            if self.use_dropout:
                out, drop = dropout_forward(out, self.dropout_param)
            caches.append((fc, relu, drop))
        L = self.num_layers
        scores, last = affine_forward(out, self.params[f"W{L}"], self.params[f"b{L}"])
        if mode == "test":
            return scores
        loss, dout = softmax_loss(scores, y)
        grads = {}
        dout, dw, grads[f"b{L}"] = affine_backward(dout, last)
        grads[f"W{L}"] = dw + self.reg * self.params[f"W{L}"]
        loss += 0.5 * self.reg * np.sum(self.params[f"W{L}"] ** 2)
        for i in range(L - 1, 0, -1):
            fc, relu, drop = caches[i - 1]
            if self.use_dropout:
                dout = dropout_backward(dout, drop)
            dout = relu_backward(dout, relu)
            dout, dw, grads[f"b{i}"] = affine_backward(dout, fc)
            grads[f"W{i}"] = dw + self.reg * self.params[f"W{i}"]
            loss += 0.5 * self.reg * np.sum(self.params[f"W{i}"] ** 2)
        return loss, grads
"""


def test_right_solutions_written_in_another_way_pass_every_test():
    results = grade(submission_of(LAYER_ANOTHER_WAY, NET_ANOTHER_WAY), ITEMS)
    assert {result.item for result in results} == ITEMS
    assert complaints(results) == {}


def test_another_generator_loses_only_the_losses_known_for_rand():
    """Which units are dropped is chance: masks of another generator are as good."""
    drawn = LAYER_ANOTHER_WAY.replace("np.random.random_sample(x.shape) < p", "np.random.binomial(1, p, x.shape) > 0")
    assert drawn != LAYER_ANOTHER_WAY
    submission = submission_of(drawn, NET_ANOTHER_WAY)
    assert lost(submission, "dropout_forward") == set()
    assert lost(submission, "FullyConnectedNet") == {"test_net_gives_known_losses"}


@pytest.mark.parametrize(
    ("mask", "caught"),
    [
        ("np.arange(x.size).reshape(x.shape) % 2 < 2 * p - 1e-9", "test_dropout_decides_for_each_entry"),
        ("np.random.permutation(x.size).reshape(x.shape) >= 0", "test_dropout_keeps_or_drops_each_entry"),
        ("x > np.quantile(x, 1 - p)", "test_dropout_does_not_look_at_the_values"),
    ],
    ids=["every other entry", "nothing dropped", "the largest kept"],
)
def test_a_mask_that_is_no_chance_is_refused(mask, caught):
    source = LAYER_ANOTHER_WAY.replace("np.random.random_sample(x.shape) < p", mask)
    assert caught in lost(submission_of(source), "dropout_forward")


def test_the_plain_net_earns_nothing():
    plain = NET_ANOTHER_WAY.replace("dropout != 1", "False")
    assert earned(submission_of(LAYER_ANOTHER_WAY, plain), "FullyConnectedNet") == set()


@pytest.mark.parametrize("out", ["np.zeros_like(x)", "x.copy()", "np.ones_like(x)"])
def test_layers_that_agree_with_each_other_and_drop_nothing_earn_nothing(out):
    nothing = f"""
def dropout_forward(x, dropout_param):
    return {out}, (dropout_param, None)

def dropout_backward(dout, cache):
    x = dout
    return {out}
"""
    submission = submission_of(nothing, NET_ANOTHER_WAY)
    assert earned(submission, "dropout_forward") == set()
    assert earned(submission, "dropout_backward") == set()


def test_seeding_with_none_is_refused():
    """It would seed anew, from the clock, with every pass."""
    seeded = NET_ANOTHER_WAY.replace("if seed is not None:", "if True:")
    assert lost(submission_of(LAYER_ANOTHER_WAY, seeded), "FullyConnectedNet") == {
        "test_net_without_a_seed_draws_from_the_global_generator"
    }


def test_stored_losses_are_the_seed_values():
    with h5py.File(FOLDER / "dropout.h5") as file:
        stored = [float(file[f"public/FullyConnectedNet/loss_p_{keep}"][()]) for keep in ("1", "0.75", "0.5")]
    assert stored == pytest.approx([2.3004790897684924, 2.302371489704412, 2.3042759220785896], abs=1e-8)
