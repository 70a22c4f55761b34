"""Data that no submission has seen: drawn or read in the grader process, which its labels never leave."""

from __future__ import annotations

import contextlib
import hashlib
import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nnkit.data import textures
from nnkit.data.cats_cars import load_cats_cars
from nnkit.data.cifar10 import load_cifar10
from nnkit.data.folder import DATA_VARIABLE
from nnkit.data.shapes import draw
from nnkit.data.trigrams import load_trigrams
from nnkit.kit.environment import variables
from nnkit.kit.grading.plan import Plan

HELD_BACK = 1000
HELD_BACK_TRIGRAMS = 5000
_NAMES = ("cifar10", "cifar10_bytes", "cats_cars", "trigrams")
STUDENTS_TEST_SET = 1000  # the pictures of CIFAR-10's test batch that the notebooks use; the held-back ones follow


def held_back(plan: Plan, name: str) -> tuple[Any, Any]:
    """Inputs, and what they should be taken for.

    ``"cifar10"`` are images (N, 3, 32, 32) less the mean image, as most notebooks have them, and labels (N,);
    ``"cifar10_bytes"`` the same images as bytes. Of the stand-in they are drawn with a seed of the course's own. Of
    CIFAR-10 they are test images that the notebooks leave alone. ``"cats_cars"`` are images (N, 32, 32) less the mean
    image, and -1 or +1: of the stand-in cut with a seed of the course's own, otherwise the test images. ``"trigrams"``
    are trigrams (N, 3) of the test text, and the words that follow.

    Raises
    ------
    LookupError
        There is no held-back data of that name.
    """
    if name not in _NAMES:
        raise LookupError(f'there is no held-back data "{name}", only {" and ".join(_NAMES)}')
    seed = int.from_bytes(hashlib.sha256(f"{plan.course.seed}/held back".encode()).digest()[:8], "big")
    if name == "cats_cars":
        return _cats_cars(plan.data_folder, plan.course.data.cats_cars is not None, seed)
    if name == "trigrams":
        return _trigrams(plan.data_folder)
    images, less_mean, labels = _pictures(plan.data_folder, plan.data_set == "cifar10", seed)
    return less_mean if name == "cifar10" else images, labels


@lru_cache(maxsize=2)
def _pictures(folder: Path, real: bool, seed: int) -> tuple[Any, Any, Any]:
    test = STUDENTS_TEST_SET + HELD_BACK if real else STUDENTS_TEST_SET
    with variables({DATA_VARIABLE: str(folder)}), contextlib.redirect_stdout(io.StringIO()):
        known = load_cifar10(num_training=5000, num_test=test, subtract_mean=False, dtype=np.uint8)
    if real:
        images, labels = known["X_test"][STUDENTS_TEST_SET:], known["y_test"][STUDENTS_TEST_SET:]
    else:
        images, labels = draw(HELD_BACK, seed)
    less_mean = images - known["X_train"].mean(axis=0)
    for array in (images, less_mean, labels):
        array.flags.writeable = False
    return images, less_mean, labels


@lru_cache(maxsize=2)
def _cats_cars(folder: Path, real: bool, seed: int) -> tuple[Any, Any]:
    with variables({DATA_VARIABLE: str(folder)}), contextlib.redirect_stdout(io.StringIO()):
        known = load_cats_cars()
    if real:
        return known["X_test"], known["y_test"]
    images, labels = textures.cut(HELD_BACK, "test", seed)
    return images.astype(np.float32) / 255 - known["mean_image"], 2.0 * labels - 1


@lru_cache(maxsize=2)
def _trigrams(folder: Path) -> tuple[Any, Any]:
    with variables({DATA_VARIABLE: str(folder)}), contextlib.redirect_stdout(io.StringIO()):
        known = load_trigrams(num_training=0, num_validation=0)
    return known["x_test"][:HELD_BACK_TRIGRAMS], known["d_test"][:HELD_BACK_TRIGRAMS]
