"""The Python in a notebook's cell: read, never run.

Whatever reads a student's code as text asks here, so that there is one reading and one bound on what it may cost.
"""

import ast
import re
import symtable
from functools import lru_cache
from typing import NamedTuple

LONGEST_SOURCE = 300_000  # characters of a cell; parsing takes some hundred bytes for each
MOST_TRANSFORMED = 4_000_000  # characters; IPython reads the whole cell again for every magic in it
# Cell magics whose body is ordinary Python.
PYTHON_CELL_MAGICS = ("time", "timeit", "capture", "prun")
FILE_MAGICS = ("writefile", "file")
_SPECIAL_LINE = re.compile(r"^[^\n]*(?:[%!?]|>>>|In \[)[^\n]*$", re.MULTILINE)


class NotPython(ValueError):
    """A cell is not Python.

    Attributes
    ----------
    line : int or None
        Counted from 1.
    """

    def __init__(self, reason, line=None):
        super().__init__(reason)
        self.line = line


class Python(NamedTuple):
    """A cell as Python, its lines where they are in the cell."""

    text: str
    tree: ast.Module

    @property
    def lines(self):
        return self.text.split("\n")


@lru_cache(maxsize=512)
def read(source):
    """Read a cell; magics and shell commands become calls, as IPython makes them.

    Parameters
    ----------
    source : str

    Returns
    -------
    Python
        Not to be changed: the next reader gets the same.

    Raises
    ------
    NotPython
    """
    if len(source) > LONGEST_SOURCE:
        raise NotPython(f"it has more than {LONGEST_SOURCE // 1000} thousand characters")
    if not source.lstrip().startswith("%%"):
        try:
            return _parsed(source)
        except NotPython:
            # Only now: a line of a text in quotes may start with a percent sign, too.
            if _SPECIAL_LINE.search(source) is None and not source[:1].isspace():
                raise
    return _within_cell_magic(_parsed(_transformed(source)))


def _parsed(text):
    try:
        return Python(text, ast.parse(text))
    except SyntaxError as error:
        raise NotPython(error.msg, error.lineno) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotPython(str(error) or type(error).__name__) from None


def _transformed(source):
    if len(source) * (1 + len(_SPECIAL_LINE.findall(source))) > MOST_TRANSFORMED:
        raise NotPython("it has too many magics to be read")
    try:
        # Imported here: a script that borrows from a notebook need not have it.
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return source
    try:
        # It ends every cell with a newline, and drops empty lines at the top.
        top = source[: len(source) - len(source.lstrip())].count("\n")
        return "\n" * top + TransformerManager().transform_cell(source)
    except SyntaxError as error:
        raise NotPython(error.msg, error.lineno) from None
    except Exception as error:
        raise NotPython(f"{type(error).__name__}: {error}") from None


def _within_cell_magic(python):
    """The body of a cell magic that runs Python; the cell as it is if there is none."""
    name, _, body = cell_magic(python.tree) or ("", "", "")
    if name not in PYTHON_CELL_MAGICS:
        return python
    inner = read(body)
    text = "\n" * python.tree.body[0].lineno + inner.text
    return _parsed(text)


def cell_magic(tree):
    """Name, line and body of the cell magic that a cell consists of, or None."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    call = tree.body[0].value
    if not isinstance(call, ast.Call) or getattr(call.func, "attr", None) != "run_cell_magic":
        return None
    words = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return tuple(words) if len(words) == 3 and all(isinstance(word, str) for word in words) else None


def statements(source):
    """The top-level statements of a cell; none if it is not Python."""
    try:
        return read(source).tree.body
    except NotPython:
        return []


def is_python(source):
    """Whether a cell can be read."""
    try:
        read(source)
    except NotPython:
        return False
    return True


def first_line(statement):
    """The line a statement begins in, decorators included."""
    return min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))])


class Names(NamedTuple):
    """What Python code has to do with the names around it."""

    bound: frozenset
    """Bound at its top level, or declared global and bound in a function."""
    used: frozenset
    """Looked up there, whether it binds them itself or not."""


def names_of(text):
    """The names of a piece of Python code; none of one that can't be compiled."""
    try:
        return names_in(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names(frozenset(), frozenset())


def names_in(text):
    """The names of a piece of Python code.

    Raises
    ------
    SyntaxError
    """
    bound, used = set(), set()
    top = symtable.symtable(text, "cell", "exec")
    pending = [top]
    while pending:
        scope = pending.pop()
        pending += scope.get_children()
        for symbol in scope.get_symbols():
            if (symbol.is_assigned() or symbol.is_imported()) and (scope is top or symbol.is_declared_global()):
                bound.add(symbol.get_name())
            if symbol.is_referenced() and (scope is top or symbol.is_global()):
                used.add(symbol.get_name())
    return Names(frozenset(bound), frozenset(used))
