"""COCO's photographs with five captions each (Lin et al. 2014; Chen et al. 2015), or the stand-in for them.

Nothing is downloaded. The data come from the first of these that is set or there:

1. the argument ``base_dir``;
2. the environment variable NNKIT_COCO_CAPTIONING;
3. ``coco_captioning`` in the data folder, which the environment variable NNKIT_DATA names and which is ``data``
   otherwise;
4. `nnkit.data.scenes`, drawn scenes with captions of the same form.

A folder holds ``coco2014_captions.h5`` (``train_captions``, ``train_image_idxs``, and the same of ``val``),
``coco2014_vocab.json`` (``idx_to_word``, ``word_to_idx``), ``features`` of the images in
``train2014_vgg16_fc7_pca.h5`` and ``val2014_vgg16_fc7_pca.h5`` (512 numbers each; without ``_pca`` 4096), and their
addresses, one a line, in ``train2014_urls.txt`` and ``val2014_urls.txt``.
"""

import json
import os
from collections import Counter
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from nnkit.data import scenes
from nnkit.data.folder import data_folder
from nnkit.data.scene_features import features_of

SPECIAL_WORDS = ("<NULL>", "<START>", "<END>", "<UNK>")
NUM_SCENES = {"train": 1200, "val": 200}

_WORDS_IN_A_CAPTION = 15  # at most; the longest sentence of the scenes' grammar has 13
_RARE_BELOW = 5  # a word with fewer occurrences among the training captions becomes <UNK>
_ROWS_AT_ONCE = 4096


def load_coco_data(base_dir=None, max_train=None, pca_features=True):
    """Load captions and image features; print where they come from.

    Parameters
    ----------
    base_dir : path, optional
        A folder of COCO's captions. Without it see the top of this module.
    max_train : int, optional
        Only so many training captions, drawn at random, the same on every call, of different images as far as there
        are. Of a folder only their images' features are kept.
    pca_features : bool
        Read the features reduced to 512 numbers, not the 4096 of the network. The stand-in has 512.

    Returns
    -------
    dict
        ``train_captions``, ``val_captions``: (N, T) integers, from ``<START>`` to ``<END>``, filled up with ``<NULL>``.
        ``train_image_idxs``, ``val_image_idxs``: (N,) integers, each caption's image, as a row of the features.
        ``train_features``, ``val_features``: (M, D) arrays of float32.
        ``train_urls``, ``val_urls``: (M,) strings; see `image_from_url`.
        ``idx_to_word``: list of strings. ``word_to_idx``: dict of str to int.

    Raises
    ------
    FileNotFoundError
        If a folder was named, but is not there or lacks a file.
    ValueError
        If a file does not hold what it should.
    """
    folder, said_by = _find_folder(base_dir)
    if folder is None:
        print(
            f"Data: drawn scenes, the offline stand-in for COCO's captions (nnkit.data.scenes; nothing in {said_by})."
        )
        return _drawn(max_train)
    print(f"Data: COCO's captions from {folder} ({said_by}).")
    return _read_folder(folder, max_train, "_pca" if pca_features else "")


def decode_captions(captions, idx_to_word):
    """Captions as text: the words after ``<START>`` and before ``<END>``.

    Parameters
    ----------
    captions : (N, T) or (T,) array of integers
    idx_to_word : sequence of str

    Returns
    -------
    list of str, or str for a single caption
    """
    captions = np.asarray(captions)
    if captions.ndim == 1:
        words = [idx_to_word[index] for index in captions]
        end = words.index("<END>") if "<END>" in words else len(words)
        return " ".join(word for word in words[:end] if word not in ("<START>", "<NULL>"))
    return [decode_captions(caption, idx_to_word) for caption in captions]


