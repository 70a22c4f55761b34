"""Data that no submission has seen: drawn or read in the grader process, which its labels never leave."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nnkit.data import agreement, textures
from nnkit.data.cats_cars import load_cats_cars
from nnkit.data.cifar10 import load_cifar10
from nnkit.data.coco_captions import decode_captions, load_coco_data
from nnkit.data.cola import decode_sentence, encode_sentences, load_cola
from nnkit.data.folder import DATA_VARIABLE
from nnkit.data.scene_features import features_of
from nnkit.data.scenes import CAPTIONS_PER_SCENE
from nnkit.data.scenes import draw as draw_scene
from nnkit.data.shapes import draw
from nnkit.data.trigrams import load_trigrams
from nnkit.kit.course.environment import variables
from nnkit.kit.grading.plan import Plan

HELD_BACK = 1000
HELD_BACK_TRIGRAMS = 5000
# Of real data the notebooks use so many; the held-back ones follow.
STUDENTS_TEST_SET = 1000
STUDENTS_CAPTIONS = 1000


def held_back(plan: Plan, name: str) -> tuple[Any, ...]:
    """Data of the kind that the notebooks have.

    Of a stand-in they are made with a seed of the course's own, of real data they are what the notebooks leave alone.

    ======================  ==========================================================================================
    ``"cifar10"``           images (N, 3, 32, 32) less the mean image, as most notebooks have them, and labels (N,)
    ``"cifar10_bytes"``     the same images as bytes, and labels
    ``"cats_cars"``         images (N, 32, 32) less the mean image, and -1 or +1; of real data the test images
    ``"coco_captions"``     image features (N, D), a caption of each as text, and the words that integers stand for
    ``"cola"``              sentences (N, T), 0 or 1 for each, and "cola" or "agreement"; of CoLA the validation data
    ``"trigrams"``          trigrams (N, 3) of the test text, and the words that follow
    ======================  ==========================================================================================

    Raises
    ------
    LookupError
        There is no held-back data of that name.
    """
    data, folder = plan.course.data, plan.data_folder
    seed = int.from_bytes(hashlib.sha256(f"{plan.course.seed}/held back".encode()).digest()[:8], "big")
    sets: dict[str, Callable[[], tuple[Any, ...]]] = {
        "cifar10": lambda: _pictures(folder, plan.data_set == "cifar10", seed)[1:],
        "cifar10_bytes": lambda: _pictures(folder, plan.data_set == "cifar10", seed)[::2],
        "cats_cars": lambda: _cats_cars(folder, data.cats_cars is not None, seed),
        "coco_captions": lambda: _captions(folder, data.coco_captions is not None, seed),
        "cola": lambda: _sentences(folder, data.cola is not None, seed),
        "trigrams": lambda: _trigrams(folder),
    }
    if name not in sets:
        raise LookupError(f'there is no held-back data "{name}", only {", ".join(sets)}')
    return sets[name]()


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


@lru_cache(maxsize=2)
def _sentences(folder: Path, real: bool, seed: int) -> tuple[Any, Any, str]:
    with variables({DATA_VARIABLE: str(folder)}), contextlib.redirect_stdout(io.StringIO()):
        known = load_cola()
    if real:
        sentences, labels = known["X_val"], known["y_val"]
    else:
        everything = np.concatenate([known["X_train"], known["X_val"]])
        seen = {tuple(decode_sentence(words, known).split()) for words in everything}
        drawn, labels = agreement.draw(HELD_BACK, np.random.default_rng(seed), avoid=seen)
        sentences = encode_sentences(drawn, known["idx_to_word"])
    sentences.flags.writeable = False
    labels.flags.writeable = False
    return sentences, labels, known["name"]


@lru_cache(maxsize=2)
def _captions(folder: Path, real: bool, seed: int) -> tuple[Any, list[str], list[str]]:
    with variables({DATA_VARIABLE: str(folder)}), contextlib.redirect_stdout(io.StringIO()):
        known = load_coco_data()
    if real:
        unseen = slice(STUDENTS_CAPTIONS, STUDENTS_CAPTIONS + HELD_BACK)
        features = known["val_features"][known["val_image_idxs"][unseen]]
        captions = decode_captions(known["val_captions"][unseen], known["idx_to_word"])
    else:
        rng = np.random.default_rng(seed)
        pictures, described = zip(*(draw_scene(rng) for _ in range(HELD_BACK // CAPTIONS_PER_SCENE)), strict=True)
        features = np.repeat(features_of(np.array(pictures)), CAPTIONS_PER_SCENE, axis=0)
        captions = [caption for five in described for caption in five]
    features.flags.writeable = False
    return features, captions, list(known["idx_to_word"])
