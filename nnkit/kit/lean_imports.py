"""Importing part of a package whose own ``__init__`` loads far more than that part needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec


@contextmanager
def package_not_run(name: str) -> Iterator[None]:
    """Import submodules below a package that has not been run; whoever imports it itself later gets all of it.

    Only for packages whose submodules need nothing of their ``__init__``.
    """
    if name in sys.modules:
        yield
        return
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"{name} is not installed", name=name)
    sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules[name]
