"""What the graders of fully_connected_nets have to let pass, and to refuse, besides what holds for every notebook."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from reference_grading import InProcessGrader, Reference, complaints

import nnkit.layers
import nnkit.losses
import nnkit.optim
from nnkit.kit.grading.collected import collected
from nnkit.kit.grading.thresholds import Thresholds
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.student.verdict import unmet_needs

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a2_modular_networks" / "test_fully_connected_nets.py"
TESTS = collected(GRADER_FILE).tests
RULES = ("sgd_momentum", "sgd_nesterov_momentum", "rmsprop", "adam")
EXERCISES = ("weight_std", "FullyConnectedNet", *RULES)
LIBRARY = Reference(nnkit.layers, nnkit.losses)


def grade(namespace, items):
    """Results of the graders, with images that are easy to classify."""
    grader = InProcessGrader(
        LocalSubmission(namespace),
        set(items),
        held_back=lambda name: bright_pixels(200),
        thresholds=Thresholds(validation=0.5, test=0.5),
        notebook_data=loaded_images,
    )
    return run_graders(GRADER_FILE, grader)


def loaded_images(*names):
    """What given cells of the notebook load, as the grader has it."""
    images, labels = bright_pixels(100)
    small_data = dict(zip(("X_train", "y_train"), bright_pixels(50), strict=True))
    data = {"X_val": images, "y_val": labels, "small_data": small_data}
    return data[names[0]] if len(names) == 1 else tuple(data[name] for name in names)


def earned(results):
    """The share of the marks, with what each test needs."""
    passed = {result.name for result in results if result.verdict == "passed"}
    kept = passed - unmet_needs(TESTS.values(), passed).keys()
    return sum(r.weight for r in results if r.name in kept) / sum(r.weight for r in results)


def notebook(text):
    namespace = LIBRARY.submission_with()._namespace
    exec(text, namespace)
    return namespace


# One loss function with all layers in it, as other courses' notebooks have it, and rules written in other ways.
ONE_LOOP = """
def weight_std(scheme, fan_in, fan_out):
    if isinstance(scheme, str):
        return (2.0 / (fan_in + (fan_out if scheme == "xavier" else 0))) ** 0.5
    return scheme

def relu_affine_forward(x, w, b):
    pass
    return affine_forward(np.maximum(x, 0), w, b)

class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim=3*32*32, num_classes=10, dropout_keep_ratio=1, normalization=None,
                 reg=0.0, weight_scale=1e-2, dtype=np.float32, seed=None):
        self.reg, self.dtype, self.params = reg, dtype, {}
        self.use_dropout = dropout_keep_ratio != 1
        self.num_layers = 1 + len(hidden_dims)
        sizes = np.hstack([input_dim, hidden_dims, num_classes]).astype(int)
        for i in range(self.num_layers):
            std = weight_std(weight_scale, sizes[i], sizes[i + 1])
            self.params["W" + str(i + 1)] = np.random.normal(0, std, (sizes[i], sizes[i + 1])).astype(dtype)
            self.params["b" + str(i + 1)] = np.zeros(sizes[i + 1], dtype=dtype)
        print("made a net of", self.num_layers, "layers")

    def loss(self, X, y=None):
        X = X.astype(self.dtype)
        mode = "test" if y is None else "train"
        caches, before = {}, []
        scores = X
        for i in range(self.num_layers):
            forward = affine_forward if i == 0 else relu_affine_forward
            before.append(scores)
            scores, caches[i] = forward(scores, self.params["W%d" % (i + 1)], self.params["b%d" % (i + 1)])
        if mode == "test":
            return scores
        loss, dout = softmax_loss(scores, y)
        loss += 0.5 * self.reg * sum(np.sum(p ** 2) for name, p in self.params.items() if name[0] == "W")
        grads = {}
        for i in reversed(range(self.num_layers)):
            w = self.params["W%d" % (i + 1)]
            dout, dw, grads["b%d" % (i + 1)] = affine_backward(dout, caches[i])
            grads["W%d" % (i + 1)] = dw + self.reg * w
            if i:
                dout = np.where(before[i] > 0, dout, 0)
        return loss, grads

def sgd_momentum(w, dw, config=None):
    config = dict(config or {})
    mu, lr = config.get("momentum", 0.9), config.get("learning_rate", 1e-2)
    v = config.get("velocity")
    if v is None:
        v = np.zeros(w.shape)
    v = mu * v
    v -= lr * dw
    config["velocity"] = v
    return w + v, config

