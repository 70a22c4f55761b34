"""What the graders of mlp_cats_cars have to let pass, and what to refuse, besides what holds for every notebook."""

from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader, complaints

from nnkit.models.mlp import MultiLayerPerceptron, classification_error
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a5_learning_from_hdf5" / "test_mlp_cats_cars.py"
EXERCISES = (
    "tanh_forward",
    "tanh_backward",
    "mse_loss",
    "classification_error",
    "MultiLayerPerceptron",
    "momentum_step",
)


def bright_or_dark(seed, n):
    """Pictures that are brighter, or darker, than their mean."""
    rng = np.random.default_rng(seed)
    y = rng.choice([-1.0, 1.0], size=n)
    return y[:, None, None] * rng.uniform(0.1, 1, (n, 32, 32)), y


def grade(namespace, items):
    grader = InProcessGrader(
        LocalSubmission(namespace),
        set(items),
        held_back=lambda name: bright_or_dark(2, 100),
        notebook_data=lambda *names: bright_or_dark(1, 200),
    )
    return run_graders(GRADER_FILE, grader)


LOOPS = """
import math

def tanh_forward(x):
    flat = [math.tanh(value) for value in x.ravel()]
    return np.array(flat, dtype=x.dtype).reshape(x.shape), {"x": x.copy()}

def tanh_backward(dout, cache):
    print("backward", dout.shape)
    return dout / np.cosh(cache["x"]) ** 2

def mse_loss(out, y):
    total, dout = 0.0, np.zeros_like(out)
    for n in range(len(out)):
        total += (y[n] - out[n]) ** 2
        dout[n] = -2.0 * (y[n] - out[n]) / out.shape[0]
    return total / len(out), dout

def classification_error(out, y):
    wrong = 0
    for o, t in zip(out, y):
        wrong += int((o >= 0) != (t > 0))
    return wrong / len(y)

class MultiLayerPerceptron:
    def __init__(self, hidden_dims=(20,), input_dim=1024, weight_scale=0.02, dtype=np.float32, seed=None):
        np.random.seed(seed)
        self.dtype = dtype
        widths = [input_dim] + list(hidden_dims) + [1]
        self.num_layers = len(widths) - 1
        self.params = {}
        for l in range(len(widths) - 1):
            self.params["b%d" % (l + 1)] = np.zeros((widths[l + 1],)).astype(dtype)
            self.params["W%d" % (l + 1)] = (weight_scale * np.random.randn(widths[l], widths[l + 1])).astype(dtype)

    def loss(self, X, y=None):
        a = [X.reshape(X.shape[0], -1).astype(self.dtype)]
        for l in range(1, self.num_layers + 1):
            a.append(np.tanh(a[-1].dot(self.params["W%d" % l]) + self.params["b%d" % l]))
        if y is None:
            return a[-1].reshape(-1)
        target = np.asarray(y, dtype=self.dtype).reshape(-1, 1)
        delta = 2 * (a[-1] - target) / len(X) * (1 - a[-1] ** 2)
        grads = {}
        for l in range(self.num_layers, 0, -1):
            grads["b%d" % l] = np.sum(delta, axis=0)
            grads["W%d" % l] = a[l - 1].T.dot(delta)
            delta = delta.dot(self.params["W%d" % l].T) * (1 - a[l - 1] ** 2)
        return np.mean((a[-1] - target) ** 2), grads

def momentum_step(params, grads, velocity, learning_rate, momentum=0.0):
    for name, value in list(params.items()):
        if name not in velocity:
            velocity[name] = np.zeros_like(value)
        velocity[name] *= momentum
        velocity[name] -= learning_rate * grads[name]
        value += velocity[name]
"""

SHORT = """
tanh_forward = lambda x: (np.tanh(x), x)
tanh_backward = lambda dout, x: dout * (1 - np.tanh(x) ** 2)
mse_loss = lambda out, y: (np.array(np.square(out - y).mean()), 2 * (out - y) / out.size)
classification_error = lambda out, y: np.count_nonzero((out < 0) != (y < 0)) / y.size

class MultiLayerPerceptron:
    def __init__(self, hidden_dims=(20,), input_dim=1024, weight_scale=0.02, dtype=np.float32, seed=None):
        rng, before, self.num_layers, self.dtype = np.random.RandomState(seed), input_dim, len(hidden_dims) + 1, dtype
        self.params = {}
        for number, after in enumerate((*hidden_dims, 1), 1):
            self.params.update({
                f"W{number}": rng.normal(scale=weight_scale, size=(before, after)).astype(dtype),
                f"b{number}": np.zeros(after, dtype),
            })
            before = after

    def loss(self, X, y=None):
        def down(a, number):
            if number > self.num_layers:
                out = a.squeeze(axis=1)
                if y is None:
                    return None, out, {}
                loss, dout = mse_loss(out, y.astype(self.dtype))
                return dout[:, None], loss, {}
            W, b = self.params[f"W{number}"], self.params[f"b{number}"]
            out, cache = tanh_forward(a @ W + b)
            dout, result, grads = down(out, number + 1)
            if dout is None:
                return None, result, grads
            delta = tanh_backward(dout, cache)
            grads |= {f"W{number}": a.T @ delta, f"b{number}": delta.sum(0)}
            return delta @ W.T, result, grads
        dout, result, grads = down(X.reshape(len(X), -1).astype(self.dtype), 1)
        return result if dout is None else (result, grads)

def momentum_step(params, grads, velocity, learning_rate, momentum=0.0):
    velocity.update({k: momentum * velocity.get(k, 0) - learning_rate * g for k, g in grads.items()})
    params.update({k: params[k] + v for k, v in velocity.items()})
"""


