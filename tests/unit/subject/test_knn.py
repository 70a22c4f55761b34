import numpy as np
import pytest

from nnkit.models.knn import KNearestNeighbor


@pytest.fixture
def rng():
    return np.random.default_rng(231)


@pytest.fixture
def knn(rng):
    knn = KNearestNeighbor()
    knn.train(rng.normal(size=(30, 6)), rng.integers(4, size=30))
    return knn


WAYS = ("two_loops", "one_loop", "no_loops")


@pytest.mark.parametrize("way", WAYS)
def test_distances_are_those_of_the_norm(knn, rng, way):
    X = rng.normal(size=(7, 6))
    wanted = [[np.linalg.norm(test - train) for train in knn.X_train] for test in X]
    np.testing.assert_allclose(getattr(knn, f"compute_distances_{way}")(X), wanted, rtol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_points_of_whole_numbers_have_fractional_distances(way):
    knn = KNearestNeighbor()
    knn.train(np.array([[0, 0], [3, 3]]), np.array([0, 1]))
    dists = getattr(knn, f"compute_distances_{way}")(np.array([[1, 1]]))
    np.testing.assert_allclose(dists, [[np.sqrt(2), np.sqrt(8)]], rtol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_bytes_have_the_distances_of_the_numbers_they_stand_for(rng, way):
    knn = KNearestNeighbor()
    X, X_train = (rng.integers(256, size=(n, 12)) for n in (4, 5))
    knn.train(X_train.astype(np.uint8), np.zeros(5, dtype=int))
    dists = getattr(knn, f"compute_distances_{way}")(X.astype(np.uint8))
    np.testing.assert_allclose(dists, np.linalg.norm(X[:, np.newaxis] - X_train, axis=2), rtol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_the_distance_of_a_point_to_itself_is_zero_and_no_nan(knn, way):
    dists = getattr(knn, f"compute_distances_{way}")(knn.X_train)
    np.testing.assert_allclose(np.diagonal(dists), 0, atol=1e-6)


def test_the_most_frequent_label_among_the_nearest_wins(knn):
    knn.y_train = np.array([3, 1, 1, 2])
    dists = np.array([[1.0, 2.0, 3.0, 4.0]])
    assert [int(knn.predict_labels(dists, k=k)[0]) for k in (1, 3)] == [3, 1]


def test_ties_go_to_the_smaller_label(knn):
    knn.y_train = np.array([7, 2, 7, 2])
    assert knn.predict_labels(np.array([[1.0, 2.0, 3.0, 4.0]]), k=4) == [2]


def test_more_neighbours_than_training_points_means_that_all_of_them_vote(knn):
    knn.y_train = np.array([5, 0, 0])
    assert knn.predict_labels(np.array([[1.0, 2.0, 3.0]]), k=50) == [0]


@pytest.mark.parametrize("num_loops", [0, 1, 2])
def test_training_points_are_their_own_nearest_neighbours(knn, num_loops):
    assert (knn.predict(knn.X_train, num_loops=num_loops) == knn.y_train).all()


def test_predict_takes_k_neighbours(knn, rng):
    X = rng.normal(size=(9, 6))
    wanted = knn.predict_labels(knn.compute_distances_no_loops(X), k=5)
    assert (knn.predict(X, k=5) == wanted).all()
    assert (wanted != knn.predict(X)).any()


def test_another_number_of_loops_is_refused(knn):
    with pytest.raises(ValueError, match="num_loops is 3, expected 0, 1 or 2"):
        knn.predict(knn.X_train, num_loops=3)
