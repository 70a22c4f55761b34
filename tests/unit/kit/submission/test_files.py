"""Files of a submission are opened for what they are; names and times are checked before anything relies on them."""

import os
from datetime import UTC, datetime

import pytest

from nnkit.kit.course.hashing import hash_of, hash_of_contents
from nnkit.kit.submission.files import (
    UnreadableSubmission,
    read_file,
    similar_notebooks,
    submission_time,
    trouble_with,
)


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "net.ipynb").write_bytes(b"12345")
    assert read_file(tmp_path, "net.ipynb", 5) == b"12345"


def test_a_file_of_200_megabytes_is_refused_after_the_limit(tmp_path):
    with (tmp_path / "net.ipynb").open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(UnreadableSubmission, match="has 200 MB, more than the 1 MB that are read: clear its outputs"):
        read_file(tmp_path, "net.ipynb", 1_000_000)


@pytest.mark.parametrize("target", ["secret", "/etc/passwd", "nowhere", ".", "net.ipynb"])
def test_a_symbolic_link_is_refused(tmp_path, target):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "net.ipynb").symlink_to(target)
    with pytest.raises(UnreadableSubmission, match="symbolic link"):
        read_file(tmp_path, "net.ipynb", 100)


def test_a_link_put_in_place_of_the_file_while_it_is_looked_at_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "net.ipynb").symlink_to("secret")
    looked_at = os.stat(tmp_path / "secret")
    monkeypatch.setattr(os, "stat", lambda *_, **__: looked_at)
    with pytest.raises(UnreadableSubmission, match=r"net\.ipynb can't be read"):
        read_file(tmp_path, "net.ipynb", 100)


def test_a_pipe_put_in_place_of_the_file_while_it_is_looked_at_is_not_waited_for(tmp_path, monkeypatch):
    (tmp_path / "regular").touch()
    os.mkfifo(tmp_path / "net.ipynb")
    looked_at = os.stat(tmp_path / "regular")
    monkeypatch.setattr(os, "stat", lambda *_, **__: looked_at)
    with pytest.raises(UnreadableSubmission, match="special file"):
        read_file(tmp_path, "net.ipynb", 100)


def test_a_linked_folder_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "net.ipynb").write_text("secret")
    (tmp_path / "a1").symlink_to("real")
    with pytest.raises(UnreadableSubmission, match="a1 is a symbolic link"):
        read_file(tmp_path / "a1", "net.ipynb", 100)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableSubmission, match=r"net\.ipynb is not in the submission"):
        read_file(tmp_path, "net.ipynb", 100)


def test_a_file_in_a_folder_of_the_submission_is_read(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "net.ipynb").write_bytes(b"12345")
    assert read_file(tmp_path, "a/b/net.ipynb", 5) == b"12345"


def test_a_linked_folder_on_the_way_is_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "net.ipynb").write_text("secret")
    (tmp_path / "a").symlink_to("real")
    with pytest.raises(UnreadableSubmission, match="can't be read"):
        read_file(tmp_path, "a/net.ipynb", 100)


def test_the_hash_of_what_was_read_is_that_of_the_file(tmp_path):
    (tmp_path / "net.ipynb").write_bytes(b"12345")
    assert hash_of_contents([read_file(tmp_path, "net.ipynb", 5)]) == hash_of([tmp_path / "net.ipynb"])


@pytest.mark.parametrize(
    ("file", "similar"),
    [
        ("Two_Layer_Net.ipynb", True),
        ("two_layer_net (1).ipynb", True),
        ("two layer net - Copy.IPYNB", True),
        ("two_layer_net.ipynb.ipynb", True),
        ("two_layr_net.ipynb", True),
        ("two_layer_net.ipynb", False),
        ("two_layer_net.py", False),
        ("features.ipynb", False),
        ("two_layer_net_features.ipynb", False),
    ],
)
def test_a_notebook_that_looks_as_if_it_was_meant_is_named(tmp_path, file, similar):
    (tmp_path / file).touch()
    assert bool(similar_notebooks(tmp_path, "two_layer_net", ["two_layer_net_features"])) == similar


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-04-30 12:00:00 UTC", datetime(2026, 4, 30, 12)),
        ("2026-04-30 12:00:00.5 UTC\n", datetime(2026, 4, 30, 12, 0, 0, 500_000)),
        ("2026-04-30 14:00:00+02:00", datetime(2026, 4, 30, 12)),
        ("", None),
        ("soon", None),
        ("0000-00-00 00:00:00 UTC", None),
        ("9999-12-31 23:59:59 -9", None),
        ("2026-04-30 12:00:00 UTC" + " " * 200, None),
        ("\udcff", None),
    ],
)
def test_a_time_of_submission_is_one_that_can_be(tmp_path, text, time):
    (tmp_path / "timestamp.txt").write_bytes(text.encode(errors="surrogateescape"))
    if time is not None and time > datetime.now(UTC).replace(tzinfo=None):
        pytest.skip("the clock of this machine is wrong")
    assert submission_time(tmp_path) == time


@pytest.mark.parametrize(
    "name", ["ada", "Anna Müller", "名前", "-rf", "a.b..c", "o'neil", "<script>", "{x}", "n" * 128]
)
def test_an_unusual_name_is_a_name(name):
    assert trouble_with(name) == ""


@pytest.mark.parametrize("name", [".git", " ada", "ada ", "a*", "a?", "[a]", "a\nb", "a\x1bb", "caf\udce9", "n" * 129])
def test_a_name_that_nbgrader_takes_for_something_else_is_trouble(name):
    assert trouble_with(name)
