"""Our course's data sets: what is held out of each is new, and what notebooks read holds none of it."""

import json
from contextlib import redirect_stdout
from io import StringIO

import h5py
import numpy as np
import pytest
from cifar10_files import FORMATS, write_folder
from course_data import GradersSide

from nnkit.data import coco_captions, cola
from nnkit.data.cats_cars import load_cats_cars
from nnkit.data.cifar10 import load_cifar10
from nnkit.data.trigrams import load_trigrams


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    for name in ("CIFAR10", "COLA", "COCO_CAPTIONING", "CATS_CARS", "TRIGRAMS"):
        monkeypatch.delenv(f"NNKIT_{name}", raising=False)
    monkeypatch.setenv("NNKIT_DATA", str(tmp_path / "nothing"))
    with redirect_stdout(StringIO()):
        yield


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """The folder that notebooks read."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("NNKIT_DATA", str(folder))
    return folder


def rows(array):
    return {row.tobytes() for row in np.ascontiguousarray(array)}


def bytes_of(folder):
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("name", ["cifar10", "cats_cars", "cola", "coco_captions"])
def test_another_seed_draws_other_held_out_data(name, monkeypatch):
    monkeypatch.setattr(cola, "NUM_TRAINING", 300)
    monkeypatch.setattr(coco_captions, "NUM_SCENES", {"train": 60, "val": 10})
    side = GradersSide(name)
    monkeypatch.setattr(side.module, "HELD_OUT", 50)
    one, other = side.held_out(None, 1 << 100), side.held_out(None, 1 << 101)
    assert len(one[0]) == len(one[1]) == 50
    assert not rows(one[0]) & rows(other[0])
    assert rows(one[0]) == rows(side.held_out(None, 1 << 100)[0])


def test_held_out_shapes_come_as_bytes_and_less_the_mean_image_of_the_notebooks(monkeypatch):
    side = GradersSide("cifar10")
    monkeypatch.setattr(side.module, "HELD_OUT", 20)
    (images, labels), (less_mean, same) = side.held_out_bytes(None, 5), side.held_out(None, 5)
    data = load_cifar10(num_training=5000, subtract_mean=False)
    assert images.dtype == np.uint8
    assert np.array_equal(labels, same)
    assert less_mean == pytest.approx(images - data["X_train"].mean(axis=0))
    assert not rows(images.astype(float)) & rows(data["X_test"])


def test_held_out_pieces_are_new_and_on_the_scale_of_the_notebooks():
    images, classes = GradersSide("cats_cars").held_out(None, 7)
    known = load_cats_cars()
    assert (images.shape, sorted(set(classes))) == ((1000, 32, 32), [-1.0, 1.0])
    assert images.std() == pytest.approx(known["X_test"].std(), rel=0.05)
    assert not rows(images.astype(np.float32)) & rows(known["X_test"])


def test_held_out_sentences_have_the_form_of_the_notebooks_and_are_none_of_theirs(monkeypatch):
    monkeypatch.setattr(cola, "NUM_TRAINING", 300)
    monkeypatch.setattr(cola, "NUM_VALIDATION", 50)
    sentences, labels, name = GradersSide("cola").held_out(None, 7)
    data = cola.load_cola()
    assert (sentences.shape, labels.mean(), name) == ((1000, cola.MAX_LENGTH), 0.5, "agreement")
    assert not rows(sentences) & (rows(data["X_train"]) | rows(data["X_val"]))


def test_held_out_scenes_have_features_and_texts_and_the_words_of_the_notebooks(monkeypatch):
    monkeypatch.setattr(coco_captions, "NUM_SCENES", {"train": 60, "val": 10})
    side = GradersSide("coco_captions")
    monkeypatch.setattr(side.module, "HELD_OUT", 50)
    features, captions, words = side.held_out(None, 3)
    data = coco_captions.load_coco_data()
    assert (features.shape, len(captions), words) == ((50, 512), 50, data["idx_to_word"])
    assert len(rows(features)) == 10
    assert not rows(features) & rows(np.concatenate([data["train_features"], data["val_features"]]))


def test_held_out_text_is_in_no_file_that_students_receive():
    x, d = GradersSide("trigrams").held_out(None, 1)
    known = load_trigrams()
    assert (x.shape, d.shape) == ((5000, 3), (5000,))
    assert (x.min(), x.max()) == (1, 250)
    new = np.column_stack([x, d])
    seen = np.concatenate([np.column_stack([known[f"x_{split}"], known[f"d_{split}"]]) for split in ("train", "test")])
    assert len(rows(new) & rows(seen)) < 0.5 * len(rows(new))  # "of the house ." is said more than once


@pytest.fixture
def batches():
    """Name of each batch -> pictures (N, 3072) and labels (N,), all pictures different."""
    rng = np.random.default_rng(0)
    sizes = {**{f"data_batch_{i}": 1200 for i in range(1, 6)}, "test_batch": 2500}
    return {
        name: (rng.integers(0, 256, (n, 3072), dtype=np.uint8), rng.integers(0, 10, n)) for name, n in sizes.items()
    }


@pytest.mark.parametrize("format_name", FORMATS)
def test_of_cifar10_the_test_images_after_those_of_the_notebooks_are_held_out(tmp_path, batches, format_name, shown):
    side, folder = GradersSide("cifar10"), write_folder(tmp_path, format_name, batches)
    folder = folder.rename(tmp_path / "downloads")
    pictures, labels = batches["test_batch"]
    images, held_out_labels = side.held_out_bytes(folder, 1)
    assert np.array_equal(images.reshape(1000, -1), pictures[1000:2000])
    assert np.array_equal(held_out_labels, labels[1000:2000])
    mean = np.concatenate([batches[f"data_batch_{i}"][0] for i in range(1, 6)])[:5000].mean(axis=0)
    assert side.held_out(folder, 1)[0] == pytest.approx(images - mean.reshape(3, 32, 32))
    side.prepare(folder, shown)
    data = load_cifar10(subtract_mean=False, dtype=np.uint8)
    assert np.array_equal(data["X_test"].reshape(1000, -1), pictures[:1000])
    assert np.array_equal(data["y_test"], labels[:1000])
    assert len(data["X_train"]) == 5000
    content = bytes_of(shown)
    assert pictures[999].tobytes() in content
    assert not any(row.tobytes() in content for row in pictures[1000::50])


def test_of_cola_half_of_the_validation_sentences_are_held_out(tmp_path, shown):
    folder = tmp_path / "cola_there"
    folder.mkdir()
    sentences = np.column_stack([np.ones(8, int), np.arange(8) + 2, np.zeros(8, int), np.zeros(8, int)])
    for split in ("train", "val"):
        np.save(folder / f"{split}_inxs.npy", sentences)
        np.save(folder / f"{split}_labels.npy", np.arange(8) % 2)
    words = "".join(f"word{place},{place}\n" for place in range(2, 10))
    (folder / "word_to_ix.csv").write_text(f"<PAD>,0\nCLS,1\n{words}")
    side = GradersSide("cola")
    held_out, labels, name = side.held_out(folder, 1)
    side.prepare(folder, shown)
    data = cola.load_cola()
    assert (held_out[:, 1].tolist(), labels.tolist(), name) == ([3, 5, 7, 9], [1, 1, 1, 1], "cola")
    assert data["X_val"][:, 1].tolist() == [2, 4, 6, 8]
    assert len(data["X_train"]) == 8


def test_of_cats_and_cars_half_of_the_test_pictures_are_held_out(tmp_path, shown):
    pictures = np.random.default_rng(0).integers(0, 256, (8, 32, 32)).astype(np.float64)
    with h5py.File(tmp_path / "downloaded.h5", "w") as file:
        for split in ("train", "test"):
            file[f"{split}ims"], file[f"{split}lbls"] = pictures, np.arange(8) // 4
    side = GradersSide("cats_cars")
    images, classes = side.held_out(tmp_path / "downloaded.h5", 1)
    side.prepare(tmp_path / "downloaded.h5", shown)
    data = load_cats_cars()
    mean = pictures.mean(axis=0) / 255
    assert images + mean == pytest.approx(pictures[1::2] / 255, abs=1e-6)
    assert classes.tolist() == [-1, -1, 1, 1]
    assert data["X_test"] + mean == pytest.approx(pictures[::2] / 255, abs=1e-6)
    assert len(data["X_train"]) == 8


def test_of_a_file_of_trigrams_rows_all_over_the_test_part_are_held_out(tmp_path, shown):
    table = np.arange(24_000).reshape(-1, 2)
    with h5py.File(tmp_path / "text.h5", "w") as file:
        file["words"] = [b"the"] * 24_001
        for split in ("train", "val", "test"):
            file[f"{split}x"], file[f"{split}d"] = np.column_stack([table, table[:, 0]]) + 1, table[:, 1] + 1
    side = GradersSide("trigrams")
    x, d = side.held_out(tmp_path / "text.h5", 1)
    side.prepare(tmp_path / "text.h5", shown)
    data = load_trigrams()
    assert (len(x), len(d), len(data["x_test"]), len(data["x_train"])) == (6000, 6000, 6000, 12_000)
    assert not set(x[:, 0].tolist()) & set(data["x_test"][:, 0].tolist())
    assert np.array_equal(x[:, 1], d)


def test_of_coco_the_captions_of_some_images_are_held_out(tmp_path, shown, monkeypatch):
    side = GradersSide("coco_captions")
    monkeypatch.setattr(side.module, "HELD_OUT", 10)
    monkeypatch.setattr(side.module, "SHOWN_CAPTIONS", 6)
    words = ["<NULL>", "<START>", "<END>", "<UNK>", *(f"word{number}" for number in range(30))]
    images = np.array([0, 1, 2, 0, 1, 2, 0, 1, 5, 3, 5, 3, 4, 4, 5])
    captions = np.column_stack([np.ones(15, int), np.arange(15) + 4, np.full(15, 2)])
    (tmp_path / "coco").mkdir()
    with h5py.File(tmp_path / "coco" / "coco2014_captions.h5", "w") as file:
        for split in ("train", "val"):
            file[f"{split}_captions"], file[f"{split}_image_idxs"] = captions, images
    numbers = {word: place for place, word in enumerate(words)}
    vocabulary = json.dumps({"idx_to_word": words, "word_to_idx": numbers})
    (tmp_path / "coco" / "coco2014_vocab.json").write_text(vocabulary)
    for split in ("train", "val"):
        with h5py.File(tmp_path / "coco" / f"{split}2014_vgg16_fc7_pca.h5", "w") as file:
            file["features"] = np.arange(6)[:, np.newaxis] * np.ones(512)
        (tmp_path / "coco" / f"{split}2014_urls.txt").write_text("\n".join("abcdef"))
    features, texts, known = side.held_out(tmp_path / "coco", 1)
    side.prepare(tmp_path / "coco", shown)
    data = coco_captions.load_coco_data()
    assert features[:, 0].tolist() == [5, 3, 5, 3, 5]
    assert texts == [f"word{number}" for number in (8, 9, 10, 11, 14)]
    assert known == words
    said = {text for caption in coco_captions.decode_captions(data["val_captions"], words) for text in caption.split()}
    assert said == {f"word{number}" for number in (0, 1, 2, 3, 4, 5, 6, 7, 12, 13)}
    assert len(data["train_captions"]) == 15
