"""Which tests a grader file holds for which item, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnkit.kit.authoring.definitions import check_names_once
from nnkit.kit.course.authored import parse_authored
from nnkit.kit.course.companions import companions_of
from nnkit.kit.course.errors import BuildError, did_you_mean
from nnkit.student.marker import DEFAULTS, read_marker_call


@dataclass(frozen=True)
class GraderTest:
    """One test of a grader file; `needs` and `confirms` as far as they are written out in its marker."""

    name: str
    item: str
    public: bool
    line: int
    needs: tuple[str, ...] = ()
    confirms: tuple[str, ...] = ()


def grader_tests(path: Path, shown: Path | str | None = None) -> tuple[GraderTest, ...]:
    """The tests of a grader file, in order; none if there is no such file.

    Raises
    ------
    BuildError
        The file can't be read, or a test in it would not count as its author means it. `shown` is the path as the
        message gives it.
    """
    shown = path if shown is None else shown
    if not path.is_file():
        return ()
    tree = parse_authored(path, shown)
    check_names_once(tree, file=shown)
    _check_places(tree, shown)
    tests = tuple(_read_test(node, shown) for node in tree.body if isinstance(node, ast.FunctionDef) and is_test(node))
    _check_ties(tests, shown)
    return tests


def is_test(node: ast.AST) -> bool:
    """Whether pytest takes a definition for a test, by its name."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")


def _check_places(tree: ast.Module, shown: Path | str) -> None:
    """Every test is a function at the top of the file, under a name by which pytest finds it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        top = node in tree.body
        if isinstance(node, ast.ClassDef):
            if top and node.name.startswith("Test"):
                mend = "write each test as a function: only functions can be handed to students one by one"
                raise BuildError(f"{node.name} is a class of tests", file=shown, line=node.lineno, mend=mend)
        elif _markers(node) and not is_test(node):
            what = f"{node.name} has a marker of a test, but pytest runs only functions called test_…"
            raise BuildError(what, file=shown, line=node.lineno, mend=f"call it test_{node.name}")
        elif is_test(node) and isinstance(node, ast.AsyncFunctionDef):
            what = f"{node.name} is a coroutine, which nobody runs"
            raise BuildError(what, file=shown, line=node.lineno, mend="write def instead of async def")
        elif _markers(node) and not top:
            what = f"{node.name} stands inside of something else"
            raise BuildError(what, file=shown, line=node.lineno, mend="move it to the top level of the file")


def _check_ties(tests: Sequence[GraderTest], shown: Path | str) -> None:
    """What `needs` and `confirms` name is there: of a name that is not, nobody would ever ask."""
    by_name = {test.name: test for test in tests}
    for test in tests:
        for word, names in (("needs", test.needs), ("confirms", test.confirms)):
            for name in names:
                other = by_name.get(name)
                if other is None or other.item != test.item or other is test:
                    what = f'{test.name} {word} "{name}", which is no other test of {test.item}'
                    same = [each.name for each in tests if each.item == test.item and each is not test]
                    mend = did_you_mean(name, same, f"its tests: {', '.join(same) or 'none'}")
                    raise BuildError(what, file=shown, line=test.line, mend=mend)
                if word == "needs" and test.public and not other.public:
                    what = f'{test.name} needs "{name}", which is hidden: students would read its name'
                    mend = f'write confirms="{test.name}" on the hidden test: it ties the two together in the same way'
                    raise BuildError(what, file=shown, line=test.line, mend=mend)
                if word == "confirms" and not other.public:
                    what = f'{test.name} confirms "{name}", which is hidden'
                    mend = 'only public tests are confirmed; write needs="…" on the other one to tie the two together'
                    raise BuildError(what, file=shown, line=test.line, mend=mend)


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
        self._scopes = {name: _scope(name, parse_authored(file)) for name, file in self._files.items()}
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


def _markers(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Call]:
    return [
        each
        for each in node.decorator_list
        if isinstance(each, ast.Call) and ast.unparse(each.func) in ("item", "pytest.mark.item")
    ]


def _read_test(node: ast.FunctionDef, shown: Path | str) -> GraderTest:
    markers = _markers(node)
    if len(markers) > 1:
        what = f"{node.name} has {len(markers)} markers naming its item"
        raise BuildError(what, file=shown, line=markers[1].lineno, mend="a test belongs to one item: leave one of them")
    name = _literal(markers[0].args[0]) if markers and markers[0].args else None
    if not markers or not isinstance(name, str):
        raise BuildError(
            f"{node.name} has no marker naming its item",
            file=shown,
            line=node.lineno,
            mend='write @item("affine_forward", public=True, …) above it',
        )
    stated = {each.arg: _literal(each.value) for each in markers[0].keywords if each.arg is not None}
    known = {key: value for key, value in stated.items() if value is not _UNKNOWN}
    if len(stated) < len(markers[0].keywords) or stated.get("public") is _UNKNOWN:
        what = f"the marker of {node.name} has to be run to tell whether the test is public"
        raise BuildError(what, file=shown, line=markers[0].lineno, mend="write public=True, or leave it out")
    unknown = {key: DEFAULTS[key] for key in stated.keys() - known.keys() if key in DEFAULTS}
    try:
        item, options = read_marker_call([_literal(each) for each in markers[0].args], known | unknown)
    except ValueError as error:
        what = f"the marker of {node.name} is wrong: {error}"
        raise BuildError(what, file=shown, line=markers[0].lineno, mend="correct it") from None
    return GraderTest(node.name, item, options["public"], node.lineno, options["needs"], options["confirms"])


_UNKNOWN = object()


def _literal(node: ast.expr) -> object:
    """The value of an expression that is written out; `_UNKNOWN` of one that has to be run."""
    try:
        return ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError):
        return _UNKNOWN
