"""Recompute the fixed outputs of seed_values.json with the reference in nnkit.

Each function takes an entry of that file and returns what the reference gives, under the keys of the entry's
``expected``. `SEEDS` maps the entry's id to its function; an entry without a function is not taught yet.
"""

import json
from pathlib import Path

import numpy as np

from nnkit.layers import affine_forward as reference_affine_forward
from nnkit.layers import relu_forward as reference_relu_forward
from nnkit.losses import softmax_loss, svm_loss
from nnkit.models.two_layer import TwoLayerNet

ENTRIES = {entry["id"]: entry for entry in json.loads(Path(__file__).with_suffix(".json").read_text())}
SEEDS = {}


def seed(function):
    SEEDS[function.__name__] = function
    return function


def array(spec):
    """The array that a ``{"linspace": [start, stop], "shape": [...]}`` stands for."""
    start, stop = spec["linspace"]
    return np.linspace(start, stop, num=int(np.prod(spec["shape"]))).reshape(spec["shape"])


@seed
def affine_forward(entry):
    inputs = {name: array(spec) for name, spec in entry["inputs"].items()}
    return {"out": reference_affine_forward(**inputs)[0]}


@seed
def relu_forward(entry):
    return {"out": reference_relu_forward(array(entry["inputs"]["x"]))[0]}


def seeded_two_layer_net():
    """The net and the (3, 5) input of the entry "two_layer_net_scores"."""
    net = TwoLayerNet(input_dim=5, hidden_dim=50, num_classes=7, weight_scale=1e-3)
    inputs = ENTRIES["two_layer_net_scores"]["inputs"]
    for key in ("W1", "b1", "W2", "b2"):
        net.params[key] = array(inputs[key])
    return net, np.linspace(-5.5, 4.5, num=15).reshape(5, 3).T


@seed
def two_layer_net_scores(entry):
    net, X = seeded_two_layer_net()
    return {"scores": net.loss(X)}


@seed
def two_layer_net_loss(entry):
    net, X = seeded_two_layer_net()
    y = np.array(entry["inputs"]["y"])
    losses = {}
    for reg in (0, 1):
        net.reg = reg
        losses[f"loss_reg_{reg}"], _ = net.loss(X, y)
    return losses


@seed
def softmax_losses(entry):
    scores = 0.001 * np.random.default_rng(0).standard_normal((50, 10))
    y = np.arange(50) % 10
    return {"softmax": softmax_loss(scores, y)[0], "svm": svm_loss(scores, y)[0]}
