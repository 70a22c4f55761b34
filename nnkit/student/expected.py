"""Stored expected outputs: one HDF5 file beside each grader file, complaining of missing and of extra keys.

The file of ``test_two_layer_net.py`` is ``two_layer_net.h5``; a value lies under ``public/<item>/<name>`` or
``hidden/<item>/<name>``, so that the public part can be shipped alone.
"""

from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from nnkit.student.closeness import assert_close, assert_equal
from nnkit.student.tolerances import FORWARD
from nnkit.student.values import REAL_NUMBERS, type_name


class MissingExpected(LookupError):
    """A test asks for an expected value that is not stored: a fault of the grader's."""


def expected_path(grader_file):
    """The HDF5 file of a grader file."""
    grader_file = Path(grader_file)
    return grader_file.with_name(grader_file.stem.removeprefix("test_") + ".h5")


def stored_keys(path):
    """All keys of a file of expected values; none if there is no file."""
    if not Path(path).exists():
        return []
    with h5py.File(path, "r") as file:
        return _keys(file)


@lru_cache(maxsize=8)
def _contents(path, *_state):
    """All values of a file, read once for as long as it does not change: opening it takes longer than most tests."""
    with h5py.File(path, "r") as file:
        return {key: file[key][()] for key in _keys(file)}


def _keys(file):
    keys = []
    file.visititems(lambda key, node: keys.append(key) if isinstance(node, h5py.Dataset) else None)
    return keys


class ExpectedValues:
    """The `expected` fixture of one test: compare a value with the stored one, or store it.

    Parameters
    ----------
    path : path
        The HDF5 file.
    group : str
        "public/<item>" or "hidden/<item>".
    recorder : ExpectedRecorder, optional
        Stores instead of comparing.
    used : set, optional
        Collects ``(path, key)`` of what was asked for.
    """

    def __init__(self, path, group, recorder=None, used=None):
        self.path = Path(path)
        self.group = group
        self.recorder = recorder
        self.used = set() if used is None else used

    def stored(self, name):
        """The stored value: an array, or a NumPy scalar.

        Raises
        ------
        MissingExpected
        """
        key = f"{self.group}/{name}"
        try:
            about = self.path.stat()
        except FileNotFoundError:
            raise MissingExpected(f"{self.path.name}, the file of expected values, does not exist") from None
        values = _contents(self.path, about.st_ino, about.st_mtime_ns, about.st_size)
        if key not in values:
            raise MissingExpected(f"{self.path.name} holds no expected value {key}")
        value = values[key]
        return value.copy() if isinstance(value, np.ndarray) else value

    def __call__(self, name, actual, allowed=FORWARD, *, called="", **options):
        """Compare with the stored value: whole numbers exactly, others as `assert_close` does (same options).

        Messages call the value by its `name`, or as it is `called` in the student's code.
        """
        self.used.add((self.path, f"{self.group}/{name}"))
        if self.recorder is not None:
            self.recorder.record(self.path, f"{self.group}/{name}", actual)
            return
        stored = self.stored(name)
        if np.asarray(stored).dtype.kind in "iub":
            assert_equal(actual, stored, called or name, **options)
        else:
            assert_close(actual, stored, allowed, called or name, **options)


class ExpectedRecorder:
    """Collects the expected values that a run of the reference gives, and writes them.

    Attributes
    ----------
    values : dict of path to dict of key to array
    """

    def __init__(self):
        self.values = {}

    def record(self, path, key, value):
        """Keep a value for `write`.

        Raises
        ------
        ValueError
            If the reference gave no plain finite number or array, or the key was recorded with another value before.
        """
        if type(value) is not np.ndarray and type(value) not in REAL_NUMBERS | {bool, np.bool_}:
            raise ValueError(f"{key}: the reference gave {type_name(value)}, only arrays and numbers can be stored")
        array = np.array(value)
        if array.dtype.kind not in "iufb" or (array.dtype.kind == "f" and not np.isfinite(array).all()):
            raise ValueError(f"{key}: the reference gave {type_name(value)}, only finite real numbers can be stored")
        known = self.values.setdefault(Path(path), {})
        if key in known and not np.array_equal(known[key], array):
            raise ValueError(f"{key} is recorded twice with different values: give the two names of their own")
        known[key] = array

    def write(self):
        """Write every file anew; the same values give the same bytes.

        Returns
        -------
        list of str
            ``path: key`` of what was stored before and no test asked for now.
        """
        extra = []
        for path, values in sorted(self.values.items()):
            extra += [f"{path}: {key}" for key in stored_keys(path) if key not in values]
            with h5py.File(path, "w") as file:
                for key in sorted(values):
                    file.create_dataset(key, data=values[key], track_times=False)
        return extra
