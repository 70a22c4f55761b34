"""The trainer: its updates by hand, what it measures, what it keeps."""

import numpy as np
import pytest

from nnkit.trainer import ClassifierTrainer, Valley

X, y = np.linspace(0, 5, 6).reshape(6, 1), np.array([0, 1, 0, 1, 1, 0])


def train(model, valley=None, trainer=None, **settings):
    """The valley after a training in it, and what the training returned."""
    valley = valley or Valley(dict.fromkeys(model, 1.0))
    settings = {"learning_rate": 0.1, "learning_rate_decay": 1, "sample_batches": False, "num_epochs": 4} | settings
    result = (trainer or ClassifierTrainer()).train(X, y, X, y, model, valley, **settings)
    return valley, result


def path(valley, name="w"):
    return np.array([parameters[name] for parameters in valley.models])


def test_sgd_steps_against_the_gradient():
    valley, _ = train({"w": np.array([2.0, -1.0])}, update="sgd")
    np.testing.assert_allclose(path(valley), np.outer(0.9 ** np.arange(4), [2.0, -1.0]))


def test_momentum_keeps_a_share_of_the_velocity():
    valley, _ = train({"w": np.array([2.0])}, momentum=0.9)
    np.testing.assert_allclose(path(valley)[:, 0], [2.0, 1.8, 1.44, 0.972])


def test_rmsprop_divides_by_the_root_of_the_mean_square_with_epsilon_inside():
    valley, _ = train({"w": np.array([1e-4])}, update="rmsprop", learning_rate=1e-5, num_epochs=3)
    first = 1e-4 - 1e-5 * 1e-4 / np.sqrt(0.01 * 1e-8 + 1e-8)
    mean_square = 0.99 * 0.01 * 1e-8 + 0.01 * first**2
    second = first - 1e-5 * first / np.sqrt(mean_square + 1e-8)
    np.testing.assert_allclose(path(valley)[:, 0], [1e-4, first, second], rtol=1e-12)


@pytest.mark.parametrize("update", ["momentum", "rmsprop"])
def test_every_parameter_has_a_memory_of_its_own(update):
    together, _ = train({"a": np.array([2.0]), "b": np.array([-3.0])}, update=update, momentum=0.9)
    for name, start in [("a", 2.0), ("b", -3.0)]:
        alone, _ = train({name: np.array([start])}, update=update, momentum=0.9)
        np.testing.assert_array_equal(path(together, name), path(alone, name))


@pytest.mark.parametrize("update", ["momentum", "rmsprop"])
def test_every_entry_of_a_parameter_has_a_memory_of_its_own(update):
    together, _ = train({"w": np.array([2.0, -0.5])}, update=update, momentum=0.9)
    for entry, start in enumerate([2.0, -0.5]):
        alone, _ = train({"w": np.array([start])}, update=update, momentum=0.9)
        np.testing.assert_array_equal(path(together)[:, entry], path(alone)[:, 0])


@pytest.mark.parametrize("update", ["momentum", "rmsprop"])
def test_a_second_training_begins_without_memories(update):
    trainer = ClassifierTrainer()
    first, _ = train({"w": np.array([2.0])}, trainer=trainer, update=update, momentum=0.9)
    second, _ = train({"w": np.array([2.0])}, trainer=trainer, update=update, momentum=0.9)
    np.testing.assert_array_equal(path(first), path(second))


def test_an_unknown_update_is_named():
    with pytest.raises(ValueError, match=r"'adam'.*rmsprop"):
        train({"w": np.array([2.0])}, update="adam")


def test_the_learning_rate_decays_after_every_epoch():
    settings = {"sample_batches": True, "batch_size": 3, "num_epochs": 2, "learning_rate_decay": 0.5}
    valley, _ = train({"w": np.array([1.0])}, update="sgd", **settings)
    np.testing.assert_allclose(path(valley)[:, 0], [1.0, 0.9, 0.81, 0.81 * 0.95])


def test_a_gradient_stays_in_the_velocity_with_the_learning_rate_of_its_own_step():
    valley, _ = train({"w": np.array([1.0])}, momentum=0.5, learning_rate=0.2, learning_rate_decay=0.5, num_epochs=3)
    second = 0.8 + 0.5 * -0.2 - 0.1 * 0.8
    np.testing.assert_allclose(path(valley)[:, 0], [1.0, 0.8, second])


