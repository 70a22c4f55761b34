"""Does everything that students receive find what it imports? Read from the files, without running them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path

from nnkit.kit.authoring.definitions import bound_names, free_names
from nnkit.kit.course.errors import BuildError

PACKAGES = ("numpy", "matplotlib", "h5py", "pytest", "tqdm", "IPython", "skimage", "sacrebleu")
_MODULE_NAMES = frozenset({"__file__", "__name__", "__doc__", "__path__", "__package__", "__spec__"})


def check_imports(shipped: Mapping[str, str], text: str, *, file: Path | str, first_line: int = 1) -> None:
    """Raise a BuildError for the first import of a text that students could not carry out.

    Parameters
    ----------
    shipped : mapping of str to str
        The modules students receive, and their texts.
    text : str
        Python.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for each in node.names:
                _check(shipped, each.name, (), file, first_line + node.lineno - 1)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(each.name for each in node.names)
            if node.level:
                mend = "write the module's full name"
                raise BuildError("a relative import", file=file, line=first_line + node.lineno - 1, mend=mend)
            _check(shipped, node.module or "", names, file, first_line + node.lineno - 1)


def check_own_names(text: str, *, file: Path | str) -> None:
    """Raise a BuildError if a shipped module uses a name of its own that was left out as an exercise."""
    missing = free_names(text) - _MODULE_NAMES
    if missing:
        name = min(missing)
        line = next(
            (node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name) and node.id == name), None
        )
        what = f"as shipped to students, it uses {name}, which is left out because it is an exercise"
        raise BuildError(what, file=file, line=line, mend="take the module off the library, or split it")


def _check(shipped: Mapping[str, str], module: str, names: tuple[str, ...], file: Path | str, line: int) -> None:
    top = module.partition(".")[0]
    if top != "nnkit" and module not in shipped:
        if top not in PACKAGES and top not in sys.stdlib_module_names:
            mend = f"students have {', '.join(PACKAGES)} and Python's own modules"
            raise BuildError(f"imports {module}, which students do not have", file=file, line=line, mend=mend)
        return
    if module not in shipped:
        mend = f'add "{module}" to the library of the assignment in course.toml'
        raise BuildError(f"imports {module}, which students do not receive", file=file, line=line, mend=mend)
    for name in names:
        if f"{module}.{name}" not in shipped and name not in bound_names(shipped[module]) and name != "*":
            what = f"imports {name} from {module}, which students receive without it"
            mend = f'add "{module}.{name}" to the library if it is a module; exercises are never shipped'
            raise BuildError(what, file=file, line=line, mend=mend)
