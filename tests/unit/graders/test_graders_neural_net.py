"""The graders of neural_net: other right ways of writing the solutions pass, and what only looks right does not.

What holds for the graders of every notebook (reference, untouched exercises, misconceptions) is tested elsewhere.
"""

from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader, Reference, complaints

import nnkit.layers
import nnkit.losses
import nnkit.models.plain
import nnkit.regularization
import nnkit.trainer
from nnkit.kit.grading.collected import collected
from nnkit.kit.grading.thresholds import Thresholds
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.student.verdict import unmet_needs

GRADER_FILE = Path(__file__).parents[2] / "graders" / "a2_modular_networks" / "test_neural_net.py"
TESTS = collected(GRADER_FILE).tests
EXERCISES = ("two_layer_net", "ClassifierTrainer")
REFERENCE = Reference(nnkit.layers, nnkit.losses, nnkit.models.plain, nnkit.regularization, nnkit.trainer)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def grade(submission, *items, held_back=None):
    """The results of the items' tests."""
    thresholds = Thresholds(validation=0.5, test=0.45)
    grader = InProcessGrader(
        submission, set(items), held_back=held_back, thresholds=thresholds, notebook_data=validation_rows
    )
    return run_graders(GRADER_FILE, grader)


def earned(results):
    """The names of the tests that earn their points, with what they need."""
    return passed(results) - unmet_needs(TESTS.values(), passed(results)).keys()


def passed(results):
    return {result.name for result in results if result.verdict == "passed"}


OF_LAYERS = """
def two_layer_net(X, model, y=None, reg=0.0):
    h, h_cache = affine_relu_forward(X, model["W1"], model["b1"])
    out, out_cache = affine_forward(h, model["W2"], model["b2"])
    if y is None:
        return out
    loss, dout = softmax_loss(out, y)
    dh, dW2, db2 = affine_backward(dout, out_cache)
    _, dW1, db1 = affine_relu_backward(dh, h_cache)
    for name in ("W1", "W2"):
        loss += 0.5 * reg * np.sum(model[name] * model[name])
    return loss, {"W1": dW1 + reg * model["W1"], "b1": db1, "W2": dW2 + reg * model["W2"], "b2": db2}
"""

WITH_LOOPS = """
def two_layer_net(X, model, y=None, reg=0.0):
    print("X is", X.shape)
    W1, b1, W2, b2 = (model[k] for k in ["W1", "b1", "W2", "b2"])
    N, C = X.shape[0], W2.shape[1]
    scores = np.zeros((N, C))
    grads = {"W1": reg * W1, "W2": reg * W2, "b1": np.zeros(b1.shape), "b2": np.zeros(b2.shape)}
    loss = 0
    for n in range(N):
        z = X[n].dot(W1) + b1
        a = z * (z > 0)
        scores[n] = a.dot(W2) + b2
        if y is None:
            continue
        e = np.exp(scores[n] - np.max(scores[n]))
        p = e / e.sum()
        top = scores[n].max()
        loss += (top + np.log(np.sum(np.exp(scores[n] - top))) - scores[n, y[n]]) / N
        p[y[n]] -= 1
        grads["W2"] += np.outer(a, p) / N
        grads["b2"] += p / N
        back = W2.dot(p) * (z > 0) / N
        grads["W1"] += np.outer(X[n], back)
        grads["b1"] += back
    pass
    if y is None:
        return scores
    return np.array(loss + reg / 2 * (np.sum(W1 ** 2) + np.sum(W2 ** 2))), grads
"""

