"""The captioning solver: what it asks of a model, and what is left when it is interrupted."""

import numpy as np
import pytest

from nnkit.captioning_solver import CaptioningSolver

DATA = {
    "train_captions": np.tile([1, 3, 2], (20, 1)),
    "train_image_idxs": np.arange(20),
    "train_features": np.arange(40.0).reshape(20, 2),
    "train_urls": np.array(["scene:train/0"] * 20),
    "val_captions": np.tile([1, 4, 2], (6, 1)),
    "val_image_idxs": np.arange(6),
    "val_features": np.ones((6, 2)),
}


class Bowl:
    """A loss of half the squared distance from 3."""

    def __init__(self, interrupt_at=None):
        self.params = {"w": np.zeros(2), "b": np.zeros(1)}
        self.interrupt_at = interrupt_at
        self.calls = []

    def loss(self, features, captions):
        self.calls.append((features, captions))
        if len(self.calls) == self.interrupt_at:
            raise KeyboardInterrupt
        loss = sum(0.5 * np.sum((w - 3) ** 2) for w in self.params.values())
        return loss, {name: w - 3 for name, w in self.params.items()}


def solver(model, **options):
    settings = {"optim_config": {"learning_rate": 0.1}, "batch_size": 5, "num_epochs": 3, "verbose": False}
    return CaptioningSolver(model, DATA, **{**settings, **options})


def test_it_goes_downhill_an_epoch_after_the_other():
    model = Bowl()
    solving = solver(model)
    solving.train()
    assert (len(solving.loss_history), solving.epoch) == (12, 3)
    assert solving.loss_history == sorted(solving.loss_history, reverse=True)
    np.testing.assert_allclose(model.params["w"], 3 * (1 - 0.9**12))


def test_minibatches_hold_captions_with_the_features_of_their_images():
    model = Bowl()
    np.random.seed(0)
    solver(model).train()
    features, captions = model.calls[0]
    assert (features.shape, captions.shape) == ((5, 2), (5, 3))
    np.testing.assert_array_equal(features[:, 1], features[:, 0] + 1)


def test_the_learning_rate_decays_after_every_epoch():
    solving = solver(Bowl(), lr_decay=0.5)
    solving.train()
    assert solving.optim_configs["w"]["learning_rate"] == pytest.approx(0.1 / 8)


def test_the_loss_on_validation_captions_is_measured_after_every_epoch():
    model = Bowl()
    solving = solver(model, num_val_samples=4)
    solving.train()
    assert len(solving.val_loss_history) == 3
    np.testing.assert_array_equal(model.calls[4][1], DATA["val_captions"][:4])


def test_an_interrupted_model_keeps_whole_steps_and_training_goes_on_from_there(capsys):
    model = Bowl(interrupt_at=5)
    solving = solver(model)
    with pytest.raises(KeyboardInterrupt):
        solving.train()
    learnt = 3 * (1 - 0.9**4)
    assert "keeps what it has learnt" in capsys.readouterr().out
    np.testing.assert_allclose(np.concatenate(list(model.params.values())), learnt)
    solving.train()
    np.testing.assert_allclose(model.params["w"], 3 * (1 - 0.9**16))


def test_an_interrupt_between_two_parameters_changes_neither():
    model, steps = Bowl(), []

    def rule(w, dw, config):
        steps.append(w)
        if len(steps) == 4:
            raise KeyboardInterrupt
        return w - dw, config

    with pytest.raises(KeyboardInterrupt):
        solver(model, update_rule=rule).train()
    np.testing.assert_array_equal(np.concatenate(list(model.params.values())), [3, 3, 3])
    assert len(steps) == 4


def test_progress_is_shown(capsys):
    solver(Bowl(), verbose=True, print_every=6, num_val_samples=2).train()
    out = capsys.readouterr().out
    assert "(Iteration 1 / 12) loss: 13.5" in out
    assert "(Epoch 3 / 3) val loss: " in out


def test_a_gradient_that_is_missing_or_does_not_fit_is_named():
    model = Bowl()
    model.loss = lambda features, captions: (0.0, {"w": np.zeros(2)})
    with pytest.raises(ValueError, match="returned no gradient of b"):
        solver(model).train()
    model.loss = lambda features, captions: (0.0, {"w": np.zeros(3), "b": np.zeros(1)})
    with pytest.raises(ValueError, match=r"the gradient of w has shape \(3,\), w has \(2,\)"):
        solver(model).train()


def test_an_unknown_update_rule_is_refused():
    with pytest.raises(ValueError, match="'adagrad2' is not in"):
        solver(Bowl(), update_rule="adagrad2")