def sample_coco_minibatch(data, batch_size=100, split="train"):
    """Captions drawn at random, with replacement, from NumPy's global generator.

    Parameters
    ----------
    data : dict
        As `load_coco_data` gives it.
    batch_size : int
    split : {'train', 'val'}

    Returns
    -------
    captions : (N, T) array of integers
    features : (N, D) array
    urls : (N,) array of strings
    """
    chosen = np.random.choice(len(data[f"{split}_captions"]), batch_size)
    images = data[f"{split}_image_idxs"][chosen]
    return data[f"{split}_captions"][chosen], data[f"{split}_features"][images], data[f"{split}_urls"][images]


def image_from_url(url):
    """The picture that belongs to an entry of ``train_urls`` or ``val_urls``.

    A scene is drawn anew. A photograph is read from the folder ``images`` beside the captions, by the last part of its
    address; it is never fetched, and without the file a grey picture stands for it.

    Returns
    -------
    (H, W, 3) array of uint8
    """
    kind, _, rest = str(url).partition(":")
    if kind == "scene":
        split, _, number = rest.partition("/")
        return scenes.scene(split, int(number))[0].transpose(1, 2, 0)
    folder, _ = _find_folder(None)
    path = None if folder is None else folder / "images" / str(url).rpartition("/")[2]
    if path is None or not path.is_file():
        return np.full((scenes.SIZE, scenes.SIZE, 3), 160, dtype=np.uint8)
    from matplotlib.image import imread  # imported here: whoever grades has no use for it

    return imread(path)


def encode_captions(captions, word_to_idx):
    """Texts as rows of integers, the inverse of `decode_captions`; unknown words become ``<UNK>``.

    Parameters
    ----------
    captions : list of str
        Of at most 15 words.
    word_to_idx : dict of str to int

    Returns
    -------
    (N, 17) array of int32
    """
    rows = np.full((len(captions), _WORDS_IN_A_CAPTION + 2), word_to_idx["<NULL>"], dtype=np.int32)
    for row, caption in zip(rows, captions, strict=True):
        words = ["<START>", *caption.split(), "<END>"]
        row[: len(words)] = [word_to_idx.get(word, word_to_idx["<UNK>"]) for word in words]
    return rows


def _find_folder(folder):
    """The folder of captions and who named it; None and the folder searched if there is none."""
    if folder is not None:
        return Path(folder), "the folder given"
    if os.environ.get("NNKIT_COCO_CAPTIONING"):
        return Path(os.environ["NNKIT_COCO_CAPTIONING"]), "environment variable NNKIT_COCO_CAPTIONING"
    if (data_folder() / "coco_captioning").is_dir():
        return data_folder() / "coco_captioning", "found in the data folder"
    return None, data_folder()


def _drawn(max_train):
    """The stand-in, in the form of the real data."""
    data, texts = {}, {}
    for split, count in NUM_SCENES.items():
        features, texts[split] = _drawn_scenes(split, count)
        data[f"{split}_features"] = features.copy()
        data[f"{split}_image_idxs"] = np.repeat(np.arange(count), scenes.CAPTIONS_PER_SCENE)
        data[f"{split}_urls"] = np.array([f"scene:{split}/{number}" for number in range(count)])
    counts = Counter(word for caption in texts["train"] for word in caption.split())
    words = sorted(word for word in counts if counts[word] >= _RARE_BELOW)
    data["idx_to_word"] = [*SPECIAL_WORDS, *words]
    data["word_to_idx"] = {word: index for index, word in enumerate(data["idx_to_word"])}
    for split in NUM_SCENES:
        data[f"{split}_captions"] = encode_captions(texts[split], data["word_to_idx"])
    chosen = _chosen(data["train_image_idxs"], max_train)
    data["train_captions"] = data["train_captions"][chosen]
    data["train_image_idxs"] = data["train_image_idxs"][chosen]
    return data


@lru_cache(maxsize=2)
def _drawn_scenes(split, count):
    """Features of the images, and all captions, five for each: kept, since drawing them takes a second or two."""
    pictures, captions = zip(*(scenes.scene(split, number) for number in range(count)), strict=True)
    return features_of(np.array(pictures)), tuple(caption for five in captions for caption in five)


