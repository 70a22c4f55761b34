"""What is run of a matched notebook: the student's code, without what the release left in it and nobody wrote.

The notebook that people see stays as it is; only the text that goes to the locked process differs.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode

from nnkit.kit.submission.reading import grade_id_of, is_open, is_test
from nnkit.student.source import NotPython, Python, first_line, names_of, read

_DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_BLOCKS = ("body", "orelse", "finalbody")
MOST_JOINED = 20


@dataclass
class Code:
    """The code of a matched notebook, as it is run.

    Attributes
    ----------
    texts : dict of str to str
        By cell id; of every code cell that is no test cell.
    written : set of str
        Grade ids of open code cells whose names are bound by something that was not released.
    places : dict of str to list of str
        Ids of the cells that bind them, by grade id.
    names : dict of str to frozenset
        What open code cells bind as they were released, by grade id.
    by_item : dict of str to list of str
        Messages that concern one graded cell, by grade id.
    """

    texts: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    by_item: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class _Released:
    """An open code cell as it was released: what it defines, and what is to be replaced in it."""

    def __init__(self, cell: NotebookNode) -> None:
        self.grade_id: str = cell.metadata.nbgrader.grade_id
        python = read(cell.source)
        self.text: str = python.text
        self.tree: ast.Module = python.tree
        self.names: frozenset[str] = names_of(self.text).bound
        self.defined = {node.name for node in self.tree.body if isinstance(node, _DEFINITION)}
        self.statements = {ast.dump(node) for node in ast.walk(self.tree) if isinstance(node, ast.stmt)}
        self.raises = {ast.dump(node) for node in ast.walk(self.tree) if isinstance(node, ast.Raise)}


def code_of(notebook: NotebookNode, release: NotebookNode) -> Code:
    """The code of a matched notebook.

    A stub is left out where something else binds its names; a ``raise`` of the release beside code of the student's is
    left out; a definition that was split over several cells is one again.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not is_test(cell)]
    code = Code({cell["id"]: cell.source for cell in cells})
    released = [_Released(cell) for cell in release.cells if is_open(cell) and cell.cell_type == "code"]
    code.names = {each.grade_id: each.names for each in released}
    _join_split(notebook.cells, code)
    for cell in cells:
        _drop_left_raises(cell, code, released)
    _drop_stubs(cells, code, released)
    return code


def _join_split(cells: Sequence[NotebookNode], code: Code) -> None:
    """Put a definition that was split together again: its later part begins inside it, and makes no sense by itself."""
    last: str | None = None
    joined = 0
    for cell in cells:
        if cell.cell_type != "code":
            continue
        if not _is_students(cell):
            last = None
            continue
        text = code.texts[cell["id"]]
        if last is not None and joined < MOST_JOINED and _is_continued(code.texts[last], text):
            joined += 1
            code.texts[last] = f"{code.texts[last].rstrip()}\n{text}"
            code.texts[cell["id"]] = ""
        else:
            last = cell["id"]


def _is_students(cell: NotebookNode) -> bool:
    return grade_id_of(cell) is None or is_open(cell)


def _is_continued(text: str, more: str) -> bool:
    """Whether more code goes on inside the last definition of a text."""
    first = next((line for line in more.split("\n") if line.strip()), "")
    if not first[:1].isspace() or not text.strip() or _python(f"{text.rstrip()}\n{more}") is None:
        return False
    above, below = _python(text), _python(more)
    if above is None or below is None or not _is_whole(above) or not _is_whole(below):
        return True
    methods = all(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) for each in below.tree.body)
    return methods and bool(above.tree.body) and isinstance(above.tree.body[-1], ast.ClassDef)


