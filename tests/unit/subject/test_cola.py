"""CoLA from arrays of the real format, and the sentences of a grammar that stand in for it."""

from collections import Counter

import numpy as np
import pytest

from nnkit.data import agreement
from nnkit.data.cola import decode_sentence, load_cola
from nnkit.matthews import matthews_correlation

WORDS = ["CLS", "PAD", "cats", "sleep", "sleeps"]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    monkeypatch.delenv("NNKIT_COLA", raising=False)
    monkeypatch.setenv("NNKIT_DATA", str(tmp_path / "data"))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "arrays"
    folder.mkdir()
    np.save(folder / "train_inxs.npy", np.array([[0, 2, 3, 1], [0, 2, 4, 1], [0, 3, 1, 1]], dtype=np.int32))
    np.save(folder / "train_labels.npy", np.array([1.0, 0.0, 0.0]))
    np.save(folder / "val_inxs.npy", np.array([[0, 2, 2, 3]]))
    np.save(folder / "val_labels.npy", np.array([0]))
    (folder / "word_to_ix.csv").write_text("".join(f"{word},{place}\n" for place, word in enumerate(WORDS)))
    return folder


def test_arrays_are_read_with_their_vocabulary(folder, capsys):
    data = load_cola(folder)
    assert "CoLA from" in capsys.readouterr().out
    assert (data["name"], data["idx_to_word"], data["padding"]) == ("cola", WORDS, 1)
    assert data["X_train"].dtype == data["y_train"].dtype == np.int64
    assert data["y_train"].tolist() == [1, 0, 0]
    assert data["X_val"].tolist() == [[0, 2, 2, 3]]
    assert decode_sentence(data["X_train"][0], data) == "cats sleep"


def test_padding_without_a_known_name_is_what_most_rows_end_with(folder):
    text = (folder / "word_to_ix.csv").read_text()
    (folder / "word_to_ix.csv").write_text(text.replace("PAD", "nothing"))
    assert load_cola(folder)["padding"] == 1


def test_fewer_sentences_are_the_first_ones(folder):
    assert load_cola(folder, num_training=2)["X_train"].tolist() == [[0, 2, 3, 1], [0, 2, 4, 1]]
    with pytest.raises(ValueError, match="5 sentences of val are asked for, and there are 1"):
        load_cola(folder, num_validation=5)


def test_the_environment_may_name_the_folder_and_the_data_folder_may_hold_it(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("NNKIT_COLA", str(folder))
    assert load_cola()["name"] == "cola"
    monkeypatch.delenv("NNKIT_COLA")
    (tmp_path / "data").mkdir()
    folder.rename(tmp_path / "data" / "cola")
    assert load_cola()["name"] == "cola"


def test_what_is_missing_is_named(folder):
    (folder / "val_labels.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks val_labels\.npy"):
        load_cola(folder)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train_inxs", [[0, 2, 9, 1]] * 3, "whole numbers from 0 to 4"),
        ("train_inxs", [0, 2, 3], "2 axes"),
        ("train_inxs", [[0, 2, 3, 1]] * 2, "2 rows in train_inxs.npy, 3 in train_labels.npy"),
        ("train_inxs", [[0, 2], [0, 3], [2, 3]], "begin with the same word"),
        ("train_labels", [1, 0, 2], "whole numbers from 0 to 1"),
        ("train_labels", [1, 0, 0.5], "whole numbers from 0 to 1"),
    ],
)
def test_arrays_that_cannot_be_right_are_refused(folder, name, array, message):
    np.save(folder / f"{name}.npy", np.array(array))
    with pytest.raises(ValueError, match=message):
        load_cola(folder)


def test_pickled_arrays_are_refused(folder):
    np.save(folder / "val_labels.npy", np.array([{"not": "a number"}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"val_labels\.npy: this is no NumPy array of numbers"):
        load_cola(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CLS,0\nPAD,1\ncats,3\n", "places 0 to 2"),
        ("CLS;0\n", "a word and its place"),
        ("CLS,0\nPAD,1\ncats,2\nsleep,3\n<PAD>,4\n", "one word should be padding"),
    ],
)
def test_a_vocabulary_that_cannot_be_right_is_refused(folder, text, message):
    (folder / "word_to_ix.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_cola(folder)


@pytest.fixture(scope="module")
def stand_in():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNKIT_DATA", "there is no such folder")
        return load_cola()


def texts(data, split):
    return [decode_sentence(words, data) for words in data[f"X_{split}"]]


def test_the_stand_in_has_the_form_of_the_real_data_and_no_sentence_twice(stand_in):
    assert (stand_in["X_train"].shape, stand_in["X_val"].shape) == ((7000, 43), (1551, 43))
    assert stand_in["y_train"].mean() == 0.5
    assert np.unique(stand_in["X_train"][:, 0]).size == 1
    everything = texts(stand_in, "train") + texts(stand_in, "val")
    assert len(set(everything)) == len(everything) == 8551


def test_every_sentence_has_a_partner_of_the_same_words_that_is_judged_the_other_way(stand_in):
    judged = Counter()
    for text, label in zip(texts(stand_in, "train"), stand_in["y_train"], strict=True):
        judged[tuple(sorted(text.split()))] += 2 * int(label) - 1
    assert set(judged.values()) == {0}


def test_a_bag_of_words_is_at_chance(stand_in):
    def bags(sentences):
        return np.stack([np.bincount(words, minlength=len(stand_in["idx_to_word"]))[2:] for words in sentences])

    X, X_val = bags(stand_in["X_train"]), bags(stand_in["X_val"])
    weights = np.linalg.solve(X.T @ X + np.eye(X.shape[1]), X.T @ (2.0 * stand_in["y_train"] - 1))
    assert abs(matthews_correlation(X_val @ weights > 0, stand_in["y_val"])) < 0.05
    any_other = np.random.default_rng(0).normal(size=X.shape[1])  # whatever the weights are, not only the best
    assert abs(matthews_correlation(X_val @ any_other > 0, stand_in["y_val"])) < 0.05


def test_acceptable_sentences_agree_and_the_others_do_not():
    rng = np.random.default_rng(1)
    plain = [pair for pair in agreement.pairs(300, rng) if len(pair[0]) == 5 and pair[0][2] in _verbs()]
    assert plain
    for acceptable, exchanged in plain:  # "the pilot knows the clerks"
        assert acceptable[1].endswith("s") != acceptable[2].endswith("s")
        assert exchanged[1].endswith("s") == exchanged[2].endswith("s")


def _verbs():
    return {form for verb in agreement.TRANSITIVE for form in (verb, f"{verb}s")}


def test_held_back_sentences_can_be_drawn_that_are_none_of_the_known_ones():
    known = {acceptable for acceptable, _ in agreement.pairs(50, np.random.default_rng(2))}
    again = agreement.pairs(50, np.random.default_rng(2), avoid=known)
    assert not known & {acceptable for acceptable, _ in again}
