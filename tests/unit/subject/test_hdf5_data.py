"""The loaders of the two HDF5 data sets: the real format, what is wrong with a file, and the stand-ins."""

import re

import h5py
import numpy as np
import pytest

import nnkit.data.hdf5 as hdf5
from nnkit.data import textures
from nnkit.data.cats_cars import load_cats_cars
from nnkit.data.trigrams import STAND_IN, load_trigrams


@pytest.fixture(autouse=True)
def no_data(tmp_path, monkeypatch):
    monkeypatch.setenv("NNKIT_DATA", str(tmp_path / "none"))
    monkeypatch.delenv("NNKIT_CATS_CARS", raising=False)
    monkeypatch.delenv("NNKIT_TRIGRAMS", raising=False)


def write(path, **arrays):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return path


def cats_cars(**changed):
    rng = np.random.default_rng(0)
    arrays = {
        "trainims": rng.integers(256, size=(6, 32, 32), dtype=np.uint8),
        "trainlbls": np.array([0, 1, 1, 0, 1, 0], dtype=np.uint8),
        "testims": rng.integers(256, size=(4, 32, 32), dtype=np.uint8),
        "testlbls": np.array([1, 0, 0, 1], dtype=np.uint8),
    }
    return {name: value for name, value in (arrays | changed).items() if value is not None}


def trigrams(**changed):
    rng = np.random.default_rng(0)
    arrays = {"words": np.array([b"the", b"cat", b"sat"], dtype="S5")}
    for split, count in (("train", 9), ("val", 4), ("test", 3)):
        x = rng.integers(1, 4, size=(count, 3))
        arrays |= {f"{split}x": x.astype(np.uint8), f"{split}d": (x.sum(axis=1) % 3 + 1).astype(np.uint8)}
    return {name: value for name, value in (arrays | changed).items() if value is not None}


def test_cats_and_cars_come_less_their_mean_with_classes_of_minus_and_plus_one(tmp_path, capsys):
    arrays = cats_cars()
    data = load_cats_cars(write(tmp_path / "pictures.h5", **arrays))
    np.testing.assert_allclose(data["X_test"] + data["mean_image"], arrays["testims"] / 255, atol=1e-6)
    np.testing.assert_allclose(data["X_train"].mean(axis=0), 0, atol=1e-6)
    assert data["y_train"].tolist() == [-1, 1, 1, -1, 1, -1]
    assert {value.dtype for name, value in data.items() if name != "class_names"} == {np.dtype(np.float32)}
    assert "cats and cars from" in capsys.readouterr().out


def test_any_two_labels_will_do_the_smaller_one_becomes_minus_one(tmp_path):
    labels = {"trainlbls": np.array([2.0, 1, 1, 2, 2, 1]), "testlbls": np.array([1.0, 2, 2, 1])}
    data = load_cats_cars(write(tmp_path / "pictures.h5", **cats_cars(**labels)))
    assert data["y_test"].tolist() == [-1, 1, 1, -1]


@pytest.mark.parametrize("where", ["folder", "variable"])
def test_the_files_are_found_without_being_named(tmp_path, monkeypatch, capsys, where):
    path = write(tmp_path / "data" / "cats_cars.h5", **cats_cars())
    if where == "folder":
        monkeypatch.setenv("NNKIT_DATA", str(path.parent))
    else:
        monkeypatch.setenv("NNKIT_CATS_CARS", str(path))
    assert len(load_cats_cars()["X_train"]) == 6
    assert str(path) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"trainlbls": None}, "there is no data set /trainlbls (there are testims, testlbls, trainims)"),
        ({"testims": np.zeros((4, 32, 31))}, "/testims has shape (4, 32, 31), expected (N, 32, 32)"),
        ({"trainlbls": np.zeros(5)}, "/trainims has 6 rows and /trainlbls has 5"),
        ({"trainims": np.zeros((6, 32, 32), dtype="S3")}, "/trainims has dtype |S3"),
        ({"trainlbls": np.arange(6)}, "the labels are 0, 1, 2, 3, 4, 5; two different ones are expected"),
        ({"trainims": np.zeros((0, 32, 32)), "trainlbls": np.zeros(0)}, "/trainims is empty"),
    ],
)
def test_a_wrong_file_of_pictures_is_refused_with_what_is_wrong(tmp_path, changed, complaint):
    path = write(tmp_path / "pictures.h5", **cats_cars(**changed))
    with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
        load_cats_cars(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_one_that_is_no_hdf5_are_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        load_cats_cars(tmp_path / "nowhere.h5")
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(ValueError, match="this is no HDF5 file"):
        load_trigrams(tmp_path / "text.h5")


def test_trigrams_keep_their_fourth_words_in_another_order(tmp_path):
    arrays = trigrams()
    data = load_trigrams(write(tmp_path / "t.h5", **arrays))
    np.testing.assert_array_equal(data["x_train"].sum(axis=1) % 3 + 1, data["d_train"])
    assert sorted(data["x_train"].tolist()) == sorted(arrays["trainx"].tolist())
    assert data["words"].tolist() == ["the", "cat", "sat"]
    assert data["x_val"].dtype == np.int64


def test_words_may_be_variable_strings(tmp_path):
    words = np.array(["the", "cat", "sat"], dtype=h5py.string_dtype())
    assert load_trigrams(write(tmp_path / "t.h5", **trigrams(words=words)))["words"].tolist() == ["the", "cat", "sat"]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"words": None}, "there is no data set /words"),
        ({"valx": np.ones((4, 2), dtype=int)}, "/valx has shape (4, 2), expected (N, 3)"),
        ({"traind": np.ones(8, dtype=int)}, "/trainx has 9 rows and /traind has 8"),
        ({"testd": np.array([0, 1, 2])}, "/testd holds numbers from 0 to 2; those of 3 words go from 1 to 3"),
        ({"trainx": np.full((9, 3), 4)}, "/trainx holds numbers from 4 to 4"),
    ],
)
def test_a_wrong_file_of_trigrams_is_refused_with_what_is_wrong(tmp_path, changed, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        load_trigrams(write(tmp_path / "t.h5", **trigrams(**changed)))


def test_more_than_there_are_can_not_be_had(tmp_path):
    with pytest.raises(ValueError, match="10 rows of /trainx are asked for, and there are 9"):
        load_trigrams(write(tmp_path / "t.h5", **trigrams()), num_training=10)


def test_fewer_rows_are_spread_over_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5, "ROWS_AT_ONCE", 4)
    with h5py.File(write(tmp_path / "n.h5", numbers=np.arange(10)), "r") as file:
        assert hdf5.read_rows(file["numbers"], np.float32, 5).tolist() == [0, 2, 4, 6, 8]
        assert hdf5.read_rows(file["numbers"], np.float32).tolist() == list(range(10))
        assert hdf5.read_rows(file["numbers"], np.float32, 0).tolist() == []


