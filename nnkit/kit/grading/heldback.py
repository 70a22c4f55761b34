"""Data that no submission has seen: drawn or read in the grader process, which its labels never leave."""

from __future__ import annotations

import contextlib
import hashlib
import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nnkit.data.cifar10 import load_cifar10
from nnkit.data.folder import DATA_VARIABLE
from nnkit.data.shapes import draw
from nnkit.kit.environment import variables
from nnkit.kit.grading.plan import Plan

HELD_BACK = 1000
STUDENTS_TEST_SET = 1000  # the pictures of CIFAR-10's test batch that the notebooks use; the held-back ones follow


def held_back(plan: Plan, name: str) -> tuple[Any, Any]:
    """Images (N, 3, 32, 32) with the mean image subtracted, as the notebooks have them, and labels (N,).

    Of the stand-in they are drawn with a seed of the course's own. Of CIFAR-10 they are test images that the notebooks
    leave alone.

    Raises
    ------
    LookupError
        There is no held-back data of that name.
    """
    if name != "cifar10":
        raise LookupError(f'there is no held-back data "{name}", only "cifar10"')
    seed = hashlib.sha256(f"{plan.course.seed}/held back".encode()).digest()
    return _pictures(plan.data_folder, plan.data_set == "cifar10", int.from_bytes(seed[:8], "big"))


@lru_cache(maxsize=2)
def _pictures(folder: Path, real: bool, seed: int) -> tuple[Any, Any]:
    test = STUDENTS_TEST_SET + HELD_BACK if real else STUDENTS_TEST_SET
    with variables({DATA_VARIABLE: str(folder)}), contextlib.redirect_stdout(io.StringIO()):
        known = load_cifar10(num_training=5000, num_test=test)
    if real:
        images, labels = known["X_test"][STUDENTS_TEST_SET:], known["y_test"][STUDENTS_TEST_SET:]
    else:
        drawn, labels = draw(HELD_BACK, seed)
        images = drawn.astype(np.float64) - known["mean_image"]
    for array in (images, labels):
        array.flags.writeable = False
    return images, labels
