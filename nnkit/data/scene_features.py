"""Image features of the drawn scenes: what the last layer of a deep network gives for photographs."""

from functools import lru_cache

import numpy as np

NUM_FEATURES = 512
_ORIENTATIONS, _HUES = 9, 18
# How many cells a side: shapes need a finer grid than colours.
_SHAPE_GRID, _COLOUR_GRID = 6, 3


def features_of(pictures):
    """Features that carry shape and colour, projected onto random directions.

    They are histograms of edge directions and of hues, and mean colours, each over a grid of cells.

    Parameters
    ----------
    pictures : (N, 3, H, W) array
        From 0 to 255; H and W are multiples of 6.

    Returns
    -------
    (N, 512) array of float32
        Of about unit variance.
    """
    pictures = np.asarray(pictures, dtype=np.float32)
    N, _, height, width = pictures.shape
    cell = height // _COLOUR_GRID, width // _COLOUR_GRID
    grounds = pictures.reshape(N, 3, _COLOUR_GRID, cell[0], _COLOUR_GRID, cell[1]).mean(axis=(3, 5))
    plain = np.concatenate(
        [_edges(pictures), _hues(pictures), (grounds.reshape(N, -1) / 128 - 1) / 10], axis=1, dtype=np.float32
    )
    return plain @ _projection(plain.shape[1])


def _edges(pictures):
    """Histograms of oriented gradients (Dalal and Triggs 2005), of the colour with the strongest edge."""
    across, down = np.zeros((2, *pictures.shape), dtype=np.float32)
    across[..., 1:-1] = pictures[..., 2:] - pictures[..., :-2]
    down[..., 1:-1, :] = pictures[..., 2:, :] - pictures[..., :-2, :]
    strongest = (across**2 + down**2).argmax(axis=1)[:, np.newaxis]
    across, down = (np.take_along_axis(each, strongest, axis=1)[:, 0] for each in (across, down))
    directions = np.arctan2(down, across) / np.pi % 1
    return _histograms(directions, np.hypot(across, down), _SHAPE_GRID, _ORIENTATIONS)


def _hues(pictures):
    """Histograms of hues, weighted by how colourful a pixel is."""
    red, green, blue = pictures.transpose(1, 0, 2, 3)
    colourful = pictures.max(axis=1) - pictures.min(axis=1)
    hues = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue) / (2 * np.pi) % 1
    return _histograms(hues, np.maximum(colourful - 40, 0), _COLOUR_GRID, _HUES)


def _histograms(angles, weights, grid, bins):
    """Weighted histograms of angles (N, H, W), as parts of a turn, over a grid of cells; one row of length 1 each."""
    N, height, width = angles.shape
    picture, row, column = np.ogrid[:N, :height, :width]
    cell = (picture * grid + row * grid // height) * grid + column * grid // width
    place = cell * bins + np.minimum((angles * bins).astype(int), bins - 1)
    histograms = np.bincount(place.ravel(), weights.ravel(), N * grid * grid * bins).reshape(N, -1)
    return histograms / (np.linalg.norm(histograms, axis=1, keepdims=True) + 1)


@lru_cache(maxsize=1)
def _projection(size):
    """Random directions, so that no feature stands for one place or colour alone."""
    return np.random.default_rng(0).normal(size=(size, NUM_FEATURES)).astype(np.float32)
