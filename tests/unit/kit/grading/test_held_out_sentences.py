"""Sentences that no submission has seen."""

from types import SimpleNamespace

import numpy as np
import pytest

from nnkit.data import cola
from nnkit.kit.grading import held_out


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setattr(cola, "NUM_TRAINING", 300)
    monkeypatch.setattr(cola, "NUM_VALIDATION", 50)
    monkeypatch.setattr(held_out, "HELD_BACK", 100)
    monkeypatch.delenv("NNKIT_COLA", raising=False)
    held_out._sentences.cache_clear()
    yield lambda seed, real=None: SimpleNamespace(
        course=SimpleNamespace(seed=seed, data=SimpleNamespace(cola=real)),
        data_folder=tmp_path,
        data_set="shapes",
    )
    held_out._sentences.cache_clear()


def rows(sentences):
    return {tuple(sentence) for sentence in sentences.tolist()}


def test_held_back_sentences_have_the_form_of_the_notebook_s(plan):
    sentences, labels, name = held_out.held_back(plan("a course"), "cola")
    assert (sentences.shape, name) == ((100, cola.MAX_LENGTH), "agreement")
    assert labels.mean() == 0.5
    with pytest.raises(ValueError, match="read-only"):
        sentences[0] = 0


def test_held_back_sentences_are_the_course_s_own_and_not_those_of_the_notebook(plan, monkeypatch, tmp_path):
    monkeypatch.setenv("NNKIT_DATA", str(tmp_path))
    sentences, _, _ = held_out.held_back(plan("a course"), "cola")
    other, _, _ = held_out.held_back(plan("another course"), "cola")
    data = cola.load_cola()
    assert rows(sentences) != rows(other)
    assert not rows(sentences) & (rows(data["X_train"]) | rows(data["X_val"]))


def test_of_real_data_the_validation_sentences_are_taken(plan, tmp_path):
    folder = tmp_path / "cola"
    folder.mkdir()
    for split in ("train", "val"):
        np.save(folder / f"{split}_inxs.npy", np.array([[1, 2, 0], [1, 2, 2]]))
        np.save(folder / f"{split}_labels.npy", np.array([1, 0]))
    (folder / "word_to_ix.csv").write_text("<PAD>,0\nCLS,1\ncats,2\n")
    sentences, labels, name = held_out.held_back(plan("a course", "cola"), "cola")
    assert (sentences.tolist(), labels.tolist(), name) == ([[1, 2, 0], [1, 2, 2]], [1, 0], "cola")
