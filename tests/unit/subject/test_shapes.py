import numpy as np
import pytest

from nnkit.data import shapes
from nnkit.data.cifar10 import load_cifar10
from nnkit.losses import softmax_loss
from nnkit.models.two_layer import TwoLayerNet
from nnkit.solver import Solver


@pytest.fixture
def few(monkeypatch, tmp_path):
    """The stand-in with few pictures, cached in a fresh folder."""
    monkeypatch.delenv("NNKIT_CIFAR10", raising=False)
    monkeypatch.setenv("NNKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(shapes, "NUM_TRAINING", 40)
    monkeypatch.setattr(shapes, "NUM_TEST", 20)
    return tmp_path / "data"


def cache_of(folder):
    return next(folder.glob("shapes_v*.npz"))


def test_pictures_are_bytes_in_three_planes():
    images, labels = shapes.draw(20, seed=3)
    assert (images.shape, images.dtype, labels.shape) == ((20, 3, 32, 32), np.uint8, (20,))


def test_one_seed_gives_the_same_pictures_again():
    assert all(np.array_equal(a, b) for a, b in zip(shapes.draw(30, 3), shapes.draw(30, 3), strict=True))


def test_another_seed_gives_other_pictures():
    assert not np.array_equal(shapes.draw(30, 3)[0], shapes.draw(30, 4)[0])


def test_classes_are_equally_frequent():
    _, labels = shapes.draw(200, seed=3)
    assert np.bincount(labels).tolist() == [20] * 10


def test_the_cache_gives_what_was_drawn(few):
    drawn = shapes.load()
    assert all(np.array_equal(a, b) for a, b in zip(drawn, shapes.load(), strict=True))


def test_the_cache_is_read_and_not_drawn_again(few, monkeypatch):
    shapes.load()
    monkeypatch.setattr(shapes, "draw", None)
    assert len(shapes.load()[0]) == 40


def test_a_damaged_cache_is_drawn_again(few):
    X_train = shapes.load()[0]
    cache_of(few).write_bytes(cache_of(few).read_bytes()[:5000])
    assert np.array_equal(shapes.load()[0], X_train)


def test_nothing_but_the_cache_is_left_in_the_folder(few):
    shapes.load()
    assert list(few.iterdir()) == [cache_of(few)]


def test_a_data_folder_that_cannot_be_written_is_no_error(few, monkeypatch):
    few.write_text("a file where the folder should be")
    assert len(shapes.load()[0]) == 40


def test_the_loader_says_that_it_uses_the_stand_in(few, capsys):
    load_cifar10(num_validation=10, num_test=10)
    assert "drawn shapes, the offline stand-in for CIFAR-10" in capsys.readouterr().out


def test_the_loader_gives_the_stand_in_s_class_names(few):
    assert "crescent" in load_cifar10(num_validation=10, num_test=10)["class_names"]


@pytest.fixture(scope="module")
def accuracies():
    """Test accuracy of three classifiers on easier pictures of half the size, of which few are enough."""
    images, y = shapes.draw(4000, seed=5, difficulty=0.45)
    X = images.reshape(4000, 3, 16, 2, 16, 2).mean(axis=(3, 5)).reshape(4000, -1) / 60
    data = {"X_train": X[:3500], "y_train": y[:3500], "X_val": X[3500:], "y_val": y[3500:]}
    mean = data["X_train"].mean(axis=0)
    data["X_train"], data["X_val"] = data["X_train"] - mean, data["X_val"] - mean
    np.random.seed(231)
    return {
        "nearest neighbour": nearest_neighbour_accuracy(data),
        "linear": trained_accuracy(Linear(), data, learning_rate=0.03),
        "two-layer net": trained_accuracy(TwoLayerNet(768, 50, weight_scale=1e-2), data, learning_rate=0.2),
    }


def nearest_neighbour_accuracy(data):
    distances = np.sum(data["X_train"] ** 2, axis=1) - 2 * data["X_val"] @ data["X_train"].T
    return np.mean(data["y_train"][distances.argmin(axis=1)] == data["y_val"])


def trained_accuracy(model, data, learning_rate):
    config = {"learning_rate": learning_rate}
    solver = Solver(model, data, optim_config=config, num_epochs=15, num_train_samples=100, verbose=False)
    solver.train()
    return solver.best_val_acc


class Linear:
    """Softmax classifier."""

    def __init__(self):
        self.params = {"W": np.zeros((768, 10))}

    def loss(self, X, y=None):
        scores = X @ self.params["W"]
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        return loss, {"W": X.T @ dscores}


def test_a_linear_classifier_beats_nearest_neighbours(accuracies):
    assert accuracies["linear"] > accuracies["nearest neighbour"] + 0.05


def test_a_two_layer_net_beats_a_linear_classifier(accuracies):
    assert accuracies["two-layer net"] > accuracies["linear"] + 0.02
