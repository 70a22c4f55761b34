"""Pictures that no notebook has: of the cats and cars every second test picture, of the stand-in new pieces."""

import h5py
import numpy as np
from shown import no_real_data

from nnkit.data import textures
from nnkit.data.cats_cars import FILE_NAME, load_cats_cars

HELD_OUT = 1000
SHOWN, KEPT_BACK = slice(0, None, 2), slice(1, None, 2)  # of the test pictures


def held_out(path, seed):
    """Images (N, 32, 32) less the mean image, and -1 or +1 for each."""
    if path is not None:
        known = load_cats_cars(path)
        return known["X_test"][KEPT_BACK], known["y_test"][KEPT_BACK]
    with no_real_data():
        known = load_cats_cars()
    images, labels = textures.cut(HELD_OUT, "test", seed)
    return images.astype(np.float32) / 255 - known["mean_image"], 2.0 * labels - 1


def prepare(path, folder):
    """The training pictures, and half of the test pictures."""
    if path is None:
        return
    with h5py.File(path, "r") as whole, h5py.File(folder / FILE_NAME, "w") as shown:
        for name in ("trainims", "trainlbls"):
            shown[name] = whole[name][()]
        for name in ("testims", "testlbls"):
            shown[name] = whole[name][()][SHOWN]
