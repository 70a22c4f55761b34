import numpy as np
import pytest

from nnkit.data import rows
from nnkit.data.rows import load_rows, with_ones


@pytest.fixture
def pictures(monkeypatch):
    """Small data in place of CIFAR-10's, as bytes."""
    rng = np.random.default_rng(231)
    data = {"class_names": np.array(list("abcdefghij")), "mean_image": np.zeros((3, 32, 32))}
    for name, count in [("train", 40), ("val", 6), ("test", 5)]:
        data[f"X_{name}"] = rng.integers(256, size=(count, 3, 32, 32), dtype=np.uint8)
        data[f"y_{name}"] = rng.integers(10, size=count)

    def load(subtract_mean, dtype, **options):
        assert (subtract_mean, dtype, options) == (False, np.uint8, {})
        return dict(data)

    monkeypatch.setattr(rows, "load_cifar10", load)
    return data


def test_a_row_is_a_picture_less_the_mean_training_picture_and_a_one(pictures):
    data = load_rows(num_dev=7)
    mean = pictures["X_train"].astype(float).mean(axis=0)
    np.testing.assert_allclose(data["mean_image"], mean)
    for name in ("X_train", "X_val", "X_test"):
        assert data[name].shape == (len(pictures[name]), 3073)
        assert data[name].dtype == np.float64
        np.testing.assert_allclose(data[name][:, :-1].reshape(-1, 3, 32, 32) + mean, pictures[name])
        np.testing.assert_array_equal(data[name][:, -1], 1)


def test_the_development_set_is_different_training_pictures_and_always_the_same(pictures):
    data, again = load_rows(num_dev=7), load_rows(num_dev=7)
    np.testing.assert_array_equal(data["X_dev"], again["X_dev"])
    places = [int(np.flatnonzero((data["X_train"] == row).all(axis=1))[0]) for row in data["X_dev"]]
    assert len(set(places)) == 7
    np.testing.assert_array_equal(data["y_dev"], data["y_train"][places])


def test_a_development_set_larger_than_the_training_set_is_refused(pictures):
    with pytest.raises(ValueError, match="41 pictures is asked for, and there are 40"):
        load_rows(num_dev=41)


def test_with_ones_leaves_the_pictures_as_they_are():
    images = np.arange(12, dtype=np.uint8).reshape(2, 1, 2, 3)
    before = images.copy()
    made = with_ones(images, np.full((1, 2, 3), 2.5))
    np.testing.assert_array_equal(made[1], [3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 1])
    np.testing.assert_array_equal(images, before)
