"""A notebook is found by its name or its stamp; what is doubtful is named, and nothing is followed or unpacked."""

import io
import json
import os
import zipfile

import pytest

from nnkit.kit.submission.files import UnreadableSubmission
from nnkit.kit.submission.finding import MissingNotebook, find_notebook, is_handed_in, stamp_of

MOST = 20_000
SIBLINGS = ("net", "more")


def notebook(name="net", assignment="a1", text="x"):
    metadata = {"nnkit": {"assignment": assignment, "notebook": name, "content": "0"}} if name else {}
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": [{"source": text}]}).encode()


def find(folder):
    return find_notebook(folder, "a1", "net", SIBLINGS, MOST)


def write(folder, name, content=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notebook() if content is None else content)
    return path


def archive(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def test_the_notebook_of_the_right_name_is_taken_without_a_word(tmp_path):
    write(tmp_path, "net.ipynb")
    assert find(tmp_path).remark == ""


@pytest.mark.parametrize(
    "name",
    [
        "work.ipynb",
        "Net.IPYNB",
        "net (1).ipynb",
        "net.ipynb.json",
        "net.ipynb.txt",
        "work.json",
        "work",
        "a1/net.ipynb",
        "a/b/c/d/net.ipynb",
        ".ipynb_checkpoints/net-checkpoint.ipynb",
    ],
)
def test_a_notebook_with_the_stamp_is_found_under_any_name(tmp_path, name):
    write(tmp_path, name)
    found = find(tmp_path)
    assert (found.content, name in found.remark) == (notebook(), True)


@pytest.mark.parametrize("name", ["Net.ipynb", "net.ipynb.json", "a1/net.ipynb", "NET.ipynb.txt"])
def test_a_notebook_without_a_stamp_is_found_by_its_name(tmp_path, name):
    write(tmp_path, name, notebook(""))
    assert "by its name" in find(tmp_path).remark


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("work.ipynb", notebook("")),
        ("net-final.ipynb", notebook("")),
        ("net.py", b"x = 1"),
        ("net.html", b"<html>"),
        ("work.rar", b"Rar!"),
        ("work.zip", b"no zip"),
    ],
)
def test_what_may_be_the_notebook_is_named_and_left_to_a_person(tmp_path, name, content):
    write(tmp_path, name, content)
    assert is_handed_in(tmp_path, "a1", "net", SIBLINGS, MOST)
    with pytest.raises(UnreadableSubmission, match=f"There is '{name}'") as caught:
        find(tmp_path)
    assert not isinstance(caught.value, MissingNotebook)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("more.ipynb", notebook("more")),
        ("more.ipynb", notebook("")),
        ("work.ipynb", notebook("more")),
        ("work.ipynb", notebook(assignment="a0")),
        ("data.json", b"{}"),
        ("timestamp.txt", b"2026"),
        ("picture.png", b"\x89PNG"),
        (".net.ipynb", notebook()),
        ("__MACOSX/net.ipynb", notebook()),
        ("__MACOSX/._net.ipynb", b"\0"),
        ("a/b/c/d/e/net.ipynb", notebook()),
    ],
)
def test_nothing_else_is_the_notebook(tmp_path, name, content):
    write(tmp_path, name, content)
    assert not is_handed_in(tmp_path, "a1", "net", SIBLINGS, MOST)
    with pytest.raises(MissingNotebook, match=r"net\.ipynb was not handed in\.$"):
        find(tmp_path)


def test_two_that_differ_are_left_to_a_person(tmp_path):
    write(tmp_path, "a.ipynb")
    write(tmp_path, "b.ipynb", notebook(text="y"))
    with pytest.raises(UnreadableSubmission, match=r"'a\.ipynb', 'b\.ipynb'"):
        find(tmp_path)


def test_two_that_are_the_same_are_one(tmp_path):
    write(tmp_path, "a.ipynb")
    write(tmp_path, "b/a.ipynb")
    assert "'a.ipynb'" in find(tmp_path).remark


