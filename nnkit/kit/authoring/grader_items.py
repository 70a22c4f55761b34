"""Which tests a grader file holds for which item, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nnkit.kit.course.companions import companions_of
from nnkit.kit.course.errors import BuildError


@dataclass(frozen=True)
class GraderTest:
    """One test of a grader file."""

    name: str
    item: str
    public: bool
    line: int


def grader_tests(path: Path, shown: Path | str | None = None) -> tuple[GraderTest, ...]:
    """The tests of a grader file, in order; none if there is no such file.

    Raises
    ------
    BuildError
        The file is not Python, or a test's marker is missing or names no item literally. `shown` is the path as the
        message gives it.
    """
    shown = path if shown is None else shown
    if not path.is_file():
        return ()
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise BuildError(f"not Python: {error.msg}", file=shown, line=error.lineno, mend="mend the syntax") from None
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found.append(_read_test(node, shown))
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            raise BuildError(
                f"{node.name} is a class of tests",
                file=shown,
                line=node.lineno,
                mend="write each test as a function: only functions can be handed to students one by one",
            )
    return tuple(found)


def asked_of_submissions(path: Path) -> dict[str, frozenset[str]]:
    """By item, the names that its tests ask of a submission (``submission.affine_forward``), directly or through other
    functions of the file and of its companions; empty if there is no such file."""
    functions = GraderFunctions(path)
    asked: dict[str, frozenset[str]] = {}
    for test in grader_tests(path):
        names = {read.attr for _, function in functions.reached(test.name) for read in functions.reads(function)}
        asked[test.item] = asked.get(test.item, frozenset()) | names
    return asked


@dataclass(frozen=True)
class Place:
    """A line of a grader file, or of a companion."""

    file: Path
    line: int


class GraderFunctions:
    """The functions of a grader file and of its companions, and what they use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        files = (path, *companions_of(path).values()) if path.is_file() else ()
        self._files = {file.stem: file for file in files}
        self._scopes = {name: _scope(name, ast.parse(file.read_bytes())) for name, file in self._files.items()}
        self._nodes: dict[ast.FunctionDef, list[ast.AST]] = {}

    def mention(self, word: str) -> bool:
        """Whether a word stands anywhere in the files."""
        return any(word.encode() in file.read_bytes() for file in self._files.values())

    def reached(self, test: str) -> Iterator[tuple[Path, ast.FunctionDef]]:
        """A test, and the functions that it uses, directly or through others, each with its file."""
        reached: set[tuple[str, str]] = set()
        pending = [(self._path.stem, test)]
        while pending:
            file, function = place = pending.pop()
            found = self._scopes.get(file, {}).get(function)
            if place in reached or found is None:
                continue
            reached.add(place)
            if isinstance(found, tuple):
                pending.append(found)
                continue
            yield self._files[file], found
            pending += [(file, node.id) for node in self._inside(found) if isinstance(node, ast.Name)]

    def reads(self, function: ast.FunctionDef) -> list[ast.Attribute]:
        """What a function reads off a submission: ``submission.NAME``."""
        return [
            node
            for node in self._inside(function)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "submission"
        ]

    def calls(self, function: ast.FunctionDef, name: str) -> list[ast.Call]:
        """The calls of what has that name."""
        return [
            node
            for node in self._inside(function)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
        ]

    def _inside(self, function: ast.FunctionDef) -> list[ast.AST]:
        if function not in self._nodes:
            self._nodes[function] = list(ast.walk(function))
        return self._nodes[function]


_Scope = dict[str, "ast.FunctionDef | tuple[str, str]"]


def _scope(file: str, tree: ast.Module) -> _Scope:
    """The functions of a file by name, and of imported ones where they come from."""
    scope: _Scope = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            scope[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            scope |= {each.asname or each.name: (node.module or file, each.name) for each in node.names}
    return scope


def _read_test(node: ast.FunctionDef, shown: Path | str) -> GraderTest:
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) not in ("item", "pytest.mark.item"):
            continue
        name = decorator.args[0] if decorator.args else None
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            break
        public = any(
            keyword.arg == "public" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            for keyword in decorator.keywords
        )
        return GraderTest(name=node.name, item=name.value, public=public, line=node.lineno)
    raise BuildError(
        f"{node.name} has no marker naming its item",
        file=shown,
        line=node.lineno,
        mend='write @item("affine_forward", public=True, …) above it',
    )
