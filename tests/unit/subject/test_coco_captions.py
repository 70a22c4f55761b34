"""COCO's captions from a folder of the real format, and the drawn scenes that stand in for them."""

import json

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nnkit.bleu import mean_unigram_bleu
from nnkit.data import coco_captions, scenes
from nnkit.data.coco_captions import (
    SPECIAL_WORDS,
    decode_captions,
    encode_captions,
    image_from_url,
    load_coco_data,
    sample_coco_minibatch,
)
from nnkit.data.scene_features import features_of

WORDS = [*SPECIAL_WORDS, "a", "cat", "dog"]
CAPTIONS = np.array([[1, 4, 5, 2], [1, 4, 6, 2], [1, 5, 2, 0]])
IMAGES = {"train": np.array([7, 2, 7]), "val": np.array([0, 5, 5])}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    monkeypatch.delenv("NNKIT_COCO_CAPTIONING", raising=False)
    monkeypatch.setenv("NNKIT_DATA", str(tmp_path / "data"))


@pytest.fixture
def folder(tmp_path):
    """A folder as COCO's captions come, with ten images in each split; number n has features n and n + 0.5."""
    folder = tmp_path / "coco"
    folder.mkdir()
    (folder / "coco2014_vocab.json").write_text(
        json.dumps({"idx_to_word": WORDS, "word_to_idx": {word: index for index, word in enumerate(WORDS)}})
    )
    with h5py.File(folder / "coco2014_captions.h5", "w") as file:
        for split, images in IMAGES.items():
            file[f"{split}_captions"] = CAPTIONS.astype(np.int32)
            file[f"{split}_image_idxs"] = images.astype(np.int32)
    for split in IMAGES:
        (folder / f"{split}2014_urls.txt").write_text("".join(f"http://images/{split}/{n}.png\n" for n in range(10)))
        with h5py.File(folder / f"{split}2014_vgg16_fc7_pca.h5", "w") as file:
            file["features"] = np.arange(10.0)[:, np.newaxis] + [0, 0.5]
    return folder


def test_a_folder_gives_each_caption_the_features_and_address_of_its_image(folder, capsys):
    data = load_coco_data(folder)
    assert "COCO's captions from" in capsys.readouterr().out
    for split, images in IMAGES.items():
        np.testing.assert_array_equal(data[f"{split}_captions"], CAPTIONS)
        features = data[f"{split}_features"][data[f"{split}_image_idxs"]]
        np.testing.assert_array_equal(features, images[:, np.newaxis] + [0, 0.5])
        urls = data[f"{split}_urls"][data[f"{split}_image_idxs"]]
        assert urls.tolist() == [f"http://images/{split}/{n}.png" for n in images]
    assert data["train_features"].shape == (2, 2)
    assert data["train_features"].dtype == np.float32
    assert data["idx_to_word"][data["word_to_idx"]["dog"]] == "dog"


def test_features_are_read_in_slices_that_hold_wanted_images_only(folder, monkeypatch):
    read = []
    monkeypatch.setattr(coco_captions, "_ROWS_AT_ONCE", 4)
    of_dataset = h5py.Dataset.__getitem__

    def noting(dataset, key):
        read.append((dataset.name, key))
        return of_dataset(dataset, key)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", noting)
    data = load_coco_data(folder)
    slices = [key for name, key in read if name == "/features"]
    assert slices == [slice(0, 4), slice(4, 8), slice(0, 4), slice(4, 8)]
    np.testing.assert_array_equal(data["train_features"], [[2, 2.5], [7, 7.5]])


def test_few_training_captions_are_the_same_on_every_call(folder):
    one, other = (load_coco_data(folder, max_train=2) for _ in range(2))
    np.testing.assert_array_equal(one["train_captions"], other["train_captions"])
    assert len(one["train_captions"]) == 2
    assert len(one["val_captions"]) == 3
    assert len(set(one["train_image_idxs"])) == 2
    with pytest.raises(ValueError, match="4 training captions are asked for, and there are 3"):
        load_coco_data(folder, max_train=4)