@pytest.mark.parametrize("source", [LOOPS, SHORT], ids=["loops", "short"])
def test_a_right_solution_written_in_another_way_passes_every_test(source):
    namespace = {"np": np}
    exec(source, namespace)
    results = grade(namespace, EXERCISES)
    assert {result.item for result in results} == set(EXERCISES)
    assert complaints(results) == {}


class Net:
    """Says whether a picture is bright, and wrongly so for the first pictures; has parameters of the shapes given."""

    def __init__(self, *sizes, wrong=0):
        net = MultiLayerPerceptron(sizes[1:-1], input_dim=sizes[0])
        self.params, self.wrong = net.params, wrong

    def loss(self, X, y=None):
        out = np.where(X.reshape(len(X), -1).mean(axis=1) > 0, 0.9, -0.9)
        out[: self.wrong] *= -1
        return out


def curves(*errors):
    return {name: list(errors) for name in ("train_mse", "test_mse", "train_error", "test_error")}


def left_behind(**changed):
    """What both experiments leave when all is well, with changes."""
    falling = curves(0.5, 0.3, 0.1, 0.05, 0.0)
    names = {
        "classification_error": classification_error,
        "nets": {units: Net(1024, units, 1) for units in (4, 20, 200)},
        "histories": dict.fromkeys((4, 20, 200), falling),
        "deep_nets": {momentum: Net(1024, 512, 64, 1) for momentum in (0.0, 0.2)},
        "deep_histories": {0.0: falling, 0.2: curves(0.4, 0.3, 0.1, 0.05, 0.0)},
    }
    return names | changed


def lost(**changed):
    return set(complaints(grade(left_behind(**changed), {"sizes", "depth"})))


def test_good_experiments_pass_every_test():
    assert lost() == set()


def test_a_training_error_above_zero_costs_a_part():
    histories = {4: curves(0.5, 0.4, 0.3, 0.2, 0.0), 20: curves(0.5, 0.4, 0.3, 0.2, 0.01)}
    nets = {4: Net(1024, 4, 1), 20: Net(1024, 20, 1, wrong=2), 200: Net(1024, 200, 1)}
    wanted = {
        "test_twenty_units_learn_the_training_pictures_by_heart",
        "test_twenty_units_know_the_training_pictures",
    }
    assert lost(nets=nets, histories=histories | {200: histories[4]}) == wanted


def test_histories_that_the_nets_do_not_bear_out_are_refused():
    nets = {units: Net(1024, units, 1, wrong=50 if units == 20 else 0) for units in (4, 20, 200)}
    assert lost(nets=nets) == {
        "test_histories_belong_to_the_nets",
        "test_histories_are_borne_out_by_the_nets",
        "test_twenty_units_learn_the_training_pictures_by_heart",
        "test_twenty_units_know_the_training_pictures",
        "test_all_sizes_on_new_pictures",
        "test_twenty_units_on_new_pictures",
    }


def test_training_data_of_the_submission_count_for_nothing():
    """A net that is wrong about every picture, and the notebook's data forged so that it seems right."""
    nets = {units: Net(1024, units, 1, wrong=1000) for units in (4, 20, 200)}
    X, y = bright_or_dark(1, 200)
    forged = {"X_train": X, "y_train": -y, "classification_error": lambda out, y: 0.0}
    assert "test_twenty_units_know_the_training_pictures" in lost(nets=nets, **forged)


def test_the_same_history_twice_shows_no_momentum():
    falling = curves(0.5, 0.3, 0.1, 0.05, 0.0)
    assert lost(deep_histories={0.0: falling, 0.2: falling}) == {
        "test_deep_histories_belong_to_the_nets",
        "test_deep_histories_are_borne_out_by_the_nets",
    }


@pytest.mark.parametrize("nothing", [None, {}, 3, "nets", {4: None}])
def test_something_that_holds_no_nets_passes_no_test_of_the_experiments(nothing):
    results = grade(
        left_behind(nets=nothing, histories=nothing, deep_nets=nothing, deep_histories=nothing), {"sizes", "depth"}
    )
    assert {result.verdict for result in results} <= {"failed", "student_error"}
