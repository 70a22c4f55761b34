# ruff: noqa: RET504 -- a result keeps its name between the region that computes it and the given `return`
"""k-nearest-neighbour classification.

Four methods of the classifier stand outside of its class, so that a notebook can open them one by one.
"""

import numpy as np


def compute_distances_two_loops(self, X):
    """Distance of each test point to each training point, one pair at a time.

    Parameters
    ----------
    self : KNearestNeighbor
        After ``train``: its training points are ``self.X_train``, (num_train, D).
    X : (num_test, D) array
        Test points.

    Returns
    -------
    dists : (num_test, num_train) array
        ``dists[i, j]`` is the Euclidean distance of test point i to training point j.
    """
    num_test, num_train = len(X), len(self.X_train)
    dists = np.zeros((num_test, num_train))
    for i in range(num_test):
        for j in range(num_train):
            # TODO: store the Euclidean distance of X[i] to self.X_train[j] in dists[i, j], without
            # a loop over the D numbers and without np.linalg.norm.
            ### BEGIN SOLUTION
            # As floats: the difference of two bytes would be a byte, 3 - 5 = 254.
            difference = np.subtract(X[i], self.X_train[j], dtype=float)
            dists[i, j] = np.sqrt(np.sum(difference**2))
            ### END SOLUTION
    return dists


def compute_distances_one_loop(self, X):
    """Distance of each test point to each training point, one test point at a time.

    Takes and returns the same as `compute_distances_two_loops`.
    """
    num_test, num_train = len(X), len(self.X_train)
    dists = np.zeros((num_test, num_train))
    for i in range(num_test):
        # TODO: fill row i of dists, the distances of X[i] to all training points, without a loop
        # over these and without np.linalg.norm.
        ### BEGIN SOLUTION
        differences = np.subtract(self.X_train, X[i], dtype=float)
        dists[i] = np.sqrt(np.sum(differences**2, axis=1))
        ### END SOLUTION
    return dists


def compute_distances_no_loops(self, X):
    """Distance of each test point to each training point, all at once.

    Takes and returns the same as `compute_distances_two_loops`.
    """
    # TODO: compute dists without any loop and without np.linalg.norm. An array of all differences,
    # (num_test, num_train, D), would be far too large: multiply the square out.
    ### BEGIN SOLUTION
    # As floats: the squares of bytes would be bytes.
    points, training_points = X.astype(float), self.X_train.astype(float)
    test_squares = np.sum(points**2, axis=1)
    train_squares = np.sum(training_points**2, axis=1)
    products = points @ training_points.T
    squares = test_squares[:, np.newaxis] + train_squares - 2 * products
    # Rounding may leave a little less than zero where two points are the same.
    dists = np.sqrt(np.maximum(squares, 0))
    ### END SOLUTION
    return dists


def predict_labels(self, dists, k=1):
    """Label of each test point: the most frequent one among its k nearest training points.

    Parameters
    ----------
    self : KNearestNeighbor
        After ``train``: the labels of its training points are ``self.y_train``, (num_train,).
    dists : (num_test, num_train) array
        ``dists[i, j]`` is the distance of test point i to training point j.
    k : int
        How many neighbours vote, at least 1. Where it is more than there are training points, all
        of them vote.

    Returns
    -------
    y_pred : (num_test,) array of integers
        Predicted labels. Of labels with equally many votes the smallest one wins.
    """
    y_pred = np.zeros(len(dists), dtype=int)
    for i in range(len(dists)):
        # TODO: find the labels of the k nearest neighbours of test point i, and store the most
        # frequent one in y_pred[i]; of several, the smallest.
        ### BEGIN SOLUTION
        nearest = np.argsort(dists[i])[:k]
        labels, votes = np.unique(self.y_train[nearest], return_counts=True)
        y_pred[i] = labels[np.argmax(votes)]
        ### END SOLUTION
    return y_pred


class KNearestNeighbor:
    """k-nearest-neighbour classifier with Euclidean distance.

    Attributes
    ----------
    X_train : (num_train, D) array
        What `train` was given.
    y_train : (num_train,) array of integers
    """

    def train(self, X, y):
        """Remember the training points and their labels, integers from 0: that is all."""
        self.X_train = X
        self.y_train = y

    def predict(self, X, k=1, num_loops=0):
        """Labels of test points.

        Parameters
        ----------
        X : (num_test, D) array
        k : int
            How many neighbours vote.
        num_loops : {0, 1, 2}
            Which of the three ways to compute distances to take.

        Returns
        -------
        y_pred : (num_test,) array of integers
        """
        ways = {
            0: self.compute_distances_no_loops,
            1: self.compute_distances_one_loop,
            2: self.compute_distances_two_loops,
        }
        if num_loops not in ways:
            raise ValueError(f"num_loops is {num_loops}, expected 0, 1 or 2")
        return self.predict_labels(ways[num_loops](X), k=k)

    def compute_distances_two_loops(self, X):
        """Hand on to the function of this name."""
        return compute_distances_two_loops(self, X)

    def compute_distances_one_loop(self, X):
        """Hand on to the function of this name."""
        return compute_distances_one_loop(self, X)

    def compute_distances_no_loops(self, X):
        """Hand on to the function of this name."""
        return compute_distances_no_loops(self, X)

    def predict_labels(self, dists, k=1):
        """Hand on to the function of this name."""
        return predict_labels(self, dists, k=k)
