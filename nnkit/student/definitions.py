"""What a notebook defines, told from what it only does: functions, classes, imports, constants, and what these need.

A fresh process, a quick run and `solutions_of` take up a notebook from here. They keep what running all of it would
have kept, except for results that nothing which is defined refers to: a training, a plot, a search.
"""

import ast
import builtins
from collections import defaultdict
from itertools import islice
from typing import NamedTuple

from nnkit.student.source import (
    FILE_MAGICS,
    PYTHON_CELL_MAGICS,
    NotPython,
    cell_magic,
    first_line,
    names_of,
    read,
)

SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
# Modules whose functions only compute, and built-in functions that do more than that.
COMPUTING = {
    *("math", "cmath", "functools", "itertools", "operator", "collections", "fractions", "decimal", "string", "re"),
    *("types", "typing", "dataclasses", "enum", "numpy"),
}
ACTING = {"open", "input", "exec", "eval", "compile", "__import__", "exit", "quit", "print", "breakpoint", "help"}
FILLING = {"append", "extend", "insert", "add", "update", "setdefault"}
MOST_STATEMENTS = 5_000


class Part(NamedTuple):
    """Lines of a cell that are kept: their text, and the number of the first one."""

    text: str
    line: int

    @property
    def in_place(self):
        """The text, its lines numbered as in the cell."""
        return "\n" * (self.line - 1) + self.text


class _Unit:
    """Statements of one cell that share lines, and what they have to do with names."""

    def __init__(self, cell, text, line, tree):
        self.cell, self.part, self.tree = cell, Part(text, line), tree
        self.binds, self.uses = names_of("\n".join([text, *(_timed(statement) for statement in tree)]))
        self.changes = frozenset(name for statement in tree for name in _changed(statement))


def definitions(cells, wanted=()):
    """The parts of a notebook's code cells that define something.

    Parameters
    ----------
    cells : sequence of str
        In the order in which they run.
    wanted : collection of str
        Names that are asked for, however they come about.

    Returns
    -------
    list of list of Part
        Of each cell; of one that is not Python, none.
    """
    units = list(islice((unit for number, each in enumerate(cells) for unit in _units(number, each)), MOST_STATEMENTS))
    kept = _Closure(units, wanted).kept
    parts = [[] for _ in cells]
    for number in sorted(kept):
        parts[units[number].cell].append(units[number].part)
    return parts


class _Closure:
    """The units that define something, that are asked for, or that others which are kept need."""

    def __init__(self, units, wanted):
        self._units = units
        self._computing = {name for unit in units for statement in unit.tree for name in _computing(statement)}
        self._binding, self._changing = defaultdict(list), defaultdict(list)
        binders = {statement.name: unit.binds for unit in units for statement in unit.tree if _is_function(statement)}
        for number, unit in enumerate(units):
            called = (name for statement in unit.tree if (name := _called(statement)) is not None)
            changes = unit.changes.union(*(binders.get(name, ()) for name in called))
            for names, index in ((unit.binds, self._binding), (changes, self._changing)):
                for name in names:
                    index[name].append(number)
        self._needed, self._pending = set(), []
        self.kept = set()
        self._need(wanted)
        for number, unit in enumerate(units):
            if all(defines(statement, self._computing) for statement in unit.tree):
                self._keep(number)
        while self._pending:
            name = self._pending.pop()
            for number in (*self._binding[name], *self._changing[name]):
                self._keep(number)

    def _need(self, names):
        new = set(names) - self._needed
        self._needed |= new
        self._pending += new

    def _keep(self, number):
        if number in self.kept:
            return
        self.kept.add(number)
        unit = self._units[number]
        self._need(unit.uses)
        for name in unit.binds:
            for other in self._changing[name]:
                if self._only_computes(self._units[other]):
                    self._keep(other)

    def _only_computes(self, unit):
        """Whether statements complete something with what is there: a method of a class, an entry of a table."""
        return all(
            isinstance(statement, ast.Assign) and _is_computed(statement.value, self._computing)
            for statement in unit.tree
        )


def plain_definitions(source):
    """The parts of a single cell that define something by themselves, whatever else needs."""
    return [unit.part for unit in _units(0, source) if all(defines(statement, set()) for statement in unit.tree)]


def text_of(parts):
    """Parts of a cell as one text, every line where it is in the cell."""
    lines = []
    for part in parts:
        lines += [""] * (part.line - 1 - len(lines))
        lines += part.text.split("\n")
    return "\n".join(lines)


