"""Drawn shapes: ten classes of small colour pictures, the offline stand-in for CIFAR-10.

Every picture is one shape in front of a background, 32 by 32 pixels. Its class is the shape; position, size, angle,
colours, the tint of the light, which of shape and background is the brighter one, clutter and noise are drawn at
random. Colour goes with the class a little, as the blue of ships does. The difficulty t sets how little, and how strong
the rest is.

The light's tint is what pictures differ in most and what says nothing: neighbours by distance are misled by it, a
linear classifier can ignore it, as it can the light of day in photographs.
"""

import contextlib
import os
import zipfile

import numpy as np

from nnkit.data.folder import data_folder

CLASS_NAMES = ("disc", "ring", "square", "triangle", "plus", "star", "bar", "crescent", "corner", "dots")
DIFFICULTY = 0.55
SIZE = 32
NUM_TRAINING, NUM_TEST = 10_000, 2_000

_VERSION = 2  # of the pictures: raise it whenever `draw` draws otherwise, so that no old cache is read
_CHUNK = 500  # pictures drawn at once, which bounds the memory needed to some 10 MB


def draw(n, seed, difficulty=DIFFICULTY):
    """Draw n pictures with labels.

    Parameters
    ----------
    n : int
    seed : int
        The same n, seed and difficulty give the same pictures.
    difficulty : float
        t, from 0 (colours tell the class, nothing distracts) to 1.

    Returns
    -------
    images : (n, 3, 32, 32) array of uint8
        Red, green and blue planes.
    labels : (n,) array of int64
        Places in `CLASS_NAMES`, all about equally frequent.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    labels = rng.permutation(np.arange(n) % len(CLASS_NAMES))
    images = np.empty((n, 3, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, n, _CHUNK):
        images[start : start + _CHUNK] = _draw_chunk(labels[start : start + _CHUNK], rng, difficulty)
    return images, labels


def load():
    """The stand-in's fixed training and test pictures, from the cache in the data folder if it is there.

    Returns
    -------
    X_train, y_train, X_test, y_test : arrays
        10,000 and 2,000 pictures as `draw` gives them.
    """
    path = data_folder() / f"shapes_v{_VERSION}.npz"
    names = ("X_train", "y_train", "X_test", "y_test")
    try:
        with np.load(path, allow_pickle=False) as cached:
            return tuple(cached[name] for name in names)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # no cache yet, or a damaged one: draw anew
    arrays = (*draw(NUM_TRAINING, seed=1), *draw(NUM_TEST, seed=2))
    _write_atomically(path, dict(zip(names, arrays, strict=True)))
    return arrays


def _write_atomically(path, arrays):
    """Write an .npz that another process sees whole or not at all; without a writable folder do nothing."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            np.savez(file, **arrays)
        os.replace(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()


def _draw_chunk(labels, rng, t):
    n = len(labels)
    shape_colours, ground_colours = _colours(labels, rng, t)
    ground = _ground(ground_colours, rng, t)
    coverage = _coverage(labels, rng, t)[:, np.newaxis]
    picture = ground + coverage * (shape_colours[:, :, np.newaxis, np.newaxis] - ground)
    picture += 50 * t * rng.standard_normal((n, 3, SIZE, SIZE), dtype=np.float32)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _colours(labels, rng, t):
    """Colours of shape and background, (n, 3) each, a class's own hue mixed with chance, in tinted light."""
    n = len(labels)
    angle = 2 * np.pi * labels / len(CLASS_NAMES)
    hue = np.stack([np.cos(angle), np.cos(angle - 2 * np.pi / 3), np.cos(angle + 2 * np.pi / 3)], axis=1)
    own = (1 - t) * 60 * hue
    contrast = rng.uniform(20, 65, (n, 1)) * np.where(rng.random((n, 1)) < 0.5 + 0.5 * (1 - t), 1, -1)
    light = rng.uniform(90, 165, (n, 1)) + 64 * t * rng.standard_normal((n, 3))
    shape = light + contrast + own + 50 * t * rng.standard_normal((n, 3))
    ground = light - contrast - own + 50 * t * rng.standard_normal((n, 3))
    return shape.astype(np.float32), ground.astype(np.float32)


def _ground(colours, rng, t):
    """Background of a slanting gradient of light and some discs of other colours, (n, 3, 32, 32)."""
    n = len(colours)
    row, column = _pixel_grid()
    slope = rng.uniform(-30, 30, (2, n, 1, 1)).astype(np.float32) * np.float32(3 * t)
    ground = colours[:, :, np.newaxis, np.newaxis] + (slope[0] * row + slope[1] * column)[:, np.newaxis]
    for _ in range(round(12 * t)):
        centre_row, centre_column = rng.uniform(-1, 1, (2, n, 1, 1)).astype(np.float32)
        radius = rng.uniform(0.08, 0.4, (n, 1, 1)).astype(np.float32)
        inside = np.hypot(row - centre_row, column - centre_column) < radius
        other = rng.uniform(-70, 70, (n, 3, 1, 1)).astype(np.float32)
        ground += other * inside[:, np.newaxis]
    return ground


def _coverage(labels, rng, t):
    """Share of each pixel that the shape covers, (n, 32, 32), with soft edges."""
    n = len(labels)
    row, column = _pixel_grid()
    shift_row, shift_column = rng.uniform(-0.7 * t, 0.7 * t, (2, n, 1, 1))
    radius = rng.uniform(0.7 - 0.35 * t, 0.7 + 0.15 * t, (n, 1, 1))
    angle = rng.uniform(-t, t, (n, 1, 1)) * np.pi / 2
    cos, sin = np.cos(angle), np.sin(angle)
    down, right = (row - shift_row) / radius, (column - shift_column) / radius
    u = (cos * right + sin * down).astype(np.float32)
    v = (cos * down - sin * right).astype(np.float32)
    distance = np.empty((n, SIZE, SIZE), dtype=np.float32)
    for label, distance_to in enumerate(_SHAPES):
        of_class = labels == label
        distance[of_class] = distance_to(u[of_class], v[of_class])
    pixel = 2 / SIZE
    return np.clip(0.5 - distance * radius.astype(np.float32) / pixel, 0, 1)


def _pixel_grid():
    """Row and column of the pixel centres, from -1 to 1, (32, 1) and (1, 32)."""
    centres = ((np.arange(SIZE) + 0.5) / SIZE * 2 - 1).astype(np.float32)
    return centres[:, np.newaxis], centres[np.newaxis, :]


# The shapes, as signed distances (negative inside) from their edge in a frame where the shape's radius is 1.


def _disc(u, v, radius=0.85):
    return np.hypot(u, v) - radius


def _box(u, v, half_width, half_height):
    return np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)


def _triangle(u, v):
    slanted = 0.866 * np.abs(u) - 0.5 * v
    return np.maximum(slanted, v) - 0.5


def _star(u, v):
    return 0.6 * (np.hypot(u, v) - 0.62 - 0.33 * np.cos(5 * np.arctan2(u, -v)))


_SHAPES = (
    _disc,
    lambda u, v: np.abs(np.hypot(u, v) - 0.7) - 0.2,
    lambda u, v: _box(u, v, 0.75, 0.75),
    _triangle,
    lambda u, v: np.minimum(_box(u, v, 0.27, 0.95), _box(u, v, 0.95, 0.27)),
    _star,
    lambda u, v: _box(u, v, 0.95, 0.3),
    lambda u, v: np.maximum(_disc(u, v, 0.95), -_disc(u - 0.4, v - 0.2, 0.75)),
    lambda u, v: np.minimum(_box(u + 0.55, v, 0.27, 0.85), _box(u, v - 0.55, 0.82, 0.27)),
    lambda u, v: np.minimum(_disc(u - 0.5, v + 0.4, 0.42), _disc(u + 0.5, v - 0.4, 0.42)),
)