def test_a_checkpoint_counts_only_where_there_is_nothing_else(tmp_path):
    write(tmp_path, "work.ipynb", notebook(text="new"))
    write(tmp_path, ".ipynb_checkpoints/work-checkpoint.ipynb")
    assert find(tmp_path).content == notebook(text="new")


def test_copies_of_a_notebook_that_is_there_are_kept_for_the_case_that_it_is_empty(tmp_path):
    write(tmp_path, "net.ipynb")
    write(tmp_path, "net-Copy1.ipynb", notebook(text="y"))
    write(tmp_path, "net (1).ipynb")
    write(tmp_path, "more.ipynb", notebook("more"))
    write(tmp_path, ".ipynb_checkpoints/net-checkpoint.ipynb", notebook(text="z"))
    assert find(tmp_path).others == (("net-Copy1.ipynb", notebook(text="y")),)


def test_a_notebook_in_a_zip_file_is_found(tmp_path):
    write(tmp_path, "a1.zip", archive(**{"a1/net.ipynb": notebook(), "__MACOSX/a1/._net.ipynb": b"\0", "../x.py": b""}))
    assert "'a1.zip: a1/net.ipynb'" in find(tmp_path).remark
    assert [path.name for path in tmp_path.rglob("*")] == ["a1.zip"], "nothing was unpacked"


@pytest.mark.parametrize("target", ["real", "/etc"])
def test_no_link_is_followed(tmp_path, target):
    write(tmp_path, "elsewhere/net.ipynb")
    folder = tmp_path / "a1"
    folder.mkdir()
    (folder / "real").symlink_to(tmp_path / "elsewhere")
    (folder / "work.ipynb").symlink_to(tmp_path / "elsewhere" / "net.ipynb")
    (folder / "a1.zip").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.ipynb")
    with pytest.raises(MissingNotebook):
        find(folder)


def test_a_member_that_is_too_large_is_left_out(tmp_path):
    write(tmp_path, "a1.zip", archive(**{"net.ipynb": notebook() + b" " * 10 * MOST}))
    with pytest.raises(UnreadableSubmission, match=r"There is 'a1\.zip'"):
        find(tmp_path)


def test_a_zip_file_with_endless_entries_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("nnkit.kit.submission.finding.MOST_ENTRIES", 3)
    write(tmp_path, "a1.zip", archive(**{f"{number}.ipynb": notebook() for number in range(5)}))
    with pytest.raises(UnreadableSubmission, match=r"There is 'a1\.zip'"):
        find(tmp_path)


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-30], lambda b: b[:60] + b"\xff" * 40 + b[100:], lambda b: b"PK" + b[:9]]
)
def test_a_broken_zip_file_does_no_harm(tmp_path, spoil):
    write(tmp_path, "a1.zip", spoil(archive(**{"net.ipynb": notebook()})))
    with pytest.raises(UnreadableSubmission, match=r"There is 'a1\.zip'"):
        find(tmp_path)


def test_a_zip_file_with_a_password_is_left_to_a_person(tmp_path):
    content = bytearray(archive(**{"net.ipynb": notebook()}))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(header) + flags] |= 1
    write(tmp_path, "a1.zip", bytes(content))
    with pytest.raises(UnreadableSubmission, match=r"There is 'a1\.zip'"):
        find(tmp_path)


def test_many_files_cost_a_bounded_time_and_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("nnkit.kit.submission.finding.MOST_CANDIDATES", 3)
    read = []
    monkeypatch.setattr("nnkit.kit.submission.finding._read", lambda *place: read.append(place) or notebook(text="y"))
    for number in range(10):
        write(tmp_path, f"{number}.ipynb")
    find(tmp_path)
    assert len(read) == 3


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        (notebook(), ("a1", "net")),
        (json.dumps(json.loads(notebook()), indent=1).encode(), ("a1", "net")),
        (notebook(""), None),
        (notebook("", text='"nnkit": {"assignment": "a1", "notebook": "net"}'), None),
        (b'{"nnkit": {"assignment": 1, "notebook": "net"}}', None),
        (b'"nnkit": {' * 1000, None),
        (b"", None),
    ],
)
def test_a_stamp_is_read_without_parsing(text, stamp):
    assert stamp_of(text) == stamp
