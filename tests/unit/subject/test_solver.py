import numpy as np
import pytest

from nnkit.models.two_layer import TwoLayerNet
from nnkit.optim import sgd
from nnkit.solver import Solver


@pytest.fixture
def data():
    """Two classes in the plane, well apart."""
    rng = np.random.default_rng(231)
    y = np.arange(60) % 2
    X = rng.standard_normal((60, 2)) + 3 * (2 * y[:, np.newaxis] - 1)
    return {"X_train": X[:40], "y_train": y[:40], "X_val": X[40:], "y_val": y[40:]}


@pytest.fixture
def net():
    np.random.seed(231)
    return TwoLayerNet(input_dim=2, hidden_dim=5, num_classes=2, weight_scale=0.1)


class Constant:
    """A model that always prefers the class its one parameter names."""

    def __init__(self, answer):
        self.params = {"answer": np.array([float(answer)])}

    def loss(self, X, y=None):
        if y is None:
            return np.eye(2)[np.full(len(X), int(self.params["answer"][0]))]
        return 0.5, {"answer": np.ones(1)}


def test_training_learns_to_tell_two_clouds_apart(net, data):
    solver = Solver(net, data, optim_config={"learning_rate": 0.5}, batch_size=10, verbose=False)
    solver.train()
    assert solver.best_val_acc == 1.0


def test_histories_have_one_loss_per_step_and_one_accuracy_per_epoch_and_the_first_step(net, data):
    solver = Solver(net, data, batch_size=10, num_epochs=3, verbose=False)
    solver.train()
    lengths = len(solver.loss_history), len(solver.train_acc_history), len(solver.val_acc_history)
    assert lengths == (12, 4, 4)


def test_the_model_ends_with_the_parameters_that_did_best(data):
    data["y_val"] = np.ones(20, dtype=int)
    rises_then_falls = iter([1.0, 0.0, 0.0, 0.0])

    def rule(w, dw, config=None):
        return np.full_like(w, next(rises_then_falls)), config

    solver = Solver(Constant(0), data, rule, {"learning_rate": 1}, batch_size=40, num_epochs=4, verbose=False)
    solver.train()
    assert solver.val_acc_history[-1] == 0
    assert solver.model.params["answer"] == 1


def test_best_parameters_survive_an_update_in_place(data):
    data["y_val"] = np.zeros(20, dtype=int)

    def rule(w, dw, config=None):
        w += len(solver.loss_history) > 1
        return w, config

    solver = Solver(Constant(0), data, rule, {"learning_rate": 1}, batch_size=40, num_epochs=2, verbose=False)
    solver.train()
    assert solver.best_params["answer"] == 0


def test_the_learning_rate_decays_after_every_epoch(net, data):
    solver = Solver(
        net, data, optim_config={"learning_rate": 1.0}, lr_decay=0.5, batch_size=10, num_epochs=3, verbose=False
    )
    solver.train()
    assert solver.optim_configs["W1"]["learning_rate"] == 0.125


def test_the_caller_s_optim_config_is_left_alone(net, data):
    config = {"learning_rate": 1.0}
    Solver(net, data, optim_config=config, lr_decay=0.5, batch_size=10, num_epochs=1, verbose=False).train()
    assert config == {"learning_rate": 1.0}


def test_the_default_optim_config_is_not_shared_between_solvers(net, data):
    Solver(net, data, lr_decay=0.5, batch_size=10, num_epochs=1, verbose=False).train()
    assert Solver(net, data).optim_configs["W1"] == {}


def test_an_unknown_update_rule_is_named(net, data):
    with pytest.raises(ValueError, match="sdg"):
        Solver(net, data, update_rule="sdg")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda grads: grads.update(b2=grads["b2"][None]), r"the gradient of b2 has shape \(1, 2\), b2 has \(2,\)"),
        (lambda grads: grads.pop("b2"), "no gradient of b2 "),
    ],
)
def test_a_gradient_that_does_not_fit_is_named(net, data, wrong, message):
    right = net.loss

    def loss(X, y=None):
        if y is None:
            return right(X)
        value, grads = right(X, y)
        wrong(grads)
        return value, grads

    net.loss = loss
    with pytest.raises(ValueError, match=message):
        Solver(net, data, verbose=False).train()


def test_accuracy_does_not_depend_on_the_batch_size(net, data):
    solver = Solver(net, data, verbose=False)
    X, y = data["X_train"], data["y_train"]
    assert solver.check_accuracy(X, y, batch_size=7) == solver.check_accuracy(X, y, batch_size=100)


def test_accuracy_is_the_share_of_right_answers(data):
    solver = Solver(Constant(1), data, verbose=False)
    assert solver.check_accuracy(np.zeros((4, 2)), np.array([1, 1, 1, 0])) == 0.75


def test_print_every_sets_how_often_the_loss_is_printed(net, data, capsys):
    Solver(net, data, batch_size=10, num_epochs=3, print_every=5).train()
    assert capsys.readouterr().out.count("(Iteration") == 3  # steps 1, 6 and 11 of 12


def test_nothing_goes_to_stderr(net, data, capsys):
    Solver(net, data, batch_size=10, num_epochs=3).train()
    captured = capsys.readouterr()
    assert "training" in captured.out
    assert captured.err == ""


def test_a_quiet_solver_prints_nothing(net, data, capsys):
    Solver(net, data, batch_size=10, num_epochs=1, verbose=False).train()
    assert capsys.readouterr().out == ""


def test_an_interrupt_keeps_the_best_parameters_so_far(net, data, capsys):
    def rule(w, dw, config=None):
        if len(solver.loss_history) == 7:
            raise KeyboardInterrupt
        return sgd(w, dw, config)

    solver = Solver(net, data, rule, {"learning_rate": 0.5}, batch_size=10, num_epochs=3, verbose=False)
    with pytest.raises(KeyboardInterrupt):
        solver.train()
    assert "interrupted after 7 of 12 steps" in capsys.readouterr().out
    assert np.array_equal(net.params["W1"], solver.best_params["W1"])


def test_a_checkpoint_is_read_without_pickle(net, data, tmp_path):
    solver = Solver(net, data, batch_size=10, num_epochs=1, checkpoint_name=str(tmp_path / "net"), verbose=False)
    solver.train()
    with np.load(tmp_path / "net_epoch_1.npz", allow_pickle=False) as checkpoint:
        stored = {name: checkpoint[name] for name in checkpoint}
    assert {f"params/{name}" for name in net.params} < stored.keys()
    assert stored["loss_history"].tolist() == solver.loss_history
