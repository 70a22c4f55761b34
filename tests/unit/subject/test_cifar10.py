import pickle

import numpy as np
import pytest
from cifar10_files import FORMATS, write_folder

from nnkit.data.cifar10 import load_cifar10

PER_BATCH = 4


@pytest.fixture
def batches():
    """Name of each batch -> pictures (4, 3072) and labels (4,)."""
    rng = np.random.default_rng(231)
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    return {
        name: (rng.integers(256, size=(PER_BATCH, 3072), dtype=np.uint8), rng.integers(10, size=PER_BATCH))
        for name in names
    }


@pytest.fixture(params=FORMATS)
def folder(request, tmp_path, batches):
    return write_folder(tmp_path, request.param, batches)


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch, tmp_path):
    monkeypatch.delenv("NNKIT_CIFAR10", raising=False)
    monkeypatch.setenv("NNKIT_DATA", str(tmp_path / "data"))


def small(folder=None, **settings):
    return load_cifar10(folder, num_validation=5, num_test=3, **settings)


def test_training_pictures_are_those_of_the_batches_in_order(folder, batches):
    data = small(folder, subtract_mean=False)
    written = np.concatenate([batches[f"data_batch_{i}"][0] for i in range(1, 6)])
    assert np.array_equal(data["X_train"].reshape(15, 3072), written[:15])
    assert np.array_equal(data["X_val"].reshape(5, 3072), written[15:])


def test_labels_are_those_of_the_batches_in_order(folder, batches):
    data = small(folder)
    written = np.concatenate([batches[f"data_batch_{i}"][1] for i in range(1, 6)])
    assert np.array_equal(np.concatenate([data["y_train"], data["y_val"]]), written)


def test_test_pictures_are_the_first_of_the_test_batch(folder, batches):
    data = small(folder, subtract_mean=False)
    assert np.array_equal(data["X_test"].reshape(3, 3072), batches["test_batch"][0][:3])


def test_the_mean_training_picture_is_subtracted_everywhere(folder):
    plain, centred = small(folder, subtract_mean=False), small(folder)
    assert centred["mean_image"] == pytest.approx(plain["X_train"].mean(axis=0))
    assert centred["X_test"] == pytest.approx(plain["X_test"] - centred["mean_image"])


def test_pictures_are_bytes_on_request(folder):
    plain, data = small(folder, subtract_mean=False), small(folder, subtract_mean=False, dtype=np.uint8)
    for name in ("X_train", "X_val", "X_test"):
        assert data[name].dtype == np.uint8
        assert np.array_equal(data[name], plain[name])


def test_pictures_are_float64_planes(folder):
    data = small(folder)
    assert (data["X_val"].shape, data["X_val"].dtype) == ((5, 3, 32, 32), np.float64)


def test_the_source_is_printed(folder, capsys):
    small(folder)
    assert str(folder) in capsys.readouterr().out


def test_an_environment_variable_names_the_folder(folder, monkeypatch, capsys):
    monkeypatch.setenv("NNKIT_CIFAR10", str(folder))
    small()
    assert "NNKIT_CIFAR10" in capsys.readouterr().out


@pytest.mark.parametrize("format_name", FORMATS)
def test_batches_in_the_data_folder_are_found(tmp_path, batches, format_name, capsys):
    write_folder(tmp_path / "data", format_name, batches)
    small()
    assert format_name in capsys.readouterr().out


def test_more_pictures_than_there_are_is_an_error(folder):
    with pytest.raises(ValueError, match="21 pictures for training and validation are asked for, and there are 20"):
        small(folder, num_training=16)


def test_a_missing_batch_is_named(folder):
    victim = next(path for path in folder.iterdir() if "data_batch_3" in path.name)
    victim.unlink()
    with pytest.raises(FileNotFoundError, match="lacks data_batch_3"):
        small(folder)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.system, (f"touch {self.path}",)


@pytest.fixture
def hostile_folder(tmp_path, batches):
    folder = write_folder(tmp_path, "cifar-10-batches-py", batches)
    (folder / "data_batch_2").write_bytes(pickle.dumps({"data": Hostile(tmp_path / "harm")}, protocol=2))
    return folder


def test_a_hostile_pickle_is_refused_with_file_and_name(hostile_folder):
    with pytest.raises(ValueError, match=r"data_batch_2: .* asks for (posix|nt)\.system"):
        small(hostile_folder)


def test_a_hostile_pickle_does_no_harm(hostile_folder, tmp_path):
    with pytest.raises(ValueError, match="refused"):
        small(hostile_folder)
    assert not (tmp_path / "harm").exists()


def test_a_damaged_pickle_is_an_error_that_names_the_file(tmp_path, batches):
    folder = write_folder(tmp_path, "cifar-10-batches-py", batches)
    (folder / "test_batch").write_bytes(b"\x80\x02nonsense")
    with pytest.raises(ValueError, match="test_batch"):
        small(folder)


def test_a_truncated_binary_batch_is_an_error_that_names_the_file(tmp_path, batches):
    folder = write_folder(tmp_path, "cifar-10-batches-bin", batches)
    batch = folder / "data_batch_1.bin"
    batch.write_bytes(batch.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"data_batch_1\.bin"):
        small(folder)


def test_a_label_above_nine_is_an_error(tmp_path, batches):
    batches["data_batch_1"][1][0] = 10
    with pytest.raises(ValueError, match="labels"):
        small(write_folder(tmp_path, "cifar-10-batches-bin", batches))
