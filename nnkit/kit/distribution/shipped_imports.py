"""Does everything that students receive find what it imports? Read from the files, without running them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path

from nnkit.kit.authoring.definitions import bound_names, free_names
from nnkit.kit.authoring.package_imports import absolute_name
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.settings import KIT, Course
from nnkit.kit.distribution.further_packages import further_modules

PACKAGES = ("numpy", "matplotlib", "h5py", "pytest", "tqdm", "IPython", "skimage", "sacrebleu")
_MODULE_NAMES = frozenset({"__file__", "__name__", "__doc__", "__path__", "__package__", "__spec__"})


def check_imports(
    course: Course,
    shipped: Mapping[str, str],
    text: str,
    *,
    file: Path | str,
    first_line: int = 1,
    module: str = "",
) -> None:
    """Raise a BuildError for the first import of a text that students could not carry out.

    Parameters
    ----------
    course : Course
    shipped : mapping of str to str
        The modules students receive, and their texts.
    text : str
        Python.
    module : str
        The module whose text it is; "" for what is no module of a package, where relative imports mean nothing.
    """
    tree = ast.parse(text)
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        line = first_line + getattr(node, "lineno", 1) - 1
        if isinstance(node, ast.Import):
            for each in node.names:
                _check(course, shipped, each.name, (), file, line)
                bound[each.asname or each.name.partition(".")[0]] = (
                    each.name if each.asname else each.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            names = tuple(each.name for each in node.names)
            name = absolute_name(course, node, module)
            if node.level and (not module or not name):
                raise BuildError("a relative import", file=file, line=line, mend="write the module's full name")
            _check(course, shipped, name, names, file, line)
            bound |= {each.asname or each.name: f"{name}.{each.name}" for each in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            _check_attribute(course, shipped, _dotted(node, bound), file, first_line + node.lineno - 1)


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


def _check(
    course: Course, shipped: Mapping[str, str], module: str, names: tuple[str, ...], file: Path | str, line: int
) -> None:
    top = module.partition(".")[0]
    if top not in (KIT, course.package) and module not in shipped:
        if top not in PACKAGES and top not in sys.stdlib_module_names and top not in further_modules(course):
            mend = f"students have {', '.join(PACKAGES)}, Python's own modules, and the requirements of course.toml"
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


def _dotted(node: ast.Attribute, bound: Mapping[str, str]) -> str:
    """What ``m.name`` stands for, with the module that m is an import of; "" if it is none."""
    parts = [node.attr]
    value = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name) or value.id not in bound:
        return ""
    return ".".join([bound[value.id], *reversed(parts)])


def _check_attribute(course: Course, shipped: Mapping[str, str], name: str, file: Path | str, line: int) -> None:
    """Raise a BuildError for ``module.name`` of the course's package that is not there as students receive it."""
    module, _, attribute = name.rpartition(".")
    if module.partition(".")[0] not in (KIT, course.package) or module not in shipped or name in shipped:
        return
    if attribute not in bound_names(shipped[module]) and not attribute.startswith("__"):
        what = f"uses {name}, and students receive {module} without it"
        mend = f'add "{name}" to the library if it is a module; exercises are never shipped'
        raise BuildError(what, file=file, line=line, mend=mend)
