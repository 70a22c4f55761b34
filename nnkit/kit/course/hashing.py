"""Digests that say whether a file is still the one that was graded, or graded with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import nnkit


def hash_of(files: Iterable[Path]) -> str:
    """A short digest of the contents of files, in order; a missing file counts as empty."""
    return hash_of_contents(file.read_bytes() if file.is_file() else b"" for file in files)


def hash_of_contents(contents: Iterable[bytes]) -> str:
    """The digest of files that were read already."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


@cache
def machinery_hash() -> str:
    """The digest of what teaches and grades any course: the kit and the student's tools, without a subject."""
    package = Path(nnkit.__file__).parent
    return hash_of(sorted(file for part in ("kit", "student") for file in (package / part).rglob("*.py")))


@cache
def kit_hash() -> str:
    """The digest of nnkit itself, as it is installed here."""
    return hash_of(sorted(Path(nnkit.__file__).parent.rglob("*.py")))