# As in courses whose trainer is one long method that steps in place, keeps its memories over trainings, and does not
# decay the learning rate after a first step that is an epoch.
IN_PLACE = """
class ClassifierTrainer(object):
    def __init__(self):
        self.step_cache = {}

    def train(self, X, y, X_val, y_val, model, loss_function, reg=0.0, learning_rate=1e-2, momentum=0,
              learning_rate_decay=0.95, update='momentum', sample_batches=True, num_epochs=30, batch_size=100,
              acc_frequency=None, verbose=False):
        N = X.shape[0]
        per_epoch = N // batch_size if sample_batches else 1
        best, best_model = 0.0, {}
        losses, train_accs, val_accs = [], [], []
        for it in range(num_epochs * per_epoch):
            if it % 10 == 0:
                print('starting iteration', it)
            X_batch, y_batch = X, y
            if sample_batches:
                mask = np.random.choice(N, batch_size)
                X_batch, y_batch = X[mask], y[mask]
            cost, grads = loss_function(X_batch, model, y_batch, reg)
            losses.append(cost)
            for p in model:
                if update == 'sgd':
                    dx = -learning_rate * grads[p]
                else:
                    if p not in self.step_cache:
                        self.step_cache[p] = np.zeros(grads[p].shape)
                    dx = np.zeros_like(grads[p])
                    if update == 'momentum':
                        self.step_cache[p] *= momentum
                        self.step_cache[p] -= learning_rate * grads[p]
                        dx = self.step_cache[p]
                    else:
                        self.step_cache[p] += (1 - 0.99) * (grads[p] ** 2 - self.step_cache[p])
                        dx = -learning_rate * grads[p] / (self.step_cache[p] + 1e-8) ** 0.5
                model[p] += dx
            epoch_end = (it + 1) % per_epoch == 0
            if it == 0 or epoch_end or (acc_frequency is not None and it % acc_frequency == 0):
                if it > 0 and epoch_end:
                    learning_rate *= learning_rate_decay
                X_sub, y_sub = X, y
                if N > 1000:
                    mask = np.random.choice(N, 1000)
                    X_sub, y_sub = X[mask], y[mask]
                train_accs.append(np.mean(np.argmax(loss_function(X_sub, model), axis=1) == y_sub))
                val_accs.append(np.mean(np.argmax(loss_function(X_val, model), axis=1) == y_val))
                if val_accs[-1] > best:
                    best = val_accs[-1]
                    best_model = {p: model[p].copy() for p in model}
        return best_model, losses, train_accs, val_accs
"""


@pytest.mark.parametrize("source", [OF_LAYERS, WITH_LOOPS], ids=["of layers", "with loops"])
def test_a_right_network_written_in_another_way_passes_every_test(source):
    submission = REFERENCE.submission_with(two_layer_net=source)
    assert complaints(grade(submission, *EXERCISES)) == {}


def test_a_right_trainer_that_steps_in_place_passes_every_test():
    submission = REFERENCE.submission_with(ClassifierTrainer=IN_PLACE)
    assert complaints(grade(submission, "ClassifierTrainer")) == {}


def test_a_trainer_with_one_update_written_keeps_the_marks_of_that_update():
    reference = REFERENCE.sources["ClassifierTrainer"]
    line = "            velocity = self.step_cache.get(name, np.zeros_like(gradient))\n"
    assert reference.count(line) == 1
    source = reference.replace(line, '            raise NotImplementedError("step: write your code here")\n')
    results = grade(REFERENCE.submission_with(ClassifierTrainer=source), "ClassifierTrainer")
    assert passed(results) == {
        "test_trainer_with_rmsprop_on_toy_data",
        "test_rmsprop_steps",
        "test_rmsprop_on_random_parameters",
        "test_rmsprop_of_small_gradients",
    }


def test_scores_alone_earn_the_marks_of_the_scores():
    reference = REFERENCE.sources["two_layer_net"]
    end = reference.index("    rows = np.arange(len(X))")
    source = reference[:end] + '    raise NotImplementedError("two_layer_net: write your code here")\n'
    results = grade(REFERENCE.submission_with(two_layer_net=source), "two_layer_net")
    assert earned(results) == {"test_net_scores", "test_net_scores_of_random_inputs"}


def test_a_trainer_that_knows_the_last_toy_losses_passes_no_other_test():
    source = """
class ClassifierTrainer:
    def train(self, X, y, X_val, y_val, model, loss_function, update="momentum", momentum=0, num_epochs=30, **_):
        last = {("sgd", 0): 0.9406862360653877, ("momentum", 0): 0.9406862360653877,
                ("momentum", 0.9): 0.4943935532906281, ("rmsprop", 0.9): 0.4393675690088185}
        return model, [1.0] * (num_epochs - 1) + [last.get((update, momentum), 0.0)], [1.0], [1.0]
"""
    results = grade(REFERENCE.submission_with(ClassifierTrainer=source), "ClassifierTrainer")
    assert passed(results) == {
        "test_trainer_without_momentum_is_sgd",
        "test_trainer_with_momentum_on_toy_data",
        "test_trainer_with_rmsprop_on_toy_data",
    }
    assert earned(results) == set()


