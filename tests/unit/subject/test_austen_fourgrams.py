"""The script that makes the stand-in for the trigrams, on a database of six tiny novels."""

import importlib.util
import struct
import sys
import zlib
from pathlib import Path

import h5py
import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "austen_fourgrams.py"


@pytest.fixture
def script(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("austen_fourgrams", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TARGET", tmp_path / "made.h5")
    monkeypatch.setattr(module, "HELD_OUT", tmp_path / "held_out.h5")
    monkeypatch.setattr(module, "HELD_OUT_CHAPTERS", 1)
    monkeypatch.setattr(module, "VOCABULARY", 5)
    monkeypatch.setattr(sys, "argv", ["austen_fourgrams.py", str(tmp_path / "Rdata.rdb")])
    return module


def serialised(lines):
    """A vector of strings as R 4 writes it."""
    entry = b"X\n" + struct.pack(">iii", 3, 0x040201, 0x030500) + struct.pack(">i", 5) + b"UTF-8"
    entry += struct.pack(">ii", 0x10, len(lines))
    for line in lines:
        entry += struct.pack(">ii", 0x40009, len(line)) + line.encode()
    return entry


def write_database(path, novels):
    entries = [serialised(lines) for lines in novels.values()]
    path.write_bytes(b"".join(struct.pack(">i", len(entry)) + zlib.compress(entry) for entry in entries))


def novel(title, *text):
    return title.title().replace(" And ", " and "), [title, "by Jane Austen", "CHAPTER I", "", *text]


NOVELS = dict(
    [
        novel("SENSE AND SENSIBILITY", "a a a a a b b b b c c c d d e f", "_A_ b", "Chapter 2", "a b"),
        novel("PRIDE AND PREJUDICE"),
        novel("MANSFIELD PARK"),
        novel("EMMA"),
        novel("NORTHANGER ABBEY", "a b c", "d z a b"),
        novel("PERSUASION", "Zz a, b c d e", "Chapter 2", "c c c c"),
    ]
)


def test_four_grams_are_runs_of_known_words_within_a_chapter(script, tmp_path):
    write_database(tmp_path / "Rdata.rdb", NOVELS)
    script.main()
    with h5py.File(tmp_path / "made.h5") as file:
        assert file["words"][()].tolist() == [b"a", b"b", b"c", b"d", b"e"]
        assert file["valx"][()].tolist() == [[1, 2, 3]]
        assert file["vald"][()].tolist() == [4]
        assert file["testx"][()].tolist() == [[2, 3, 4]]
        # Sixteen words with f among them, then two behind it, and the next chapter has too few.
        assert len(file["trainx"]) == 12
        assert file["testx"].attrs["novels"] == "Persuasion"
        assert "public domain" in file.attrs["licence"]


def test_the_last_chapters_of_the_novel_for_testing_are_the_graders_alone(script, tmp_path):
    write_database(tmp_path / "Rdata.rdb", NOVELS)
    script.main()
    with h5py.File(tmp_path / "held_out.h5") as file:
        assert file["testx"][()].tolist() == [[3, 3, 3]]
        assert sorted(file) == ["testd", "testx", "words"]


def test_a_missing_novel_is_named(script, tmp_path):
    write_database(tmp_path / "Rdata.rdb", {title: lines for title, lines in NOVELS.items() if title != "Emma"})
    with pytest.raises(SystemExit, match="lacks Emma"):
        script.main()