def sgd_nesterov_momentum(w, dw, config=None):
    if config is None: config = {}
    mu, lr = config.setdefault("momentum", 0.9), config.setdefault("learning_rate", 1e-2)
    v_prev = config.get("velocity", np.zeros_like(w))
    v = mu * v_prev - lr * dw
    config["velocity"] = v
    return w - mu * v_prev + (1 + mu) * v, config

def rmsprop(w, dw, config=None):
    if config is None: config = {}
    rho = config.get("decay_rate", 0.99)
    mean_square = config.get("cache", np.zeros_like(w)) + (1 - rho) * (np.power(dw, 2) - config.get("cache", 0))
    config["cache"] = mean_square
    step = np.divide(config.get("learning_rate", 1e-2), np.sqrt(mean_square) + config.get("epsilon", 1e-8))
    return w - np.multiply(step, dw), config

def adam(w, dw, config=None):
    if config is None: config = {}
    config = {"learning_rate": 1e-3, "beta1": .9, "beta2": .999, "epsilon": 1e-8, "m": 0, "v": 0, "t": 0, **config}
    t = config["t"] = config["t"] + 1
    b1, b2 = np.float64(config["beta1"]), np.float64(config["beta2"])
    config["m"] = b1 * config["m"] + (1 - b1) * dw
    config["v"] = b2 * config["v"] + (1 - b2) * dw * dw
    rate = config["learning_rate"] * np.sqrt(1 - b2**t) / (1 - b1**t)
    return w - rate * config["m"] / (np.sqrt(config["v"]) + config["epsilon"] * np.sqrt(1 - b2**t)), config
"""


def test_a_right_solution_written_in_another_way_passes_every_test():
    assert complaints(grade(notebook(ONE_LOOP), EXERCISES)) == {}


def test_a_class_that_goes_through_its_layers_by_recursion_passes_every_test():
    recursive = """
    def scores_and_way_back(self, x, layer):
        names = f"W{layer}", f"b{layer}"
        out, cache = affine_forward(x, *(self.params[name] for name in names))
        if layer == self.num_layers:
            def back(dout, grads):
                dx, grads[names[0]], grads[names[1]] = affine_backward(dout, cache)
                return dx
            return out, back
        rest, back_from_rest = self.scores_and_way_back(np.where(out > 0, out, 0), layer + 1)
        def back(dout, grads):
            dx, grads[names[0]], grads[names[1]] = affine_backward(back_from_rest(dout, grads) * (out > 0), cache)
            return dx
        return rest, back

    def loss(self, X, y=None):
        scores, back = self.scores_and_way_back(X.astype(self.dtype), 1)
        if y is None:
            return scores
        grads = {}
        loss, dscores = softmax_loss(scores, y)
        back(dscores, grads)
        for name in list(grads):
            if name.startswith("W"):
                loss += self.reg / 2 * np.vdot(self.params[name], self.params[name])
                grads[name] = grads[name] + self.reg * self.params[name]
        return loss, grads
"""
    beginning, rest = ONE_LOOP.split("    def loss(self, X, y=None):\n")
    text = beginning + recursive + "\ndef sgd_momentum" + rest.partition("\ndef sgd_momentum")[2]
    assert complaints(grade(notebook(text), ["FullyConnectedNet"])) == {}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_gives_one_step_by_heart_earns_little(rule):
    """The stored steps, without the rule: what public tests show is no solution."""
    namespace = notebook(ONE_LOOP)
    right = namespace[rule]

    def by_heart(w, dw, config=None):
        return right(w, dw, config) if w.shape == (4, 5) else (w - 0.01 * dw, config or {})

    assert earned(grade(namespace | {rule: by_heart}, [rule])) == 0


@pytest.mark.parametrize("rule", RULES)
def test_the_given_rule_earns_nothing_as_another(rule):
    assert earned(grade(notebook(ONE_LOOP) | {rule: nnkit.optim.sgd}, [rule])) == 0


def test_both_forms_of_adam_are_right():
    first = ONE_LOOP.replace("config[\"epsilon\"] * np.sqrt(1 - b2**t)", "config[\"epsilon\"]")
    assert first != ONE_LOOP
    assert complaints(grade(notebook(first), ["adam"])) == {}


def test_a_net_that_computes_nothing_earns_nothing():
    source = """
class FullyConnectedNet:
    def __init__(self, hidden_dims, input_dim=3072, num_classes=10, dtype=np.float32, **_):
        dims = [input_dim, *hidden_dims, num_classes]
        self.params = {}
        for layer in range(1, len(dims)):
            self.params[f"W{layer}"] = np.zeros((dims[layer - 1], dims[layer]), dtype)
            self.params[f"b{layer}"] = np.zeros(dims[layer], dtype)

    def loss(self, X, y=None):
        if y is None:
            return np.zeros((len(X), len(self.params[f"b{len(self.params) // 2}"])))
        return 0.0, {name: np.zeros_like(value) for name, value in self.params.items()}
