"""``solutions_of("two_layer_net")``: what another notebook in this folder defines, without running the rest of it."""

import ast
import json
import linecache
import types
import warnings
from pathlib import Path

# Cell magics whose body is ordinary Python; a cell with any other is not Python.
PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
LITERALS = (
    ast.BinOp,
    ast.Constant,
    ast.Dict,
    ast.List,
    ast.Set,
    ast.Tuple,
    ast.UnaryOp,
    ast.expr_context,
    ast.operator,
    ast.unaryop,
)
_being_read: list[Path] = []


class Solutions(types.ModuleType):
    """A notebook's definitions, as attributes."""

    _notebook: Path
    _skipped: list[str]

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        skipped = f" Skipped: {'; '.join(self._skipped)}." if self._skipped else ""
        raise AttributeError(f"{self._notebook.name} does not define {name}.{skipped}")

    def __repr__(self):
        return f"<definitions of {self._notebook.name}: {', '.join(dir(self)) or 'none'}>"

    def __dir__(self):
        return sorted(name for name in vars(self) if not name.startswith("_"))


def solutions_of(notebook):
    """Load the functions, classes, imports and constants that another notebook defines.

    Parameters
    ----------
    notebook : str
        Name of a notebook in the current folder, without ``.ipynb``.

    Returns
    -------
    Solutions
        The definitions as attributes: ``nets = solutions_of("two_layer_net"); nets.affine_forward(x, w, b)``.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    ValueError
        If the file is not a notebook, or two notebooks ask for each other.

    Warns
    -----
    UserWarning
        For a cell that is not valid Python, or a definition that raises: it is skipped, with everything that needs it.
    """
    path = Path.cwd() / f"{notebook.removesuffix('.ipynb')}.ipynb"
    if not path.exists():
        here = ", ".join(sorted(other.stem for other in path.parent.glob("*.ipynb"))) or "none"
        raise FileNotFoundError(f"no notebook {path.name} in {path.parent} (notebooks there: {here})")
    if path in _being_read:
        ring = " -> ".join(other.stem for other in [*_being_read[_being_read.index(path) :], path])
        raise ValueError(f"these notebooks ask for each other's solutions: {ring}")
    found = Solutions(f"solutions_of_{path.stem}", f"Definitions of {path.name}.")
    found._notebook = path
    found._skipped = []
    _being_read.append(path)
    try:
        for number, source in code_cells(path):
            _run_definitions(found, f"{path.name}, code cell {number}", source)
    finally:
        _being_read.pop()
    for problem in found._skipped:
        warnings.warn(f"skipped: {problem}", stacklevel=2)
    return found


def code_cells(path):
    """The code cells of a notebook, numbered from 1, with magics and shell commands blanked.

    Raises
    ------
    ValueError
        If the file is no notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"{path.name} is not a Jupyter notebook ({type(error).__name__}: {error})") from None
    for number, source in enumerate(sources, start=1):
        yield number, without_magics(source if isinstance(source, str) else "".join(source))


def without_magics(source):
    """The Python in a cell; every other line becomes blank, so that line numbers stay right."""
    lines = source.split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("%%"):
        if not first.startswith(PYTHON_CELL_MAGICS):
            return ""
        lines[[line.strip() for line in lines].index(first)] = ""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        # Only now: a line of a text in quotes may start with a percent sign, too.
        lines = [_without_line_magic(line) for line in lines]
    return "\n".join(lines)


def _without_line_magic(line):
    text = line.lstrip()
    if text.startswith(("%", "!", "?")) or text.rstrip().endswith("?"):
        return line[: len(line) - len(text)] + "pass"
    return line


def _run_definitions(found, where, source):
    try:
        tree = ast.parse(source, where)
    except SyntaxError as error:
        found._skipped.append(f"{where}, line {error.lineno}: {error.msg}")
        return
    linecache.cache[where] = (len(source), None, source.splitlines(keepends=True), where)
    for statement in tree.body:
        if not defines(statement):
            continue
        try:
            exec(compile(ast.Module([statement], []), where, "exec"), vars(found))
        except Exception as error:
            found._skipped.append(f"{where}, line {statement.lineno}: {type(error).__name__}: {error}")


def defines(statement):
    """Whether a statement only defines names: an import, a function, a class, a constant, another's solutions."""
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    if isinstance(statement, ast.Try):
        parts = [*statement.body, *statement.orelse, *(s for handler in statement.handlers for s in handler.body)]
        return not statement.finalbody and all(defines(part) for part in parts)
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    else:
        return False
    names = all(isinstance(node, ast.Name | ast.Tuple | ast.expr_context) for t in targets for node in ast.walk(t))
    return names and (_asks_for_solutions(value) or all(isinstance(node, LITERALS) for node in ast.walk(value)))


def _asks_for_solutions(value):
    return (
        isinstance(value, ast.Call)
        and getattr(value.func, "id", getattr(value.func, "attr", None)) == "solutions_of"
        and all(isinstance(argument, ast.Constant) for argument in value.args)
    )