def test_files_are_read_in_slices_never_whole(tmp_path, monkeypatch):
    read = []

    class Counting:
        def __init__(self, data):
            self.data, self.shape, self.name, self.file = data, data.shape, data.name, data.file

        def __len__(self):
            return len(self.data)

        def __getitem__(self, rows):
            found = self.data[rows]
            read.append(len(found))
            return found

    monkeypatch.setattr(hdf5, "ROWS_AT_ONCE", 4)
    with h5py.File(write(tmp_path / "n.h5", numbers=np.arange(10)), "r") as file:
        hdf5.read_rows(Counting(file["numbers"]), int)
    assert read == [4, 4, 2]


def test_the_stand_in_for_pictures_has_the_real_shapes_and_both_classes(capsys):
    data = load_cats_cars()
    assert data["X_train"].shape == (1900, 32, 32)
    assert data["X_test"].shape == (1000, 32, 32)
    assert (data["y_train"].sum(), data["y_test"].sum()) == (0, 0)
    assert "brick and grass" in capsys.readouterr().out


@pytest.mark.parametrize(("part", "other"), [("train", slice(317, None)), ("test", slice(0, 317))])
def test_no_pixel_of_one_part_is_in_pieces_of_the_other(monkeypatch, part, other):
    photograph = np.zeros((512, 512))
    photograph[:, other] = np.random.default_rng(0).normal(size=photograph[:, other].shape)
    monkeypatch.setattr(textures, "_photographs", lambda: [photograph, photograph])
    images, _ = textures.cut(200, part, seed=3)
    assert (images.max(axis=(1, 2)) == images.min(axis=(1, 2))).all()


def test_pieces_are_the_same_on_every_run_and_others_for_another_seed():
    one, again, other = textures.cut(20, "test", 5), textures.cut(20, "test", 5), textures.cut(20, "test", 6)
    np.testing.assert_array_equal(one[0], again[0])
    assert (one[0] != other[0]).any()


def test_brightness_does_not_give_the_class_away():
    images, labels = textures.cut(800, "train", 0)
    bright = images.mean(axis=(1, 2)) > np.median(images.mean(axis=(1, 2)))
    assert abs(np.mean(bright == labels) - 0.5) < 0.12  # a lucky guesser's margin, far below what a net reaches


def test_the_stand_in_for_trigrams_is_small_and_says_where_it_comes_from(capsys):
    assert STAND_IN.stat().st_size < 500_000
    with h5py.File(STAND_IN) as file:
        assert "public domain" in file.attrs["licence"]
        assert "Persuasion" in file["testx"].attrs["novels"]
    data = load_trigrams(num_training=3000, num_validation=200, num_test=100)
    assert (len(data["x_train"]), len(data["d_val"]), len(data["x_test"]), len(data["words"])) == (3000, 200, 100, 250)
    assert "Jane Austen" in capsys.readouterr().out


def test_the_commonest_words_come_first_in_the_vocabulary():
    data = load_trigrams()
    counts = np.bincount(data["d_train"], minlength=251)[1:]
    assert data["words"][:3].tolist() == [",", ".", "the"]
    assert counts[:25].min() > counts[-25:].max()