def _chosen(image_idxs, max_train):
    """Places of so many captions, drawn at random, of different images as far as there are."""
    count = len(image_idxs)
    if max_train is None:
        return slice(None)
    if max_train > count:
        raise ValueError(f"{max_train} training captions are asked for, and there are {count}")
    order = np.random.default_rng(0).permutation(count)
    is_first = np.zeros(count, dtype=bool)
    is_first[np.unique(image_idxs[order], return_index=True)[1]] = True
    return np.sort(np.concatenate([order[is_first], order[~is_first]])[:max_train])


def _read_folder(folder, max_train, suffix):
    files = {
        "captions": folder / "coco2014_captions.h5",
        "vocabulary": folder / "coco2014_vocab.json",
        **{split: folder / f"{split}2014_vgg16_fc7{suffix}.h5" for split in ("train", "val")},
        **{f"{split}_urls": folder / f"{split}2014_urls.txt" for split in ("train", "val")},
    }
    missing = [path.name for path in files.values() if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)}: the top of nnkit/data/coco_captions.py lists all"
        )
    data = _read_vocabulary(files["vocabulary"])
    with h5py.File(files["captions"], "r") as file:
        for split in ("train", "val"):
            captions = _dataset(file, f"{split}_captions", 2)
            image_idxs = _dataset(file, f"{split}_image_idxs", 1)
            if len(captions) != len(image_idxs):
                raise ValueError(f"{file.filename}: {len(captions)} {split}_captions, {len(image_idxs)} image_idxs")
            chosen = _chosen(image_idxs[()], max_train if split == "train" else None)
            data[f"{split}_captions"] = captions[()][chosen]
            data[f"{split}_image_idxs"] = image_idxs[()][chosen]
    if max(data["train_captions"].max(), data["val_captions"].max()) >= len(data["idx_to_word"]):
        raise ValueError(f"{files['captions']}: captions with words that {files['vocabulary'].name} lacks")
    for split in ("train", "val"):
        # Only the images that captions are about, renumbered: all features of the network take 2.7 GB.
        images, data[f"{split}_image_idxs"] = np.unique(data[f"{split}_image_idxs"], return_inverse=True)
        with h5py.File(files[split], "r") as file:
            data[f"{split}_features"] = _rows(_dataset(file, "features", 2), images)
        urls = files[f"{split}_urls"].read_text(encoding="utf-8").split("\n")
        data[f"{split}_urls"] = np.array(urls)[images]
    return data


def _read_vocabulary(path):
    try:
        vocabulary = json.loads(path.read_text(encoding="utf-8"))
        data = {name: vocabulary[name] for name in ("idx_to_word", "word_to_idx")}
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"{path}: this should hold idx_to_word and word_to_idx ({error!r})") from None
    lacking = [word for word in SPECIAL_WORDS if word not in data["word_to_idx"]]
    if lacking:
        raise ValueError(f"{path}: word_to_idx lacks {', '.join(lacking)}")
    return data


def _dataset(file, name, ndim):
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset) or dataset.ndim != ndim:
        raise ValueError(f'{file.filename}: "{name}" should be an array with {ndim} axes')
    return dataset


def _rows(dataset, wanted):
    """The wanted rows (sorted) of a data set, read in slices: it may be larger than the memory."""
    if len(wanted) and wanted[-1] >= len(dataset):
        raise ValueError(f"{dataset.file.filename}: image {wanted[-1]} is asked for, and there are {len(dataset)}")
    rows = np.empty((len(wanted), dataset.shape[1]), dtype=np.float32)
    for start in range(0, len(dataset), _ROWS_AT_ONCE):
        here = slice(*np.searchsorted(wanted, (start, start + _ROWS_AT_ONCE)))
        if here.start < here.stop:
            rows[here] = dataset[start : start + _ROWS_AT_ONCE][wanted[here] - start]
    return rows
