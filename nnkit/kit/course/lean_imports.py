"""Importing part of a package whose own ``__init__`` loads far more than that part needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from types import ModuleType


@contextmanager
def package_not_run(name: str) -> Iterator[ModuleType]:
    """Import submodules below a package that has not been run; whoever imports it itself later gets all of it.

    Yields the package, empty if it was not loaded before: for what its submodules need of it.
    """
    if name in sys.modules:
        yield sys.modules[name]
        return
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"{name} is not installed", name=name)
    package = sys.modules[name] = module_from_spec(spec)
    try:
        yield package
    finally:
        del sys.modules[name]
