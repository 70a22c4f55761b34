"""What the notebook's names stood for at some moment, to be had again.

A function looks its global names up when it is called, so they are put back all together.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np

LARGE = 1_000_000  # bytes: an array that the notebook has let go of is not kept alive for this
MOST_NAMES = 5_000
# What IPython itself keeps there changes with every cell.
_OF_THE_SHELL = {"In", "Out", "exit", "quit", "get_ipython", "open"}
_GONE = object()


class KeptNames:
    """Keeps the state of a namespace under names, and returns to it."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._kept: dict[str, dict[str, Callable[[], Any]]] = {}

    def keep(self, name: str) -> None:
        """Keep what all names stand for now."""
        self._kept[name] = {
            key: _reference(value)
            for key, value in list(self._namespace.items())
            if type(key) is str and not key.startswith("_") and key not in _OF_THE_SHELL
        }

    def return_to(self, name: str, asked_for: Iterable[str]) -> bool:
        """Let all names stand for what was kept; whether any name differs that is asked for, or that these use."""
        if name not in self._kept:
            return False
        if "" not in self._kept:
            self.keep("")
        then = {key: value for key, get in self._kept[name].items() if (value := get()) is not _GONE}
        used = {*_used(asked_for, then), *_used(asked_for, self._namespace)}
        changed = any(self._namespace.get(key, _GONE) is not then.get(key, _GONE) for key in used)
        for key in [key for key in self._namespace if type(key) is str and key not in then]:
            if not key.startswith("_") and key not in _OF_THE_SHELL:
                del self._namespace[key]
        self._namespace.update(then)
        return changed


def _reference(value: Any) -> Callable[[], Any]:
    """Gives the value again; of a large array only as long as the notebook holds it."""
    if type(value) is np.ndarray and value.nbytes > LARGE:
        weak = weakref.ref(value)

        def get() -> Any:
            found = weak()
            return _GONE if found is None else found

        return get
    if type(value) in (dict, list, tuple) and _holds_large(value):
        return lambda: _GONE
    return lambda: value


def _holds_large(container: Any) -> bool:
    values = container.values() if type(container) is dict else container
    return sum(value.nbytes for value in values if type(value) is np.ndarray) > LARGE


def _used(names: Iterable[str], namespace: dict[str, Any]) -> Iterator[str]:
    """The names, and those that the functions and classes behind them look up, directly or through others."""
    seen: set[str] = set()
    pending = list(names)
    while pending and len(seen) < MOST_NAMES:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        yield name
        for code in _codes(namespace.get(name)):
            pending += [each for each in code.co_names if each in namespace]


def _codes(value: Any) -> Iterator[CodeType]:
    """The code of a function, or of a class's methods, with that of the functions within."""
    pending: list[Any] = [value]
    if isinstance(value, type):
        pending = [getattr(each, "__func__", each) for each in type.__dict__["__dict__"].__get__(value).values()]
    codes = [each.__code__ for each in pending if type(each) is FunctionType]
    while codes:
        code = codes.pop()
        yield code
        codes += [each for each in code.co_consts if type(each) is CodeType]
