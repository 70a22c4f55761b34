"""CoLA, sentences that linguists judged acceptable or not (Warstadt, Singh and Bowman 2019), or the stand-in for it.

Nothing is downloaded. The data come from the first of these that is set or there:

1. the argument ``folder``;
2. the environment variable NNKIT_COLA;
3. ``cola`` in the data folder, which the environment variable NNKIT_DATA names and which is ``data`` otherwise;
4. `nnkit.data.agreement`, sentences of a small grammar, in the same form.

A folder holds ``train_inxs.npy`` and ``val_inxs.npy``, (N, T) integers, sentences as places in the vocabulary, each
with the same word in front; ``train_labels.npy`` and ``val_labels.npy``, (N,), 1 for an acceptable sentence and 0 for
another; and ``word_to_ix.csv``, a word and its place in each line. One word of the vocabulary is padding: one of
`PADDING_NAMES`, or else the word that more than half of the rows end with.
"""

import csv
import os
from pathlib import Path

import numpy as np

from nnkit.data import agreement
from nnkit.data.folder import data_folder

NUM_TRAINING, NUM_VALIDATION = 7000, 1551
MAX_LENGTH = 43
PADDING, FIRST = "<PAD>", "<CLS>"
PADDING_NAMES = (PADDING, "<pad>", "PAD", "[PAD]", "<NULL>")
SEED = 11


def load_cola(folder=None, num_training=None, num_validation=None):
    """Load sentences and what was said of them; print where they come from.

    Parameters
    ----------
    folder : path, optional
        Without it see the top of this module.
    num_training, num_validation : int, optional
        Only the first so many; by default all.

    Returns
    -------
    dict
        ``X_train``, ``X_val``: (N, T) int64, the words of sentences as places in ``idx_to_word``, the first word the
        same everywhere, filled up with padding.
        ``y_train``, ``y_val``: (N,) int64, 1 for an acceptable sentence, 0 for another.
        ``idx_to_word``: list of str. ``padding``: int, the place of the padding.
        ``name``: "cola" or "agreement".

    Raises
    ------
    FileNotFoundError
        If a folder was named, but is not there or lacks a file.
    ValueError
        If a file does not hold what it should, or fewer sentences than asked for.
    """
    folder, said_by = _find_folder(folder)
    if folder is None:
        data = _made()
        source = (
            f"sentences of a small grammar, the offline stand-in for CoLA (nnkit.data.agreement; nothing in {said_by})"
        )
    else:
        data = _read_folder(folder)
        source = f"CoLA from {folder} ({said_by})"
    for split, wanted in (("train", num_training), ("val", num_validation)):
        count = len(data[f"X_{split}"])
        if wanted is not None and not 0 <= wanted <= count:
            raise ValueError(f"{wanted} sentences of {split} are asked for, and there are {count}")
        data[f"X_{split}"], data[f"y_{split}"] = data[f"X_{split}"][:wanted], data[f"y_{split}"][:wanted]
    print(f"Data: {source}.")
    return data


def decode_sentence(words, data):
    """A sentence as text, without the first word and the padding.

    Parameters
    ----------
    words : (T,) array of integers
    data : dict
        As `load_cola` gives it.
    """
    return " ".join(data["idx_to_word"][word] for word in words[1:] if word != data["padding"])


def encode_sentences(sentences, idx_to_word, max_length=MAX_LENGTH):
    """Sentences of the stand-in as rows of integers.

    Parameters
    ----------
    sentences : list of sequences of str
    idx_to_word : list of str
        With ``<PAD>`` and ``<CLS>``.
    max_length : int
        Of a row, the first word included.

    Returns
    -------
    (N, max_length) array of int64
    """
    word_to_idx = {word: index for index, word in enumerate(idx_to_word)}
    rows = np.full((len(sentences), max_length), word_to_idx[PADDING])
    for row, sentence in zip(rows, sentences, strict=True):
        row[: len(sentence) + 1] = [word_to_idx[word] for word in (FIRST, *sentence)]
    return rows


