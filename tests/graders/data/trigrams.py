"""Text that no notebook has: of a file of trigrams every n-th test row, of the stand-in chapters of their own."""

from pathlib import Path

import h5py
import numpy as np

from nnkit.data.trigrams import FILE_NAME

HELD_OUT = 5000
STAND_IN = Path(__file__).with_name("austen_held_out.h5")


def held_out(path, seed):
    """Trigrams (N, 3) and the words that follow."""
    with h5py.File(path or STAND_IN, "r") as file:
        rows = _kept_back(len(file["testd"])) if path is not None else slice(None, HELD_OUT)
        x, d = file["testx"][()][rows], file["testd"][()][rows]
    return x.astype(np.int64), d.astype(np.int64)


def prepare(path, folder):
    """All rows but those that are kept back."""
    if path is None:
        return
    with h5py.File(path, "r") as whole, h5py.File(folder / FILE_NAME, "w") as shown:
        for name in whole:
            rows = ~_kept_back(len(whole[name])) if name.startswith("test") else slice(None)
            shown[name] = whole[name][()][rows]


def _kept_back(count):
    """Rows spread evenly over the file, which may be sorted: at most half of them."""
    kept = np.zeros(count, dtype=bool)
    kept[1 :: max(2, count // HELD_OUT)] = True
    return kept
