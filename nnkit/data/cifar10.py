"""CIFAR-10: 60,000 colour pictures of 32 by 32 pixels in ten classes (Krizhevsky 2009), or the stand-in for it.

Nothing is downloaded. The pictures come from the first of these that is set or there:

1. the argument ``folder``;
2. the environment variable NNKIT_CIFAR10;
3. ``cifar-10-batches-py`` (the Python version) or ``cifar-10-batches-bin`` (the binary version) in the data folder,
   which the environment variable NNKIT_DATA names and which is ``data`` otherwise;
4. `nnkit.data.shapes`, drawn pictures of the same size with ten classes of their own.
"""

import os
import pickle
from pathlib import Path

import numpy as np

from nnkit.data import shapes
from nnkit.data.folder import data_folder

CLASS_NAMES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_PYTHON_FILES = ([f"data_batch_{i}" for i in range(1, 6)], ["test_batch"])
_BINARY_FILES = ([f"data_batch_{i}.bin" for i in range(1, 6)], ["test_batch.bin"])
_PIXELS = 3 * 32 * 32


def load_cifar10(
    folder=None, num_training=None, num_validation=1000, num_test=1000, subtract_mean=True, dtype=np.float64
):
    """Load pictures and labels, split for training, validation and testing; print where they come from.

    Parameters
    ----------
    folder : path, optional
        A folder of CIFAR-10 batches. Without it see the top of this module.
    num_training : int, optional
        The first pictures of the training batches; by default all but the validation ones (49,000 of CIFAR-10, which
        take 1.2 GB; 9,000 of the stand-in).
    num_validation : int
        The pictures of the training batches that follow.
    num_test : int
        The first pictures of the test batch (which has 10,000; 2,000 in the stand-in).
    subtract_mean : bool
        Subtract the mean training picture from all pictures.
    dtype : dtype
        Of the pictures; bytes (np.uint8) take an eighth of the memory, and can't have a mean subtracted.

    Returns
    -------
    dict of arrays
        ``X_train``, ``X_val``, ``X_test``: (N, 3, 32, 32), 0 to 255 less the mean.
        ``y_train``, ``y_val``, ``y_test``: (N,) integers.
        ``mean_image``: (3, 32, 32), what was subtracted (zeros without subtract_mean).
        ``class_names``: (10,) strings.

    Raises
    ------
    FileNotFoundError
        If a folder was named, but is not there or lacks a batch.
    ValueError
        If a batch is not what CIFAR-10's are, or there are fewer pictures than asked for.
    """
    batches, said_by = _find_folder(folder)
    if batches is None:
        X, y, X_test, y_test = shapes.load()
        class_names = shapes.CLASS_NAMES
        print(f"Data: drawn shapes, the offline stand-in for CIFAR-10 (nnkit.data.shapes; no CIFAR-10 in {said_by}).")
    else:
        X, y, X_test, y_test = _read_folder(batches)
        class_names = CLASS_NAMES
        print(f"Data: CIFAR-10 from {batches} ({said_by}).")

    if num_training is None:
        num_training = max(len(X) - num_validation, 0)
    _require(len(X), num_training + num_validation, "training and validation")
    _require(len(X_test), num_test, "test")
    validation = slice(num_training, num_training + num_validation)
    data = {
        "X_train": X[:num_training].astype(dtype),
        "y_train": y[:num_training],
        "X_val": X[validation].astype(dtype),
        "y_val": y[validation],
        "X_test": X_test[:num_test].astype(dtype),
        "y_test": y_test[:num_test],
        "mean_image": np.zeros((3, 32, 32)),
        "class_names": np.array(class_names),
    }
    if subtract_mean:
        data["mean_image"] = data["X_train"].mean(axis=0)
        for name in ("X_train", "X_val", "X_test"):
            data[name] -= data["mean_image"]
    return data


def _require(there, wanted, use):
    if wanted > there:
        raise ValueError(f"{wanted} pictures for {use} are asked for, and there are {there}")


def _find_folder(folder):
    """The folder of batches and who named it; None and the folder searched if there is none."""
    if folder is not None:
        return Path(folder), "the folder given"
    if os.environ.get("NNKIT_CIFAR10"):
        return Path(os.environ["NNKIT_CIFAR10"]), "environment variable NNKIT_CIFAR10"
    for name in ("cifar-10-batches-py", "cifar-10-batches-bin"):
        if (data_folder() / name).is_dir():
            return data_folder() / name, "found in the data folder"
    return None, data_folder()


def _read_folder(folder):
    """Training pictures and labels, test pictures and labels of a folder of batches."""
    binary = (folder / "test_batch.bin").exists()
    read, (training, test) = (_read_binary, _BINARY_FILES) if binary else (_read_python, _PYTHON_FILES)
    missing = [name for name in (*training, *test) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)}. It should hold the batches of cifar-10-python.tar.gz or "
            "cifar-10-binary.tar.gz, as they are in the archive's own folder."
        )
    arrays = []
    for names in (training, test):
        pictures, labels = zip(*(read(folder / name) for name in names), strict=True)
        arrays += [np.concatenate(pictures).reshape(-1, 3, 32, 32), np.concatenate(labels)]
    return arrays


def _read_python(path):
    with open(path, "rb") as file:
        try:
            batch = _BatchUnpickler(file, encoding="bytes").load()
        except _ForbiddenGlobal as error:
            raise ValueError(f"{path}: this is no batch of CIFAR-10: it asks for {error}, which is refused.") from None
        except (pickle.UnpicklingError, EOFError, IndexError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}: this is no batch of CIFAR-10: {error}") from error
    pictures = batch.get(b"data") if isinstance(batch, dict) else None
    labels = batch.get(b"labels") if isinstance(batch, dict) else None
    if not isinstance(pictures, np.ndarray) or pictures.dtype != np.uint8 or pictures.shape[1:] != (_PIXELS,):
        raise ValueError(f"{path}: b'data' should be an array of bytes, (N, {_PIXELS})")
    if not isinstance(labels, list) or len(labels) != len(pictures):
        raise ValueError(f"{path}: b'labels' should be a list of {len(pictures)} integers")
    return pictures, _checked(np.array(labels), path)


def _read_binary(path):
    """One byte of label, then the 3072 bytes of the picture, and so on."""
    content = np.fromfile(path, dtype=np.uint8)
    if len(content) == 0 or len(content) % (1 + _PIXELS):
        raise ValueError(f"{path}: {len(content)} bytes are no whole number of records of {1 + _PIXELS} bytes")
    records = content.reshape(-1, 1 + _PIXELS)
    return records[:, 1:], _checked(records[:, 0], path)


def _checked(labels, path):
    if labels.dtype.kind not in "iu" or not np.isin(labels, range(len(CLASS_NAMES))).all():
        raise ValueError(f"{path}: labels should be integers from 0 to 9")
    return labels.astype(np.int64)


class _ForbiddenGlobal(Exception):
    """A pickle asked for something that CIFAR-10's batches have no use for."""


class _BatchUnpickler(pickle.Unpickler):
    """Resolves the three names by which a pickle holds a NumPy array. Any other name could run any code."""

    _reconstruct = np.empty(0).__reduce__()[0]  # its module's name depends on NumPy's version
    _allowed = {  # noqa: RUF012 -- never written to
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    }

    def find_class(self, module, name):
        if (module, name) not in self._allowed:
            raise _ForbiddenGlobal(f"{module}.{name}")
        return self._allowed[module, name]
