"""Companions of grader files: what several of a folder share stands beside them in ``NAME.py``.

A grader file says ``from NAME import check_loss``. No folder is put on Python's path for it: only the companions can be
imported, and only while grader files run; afterwards they are forgotten, like the grader files themselves.
"""

import sys
from contextlib import contextmanager
from functools import lru_cache
from importlib.abc import FileLoader, MetaPathFinder, SourceLoader
from importlib.util import spec_from_file_location
from pathlib import Path


def companion_files(folder):
    """By name, the modules in a folder of grader files that are no grader files."""
    files = Path(folder).glob("*.py")
    return {file.stem: file for file in sorted(files) if not file.name.startswith("test_") and file.stem != "conftest"}


@contextmanager
def importable(folder, kept=None):
    """The companions in a folder can be imported.

    Parameters
    ----------
    folder : path
    kept : dict of str to module, optional
        Companions that have been imported already; those that are imported now are added. Without it each is read anew.
    """
    kept = {} if kept is None else kept
    files = companion_files(folder)
    hidden = {name: sys.modules.pop(name) for name in files if name in sys.modules}
    sys.modules.update(kept)
    finder = _Finder(files)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        kept.update({name: sys.modules.pop(name) for name in files if name in sys.modules})
        sys.modules.update(hidden)


class _Finder(MetaPathFinder):
    def __init__(self, files):
        self._files = files

    def find_spec(self, fullname, path, target=None):
        if fullname not in self._files:
            return None
        file = str(self._files[fullname])
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file))


class _Loader(FileLoader, SourceLoader):
    """Reads the file itself on every import; Python's own loader trusts bytecode by the second it was written in."""

    def source_to_code(self, data, path, **_):
        return _compiled(bytes(data), path)


@lru_cache(maxsize=32)
def _compiled(source, path):
    return compile(source, path, "exec", dont_inherit=True)
