"""Captions that no notebook has: of COCO validation images that are kept back, of the stand-in new scenes."""

import h5py
import numpy as np
from shown import no_real_data, show

from nnkit.data.coco_captions import decode_captions, load_coco_data
from nnkit.data.scene_features import features_of
from nnkit.data.scenes import CAPTIONS_PER_SCENE, draw

HELD_OUT = 1000
SHOWN_CAPTIONS = 1000  # so many validation captions at least, and all others of their images, stay with the notebooks
CAPTIONS = "coco2014_captions.h5"


def held_out(path, seed):
    """Image features (N, D), a caption of each as text, and the words that integers stand for; five of every image."""
    if path is None:
        with no_real_data():
            words = load_coco_data()["idx_to_word"]
        rng = np.random.default_rng(seed)
        pictures, described = zip(*(draw(rng) for _ in range(HELD_OUT // CAPTIONS_PER_SCENE)), strict=True)
        features = np.repeat(features_of(np.array(pictures)), CAPTIONS_PER_SCENE, axis=0)
        return features, [caption for five in described for caption in five], list(words)
    known = load_coco_data(path, max_train=1)
    rows = np.flatnonzero(_kept_back(known["val_image_idxs"]))
    features = known["val_features"][known["val_image_idxs"][rows]]
    return features, decode_captions(known["val_captions"][rows], known["idx_to_word"]), list(known["idx_to_word"])


def prepare(path, folder):
    """All files as they are, but without the captions of the images that are kept back."""
    if path is None:
        return
    place = folder / "coco_captioning"
    place.mkdir()
    for file in (*path.glob("*2014*.*"), *path.glob("images/*")):
        if file.name != CAPTIONS:
            show(file, place / file.relative_to(path))
    with h5py.File(path / CAPTIONS, "r") as whole, h5py.File(place / CAPTIONS, "w") as part:
        stay = ~_kept_back(whole["val_image_idxs"][()])
        for name in whole:
            part[name] = whole[name][()][stay] if name.startswith("val_") else whole[name][()]


def _kept_back(images):
    """Which validation captions are of images that are kept back: those that come first after the shown ones."""
    numbers, first = np.unique(images, return_index=True)
    unseen = ~np.isin(numbers, images[:SHOWN_CAPTIONS])
    chosen = numbers[unseen][np.argsort(first[unseen])][: HELD_OUT // CAPTIONS_PER_SCENE]
    return np.isin(images, chosen)
