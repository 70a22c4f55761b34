"""The released folder as locked processes are shown it: with bytecode, which they may not write themselves."""

from __future__ import annotations

import os
import py_compile
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

KEPT = 16


def compiled_package(package: Path, digest: str, cache: Path) -> Path:
    """A copy of what was released beside the notebooks, compiled, made once for each digest.

    Without it every submission's process compiles the library anew. Each `.pyc` holds the hash of its source and counts
    only if that is the source that lies beside it.

    Parameters
    ----------
    package : Path
        The released folder.
    digest : str
        Of its contents.
    cache : Path
        The folder of the copies; of old ones only the latest stay.

    Returns
    -------
    Path
    """
    place = cache / f"{digest}-{sys.implementation.cache_tag}"
    if not place.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        _forget_old_ones(cache)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".making-") as name:
            copy = Path(name) / "package"
            shutil.copytree(package, copy, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
            _compile(copy)
            with suppress(OSError):  # another command was faster
                copy.rename(place)
    os.utime(place)
    return place


def _compile(folder: Path) -> None:
    for module in sorted(folder.rglob("*.py")):
        with suppress(py_compile.PyCompileError):  # whoever imports it is told
            py_compile.compile(str(module), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)


def _forget_old_ones(cache: Path) -> None:
    """Keep the copies that were used last: more than the commands that run at the same time use."""
    copies = sorted((path for path in cache.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in copies[: -KEPT or None]:
        shutil.rmtree(old, ignore_errors=True)
