"""Runs of four words, three to look at and one to predict, in one HDF5 file, or the stand-in for it.

Nothing is downloaded. The file is the first of these that is set or there:

1. the argument ``file``;
2. the environment variable NNKIT_TRIGRAMS;
3. ``trigrams.h5`` in the data folder, which the environment variable NNKIT_DATA names and which is ``data`` otherwise;
4. ``austen_fourgrams.h5`` beside this module: the 250 commonest words of Jane Austen's novels, each split from novels
   of its own (public domain; ``scripts/austen_fourgrams.py`` made it).

It holds ``/trainx`` (N, 3), ``/traind`` (N,), ``/valx``, ``/vald``, ``/testx``, ``/testd`` likewise, and ``/words``
(V,). Words are numbered from 1: number i is ``words[i - 1]``.
"""

from pathlib import Path

import numpy as np

from nnkit.data.hdf5 import find_file, opened, pair_of_tables, read_rows, table

FILE_NAME = "trigrams.h5"
STAND_IN = Path(__file__).with_name("austen_fourgrams.h5")


def load_trigrams(file=None, num_training=None, num_validation=None, num_test=None):
    """Load trigrams and the words that follow them; print where they come from.

    Parameters
    ----------
    file : path, optional
        Without it see the top of this module.
    num_training, num_validation, num_test : int, optional
        How many of each, evenly spread over the file; by default all.

    Returns
    -------
    dict of arrays
        ``x_train``, ``x_val``, ``x_test``: (N, 3) integers, word numbers from 1 to V, in a random order that is always
        the same.
        ``d_train``, ``d_val``, ``d_test``: (N,) integers, the numbers of the fourth words.
        ``words``: (V,) strings.

    Raises
    ------
    FileNotFoundError
        If a file was named, but is not there.
    ValueError
        If the file is not as described above, or holds fewer than asked for.
    """
    path, said_by = find_file(file, "NNKIT_TRIGRAMS", FILE_NAME)
    if path is None:
        source = f"4-grams of Jane Austen's novels, the offline stand-in (public domain; no {FILE_NAME} in {said_by})"
    else:
        source = f"trigrams from {path} ({said_by})"
    data = {}
    with opened(path or STAND_IN) as hdf5:
        stored = table(hdf5, "words", (None,), "OS")
        data["words"] = np.array([_text(word) for word in stored[()]])
        for split, wanted in (
            ("train", num_training),
            ("val", num_validation),
            ("test", num_test),
        ):
            data[f"x_{split}"], data[f"d_{split}"] = _split(hdf5, split, wanted, len(data["words"]))
    print(f"Data: {source}.")
    return data


def _split(file, split, wanted, num_words):
    """Trigrams and next words of one part of the file, in random order: a file may be sorted."""
    trigrams, following = pair_of_tables(file, (f"{split}x", (None, 3), "iuf"), (f"{split}d", (None,), "iuf"))
    x, d = read_rows(trigrams, np.int64, wanted), read_rows(following, np.int64, wanted)
    for name, numbers in ((trigrams.name, x), (following.name, d)):
        if len(numbers) and not (numbers.min() >= 1 and numbers.max() <= num_words):
            raise ValueError(
                f"{file.filename}: {name} holds numbers from {numbers.min()} to {numbers.max()}; "
                f"those of {num_words} words go from 1 to {num_words}"
            )
    order = np.random.Generator(np.random.PCG64(0)).permutation(len(x))
    return x[order], d[order]


def _text(word):
    return word.decode("utf-8") if isinstance(word, bytes) else str(word)