def _units(cell, source):
    try:
        python = read(source)
    except NotPython:
        return
    lines, tree, end = python.lines, [], 0
    for statement in [*python.tree.body, None]:
        begin = None if statement is None else first_line(statement)
        if tree and (begin is None or begin > end):
            start = first_line(tree[0])
            yield _Unit(cell, "\n".join(lines[start - 1 : end]), start, tree)
            tree, end = [], 0
        if statement is not None:
            tree.append(statement)
            end = max(end, statement.end_lineno)


def defines(statement, computing=frozenset()):
    """Whether a statement defines names and does nothing else, as far as can be told from itself.

    Parameters
    ----------
    statement : ast.stmt
    computing : collection of str
        Imported names whose functions only compute.
    """
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Pass():
            return True
        case ast.Try(body=body, orelse=orelse, handlers=handlers, finalbody=finalbody):
            blocks = [body, orelse, finalbody, *(handler.body for handler in handlers)]
        case ast.If(test=test, body=body, orelse=orelse):
            blocks = [body, orelse] if _is_computed(test, computing) else [[ast.Return()]]
        case ast.With(items=items, body=body):
            blocks = [body] if all(_is_computed(item.context_expr, computing) for item in items) else [[ast.Return()]]
        case ast.Assign(targets=targets, value=value):
            plain = all(_is_name(target) for target in targets)
            return plain and (_asks_for_solutions(value) or _is_computed(value, computing))
        case ast.AnnAssign(target=target, value=value) if value is not None:
            return _is_name(target) and _is_computed(value, computing)
        case ast.Expr():
            return _writes_file(statement)
        case _:
            return False
    return all(defines(part, computing) for block in blocks for part in block)


def _is_name(target):
    return all(isinstance(node, ast.Name | ast.Tuple | ast.List | ast.expr_context) for node in ast.walk(target))


def _is_computed(value, computing):
    """Whether an expression only puts together what is there, or computes with functions that do nothing else."""
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Lambda):
            continue  # its body does not run
        if isinstance(node, ast.Call) and not _is_computing(node.func, computing):
            return False
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
        pending += ast.iter_child_nodes(node)
    return True


def _is_computing(function, computing):
    root = _root(function)
    if root is None:
        return False
    if isinstance(function, ast.Name) and root not in computing:
        return hasattr(builtins, root) and root not in ACTING
    return root in computing


def _computing(statement):
    """The names under which a statement imports something that only computes."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            if alias.name.partition(".")[0] in COMPUTING:
                yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(statement, ast.ImportFrom) and str(statement.module).partition(".")[0] in COMPUTING:
        for alias in statement.names:
            yield alias.asname or alias.name


def _is_function(statement):
    return isinstance(statement, ast.FunctionDef)


def _called(statement):
    """The function that a statement only calls; it may bind global names."""
    value = getattr(statement, "value", None) if isinstance(statement, ast.Expr) else None
    return value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else None


def _timed(statement):
    """What ``%time`` runs in a line of its own, as text; empty for anything else."""
    value = getattr(statement, "value", None) if isinstance(statement, ast.Expr) else None
    if not isinstance(value, ast.Call) or getattr(value.func, "attr", None) != "run_line_magic":
        return ""
    words = [argument.value for argument in value.args if isinstance(argument, ast.Constant)]
    return words[1] if len(words) == 2 and words[0] in PYTHON_CELL_MAGICS and isinstance(words[1], str) else ""


def _changed(statement):
    """The names of what a statement changes without binding it: ``d["a"] = 1``, ``Net.f = f``, ``l.append(1)``."""
    pending = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, SCOPES):
            continue
        targets = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", None) in FILLING:
            targets = [node.func]
        for target in targets:
            if isinstance(target, ast.Subscript | ast.Attribute) and (root := _root(target)) is not None:
                yield root
        pending += ast.iter_child_nodes(node)


def _root(node):
    """The name that ``a.b[0].c`` begins with, or None."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _asks_for_solutions(value):
    return (
        isinstance(value, ast.Call)
        and getattr(value.func, "id", getattr(value.func, "attr", None)) == "solutions_of"
        and all(isinstance(argument, ast.Constant) for argument in value.args)
    )


def _writes_file(statement):
    magic = cell_magic(ast.Module([statement], []))
    return magic is not None and magic[0] in FILE_MAGICS
