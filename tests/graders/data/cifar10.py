"""Images that no notebook has: of CIFAR-10 the test images after those of the notebooks, of the stand-in new ones."""

import pickle

import numpy as np
from shown import no_real_data, show

from nnkit.data import shapes
from nnkit.data.cifar10 import load_cifar10

HELD_OUT = 1000
# What notebooks use: so many test images, and the mean of so many training images.
TEST_IMAGES, TRAINING_IMAGES = 1000, 5000


def held_out(path, seed):
    """Images (N, 3, 32, 32) less the mean image, as most notebooks have them, and labels (N,)."""
    images, labels, mean = _pictures(path, seed)
    return images - mean, labels


def held_out_bytes(path, seed):
    """The same images as bytes, and labels."""
    images, labels, _ = _pictures(path, seed)
    return images, labels


def prepare(path, folder):
    """Training batches as they are, and of the test batch only the images that notebooks use; or the stand-in."""
    if path is None:
        with no_real_data(folder):
            shapes.load()
        return
    binary = (path / "test_batch.bin").is_file()
    place = folder / f"cifar-10-batches-{'bin' if binary else 'py'}"  # the loader knows it by the folder's name
    place.mkdir()
    for batch in path.glob("data_batch_*"):
        show(batch, place / batch.name)
    data = load_cifar10(
        path, num_training=0, num_validation=0, num_test=TEST_IMAGES, subtract_mean=False, dtype=np.uint8
    )
    images, labels = data["X_test"].reshape(TEST_IMAGES, -1), data["y_test"]
    if binary:
        np.column_stack([labels.astype(np.uint8), images]).tofile(place / "test_batch.bin")
    else:
        with (place / "test_batch").open("wb") as file:
            pickle.dump({b"data": images, b"labels": labels.tolist()}, file, protocol=4)


def _pictures(path, seed):
    """Images as bytes, labels, and the mean image of the notebooks."""
    if path is None:
        with no_real_data():
            training = shapes.load()[0][:TRAINING_IMAGES]
        return *shapes.draw(HELD_OUT, seed), training.mean(axis=0)
    known = load_cifar10(path, TRAINING_IMAGES, 0, TEST_IMAGES + HELD_OUT, subtract_mean=False, dtype=np.uint8)
    mean = known["X_train"].mean(axis=0)
    return known["X_test"][TEST_IMAGES:], known["y_test"][TEST_IMAGES:], mean