@pytest.mark.parametrize("named_by", ["variable", "data folder"])
def test_a_folder_is_found_by_the_variable_and_in_the_data_folder(folder, named_by, monkeypatch, tmp_path, capsys):
    if named_by == "variable":
        monkeypatch.setenv("NNKIT_COCO_CAPTIONING", str(folder))
    else:
        (tmp_path / "data").mkdir()
        folder.rename(tmp_path / "data" / "coco_captioning")
    assert len(load_coco_data()["train_captions"]) == 3
    assert named_by in capsys.readouterr().out


def test_missing_files_are_named(folder):
    (folder / "val2014_urls.txt").unlink()
    (folder / "coco2014_vocab.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks coco2014_vocab.json, val2014_urls.txt"):
        load_coco_data(folder)
    with pytest.raises(FileNotFoundError, match=r"train2014_vgg16_fc7.h5"):
        load_coco_data(folder, pca_features=False)


def broken_vocabulary(folder):
    (folder / "coco2014_vocab.json").write_text('{"idx_to_word": []}')
    return "should hold idx_to_word and word_to_idx"


def vocabulary_without_padding(folder):
    (folder / "coco2014_vocab.json").write_text('{"idx_to_word": ["<START>"], "word_to_idx": {"<START>": 0}}')
    return "word_to_idx lacks <NULL>, <END>, <UNK>"


def unknown_words(folder):
    with h5py.File(folder / "coco2014_captions.h5", "a") as file:
        file["train_captions"][0, 0] = 99
    return "words that coco2014_vocab.json lacks"


def images_without_captions(folder):
    with h5py.File(folder / "coco2014_captions.h5", "a") as file:
        del file["val_image_idxs"]
    return '"val_image_idxs" should be an array with 1 axes'


def too_few_images(folder):
    with h5py.File(folder / "coco2014_captions.h5", "a") as file:
        del file["val_image_idxs"]
        file["val_image_idxs"] = np.array([0, 1])
    return "3 val_captions, 2 image_idxs"


def features_end_early(folder):
    with h5py.File(folder / "val2014_vgg16_fc7_pca.h5", "w") as file:
        file["features"] = np.zeros((3, 2))
    return "image 5 is asked for, and there are 3"


@pytest.mark.parametrize(
    "broken",
    [
        broken_vocabulary,
        vocabulary_without_padding,
        unknown_words,
        images_without_captions,
        too_few_images,
        features_end_early,
    ],
)
def test_a_file_that_does_not_hold_what_it_should_is_named(folder, broken):
    message = broken(folder)
    with pytest.raises(ValueError, match=message):
        load_coco_data(folder)


def test_a_photograph_is_read_beside_the_captions_and_never_fetched(folder, monkeypatch):
    monkeypatch.setenv("NNKIT_COCO_CAPTIONING", str(folder))
    (folder / "images").mkdir()
    plt.imsave(folder / "images" / "7.png", np.zeros((4, 6, 3)))
    assert image_from_url("http://images/train/7.png").shape[:2] == (4, 6)
    assert np.ptp(image_from_url("http://images/train/8.png")) == 0


def test_captions_are_decoded_up_to_their_end_without_special_words():
    assert decode_captions(CAPTIONS, WORDS) == ["a cat", "a dog", "cat"]
    assert decode_captions(CAPTIONS[2], WORDS) == "cat"
    assert decode_captions(np.array([4, 3, 2, 5, 5]), WORDS) == "a <UNK>"
    assert decode_captions(np.array([4, 5]), WORDS) == "a cat"


def test_encoding_is_the_inverse_and_marks_unknown_words():
    words = {word: index for index, word in enumerate(WORDS)}
    rows = encode_captions(["a cat", "a bird"], words)
    assert rows.shape == (2, 17)
    assert rows[:, :5].tolist() == [[1, 4, 5, 2, 0], [1, 4, 3, 2, 0]]
    assert decode_captions(rows, WORDS) == ["a cat", "a <UNK>"]


