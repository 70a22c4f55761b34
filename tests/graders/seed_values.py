"""Recompute the fixed outputs of seed_values.json with the reference in nnkit.

Each function takes an entry of that file and returns what the reference gives, under the keys of the entry's
``expected``. `SEEDS` maps the entry's id to its function; an entry without a function is not taught yet.
"""

import json
from pathlib import Path

import numpy as np

from nnkit import optim
from nnkit.convolution import conv_forward_naive as reference_conv_forward_naive
from nnkit.convolution import max_pool_forward_naive as reference_max_pool_forward_naive
from nnkit.layers import affine_forward as reference_affine_forward
from nnkit.layers import relu_forward as reference_relu_forward
from nnkit.losses import softmax_loss, svm_loss
from nnkit.lstm import lstm_forward as reference_lstm_forward
from nnkit.models.captioning import CaptioningRNN
from nnkit.models.fully_connected import FullyConnectedNet
from nnkit.models.plain import two_layer_net
from nnkit.models.two_layer import TwoLayerNet
from nnkit.recurrent import rnn_step_forward as reference_rnn_step_forward
from nnkit.temporal import temporal_softmax_loss
from nnkit.trainer import ClassifierTrainer

ENTRIES = {entry["id"]: entry for entry in json.loads(Path(__file__).with_suffix(".json").read_text())}
for entry in ENTRIES.values():
    for key, value in entry["expected"].items():
        if isinstance(value, str):  # "as for" another entry
            entry["expected"][key] = ENTRIES[value.removeprefix("as for ")]["expected"][key]
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


def plain_toy():
    """The inputs and the model of the entry "functional_two_layer_scores", and the labels of those that follow it."""
    inputs = ENTRIES["functional_two_layer_scores"]["inputs"]
    model = {key.removeprefix("model."): array(spec) for key, spec in inputs.items() if key.startswith("model.")}
    return array(inputs["X"]), model, np.array(ENTRIES["functional_two_layer_loss"]["inputs"]["y"])


def last_toy_loss(**settings):
    """The last loss of the full-batch training that the entries "trainer_..." describe."""
    X, model, y = plain_toy()
    common = {"reg": 1e-3, "learning_rate": 0.1, "learning_rate_decay": 1, "sample_batches": False, "num_epochs": 100}
    _, loss_history, _, _ = ClassifierTrainer().train(X, y, X, y, model, two_layer_net, **common, **settings)
    return loss_history[-1]


@seed
def functional_two_layer_scores(entry):
    X, model, _ = plain_toy()
    return {"scores": two_layer_net(X, model)}


@seed
def functional_two_layer_loss(entry):
    return {"loss": two_layer_net(*plain_toy(), entry["inputs"]["reg"])[0]}


@seed
def trainer_sgd(entry):
    return {"final_loss": last_toy_loss(update="sgd", momentum=0)}


@seed
def trainer_momentum(entry):
    return {"final_loss": last_toy_loss(update="momentum", momentum=0.9)}


@seed
def trainer_rmsprop(entry):
    return {"final_loss": last_toy_loss(update="rmsprop", momentum=0.9)}


def first_losses(settings):
    """The first losses of fully connected networks, by name: one after the other, drawn from one stream."""
    np.random.seed(231)
    X, y = np.random.randn(2, 15), np.random.randint(10, size=2)
    losses = {}
    for name, each in settings.items():
        net = FullyConnectedNet([20, 30], input_dim=15, weight_scale=5e-2, dtype=np.float64, **each)
        losses[name], _ = net.loss(X, y)
        if each.get("dropout_keep_ratio", 1) != 1:
            _leave_as_global_seeding_does(each["seed"], last_mask=(len(X), 30))
    return losses


def _leave_as_global_seeding_does(seed, last_mask):
    """The layer that the known losses come from seeds the stream for every mask; ours leaves it alone."""
    np.random.seed(seed)
    np.random.rand(*last_mask)


@seed
def fully_connected_initial_loss(entry):
    return first_losses({"loss_reg_0": {"reg": 0}, "loss_reg_3.14": {"reg": 3.14}})


@seed
def fully_connected_dropout_initial_loss(entry):
    return first_losses({f"loss_p_{p}": {"dropout_keep_ratio": p, "seed": 123} for p in (1, 0.75, 0.5)})


def one_step(entry):
    """next_w, and what the update rule of an entry's name has left in config."""
    inputs = {name: array(spec) if isinstance(spec, dict) else spec for name, spec in entry["inputs"].items()}
    config = {name.removeprefix("config."): value for name, value in inputs.items() if name.startswith("config.")}
    next_w, config = getattr(optim, entry["id"])(inputs["w"], inputs["dw"], config)
    return config | {"next_w": next_w, "next_w_first": next_w[0, 0]}


@seed
def sgd_momentum(entry):
    return chosen(one_step(entry), "next_w", "velocity")


@seed
def sgd_nesterov_momentum(entry):
    return chosen(one_step(entry), "next_w_first", "velocity")


@seed
def rmsprop(entry):
    return chosen(one_step(entry), "next_w", "cache")


@seed
def adam(entry):
    return chosen(one_step(entry), "next_w", "m", "v")


def chosen(values, *names):
    return {name: values[name] for name in names}


@seed
def rnn_step_forward(entry):
    inputs = {name: array(spec) for name, spec in entry["inputs"].items()}
    return {"next_h": reference_rnn_step_forward(**inputs)[0]}


@seed
def lstm_forward(entry):
    inputs = {name: array(spec) for name, spec in entry["inputs"].items()}
    return {"h": reference_lstm_forward(**inputs)[0]}


def captioning_loss(entry, cell_type):
    """The loss of a model whose parameters are each evenly spaced over their own shapes."""
    words = {"<NULL>": 0, "cat": 2, "dog": 3}
    model = CaptioningRNN(words, input_dim=20, wordvec_dim=30, hidden_dim=40, cell_type=cell_type, dtype=np.float64)
    for key, value in model.params.items():
        model.params[key] = np.linspace(-1.4, 1.3, num=value.size).reshape(value.shape)
    return model.loss(array(entry["inputs"]["features"]), (np.arange(10 * 13) % 3).reshape(10, 13))[0]


@seed
def captioning_rnn_loss(entry):
    return {"loss": captioning_loss(entry, "rnn")}


@seed
def captioning_lstm_loss(entry):
    return {"loss": captioning_loss(entry, "lstm")}


@seed
def temporal_softmax(entry):
    rng = np.random.default_rng(0)
    losses = []
    for n, t, share in [(100, 1, 1.0), (100, 10, 1.0), (5000, 10, 0.1)]:
        scores, words = 0.001 * rng.standard_normal((n, t, 10)), rng.integers(10, size=(n, t))
        losses.append(temporal_softmax_loss(scores, words, rng.random((n, t)) <= share)[0])
    return {"losses": losses}


@seed
def conv_forward_naive(entry):
    x, w, b = (array(entry["inputs"][name]) for name in "xwb")
    return {"out": reference_conv_forward_naive(x, w, b, entry["inputs"]["conv_param"])[0]}


@seed
def max_pool_forward_naive(entry):
    return {"out": reference_max_pool_forward_naive(array(entry["inputs"]["x"]), entry["inputs"]["pool_param"])[0]}
