import numpy as np
import pytest

from nnkit.optim import adam, rmsprop, sgd, sgd_momentum, sgd_nesterov_momentum

RULES = (sgd, sgd_momentum, sgd_nesterov_momentum, rmsprop, adam)
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


def linspace(low, high):
    return np.linspace(low, high, 20).reshape(4, 5)


def run(rule, gradients, w=0.0, **settings):
    """The parameter after each of the steps."""
    w, config, path = np.array(w), dict(settings), []
    for dw in gradients:
        w, config = rule(w, np.array(dw), config)
        path.append(w)
    return np.array(path)


@pytest.mark.parametrize(
    ("rule", "state", "first_and_last"),
    [
        (sgd_momentum, {"learning_rate": 1e-3, "velocity": linspace(0.6, 0.9)}, (0.1406, 1.4096)),
        (sgd_nesterov_momentum, {"learning_rate": 1e-3, "velocity": linspace(0.6, 0.9)}, (0.08714, None)),
        (rmsprop, {"learning_rate": 1e-2, "cache": linspace(0.6, 0.9)}, (-0.39223849, 0.59576619)),
        (
            adam,
            {"learning_rate": 1e-2, "m": linspace(0.6, 0.9), "v": linspace(0.7, 0.5), "t": 5},
            (-0.40094747, 0.59801459),
        ),
    ],
)
def test_a_step_gives_the_seed_values(rule, state, first_and_last):
    next_w, _ = rule(linspace(-0.4, 0.6), linspace(-0.6, 0.4), state)
    for value, wanted in zip((next_w[0, 0], next_w[-1, -1]), first_and_last, strict=True):
        assert wanted is None or value == pytest.approx(wanted, abs=5e-9)


@every_rule
def test_a_step_changes_neither_parameter_nor_gradient_and_keeps_their_dtype(rule):
    for dtype in (np.float32, np.float64):
        w, dw = np.ones((2, 3), dtype), np.full((2, 3), 0.5, dtype)
        config = None
        for _ in range(2):
            next_w, config = rule(w, dw, config)
        assert next_w.dtype == dtype
        assert (w == 1).all()
        assert (dw == 0.5).all()


@every_rule
def test_a_zero_gradient_moves_nothing(rule):
    assert run(rule, [np.zeros(3)] * 2, w=np.ones(3)).tolist() == [[1, 1, 1]] * 2


@every_rule
def test_every_rule_finds_the_bottom_of_a_bowl(rule):
    w, config = np.array([1.0, -2.0]), {"learning_rate": 0.05}
    for _ in range(400):
        w, config = rule(w, w * [1.0, 4.0], config)
    assert np.abs(w).max() < 0.06


@every_rule
def test_two_parameters_share_no_state(rule):
    together, alone = [], run(rule, [1.0, -0.5, 2.0])
    configs, ws = [None, None], [np.array(0.0), np.array(0.0)]
    for dw in (1.0, -0.5, 2.0):
        for which, sign in enumerate((1, -3)):
            ws[which], configs[which] = rule(ws[which], np.array(sign * dw), configs[which])
        together.append(ws[0])
    np.testing.assert_allclose(together, alone)


def test_momentum_gathers_speed_up_to_ten_times_that_of_gradient_descent():
    steps = np.diff(run(sgd_momentum, [1.0] * 200, learning_rate=0.01))
    assert steps[-1] == pytest.approx(-0.1)
    assert (np.diff(steps) <= 0).all()


def test_nesterov_takes_the_gradient_where_the_velocity_leads():
    """The same as the look-ahead form on theta, with w = theta + momentum * velocity."""
    curvature, rate, share = 2.0, 0.1, 0.8
    theta, velocity, w, config = 1.0, 0.0, np.array(1.0), {"learning_rate": rate, "momentum": share}
    for _ in range(6):
        velocity = share * velocity - rate * curvature * (theta + share * velocity)
        theta += velocity
        w, config = sgd_nesterov_momentum(w, curvature * w, config)
        assert w == pytest.approx(theta + share * velocity)


@pytest.mark.parametrize("rule", [rmsprop, adam])
def test_steps_do_not_depend_on_the_gradients_scale(rule):
    gradients = np.random.default_rng(1).standard_normal((5, 4))
    small, large = (run(rule, scale * gradients, w=np.zeros(4), epsilon=0.0) for scale in (1.0, 1000.0))
    np.testing.assert_allclose(small, large, rtol=1e-10)


@pytest.mark.parametrize(("rule", "first_step"), [(rmsprop, 0.01 * 1e-8 / (1e-9 + 1e-8)), (adam, 0.01 / 2)])
def test_epsilon_stands_outside_the_root(rule, first_step):
    assert run(rule, [1e-8], learning_rate=0.01)[0] == pytest.approx(-first_step)


def test_adam_corrects_for_its_start_so_that_the_first_step_is_the_learning_rate():
    np.testing.assert_allclose(run(adam, [[3.0, -0.2]], w=np.zeros(2), learning_rate=0.01), [[-0.01, 0.01]], rtol=1e-6)


def test_adam_counts_its_steps_and_keeps_plain_averages():
    config = None
    for _ in range(3):
        _, config = adam(np.zeros(1), np.ones(1), config)
    assert config["t"] == 3
    assert config["m"] == pytest.approx(1 - 0.9**3)
    assert config["v"] == pytest.approx(1 - 0.999**3)