def _find_folder(folder):
    """The folder of the arrays and who named it; None and the folder searched if there is none."""
    if folder is not None:
        return Path(folder), "the folder given"
    if os.environ.get("NNKIT_COLA"):
        return Path(os.environ["NNKIT_COLA"]), "environment variable NNKIT_COLA"
    if (data_folder() / "cola").is_dir():
        return data_folder() / "cola", "found in the data folder"
    return None, data_folder()


def _made():
    """The stand-in, in the form of the real data; no sentence of one part occurs in the other."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    idx_to_word = [PADDING, FIRST, *agreement.vocabulary()]
    data, known = {"name": "agreement", "idx_to_word": idx_to_word, "padding": 0}, set()
    for split, count in (("train", NUM_TRAINING), ("val", NUM_VALIDATION)):
        sentences, data[f"y_{split}"] = agreement.draw(count, rng, avoid=known)
        known.update(sentences)
        data[f"X_{split}"] = encode_sentences(sentences, idx_to_word)
    return data


def _read_folder(folder):
    names = [f"{split}_{kind}.npy" for split in ("train", "val") for kind in ("inxs", "labels")]
    missing = [name for name in (*names, "word_to_ix.csv") if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{folder} lacks {', '.join(missing)}: the top of nnkit/data/cola.py lists all")
    data = {"name": "cola", "idx_to_word": _read_vocabulary(folder / "word_to_ix.csv")}
    for split in ("train", "val"):
        X = data[f"X_{split}"] = _whole_numbers(folder / f"{split}_inxs.npy", 2, len(data["idx_to_word"]))
        y = data[f"y_{split}"] = _whole_numbers(folder / f"{split}_labels.npy", 1, 2)
        if len(X) != len(y):
            raise ValueError(f"{folder}: {len(X)} rows in {split}_inxs.npy, {len(y)} in {split}_labels.npy")
        if not X.size or np.any(X[:, 0] != data["X_train"][0, 0]):
            raise ValueError(f"{folder / f'{split}_inxs.npy'}: every sentence should begin with the same word")
    data["padding"] = _padding(folder, data["idx_to_word"], data["X_train"])
    return data


def _padding(folder, idx_to_word, sentences):
    """The word that is padding: by its name, and if none has such a name, the one that most rows end with."""
    named = [place for place, word in enumerate(idx_to_word) if word in PADDING_NAMES]
    if not named:
        counts = np.bincount(sentences[:, -1])
        named = [int(place) for place in np.flatnonzero(2 * counts > len(sentences))]
    if len(named) != 1 or named[0] == sentences[0, 0]:
        names = ", ".join(PADDING_NAMES)
        raise ValueError(f"{folder}: one word should be padding, called one of {names}, or at the end of most rows")
    return named[0]


def _read_vocabulary(path):
    """Words by their places, which should be 0, 1, 2 and so on."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = [line for line in csv.reader(file) if line]
    try:
        places = {int(place): word for word, place in lines}
    except ValueError:
        raise ValueError(f"{path}: every line should hold a word and its place") from None
    if sorted(places) != list(range(len(lines))):
        raise ValueError(f"{path}: {len(lines)} words should have the places 0 to {len(lines) - 1}, each once")
    return [places[place] for place in range(len(lines))]


def _whole_numbers(path, axes, below):
    """An array of a file, checked: what is pickled is refused, since reading it may run anything."""
    try:
        array = np.load(path, allow_pickle=False)
    except ValueError as error:
        raise ValueError(f"{path}: this is no NumPy array of numbers ({error})") from None
    if not isinstance(array, np.ndarray) or array.ndim != axes or array.dtype.kind not in "biuf":
        raise ValueError(f"{path}: this should be an array of numbers with {axes} axes")
    numbers = array.astype(np.int64)
    if np.any(numbers != array) or (numbers.size and not 0 <= numbers.min() <= numbers.max() < below):
        raise ValueError(f"{path}: whole numbers from 0 to {below - 1} are expected")
    return numbers
