"""Small pictures of two kinds cut from photographs, brick and grass: the offline stand-in for cats and cars.

The photographs (Creative Commons CC0) lie beside this module in ``textures.h5``, which ``scripts/textures.py`` made. A
picture is a piece of one of them, 32 by 32 pixels, at a random place, turned by a random multiple of 90 degrees and
perhaps mirrored. Its mean and contrast are drawn at random too, so that brightness does not give the class away. Pieces
for training come from the left part of each photograph, pieces for testing from the right one: no pixel is in both.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from nnkit.data.hdf5 import opened

CLASS_NAMES = ("brick", "grass")
SIZE = 32
NUM_TRAINING, NUM_TEST = 1900, 1000

_TRAINING_SHARE = 0.62  # of the photograph's width


def load():
    """The stand-in's fixed pictures.

    Returns
    -------
    X_train, y_train, X_test, y_test : arrays
        1900 and 1000 pictures as `cut` gives them.
    """
    return (*cut(NUM_TRAINING, "train", seed=1), *cut(NUM_TEST, "test", seed=2))


def cut(n, part, seed):
    """Cut n pictures with labels.

    Parameters
    ----------
    n : int
    part : {"train", "test"}
        Which part of the photographs to cut from.
    seed : int
        The same n, part and seed give the same pictures.

    Returns
    -------
    images : (n, 32, 32) array of uint8
        Grey values.
    labels : (n,) array of int64
        Places in `CLASS_NAMES`, equally frequent.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    labels = rng.permutation(np.arange(n) % len(CLASS_NAMES))
    images = np.empty((n, SIZE, SIZE), dtype=np.uint8)
    for i, label in enumerate(labels):
        images[i] = _piece(_photographs()[label], part, rng)
    return images, labels


def _piece(photograph, part, rng):
    height, width = photograph.shape
    border = round(_TRAINING_SHARE * width)
    left, right = (0, border) if part == "train" else (border, width)
    row, column = rng.integers(height - SIZE + 1), rng.integers(left, right - SIZE + 1)
    piece = np.rot90(photograph[row : row + SIZE, column : column + SIZE], rng.integers(4))
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    contrast = 60 * rng.uniform(0.8, 1.2)
    brightness = 127 + 8 * rng.standard_normal()
    return np.clip(np.rint(brightness + contrast * (piece - piece.mean())), 0, 255)


@lru_cache(maxsize=1)
def _photographs():
    """Both photographs, each with a standard deviation of 1."""
    with opened(Path(__file__).with_name("textures.h5")) as file:
        levels = [file[name][()].astype(np.float64) for name in CLASS_NAMES]
    return [photograph / photograph.std() for photograph in levels]
