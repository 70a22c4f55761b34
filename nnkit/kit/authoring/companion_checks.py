"""Does every grader file find what it imports, and is every companion one?"""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

from nnkit.kit.authoring.definitions import bound_names, check_names_once
from nnkit.kit.course.authored import parse_authored, read_authored
from nnkit.kit.course.companions import companions_of
from nnkit.kit.course.errors import BuildError, did_you_mean
from nnkit.student.companions import companion_files


def check_companions(path: Path, shown: Path) -> None:
    """Raise a BuildError for the first thing that is wrong with what a grader file and its companions import.

    Parameters
    ----------
    path : Path
        The grader file.
    shown : Path
        The same as messages show it.
    """
    places = {file.stem: shown.with_name(file.name) for file in companion_files(path.parent).values()}
    texts = {name: read_authored(path.with_name(place.name), place) for name, place in places.items()}
    trees = {name: parse_authored(path.with_name(place.name), place) for name, place in places.items()}
    used = companions_of(path)
    for name in used:
        _check_is_companion(name, trees[name], places[name])
    if path.is_file():
        trees[path.stem], places[path.stem] = parse_authored(path, shown), shown
        for name in (path.stem, *used):
            _check_imports(trees[name], places[name], texts)


def _check_is_companion(name: str, tree: ast.Module, place: Path) -> None:
    if name in sys.stdlib_module_names or importlib.util.find_spec(name) is not None:
        what = f"a companion of grader files is called {name}, as another module is"
        raise BuildError(what, file=place, mend="give it a name of its own")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower().startswith("test"):
            what = f"{node.name} is no test here: only files called test_….py hold tests"
            raise BuildError(what, file=place, line=node.lineno, mend="move it there, or give it another name")
    check_names_once(tree, file=place)


def _check_imports(tree: ast.Module, place: Path, companions: dict[str, str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                _check_module(each.name, node.lineno, place, companions)
                if each.name in companions:
                    mend = f"write from {each.name} import …, so that students get only what public tests need"
                    raise BuildError(f"imports all of {each.name}", file=place, line=node.lineno, mend=mend)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                mend = "write from NAME import … for the NAME.py beside it"
                raise BuildError("a relative import", file=place, line=node.lineno, mend=mend)
            module = node.module or ""
            _check_module(module, node.lineno, place, companions)
            if module in companions:
                if node not in tree.body:
                    what = f"imports from {module} inside of something else"
                    raise BuildError(what, file=place, line=node.lineno, mend="import it at the top of the file")
                _check_names(node, companions[module], place)


def _check_module(module: str, line: int, place: Path, companions: dict[str, str]) -> None:
    top = module.partition(".")[0]
    if top not in companions and importlib.util.find_spec(top) is None:
        otherwise = f"what grader files share stands beside them, as {place.with_name(top).name}.py"
        mend = did_you_mean(top, companions, otherwise)
        raise BuildError(f"imports {top}, and there is no such module", file=place, line=line, mend=mend)


def _check_names(node: ast.ImportFrom, text: str, place: Path) -> None:
    known = bound_names(text)
    for each in node.names:
        if each.name == "*":
            mend = "name what is needed, so that students get no more of it"
            raise BuildError(f"imports everything from {node.module}", file=place, line=node.lineno, mend=mend)
        if each.name not in known:
            mend = did_you_mean(each.name, known, f"it has {', '.join(sorted(known))}")
            what = f"imports {each.name} from {node.module}, which does not define it"
            raise BuildError(what, file=place, line=node.lineno, mend=mend)
