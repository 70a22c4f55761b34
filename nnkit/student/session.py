"""A pytest session inside a running process, which nothing of the folder or the environment can colour.

No configuration file, conftest, installed plugin or PYTEST_* variable has a say; nothing is printed, no cache and no
bytecode is written, and the modules of the grader files and of their companions are gone afterwards: the next session
reads them anew.
"""

import os
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest

from nnkit.student.companions import importable

SILENCED = (
    "cacheprovider",
    "doctest",
    "faulthandler",
    "junitxml",
    "logging",
    "pastebin",
    "terminal",
    "threadexception",
    "unraisableexception",
    "warnings",
)


class GraderFileError(ValueError):
    """A grader file is malformed; the message names file and line."""


def run_pytest(path, plugin):
    """Run pytest on a file or folder with one plugin.

    Parameters
    ----------
    path : Path
        Absolute.
    plugin : object
        A pytest plugin.

    Raises
    ------
    FileNotFoundError
    """
    if not path.exists():
        raise FileNotFoundError(f"no grader file or folder {path}")
    root = path if path.is_dir() else path.parent
    options = ["-c", os.devnull, f"--rootdir={root}", "--noconftest", "--import-mode=importlib", "--capture=no"]
    options += [word for name in SILENCED for word in ("-p", f"no:{name}")]
    with _own_environment(), _fresh_modules(path, root), importable(root), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.main([*options, str(path)], plugins=[plugin])


@contextmanager
def _own_environment():
    """Take the PYTEST_* variables away, and put them back as they were."""
    saved = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PYTEST_")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = bytecode
        for name in [name for name in os.environ if name.startswith("PYTEST_")]:
            del os.environ[name]
        os.environ.update(saved)


@contextmanager
def _fresh_modules(path, root):
    """Hide modules that happen to be called as a grader file is, and forget the grader files' own afterwards."""
    files = [path] if path.is_file() else sorted(path.rglob("test_*.py"))
    names = {".".join(file.relative_to(root).with_suffix("").parts) for file in files}
    packages = {name.rpartition(".")[0] for name in names} - {""}
    before = set(sys.modules)
    hidden = {name: sys.modules.pop(name) for name in names & before}
    try:
        yield
    finally:
        for name, module in list(sys.modules.items()):
            own = name in names or name in packages - before
            file = getattr(module, "__file__", None) if name not in before else None
            if own or (file is not None and Path(file) in files):
                del sys.modules[name]
        sys.modules.update(hidden)
