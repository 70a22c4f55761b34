"""Cats and cars: grey pictures of 32 by 32 pixels in two classes, in one HDF5 file, or the stand-in for it.

Nothing is downloaded. The file is the first of these that is set or there:

1. the argument ``file``;
2. the environment variable NNKIT_CATS_CARS;
3. ``cats_cars.h5`` in the data folder, which the environment variable NNKIT_DATA names and which is ``data`` otherwise.

It holds ``/trainims`` (N, 32, 32), ``/trainlbls`` (N,), ``/testims`` and ``/testlbls`` likewise (1900 and 1000 pictures
in the original), grey values from 0 to 255, and two different labels. Without it there is `nnkit.data.textures`,
pictures of brick and of grass in the same shapes.
"""

import numpy as np

from nnkit.data import textures
from nnkit.data.hdf5 import find_file, opened, pair_of_tables, read_rows

FILE_NAME = "cats_cars.h5"
CLASS_NAMES = ("cat", "car")
SIZE = 32


def load_cats_cars(file=None, dtype=np.float32):
    """Load pictures and classes for training and testing; print where they come from.

    Parameters
    ----------
    file : path, optional
        Without it see the top of this module.
    dtype : dtype
        Of the pictures and classes.

    Returns
    -------
    dict of arrays
        ``X_train``, ``X_test``: (N, 32, 32), grey values from 0 to 1, less the mean training picture.
        ``y_train``, ``y_test``: (N,), -1 for the smaller of the file's two labels and +1 for the other.
        ``mean_image``: (32, 32), what was subtracted.
        ``class_names``: (2,) strings, of -1 and of +1.

    Raises
    ------
    FileNotFoundError
        If a file was named, but is not there.
    ValueError
        If the file is not as described above.
    """
    path, said_by = find_file(file, "NNKIT_CATS_CARS", FILE_NAME)
    if path is None:
        X, labels, X_test, test_labels = textures.load()
        class_names = textures.CLASS_NAMES
        print(
            "Data: photographs of brick and grass cut into pieces (CC0, from scikit-image), the offline stand-in for "
            f"cats and cars (nnkit.data.textures; no {FILE_NAME} in {said_by})."
        )
    else:
        with opened(path) as hdf5:
            X, labels = _split(hdf5, "train")
            X_test, test_labels = _split(hdf5, "test")
        class_names = CLASS_NAMES
        print(f"Data: cats and cars from {path} ({said_by}).")

    kinds = np.unique(np.concatenate([labels, test_labels]))
    if len(kinds) != 2:
        raise ValueError(
            f"{path}: the labels are {', '.join(f'{kind:g}' for kind in kinds[:6])}; two different ones are expected"
        )
    data = {
        "X_train": X.astype(dtype) / 255,
        "y_train": np.where(labels == kinds[0], -1, 1).astype(dtype),
        "X_test": X_test.astype(dtype) / 255,
        "y_test": np.where(test_labels == kinds[0], -1, 1).astype(dtype),
        "class_names": np.array(class_names),
    }
    data["mean_image"] = data["X_train"].mean(axis=0)
    for name in ("X_train", "X_test"):
        data[name] -= data["mean_image"]
    return data


def _split(file, split):
    """Pictures and labels of one part of the file."""
    pictures, labels = pair_of_tables(
        file, (f"{split}ims", (None, SIZE, SIZE), "iuf"), (f"{split}lbls", (None,), "iufb")
    )
    if not len(pictures):
        raise ValueError(f"{file.filename}: /{split}ims is empty")
    return read_rows(pictures, np.float32), read_rows(labels, np.float64)
