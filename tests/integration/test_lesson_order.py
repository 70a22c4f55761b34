"""The stand-in teaches what CIFAR-10 does: each classifier of a1_image_classifiers clearly beats the one before it.

Smaller than in the notebooks: 5,000 training images and one good setting each. Nearest neighbours get as many as there,
and the k that suits the test images best, so that none that a student may choose does better.
"""

from itertools import pairwise

import numpy as np
import pytest

from nnkit.data.rows import with_ones
from nnkit.data.shapes import draw
from nnkit.features import color_histogram_hsv, extract_features, hog_feature, normalize_features
from nnkit.models.knn import KNearestNeighbor
from nnkit.models.linear import LinearSVM
from nnkit.models.two_layer import TwoLayerNet
from nnkit.solver import Solver

K_CHOICES = (1, 3, 5, 8, 10, 12, 15, 20, 50, 100)  # those of the notebook
LADDER = ("k-NN", "linear", "two layers", "two layers on features")
MARGIN = 0.03  # measured steps are 0.06, 0.08 and 0.15; other random numbers move an accuracy by 0.02


@pytest.fixture(scope="module")
def accuracies():
    """Test accuracy of each classifier."""
    pictures, labels = zip(draw(5000, seed=1), draw(500, seed=3), draw(1000, seed=2), strict=True)
    rows = [with_ones(each, pictures[0].mean(axis=0)) for each in pictures]
    features = [extract_features(each, [hog_feature, color_histogram_hsv]) for each in pictures]
    mean, std = features[0].mean(axis=0), features[0].std(axis=0)
    features = [normalize_features(each, mean, std) for each in features]

    knn = KNearestNeighbor()
    knn.train(rows[0], labels[0])
    distances = knn.compute_distances_no_loops(rows[2])
    by_k = [np.mean(knn.predict_labels(distances, k) == labels[2]) for k in K_CHOICES]
    np.random.seed(0)
    svm = LinearSVM()
    svm.train(rows[0], labels[0], learning_rate=3e-7, reg=2e4, num_iters=400)
    pixels = [each[:, :-1] for each in rows]
    net = trained_net(pixels, labels, 50, weight_scale=1e-3, reg=0.5, learning_rate=1.5e-3)
    net_on_features = trained_net(features, labels, 200, weight_scale=1e-2, reg=1e-3, learning_rate=0.3)
    predictions = (
        svm.predict(rows[2]),
        net.loss(pixels[2]).argmax(axis=1),
        net_on_features.loss(features[2]).argmax(axis=1),
    )
    right = [max(by_k), *(np.mean(predicted == labels[2]) for predicted in predictions)]
    return dict(zip(LADDER, right, strict=True))


def trained_net(inputs, labels, hidden_dim, *, weight_scale, reg, learning_rate):
    np.random.seed(0)
    net = TwoLayerNet(inputs[0].shape[1], hidden_dim, weight_scale=weight_scale, reg=reg)
    data = dict(zip(("X_train", "X_val", "y_train", "y_val"), (*inputs[:2], *labels[:2]), strict=True))
    Solver(
        net,
        data,
        optim_config={"learning_rate": learning_rate},
        lr_decay=0.8,
        num_epochs=8,
        num_train_samples=100,
        verbose=False,
    ).train()
    return net


def test_the_nearest_neighbours_beat_guessing(accuracies):
    assert accuracies["k-NN"] > 0.2


@pytest.mark.parametrize(("worse", "better"), list(pairwise(LADDER)))
def test_each_classifier_beats_the_one_before(accuracies, worse, better):
    assert accuracies[better] > accuracies[worse] + MARGIN, accuracies
