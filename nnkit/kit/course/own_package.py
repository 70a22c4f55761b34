"""A course's own package, importable in this process whatever is installed under its name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import nnkit
from nnkit.kit.course.settings import INSTALLED, KIT, Course, is_tool

Stamps = tuple[tuple[str, int, int], ...]


def use_package_of(course: Course) -> None:
    """From now on the course's package is imported from the course folder, if it lies there; otherwise as installed.

    The modules of another course's package are forgotten, and so are those of this one if a file has changed.
    """
    folder = course.own_package
    if folder is None or folder.resolve() == (INSTALLED / course.package).resolve():
        _change(None)
        return
    wanted = _Finder(course.package, course.root)
    if _in_use is None or _in_use.about != wanted.about:
        _change(wanted)


class _Finder(MetaPathFinder):
    """Finds the modules of one package in one folder, before anything that is installed."""

    def __init__(self, package: str, folder: Path) -> None:
        self.package = package
        self.folder = folder
        self.about = package, folder, _stamps(folder / package)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == KIT or not _is_of(fullname, self.package):
            return None
        place = self.folder.joinpath(*fullname.split("."))
        for file, inside in ((place / "__init__.py", [str(place)]), (place.with_suffix(".py"), None)):
            if file.is_file():
                loader = _Loader(fullname, str(file))
                return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=inside)
        if place.is_dir() and not INSTALLED.joinpath(*fullname.split(".")).is_dir():
            spec = ModuleSpec(fullname, None, is_package=True)  # a folder of modules, without an __init__.py
            spec.submodule_search_locations = [str(place)]
            return spec
        return None


class _Loader(SourceFileLoader):
    """Reads the file itself on every import; Python's own loader trusts bytecode by the second it was written in."""

    def get_code(self, fullname: str) -> CodeType | None:
        return self.source_to_code(self.get_data(self.path), self.path)


_in_use: _Finder | None = None
_installed: dict[str, ModuleType] = {}


def _change(finder: _Finder | None) -> None:
    """Take another finder, or none, into use."""
    global _in_use
    if _in_use is not None:
        _take_away(_in_use.package)
        sys.meta_path.remove(_in_use)
        sys.modules.update(_installed)
        _tie_to_kit(_installed)
        _installed.clear()
    _in_use = finder
    if finder is not None:
        _installed.update(_take_away(finder.package))
        sys.meta_path.insert(0, finder)
        importlib.invalidate_caches()


def _take_away(package: str) -> dict[str, ModuleType]:
    """Forget the modules of a package; of `nnkit` the kit and the student's tools stay."""
    taken = {name: sys.modules[name] for name in tuple(sys.modules) if name != KIT and _is_of(name, package)}
    for name in taken:
        del sys.modules[name]
        if name.rpartition(".")[0] == KIT:
            vars(nnkit).pop(name.rpartition(".")[2], None)
    return taken


def _tie_to_kit(modules: dict[str, ModuleType]) -> None:
    """Let `from nnkit import NAME` find modules that have come back."""
    for name, module in modules.items():
        if name.rpartition(".")[0] == KIT:
            setattr(nnkit, name.rpartition(".")[2], module)


def _is_of(name: str, package: str) -> bool:
    return (name == package or name.startswith(f"{package}.")) and not is_tool(name)


def _stamps(folder: Path) -> Stamps:
    """Tells whether a file of the package has changed."""
    files = ((file, file.stat()) for file in sorted(folder.rglob("*.py")))
    return tuple((str(file), stat.st_mtime_ns, stat.st_size) for file, stat in files)