def test_the_parameters_of_the_last_step_are_left_in_the_model_and_its_old_arrays_alone():
    start = np.array([2.0])
    model = {"w": start}
    train(model, update="sgd")
    assert start[0] == 2.0
    assert model["w"][0] == pytest.approx(2 * 0.9**4)


def test_the_best_model_is_the_first_with_the_best_validation_accuracy():
    # Losses after each step: 1.62, 1.31, 1.06, 0.86, ... Both inputs are right after the second and the third.
    model, valley = {"w": np.array([2.0])}, Valley({"w": 1.0})
    X_val, y_val = np.array([[1.5], [1.0]]), np.array([1, 0])
    settings = {"learning_rate": 0.1, "learning_rate_decay": 1, "sample_batches": False, "num_epochs": 6}
    best_model, _, _, val_acc_history = ClassifierTrainer().train(X, y, X_val, y_val, model, valley, **settings)
    assert val_acc_history == [0.5, 1.0, 1.0, 0.5, 0.5, 0.5]
    assert best_model["w"][0] == pytest.approx(2 * 0.9**2)


@pytest.mark.parametrize(
    ("settings", "steps", "measurements"),
    [
        ({"sample_batches": False, "num_epochs": 5}, 5, 5),
        ({"sample_batches": True, "batch_size": 2, "num_epochs": 4}, 12, 5),
        ({"sample_batches": True, "batch_size": 2, "num_epochs": 4, "acc_frequency": 4}, 12, 6),
        ({"sample_batches": True, "batch_size": 100, "num_epochs": 3}, 3, 3),
    ],
)
def test_accuracies_are_measured_after_the_first_step_every_epoch_and_on_request(settings, steps, measurements):
    _, (_, *histories) = train({"w": np.array([1.0])}, **settings)
    assert [len(history) for history in histories] == [steps, measurements, measurements]


def test_a_step_sees_a_minibatch_with_its_own_labels_drawn_from_numpys_generator():
    np.random.seed(5)
    valley, _ = train({"w": np.array([1.0])}, reg=0.25, sample_batches=True, batch_size=4, num_epochs=3)
    draws = np.random.RandomState(5)
    for X_batch, y_batch in zip(valley.batches, valley.labels, strict=True):
        chosen = draws.choice(6, 4)
        np.testing.assert_array_equal(X_batch, X[chosen])
        np.testing.assert_array_equal(y_batch, y[chosen])
    assert valley.regs == [0.25] * 3


def test_training_accuracy_is_measured_on_a_thousand_inputs_at_most():
    many, valley = np.zeros((1500, 1)), Valley({"w": 1.0})
    labels = np.zeros(1500, dtype=int)
    ClassifierTrainer().train(many, labels, X, y, {"w": np.array([1.0])}, valley, num_epochs=1, batch_size=1500)
    assert [len(scored) for scored in valley.scored] == [1000, 6]


def test_progress_is_printed_only_on_request_and_never_as_an_error(capsys):
    train({"w": np.array([1.0])})
    assert capsys.readouterr() == ("", "")
    train({"w": np.array([1.0])}, verbose=True)
    printed = capsys.readouterr()
    assert "best validation accuracy 0.667" in printed.out
    assert printed.err == ""


def test_the_gradient_in_a_valley_is_its_slope():
    model = {"a": np.array([1.0, -2.0]), "b": np.array([3.0])}
    valley = Valley({"a": 2.0, "b": 0.5})
    loss, gradients = valley(X, model, y)
    assert loss == pytest.approx(0.5 * (2 * 5 + 0.5 * 9))
    for name, array in model.items():
        nudged = {**model, name: array + 1e-6}
        slope = (valley(X, nudged, y)[0] - loss) / 1e-6
        assert gradients[name].sum() == pytest.approx(slope, rel=1e-5)


def test_the_scores_in_a_valley_tell_whether_an_input_is_above_the_loss():
    scores = Valley({"w": 1.0})(X, {"w": np.array([2.0])})
    np.testing.assert_array_equal(np.argmax(scores, axis=1), [0, 0, 0, 1, 1, 1])