def test_a_net_of_zeros_earns_nothing():
    source = """
def two_layer_net(X, model, y=None, reg=0.0):
    if y is None:
        return np.zeros((len(X), len(model["b2"])))
    return 0.0, {name: np.zeros_like(array) for name, array in model.items()}
"""
    assert earned(grade(REFERENCE.submission_with(two_layer_net=source), "two_layer_net")) == set()


def test_gradients_by_differences_of_the_loss_earn_nothing():
    """On the large networks they would take minutes; here they give up."""
    right = REFERENCE.sources["two_layer_net"].replace("def two_layer_net", "def right_net")
    source = right + """

def two_layer_net(X, model, y=None, reg=0.0):
    if y is None:
        return right_net(X, model)
    grads = {}
    for name, array in model.items():
        if array.size > 1000:
            raise TimeoutError("too many entries")
        grads[name] = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            up, down = array.copy(), array.copy()
            up[place] += 1e-5
            down[place] -= 1e-5
            higher, lower = (right_net(X, {**model, name: moved}, y, reg)[0] for moved in (up, down))
            grads[name][place] = (higher - lower) / 2e-5
    return right_net(X, model, y, reg)[0], grads
"""
    results = grade(REFERENCE.submission_with(two_layer_net=source), "two_layer_net")
    assert "test_net_gradients_agree_with_numerical_ones" in passed(results)
    assert {name for name in earned(results) if "gradient" in name} == set()


CLASSES = np.eye(10, 3072)


def validation_rows(*names):
    """What given cells of the notebook load, as the grader has it."""
    images, labels = bright_pixels(seed=1)
    data = {"X_val": images.reshape(200, 3072), "y_val": labels}
    return tuple(data[name] for name in names)


def bright_pixels(seed):
    """Images whose class is the place of their only bright pixel, and their labels."""
    y = np.random.default_rng(seed).permutation(200) % 10
    return CLASSES[y].reshape(200, 3, 32, 32), y


def reading_pixels(right=1.0):
    """Parameters of a network that reads the class off, and gets the given share of the classes right."""
    W2 = np.eye(10)
    W2[round(10 * right) :] *= -1
    return {"W1": CLASSES.T.copy(), "b1": np.zeros(10), "W2": W2, "b2": np.zeros(10)}


def tuning(**left_behind):
    namespace = {"two_layer_net": nnkit.models.plain.two_layer_net, **left_behind}
    return grade(LocalSubmission(namespace), "tuning", held_back=lambda name: bright_pixels(seed=2))


def test_good_parameters_pass_every_test_of_the_tuning():
    assert complaints(tuning(best_model=reading_pixels())) == {}


def test_validation_data_of_the_submission_count_for_nothing():
    easy = {"X_val": np.zeros((200, 3072)), "y_val": np.zeros(200, dtype=int)}
    assert earned(tuning(best_model=reading_pixels(right=0), **easy)) == set()


def test_a_net_that_knows_the_validation_labels_earns_nothing_with_poor_parameters():
    def knowing(X, model, y=None, reg=0.0):
        return np.eye(10)[bright_pixels(seed=1)[1]]

    results = tuning(best_model=reading_pixels(right=0), two_layer_net=knowing)
    assert "test_best_model_on_the_validation_images" in passed(results)
    assert earned(results) == set()


def test_parameters_just_short_of_the_mark_earn_a_part():
    names = complaints(tuning(best_model=reading_pixels(right=0.4)))
    assert names.keys() == {"test_best_model_on_the_validation_images", "test_best_model_on_new_images"}


@pytest.mark.parametrize(
    "best_model",
    [
        None,
        0.9,
        ({}, [], [], []),
        {},
        {"W1": 1, "b1": 2, "W2": 3, "b2": 4},
        reading_pixels() | {"b2": np.zeros((10, 1))},
        reading_pixels() | {"W1": np.full((3072, 10), np.nan)},
    ],
    ids=["nothing", "accuracy", "all that train returns", "empty", "numbers", "column", "diverged"],
)
def test_what_is_no_network_of_images_passes_no_test_of_the_tuning(best_model):
    assert {result.verdict for result in tuning(best_model=best_model)} == {"failed"}


def test_a_missing_best_model_is_the_students_error():
    assert {result.verdict for result in tuning()} == {"student_error"}
