"""Features of pictures: where edges run in which direction, and how much there is of each hue."""

import sys

import numpy as np
from skimage.feature import hog
from tqdm import tqdm


def hog_feature(image):
    """Histogram of oriented gradients: which way the edges of a picture run, and where.

    The picture, in grey, is cut into cells of 8 by 8 pixels. In every cell the gradients vote for
    one of 9 directions, each with its length. The votes of all cells together are scaled to one
    length, so that brightness and contrast of the picture play no part (Dalal and Triggs 2005,
    with the whole picture as a single block).

    Parameters
    ----------
    image : (3, H, W) array
        Red, green and blue planes; H and W multiples of 8.

    Returns
    -------
    (9 * H/8 * W/8,) array
        The cells row by row, 9 directions each: 144 numbers for 32 by 32 pixels.
    """
    grey = np.tensordot([0.299, 0.587, 0.114], image, axes=1)
    cells = (grey.shape[0] // 8, grey.shape[1] // 8)
    return hog(grey, orientations=9, pixels_per_cell=(8, 8), cells_per_block=cells, block_norm="L2-Hys")


def color_histogram_hsv(image, nbin=10):
    """Histogram of hues: how large a share of a picture's pixels has which colour of the rainbow.

    Hue is the angle around the axis of greys in the space of colours: red 0, green a third,
    blue two thirds of a turn. (The H of HSV is the same but for a degree or so.) It is 0 for grey.

    Parameters
    ----------
    image : (3, H, W) array
        Red, green and blue planes.
    nbin : int
        Count of equal parts of the circle.

    Returns
    -------
    (nbin,) array
        Shares of the pixels, which add up to 1.
    """
    red, green, blue = image.reshape(3, -1).astype(float)
    angle = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    bins = np.floor(nbin * angle / (2 * np.pi)).astype(int) % nbin
    return np.bincount(bins, minlength=nbin) / len(bins)


def extract_features(images, feature_fns, verbose=False):
    """Features of every picture, side by side.

    Parameters
    ----------
    images : (N, 3, H, W) array
    feature_fns : sequence of functions
        Each makes one row of numbers of one picture.
    verbose : bool
        Show the progress.

    Returns
    -------
    (N, F) array
        F numbers of each picture, those of the first function first.
    """
    pictures = tqdm(images, desc="features", disable=not verbose, file=sys.stdout, ncols=80)
    return np.array([np.concatenate([feature(picture) for feature in feature_fns]) for picture in pictures])


def normalize_features(features, mean, std):
    """Features less their mean, in units of their standard deviation, with a 1 at the end of each row.

    Parameters
    ----------
    features : (N, F) array
    mean, std : (F,) arrays
        Of the training pictures' features, whatever pictures these are of. A feature that is the
        same for all of them has std 0, and is only shifted.

    Returns
    -------
    (N, F + 1) array
    """
    rows = np.ones((features.shape[0], features.shape[1] + 1))
    rows[:, :-1] = (features - mean) / np.where(std > 0, std, 1)
    return rows
