"""Sentences that no notebook has: of CoLA every second validation sentence, of the stand-in new ones."""

import numpy as np
from shown import no_real_data, show

from nnkit.data import agreement
from nnkit.data.cola import decode_sentence, encode_sentences, load_cola

HELD_OUT = 1000
SHOWN, KEPT_BACK = slice(0, None, 2), slice(1, None, 2)  # of the validation sentences


def held_out(path, seed):
    """Sentences (N, T), 0 or 1 for each, and "cola" or "agreement"."""
    if path is not None:
        known = load_cola(path)
        return known["X_val"][KEPT_BACK], known["y_val"][KEPT_BACK], known["name"]
    with no_real_data():
        known = load_cola()
    everything = np.concatenate([known["X_train"], known["X_val"]])
    seen = {tuple(decode_sentence(words, known).split()) for words in everything}
    drawn, labels = agreement.draw(HELD_OUT, np.random.default_rng(seed), avoid=seen)
    return encode_sentences(drawn, known["idx_to_word"]), labels, known["name"]


def prepare(path, folder):
    """Training sentences and vocabulary as they are, and half of the validation sentences."""
    if path is None:
        return
    place = folder / "cola"
    place.mkdir()
    for name in ("train_inxs.npy", "train_labels.npy", "word_to_ix.csv"):
        show(path / name, place / name)
    for name in ("val_inxs.npy", "val_labels.npy"):
        np.save(place / name, np.load(path / name, allow_pickle=False)[SHOWN])