@pytest.fixture(scope="module")
def drawn():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(coco_captions.NUM_SCENES, "train", 150)
        patch.setitem(coco_captions.NUM_SCENES, "val", 30)
        patch.delenv("NNKIT_COCO_CAPTIONING", raising=False)
        patch.setenv("NNKIT_DATA", "/nowhere")
        yield load_coco_data()


def test_the_stand_in_has_the_form_of_the_real_data(drawn):
    assert drawn["train_captions"].shape == (750, 17)
    assert drawn["train_features"].shape == (150, 512)
    assert drawn["val_image_idxs"].tolist() == np.repeat(np.arange(30), 5).tolist()
    for split in ("train", "val"):
        captions = drawn[f"{split}_captions"]
        assert np.all(captions[:, 0] == 1)
        assert np.all(np.sum(captions == 2, axis=1) == 1)
    assert drawn["idx_to_word"][:4] == list(SPECIAL_WORDS)


def test_the_stand_in_says_what_it_is(capsys, monkeypatch):
    monkeypatch.setattr(coco_captions, "NUM_SCENES", {"train": 12, "val": 2})
    load_coco_data()
    assert "drawn scenes, the offline stand-in for COCO's captions" in capsys.readouterr().out


def test_rare_words_of_the_stand_in_become_unknown(drawn):
    assert np.any(drawn["train_captions"] == drawn["word_to_idx"]["<UNK>"])


def test_a_minibatch_holds_captions_with_features_and_address_of_their_images(drawn):
    np.random.seed(0)
    captions, features, urls = sample_coco_minibatch(drawn, batch_size=20, split="val")
    assert (captions.shape, features.shape) == ((20, 17), (20, 512))
    for caption, row, url in zip(captions, features, urls, strict=True):
        number = int(url.partition("/")[2])
        np.testing.assert_array_equal(row, drawn["val_features"][number])
        assert caption.tolist() in drawn["val_captions"][5 * number : 5 * number + 5].tolist()


def test_the_picture_of_a_scene_is_drawn_anew_as_it_was(drawn):
    picture = image_from_url("scene:val/3")
    assert (picture.shape, picture.dtype) == ((48, 48, 3), np.uint8)
    np.testing.assert_allclose(
        features_of(picture.transpose(2, 0, 1)[np.newaxis])[0], drawn["val_features"][3], rtol=1e-4, atol=1e-4
    )


def test_scenes_are_the_same_every_time_and_differ_from_each_other():
    picture, captions = scenes.scene("train", 5)
    again, captions_again = scenes.scene("train", 5)
    np.testing.assert_array_equal(picture, again)
    assert captions == captions_again
    assert len(set(captions)) == 5
    assert np.any(picture != scenes.scene("val", 5)[0])


def test_people_agree_with_one_another_far_better_than_one_text_does_with_all():
    described = [scenes.scene("val", number)[1] for number in range(80)]
    people = mean_unigram_bleu([five[0] for five in described], [five[1] for five in described])
    blind = max(mean_unigram_bleu([five[0]] * 80, [other[1] for other in described]) for five in described[:20])
    assert people > 0.42
    assert blind < 0.28


def test_features_carry_shape_and_colour():
    pictures, described = zip(*(scenes.scene("train", number) for number in range(500)), strict=True)
    said = [" ".join(five).replace("disc", "circle") for five in described]
    names = [*scenes.COLOURS, "circle", "square", "triangle", "cross", "ring", "star"]
    there = np.array([[name in text for name in names] for text in said], dtype=float) - 0.3
    features = features_of(np.array(pictures))
    known, new = features[:400], features[400:]
    # A linear reading of the features (ridge regression), judged on pictures that it has not seen.
    read = new @ known.T @ np.linalg.solve(known @ known.T + 500 * np.eye(400), there[:400])
    agreement = [np.corrcoef(guess, truth)[0, 1] for guess, truth in zip(read.T, there[400:].T, strict=True)]
    assert min(agreement[:6]) > 0.6
    assert min(agreement[6:]) > 0.35
