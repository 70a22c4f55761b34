import numpy as np
import pytest

from nnkit.gradient_check import eval_numerical_gradient, rel_error
from nnkit.models.fully_connected import FullyConnectedNet

NORMALISATIONS = (None, "batchnorm", "layernorm")


def first_net_and_batch():
    """The net and the batch of the field's first-loss check."""
    np.random.seed(231)
    X, y = np.random.randn(2, 15), np.random.randint(10, size=2)
    return small_net(), X, y


def small_net(**settings):
    return FullyConnectedNet([20, 30], input_dim=15, weight_scale=5e-2, dtype=np.float64, **settings)


def off_the_kinks(net, seed=1):
    """The net with biases that are not zero, which would put dropped or silent units on their kinks."""
    rng = np.random.default_rng(seed)
    for name, w in net.params.items():
        if not name.startswith("W"):
            w += rng.uniform(0.2, 0.5, w.shape)
    return net


def test_the_first_losses_are_the_seed_values():
    net, X, y = first_net_and_batch()
    assert net.loss(X, y)[0] == pytest.approx(2.3004790897684924, abs=1e-12)
    assert small_net(reg=3.14).loss(X, y)[0] == pytest.approx(7.052114776533016, abs=1e-12)


def test_the_first_losses_with_dropout_are_those_of_the_notebook():
    # The field's third value, 2.304276, belongs to a layer that seeds NumPy's global generator for every layer above.
    np.random.seed(231)
    X, y = np.random.randn(2, 15), np.random.randint(10, size=2)
    losses = [small_net(dropout_keep_ratio=p, seed=123).loss(X, y)[0] for p in (1, 0.75, 0.5)]
    assert losses == pytest.approx([2.3004790897684924, 2.302371489704412, 2.298294504947024], abs=1e-12)


@pytest.mark.parametrize("hidden_dims", [[], [5], [5, 4, 6]])
@pytest.mark.parametrize("normalization", NORMALISATIONS)
def test_parameters_are_those_of_the_layers_there_are(hidden_dims, normalization):
    net = FullyConnectedNet(hidden_dims, input_dim=7, num_classes=3, normalization=normalization)
    dims = [7, *hidden_dims, 3]
    wanted = {f"W{layer}": (dims[layer - 1], dims[layer]) for layer in range(1, len(dims))}
    wanted |= {f"b{layer}": (dims[layer],) for layer in range(1, len(dims))}
    if normalization is not None:
        wanted |= {f"{name}{layer}": (dims[layer],) for layer in range(1, len(dims) - 1) for name in ("gamma", "beta")}
    assert {name: w.shape for name, w in net.params.items()} == wanted


@pytest.mark.parametrize("normalization", NORMALISATIONS)
def test_weights_are_drawn_layer_by_layer_whatever_else_is_asked_for(normalization):
    np.random.seed(5)
    net = small_net(normalization=normalization, dropout_keep_ratio=0.5, seed=1)
    np.random.seed(5)
    for layer, shape in enumerate([(15, 20), (20, 30), (30, 10)], start=1):
        np.testing.assert_array_equal(net.params[f"W{layer}"], 5e-2 * np.random.randn(*shape))


def test_biases_start_at_zero_gammas_at_one_betas_at_zero():
    params = small_net(normalization="layernorm").params
    starts = {name: np.unique(w).tolist() for name, w in params.items() if not name.startswith("W")}
    assert starts == {"b1": [0], "b2": [0], "b3": [0], "gamma1": [1], "gamma2": [1], "beta1": [0], "beta2": [0]}


@pytest.mark.parametrize(("scheme", "factor"), [("he", 2 / 300), ("xavier", 2 / 800)])
def test_a_scheme_gives_each_layer_its_own_spread(scheme, factor):
    np.random.seed(3)
    net = FullyConnectedNet([300, 500], input_dim=10, weight_scale=scheme)
    assert net.params["W2"].std() == pytest.approx(np.sqrt(factor), rel=0.02)