"""
    sizes_and_zero_biases = 2 / sum(test.weight for test in TESTS.values() if test.item == "FullyConnectedNet")
    assert earned(grade(notebook(ONE_LOOP + source), ["FullyConnectedNet"])) == pytest.approx(sizes_and_zero_biases)


def bright_pixels(count):
    """Images, as bright as those of the notebook, whose class a single pixel tells."""
    y = np.random.default_rng(count).permutation(count) % 10
    X = np.zeros((count, 3, 32, 32))
    X.reshape(count, -1)[np.arange(count), y] = 100
    return X, y


def remembering(dims):
    """Parameters of a network that reads the class off the pixel."""
    params = {}
    for layer, (fan_in, fan_out) in enumerate(pairwise(dims), start=1):
        params[f"W{layer}"] = np.eye(fan_in, fan_out, dtype=np.float32)
        params[f"b{layer}"] = np.zeros(fan_out, dtype=np.float32)
    return params


class Net:
    def __init__(self, params):
        self.params = params

    def loss(self, X, y=None):
        out = X.reshape(len(X), -1)
        for layer in range(1, len(self.params) // 2 + 1):
            out = out @ self.params[f"W{layer}"] + self.params[f"b{layer}"]
        return out


DEPTHS = {"three_layers": (3072, 100, 100, 10), "five_layers": (3072, 100, 100, 100, 100, 10)}
every_memory = pytest.mark.parametrize("item", DEPTHS)


def trained(item, *, model=None, epoch=20):
    solver = SimpleNamespace(model=model or Net(remembering(DEPTHS[item])), epoch=epoch)
    return {f"{item.removesuffix('s')}_solver": solver}


@every_memory
def test_a_net_that_knows_the_images_passes(item):
    assert complaints(grade(trained(item), [item])) == {}


@every_memory
def test_a_net_that_needs_more_epochs_earns_a_part(item):
    assert list(complaints(grade(trained(item, epoch=21), [item]))) == [f"test_{item}_know_the_images"]


@every_memory
def test_a_model_that_looks_the_images_up_has_no_parameters_that_know_them(item):
    images, labels = bright_pixels(50)
    book = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    params = remembering(DEPTHS[item]) | {"W1": np.zeros((3072, 100))}
    model = SimpleNamespace(loss=lambda X: np.eye(10)[[book[x.tobytes()] for x in X]], params=params)
    assert list(complaints(grade(trained(item, model=model), [item]))) == [f"test_parameters_of_{item}_know_the_images"]


@pytest.mark.parametrize(("item", "other"), [("three_layers", "five_layers"), ("five_layers", "three_layers")])
def test_a_net_of_another_depth_earns_a_part(item, other):
    model = Net(remembering(DEPTHS[other]))
    assert list(complaints(grade(trained(item, model=model), [item]))) == [f"test_parameters_of_{item}_know_the_images"]


@every_memory
def test_images_of_the_submission_count_for_nothing(item):
    forged = {"small_data": {"X_train": np.zeros((50, 3, 32, 32)), "y_train": np.zeros(50, dtype=int)}}
    model = Net({name: np.zeros_like(value) for name, value in remembering(DEPTHS[item]).items()})
    assert earned(grade(trained(item, model=model) | forged, [item])) == 0


def test_a_good_model_passes_every_test_of_the_tuning():
    assert complaints(grade({"best_model": Net(remembering((3072, 100, 10)))}, ["tuning"])) == {}


@pytest.mark.parametrize("best_model", [None, 0.9, "best", np.eye(10)])
def test_something_that_is_no_model_passes_no_test_of_the_tuning(best_model):
    results = grade({"best_model": best_model}, ["tuning"])
    assert {result.verdict for result in results} == {"failed"}


def test_a_model_that_knows_the_validation_images_alone_earns_nothing():
    net = Net(remembering((3072, 100, 10)))

    def loss(X):
        return net.loss(X) if len(X) in (50, 100) else np.roll(net.loss(X), 1, axis=1)

    results = grade({"best_model": SimpleNamespace(loss=loss)}, ["tuning"])
    assert earned(results) == 0
    assert list(complaints(results)) == [
        "test_best_model_beats_chance_on_new_images",
        "test_best_model_on_new_images",
    ]
