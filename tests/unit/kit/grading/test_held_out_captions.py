"""Captions that no submission has seen."""

from types import SimpleNamespace

import numpy as np
import pytest

from nnkit.data import coco_captions
from nnkit.kit.grading import held_out


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setattr(coco_captions, "NUM_SCENES", {"train": 60, "val": 10})
    monkeypatch.setattr(held_out, "HELD_BACK", 50)
    monkeypatch.delenv("NNKIT_COCO_CAPTIONING", raising=False)
    held_out._captions.cache_clear()
    yield lambda seed: SimpleNamespace(
        course=SimpleNamespace(seed=seed, data=SimpleNamespace(coco_captions=None)),
        data_folder=tmp_path,
        data_set="shapes",
    )
    held_out._captions.cache_clear()


def test_held_back_scenes_have_features_and_texts_and_the_words_of_the_notebooks(plan, capsys):
    features, captions, words = held_out.held_back(plan("a course"), "coco_captions")
    assert (features.shape, len(captions)) == ((50, 512), 50)
    assert len(np.unique(features, axis=0)) == 10
    assert words == coco_captions.load_coco_data()["idx_to_word"]
    with pytest.raises(ValueError, match="read-only"):
        features[0] = 0


def test_held_back_scenes_are_the_course_s_own_and_not_those_of_the_notebooks(plan):
    features, _, _ = held_out.held_back(plan("a course"), "coco_captions")
    other, _, _ = held_out.held_back(plan("another course"), "coco_captions")
    data = coco_captions.load_coco_data()
    seen = np.concatenate([data["train_features"], data["val_features"]])
    for one in (other, seen):
        assert not np.any(np.all(np.isclose(features[:, np.newaxis], one), axis=2))


def test_data_that_are_not_there_are_named(plan):
    with pytest.raises(LookupError, match='no held-back data "mnist", only cifar10, '):
        held_out.held_back(plan("a course"), "mnist")
