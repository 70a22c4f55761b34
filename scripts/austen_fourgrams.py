"""Make nnkit/data/austen_fourgrams.h5 and tests/graders/data/austen_held_out.h5: runs of four common words from Jane
Austen's novels, for the notebooks and for the graders.

The text is in the public domain (Jane Austen died in 1817). It is taken from the R package janeaustenr by Julia Silge
(MIT licence), which Debian ships; R itself is not needed:

    apt-get download r-cran-janeaustenr
    dpkg-deb --extract r-cran-janeaustenr_*.deb extracted
    python scripts/austen_fourgrams.py extracted/usr/lib/R/site-library/janeaustenr/data/Rdata.rdb

The result has the layout that `nnkit.data.trigrams` reads. A word is a lower-case word, an abbreviation such as "mr.",
or a punctuation mark. The vocabulary is the 250 most frequent words of the novels for training. A 4-gram is four
consecutive words of a chapter, all of them in the vocabulary. Novels are not shared between the splits, but for the
novel for testing: its last chapters are held out for the graders, and students never receive them.
"""

import argparse
import re
import struct
import zlib
from collections import Counter
from pathlib import Path

import h5py
import numpy as np

NOVELS = {
    "train": ("Sense and Sensibility", "Pride and Prejudice", "Mansfield Park", "Emma"),
    "val": ("Northanger Abbey",),
    "test": ("Persuasion",),
}
VOCABULARY = 250
HELD_OUT_CHAPTERS = 8
PROJECT = Path(__file__).parents[1]
TARGET = PROJECT / "nnkit" / "data" / "austen_fourgrams.h5"
HELD_OUT = PROJECT / "tests" / "graders" / "data" / "austen_held_out.h5"

_HEADING = re.compile(r"(volume|chapter)\b", re.IGNORECASE)
_WORD = re.compile(r"(?:mr|mrs|dr|st)\.|[a-z]+(?:'[a-z]+)?|[.,;:!?]|--")
_STRINGS = 0x10  # R's type number of a vector of strings


def read_novels(path):
    """Lines of each novel, by title, from the database of an R package's data.

    The database is a row of entries: four bytes of length, then one zlib stream each.
    """
    content = path.read_bytes()
    novels = {}
    while content:
        stream = zlib.decompressobj()
        lines = read_strings(stream.decompress(content[4:]))
        content = stream.unused_data
        novels[lines[0].title().replace(" And ", " and ")] = lines
    missing = {title for titles in NOVELS.values() for title in titles} - novels.keys()
    if missing:
        raise SystemExit(f"{path} lacks {', '.join(sorted(missing))}; it has {', '.join(sorted(novels))}")
    return novels


def read_strings(entry):
    """The strings of a vector in R's binary serialisation (XDR, version 3)."""
    if entry[:2] != b"X\n":
        raise SystemExit("this is no R object in XDR format")
    place = 14  # behind the format, its version, and two versions of R

    def integer():
        nonlocal place
        (number,) = struct.unpack_from(">i", entry, place)
        place += 4
        return number

    def text():
        nonlocal place
        length = integer()
        place += length
        return entry[place - length : place].decode("utf-8")

    text()  # the encoding's name
    if integer() & 0xFF != _STRINGS:
        raise SystemExit("an entry of the database is no vector of strings")
    strings = []
    for _ in range(integer()):
        integer()  # flags of the string
        strings.append(text())
    return strings


def chapters(lines):
    """Words of each chapter; what stands before the first heading is left out."""
    found = []
    for line in lines:
        if _HEADING.match(line.strip()):
            found.append([])
        elif found:
            found[-1] += _WORD.findall(line.lower().replace("_", ""))
    return found


def four_grams(texts, numbers):
    """All runs of four known words, (N, 4), sorted: the order tells nothing, and sorted rows compress to half."""
    rows = []
    for words in texts:
        ids = np.array([numbers.get(word, 0) for word in words], dtype=np.uint8)
        if len(ids) >= 4:
            rows.append(np.lib.stride_tricks.sliding_window_view(ids, 4))
    table = np.concatenate(rows)
    table = table[(table > 0).all(axis=1)]
    return table[np.lexsort(table.T[::-1])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path, help="Rdata.rdb of the package janeaustenr")
    novels = read_novels(parser.parse_args().database)
    texts = {split: [text for title in titles for text in chapters(novels[title])] for split, titles in NOVELS.items()}
    held_out = texts["test"][-HELD_OUT_CHAPTERS:]
    del texts["test"][-HELD_OUT_CHAPTERS:]
    counts = Counter(word for text in texts["train"] for word in text)
    words = sorted(counts, key=lambda word: (-counts[word], word))[:VOCABULARY]
    write(TARGET, texts, words)
    write(HELD_OUT, {"test": held_out}, words)


def write(target, texts, words):
    """Write the 4-grams of the texts of each split."""
    numbers = {word: number for number, word in enumerate(words, start=1)}
    with h5py.File(target, "w") as file:
        file.attrs["title"] = "Runs of four common words from Jane Austen's novels"
        file.attrs["source"] = "Debian package r-cran-janeaustenr 1.0.0 (R package janeaustenr, Julia Silge)"
        file.attrs["licence"] = "Text: public domain (Jane Austen, 1775-1817). Packaging: MIT, (c) Julia Silge."
        file.attrs["made_by"] = "scripts/austen_fourgrams.py"
        for split, chosen in texts.items():
            table = four_grams(chosen, numbers)
            packed = {"compression": "gzip", "compression_opts": 9, "track_times": False}
            # A chunk for each column: sorted columns are nearly constant.
            x = file.create_dataset(f"{split}x", data=table[:, :3], chunks=(len(table), 1), **packed)
            file.create_dataset(f"{split}d", data=table[:, 3], chunks=(len(table),), **packed)
            x.attrs["novels"] = ", ".join(NOVELS[split])
            x.attrs["chapters"] = len(chosen)
            print(f"{split}: {len(table)} 4-grams of {len(chosen)} chapters of {', '.join(NOVELS[split])}")
        file.create_dataset("words", data=np.array(words, dtype="S"), track_times=False)
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
