"""CIFAR-10, or the stand-in for it, as rows of numbers for linear classifiers."""

import numpy as np

from nnkit.data.cifar10 import load_cifar10


def load_rows(num_dev=500, **options):
    """Load CIFAR-10 or its stand-in as rows, less the mean training picture, each with a 1 at its end.

    With that 1, a matrix W of one more row holds the biases too: ``append(x, 1) @ W`` is ``x @ W[:-1] + W[-1]`` (the
    bias trick).

    Parameters
    ----------
    num_dev : int
        Size of the development set, random training pictures, the same on every call.
    **options
        Of `nnkit.data.cifar10.load_cifar10`: folder, num_training, num_validation, num_test.

    Returns
    -------
    dict of arrays
        ``X_train``, ``X_val``, ``X_test``, ``X_dev``: (N, 3073), float64.
        Picture n is ``X[n, :-1].reshape(3, 32, 32)``.
        ``y_train``, ``y_val``, ``y_test``, ``y_dev``: (N,) integers.
        ``mean_image``: (3, 32, 32), what was subtracted.
        ``class_names``: (10,) strings.

    Raises
    ------
    ValueError
        If fewer training pictures are there than `num_dev`; and as `load_cifar10` does.
    """
    # As bytes: CIFAR-10 in float64 takes 1.2 GB, once.
    data = load_cifar10(subtract_mean=False, dtype=np.uint8, **options)
    data["mean_image"] = data["X_train"].mean(axis=0)
    for name in ("X_train", "X_val", "X_test"):
        data[name] = with_ones(data[name], data["mean_image"])
    count = len(data["X_train"])
    if num_dev > count:
        raise ValueError(f"a development set of {num_dev} pictures is asked for, and there are {count} to train on")
    chosen = np.random.default_rng(0).choice(count, num_dev, replace=False)
    data["X_dev"], data["y_dev"] = data["X_train"][chosen], data["y_train"][chosen]
    return data


def with_ones(images, mean_image):
    """Rows of the pictures less the mean picture, with a last column of ones.

    Parameters
    ----------
    images : (N, ...) array
    mean_image : array shaped like one picture

    Returns
    -------
    (N, D + 1) array of float64
    """
    rows = np.ones((len(images), mean_image.size + 1))
    np.subtract(images.reshape(len(images), -1), mean_image.reshape(-1), out=rows[:, :-1])
    return rows