def _is_whole(python: Python) -> bool:
    """Whether code can run by itself: a ``return`` outside a function, for instance, can't."""
    try:
        compile(python.tree, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _drop_left_raises(cell: NotebookNode, code: Code, released: Sequence[_Released]) -> None:
    """Leave out a ``raise`` of the release where code was written beside it."""
    text = code.texts[cell["id"]]
    if "NotImplementedError" not in text or (python := _python(text)) is None:
        return
    known = {statement for each in released for statement in each.statements}
    owner = {dump: each.grade_id for each in released for dump in each.raises}
    lines, dropped = python.lines, False
    for block in _blocks(python.tree):
        for place, statement in enumerate(block):
            grade_id = owner.get(ast.dump(statement)) if isinstance(statement, ast.Raise) else None
            if grade_id is None or not _is_written_beside(block, place, known, owner):
                continue
            _blank(lines, statement, "pass")
            dropped = True
            code.by_item[grade_id].append(
                f"`raise NotImplementedError` is left in {grade_id}, in line {statement.lineno} of its cell: it is "
                "graded as if that line was not there. Delete it, or your own runs stop at it."
            )
    if dropped:
        code.texts[cell["id"]] = "\n".join(lines)


def _is_written_beside(block: Sequence[ast.stmt], place: int, known: set[str], raises: Mapping[str, str]) -> bool:
    """Whether a student's statement stands next to a raise, or anywhere in its block if there is no other raise."""
    own = [ast.dump(statement) not in known and not _is_docstring(statement) for statement in block]
    if sum(isinstance(each, ast.Raise) and ast.dump(each) in raises for each in block) == 1:
        return any(own)
    return any(own[max(0, place - 1) : place + 2])


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _drop_stubs(cells: Sequence[NotebookNode], code: Code, released: Sequence[_Released]) -> None:
    """Leave out what was released and not written wherever something else binds its names."""
    by_name = {name: each for each in released for name in each.defined}
    trees = {cell["id"]: python for cell in cells if (python := _python(code.texts[cell["id"]])) is not None}
    stubs: list[tuple[str, ast.stmt, _Released]] = []
    binding: dict[str, list[str]] = defaultdict(list)
    untouched = {cell["id"]: each for cell in cells for each in released if _is_untouched(trees.get(cell["id"]), each)}
    for cell_id in [cell["id"] for cell in cells if _is_students(cell)]:
        if cell_id in untouched or (python := trees.get(cell_id)) is None:
            continue
        for statement in python.tree.body:
            name = statement.name if isinstance(statement, _DEFINITION) else ""
            if name in by_name and _is_unwritten(statement, by_name[name]):
                stubs.append((cell_id, statement, by_name[name]))
                continue
            for bound in _bound_by(statement):
                if not binding[bound] or binding[bound][-1] != cell_id:
                    binding[bound].append(cell_id)
    _note_written(cells, code, released, binding)
    for cell_id, each in untouched.items():
        if each.grade_id in code.written:
            code.texts[cell_id] = ""
    changed: dict[str, list[str]] = {}
    for cell_id, statement, each in stubs:
        if each.grade_id in code.written:
            _blank(changed.setdefault(cell_id, trees[cell_id].lines), statement, "pass")
    for cell_id, lines in changed.items():
        code.texts[cell_id] = "\n".join(lines)


def _note_written(
    cells: Sequence[NotebookNode], code: Code, released: Sequence[_Released], binding: Mapping[str, list[str]]
) -> None:
    own = {grade_id_of(cell): cell["id"] for cell in cells}
    for each in released:
        asked_for = each.defined or each.names
        found = [cell_id for name in sorted(asked_for) for cell_id in binding.get(name, ())]
        code.places[each.grade_id] = list(dict.fromkeys(found))
        if each.defined <= binding.keys() if each.defined else bool(found):
            code.written.add(each.grade_id)
            if own.get(each.grade_id) not in found:
                code.by_item[each.grade_id].append(f"{each.grade_id} is written in another cell: it was found there.")


def _is_untouched(python: Python | None, released: _Released) -> bool:
    """Whether a cell holds what was released, comments apart."""
    return python is not None and ast.dump(python.tree) == ast.dump(released.tree)


def _is_unwritten(statement: ast.stmt, released: _Released) -> bool:
    """Whether a definition still raises as released, and holds nothing that was not released."""
    inside = [node for node in ast.walk(statement) if isinstance(node, ast.stmt) and node is not statement]
    dumps = [ast.dump(node) for node in inside if not isinstance(node, _DEFINITION) and not _is_docstring(node)]
    return any(dump in released.raises for dump in dumps) and all(dump in released.statements for dump in dumps)


def _bound_by(statement: ast.stmt) -> frozenset[str]:
    if isinstance(statement, _DEFINITION):
        return frozenset({statement.name})
    if isinstance(statement, ast.Expr | ast.Raise | ast.Assert | ast.Pass):
        return frozenset()
    try:
        bound: frozenset[str] = names_of(ast.unparse(statement)).bound
    except RecursionError:
        return frozenset()
    return bound


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _blank(lines: list[str], statement: ast.stmt, instead: str) -> None:
    """Put something else in a statement's first line, and nothing in its others, where it has its lines for itself."""
    begin, end = first_line(statement) - 1, statement.end_lineno or statement.lineno
    # Columns are counted in bytes.
    before = lines[begin].encode()[: statement.col_offset].decode("utf-8", "replace")
    after = lines[end - 1].encode()[statement.end_col_offset :].decode("utf-8", "replace")
    lines[begin] = f"{before}{instead}{after}"
    lines[begin + 1 : end] = [""] * (end - begin - 1)


def _python(text: str) -> Python | None:
    try:
        found: Python = read(text)
    except NotPython:
        return None
    return found
