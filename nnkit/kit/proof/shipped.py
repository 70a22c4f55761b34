"""The functions and classes in a release: checks with their companions, library, student's tools."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any


def shipped(package: Path) -> dict[str, Any]:
    """Every function and class that a release defines, by module and name, without methods.

    Parameters
    ----------
    package : Path
        The released folder. Its modules are read from there, whatever this process has imported under the same names.
    """
    modules = Modules(package)
    found: dict[str, Any] = {}
    for name in modules.names():
        module = modules.load(name)
        for key, value in vars(module).items() if module is not None else ():
            is_class = isinstance(value, type) and not issubclass(value, BaseException)
            if getattr(value, "__module__", None) == name and (is_class or isinstance(value, FunctionType)):
                found[f"{name}.{key}"] = value
    return found


class Modules:
    """The modules of a folder, run apart from those of this process."""

    def __init__(self, folder: Path) -> None:
        self._files = {}
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            # Grader files and their companions find each other by their bare names.
            name = parts[-1] if parts[0] == "checks" else ".".join(parts).removesuffix(".__init__")
            self._files[name] = path
        self._loaded: dict[str, ModuleType | None] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}

    def names(self) -> Iterator[str]:
        yield from self._files

    def load(self, name: str) -> ModuleType | None:
        """A module, run once; None where it can't be run, as one that needs a library that is not installed."""
        if name not in self._loaded:
            path = self._files[name]
            module = self._loaded[name] = ModuleType(name)
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            vars(module).update(__file__=str(path), __builtins__=self._builtins, __package__=package)
            # Dataclasses look their module up.
            hidden = sys.modules.get(name)
            sys.modules[name] = module
            try:
                exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), vars(module))
            except Exception:
                self._loaded[name] = None
            finally:
                if hidden is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = hidden
        return self._loaded[name]

    def _import(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: tuple[str, ...] = (), level: int = 0
    ) -> Any:
        full = name
        if level:
            parents = str((globals or {}).get("__package__", "")).split(".")
            full = ".".join([*parents[: len(parents) - level + 1], *([name] if name else [])])
        if full not in self._files:
            return importlib.__import__(name, globals, locals, fromlist, level)
        module = self._found(full)
        for each in fromlist or ():
            if f"{full}.{each}" in self._files and not hasattr(module, each):
                setattr(module, each, self._found(f"{full}.{each}"))
        if fromlist or "." not in full:
            return module
        # import a.b.c binds a, which has to know b.
        parts = full.split(".")
        for i in range(len(parts) - 1, 0, -1):
            parent = self._found(".".join(parts[:i]))
            setattr(parent, parts[i], self._found(".".join(parts[: i + 1])))
        return self._found(parts[0])

    def _found(self, name: str) -> ModuleType:
        module = self.load(name) if name in self._files else ModuleType(name)
        if module is None:
            raise ImportError(f"{name} can't be run", name=name)
        return module


def arity(function: Callable[..., Any]) -> int | None:
    """How many positional arguments a function takes at most; None for any number."""
    code = getattr(function, "__code__", None)
    return None if code is None or code.co_flags & 0x04 else int(code.co_argcount)
