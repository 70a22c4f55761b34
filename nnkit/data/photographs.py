"""Two photographs that come with scikit-image, for looking at what a filter does. Nothing is downloaded."""

import numpy as np

SIDE = 150  # both photographs have 300 rows or more: means of 2 by 2 pixels of a square cut from the middle


def load_photographs():
    """Load the two photographs, cut square and shrunk; print where they come from.

    Returns
    -------
    (2, 3, 150, 150) array
        Red, green and blue from 0 to 255: a cat, and a cup of coffee.

    Raises
    ------
    ModuleNotFoundError
        If scikit-image is not installed.
    """
    from skimage import data  # only here: it takes a while, and most notebooks do without it

    print(
        "Data: two photographs that come with scikit-image: chelsea (a cat, by Stefan van der Walt) and coffee "
        "(by Rachel Michetti), both released into the public domain (CC0)."
    )
    return np.stack([_shrunk(data.chelsea()), _shrunk(data.coffee())])


def _shrunk(photograph):
    height, width, _ = photograph.shape
    top, left = (height - 2 * SIDE) // 2, (width - 2 * SIDE) // 2
    square = photograph[top : top + 2 * SIDE, left : left + 2 * SIDE].transpose(2, 0, 1)
    return square.reshape(3, SIDE, 2, SIDE, 2).mean(axis=(2, 4))