@pytest.mark.parametrize("normalization", NORMALISATIONS)
@pytest.mark.parametrize("keep", [1, 0.7])
@pytest.mark.parametrize("hidden_dims", [[], [6], [6, 5, 4]])
def test_gradients_agree_with_numerical_ones(hidden_dims, keep, normalization):
    np.random.seed(231)
    net = FullyConnectedNet(
        hidden_dims, 8, 4, keep, normalization, reg=0.3, weight_scale="he", dtype=np.float64, seed=7
    )
    off_the_kinks(net)
    X, y = np.random.randn(6, 2, 4), np.random.randint(4, size=6)
    _, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys()
    for name, w in net.params.items():
        numeric = eval_numerical_gradient(lambda _: net.loss(X, y)[0], w, verbose=False)
        # Batch norm takes the mean away and a bias with it: its gradient is zero but for rounding.
        assert np.abs(grads[name] - numeric).max() < 1e-9 or rel_error(grads[name], numeric) < 1e-5


def test_the_penalty_counts_the_weights_alone():
    net = off_the_kinks(small_net(normalization="batchnorm"))
    X, y = np.random.default_rng(1).standard_normal((4, 15)), np.arange(4)
    plain, grads = net.loss(X, y)
    net.reg = 2.0
    loss, with_penalty = net.loss(X, y)
    assert loss - plain == pytest.approx(sum(np.sum(w**2) for name, w in net.params.items() if name.startswith("W")))
    for name, w in net.params.items():
        wanted = grads[name] + 2 * w if name.startswith("W") else grads[name]
        np.testing.assert_allclose(with_penalty[name], wanted, rtol=1e-12, atol=1e-14)


def test_the_older_name_of_the_keep_ratio_means_the_same():
    np.random.seed(2)
    X, y = np.random.randn(5, 15), np.arange(5)
    losses = []
    for settings in ({"dropout": 0.5}, {"dropout_keep_ratio": 0.5}, {}):
        np.random.seed(3)
        losses.append(small_net(seed=4, **settings).loss(X, y)[0])
    assert losses[0] == losses[1] != losses[2]


def test_dropout_is_for_training_only():
    net = small_net(dropout_keep_ratio=0.3)
    X, y = np.random.default_rng(1).standard_normal((4, 15)), np.arange(4)
    assert net.loss(X, y)[0] != net.loss(X, y)[0]
    np.testing.assert_array_equal(net.loss(X), net.loss(X))


def test_scores_of_an_input_do_not_depend_on_the_rest_of_the_batch_once_statistics_are_kept():
    net = small_net(normalization="batchnorm")
    X, y = np.random.default_rng(1).standard_normal((30, 15)), np.arange(30) % 10
    first = net.loss(X)
    for _ in range(20):
        net.loss(X, y)
    assert not np.allclose(net.loss(X), first)  # training has moved the running statistics
    np.testing.assert_allclose(net.loss(X)[:3], net.loss(X[:3]), rtol=1e-12)


def test_hidden_layers_have_statistics_of_their_own():
    net = FullyConnectedNet([6, 6], input_dim=15, normalization="batchnorm", weight_scale=0.5, dtype=np.float64)
    net.loss(np.random.default_rng(1).standard_normal((30, 15)), np.arange(30) % 10)
    first, second = (bn_param["running_var"] for bn_param in net.bn_params)
    assert not np.allclose(first, second)


@pytest.mark.parametrize("normalization", NORMALISATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_everything_is_in_the_dtype_asked_for(dtype, normalization):
    net = FullyConnectedNet([4, 3], 6, 5, 0.8, normalization, reg=0.1, weight_scale="he", dtype=dtype)
    X = np.random.default_rng(1).standard_normal((4, 6))
    loss, grads = net.loss(X, np.arange(4))
    assert {w.dtype for w in net.params.values()} == {np.dtype(dtype)}
    assert {g.dtype for g in grads.values()} == {net.loss(X).dtype} == {np.dtype(dtype)}
    assert np.asarray(loss).dtype == dtype


def test_float32_is_the_default():
    assert FullyConnectedNet([3], input_dim=4).params["W1"].dtype == np.float32


def test_an_unknown_normalisation_is_named():
    with pytest.raises(ValueError, match="'batch_norm', expected None, 'batchnorm' or 'layernorm'"):
        FullyConnectedNet([3], normalization="batch_norm")


def test_the_loss_changes_neither_parameters_nor_inputs():
    net = small_net(reg=0.5)
    X, y = np.random.default_rng(1).standard_normal((4, 15)), np.arange(4)
    before = {name: w.copy() for name, w in net.params.items()}
    inputs = X.copy()
    first, _ = net.loss(X, y)
    assert net.loss(X, y)[0] == first
    np.testing.assert_array_equal(X, inputs)
    for name, w in before.items():
        np.testing.assert_array_equal(net.params[name], w)
