"""``solutions_of("two_layer_net")``: what another notebook in this folder defines, without running the rest of it."""

import json
import linecache
import types
import warnings
from pathlib import Path

from nnkit.student.definitions import definitions
from nnkit.student.source import NotPython, cell_magic, read

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
        _run_definitions(found, code_cells(path))
    finally:
        _being_read.pop()
    for problem in found._skipped:
        warnings.warn(f"skipped: {problem}", stacklevel=2)
    return found


def code_cells(path):
    """The code cells of a notebook.

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
    return [source if isinstance(source, str) else "".join(source) for source in sources]


def _run_definitions(found, sources):
    for number, (source, parts) in enumerate(zip(sources, definitions(sources), strict=True), start=1):
        where = f"{found._notebook.name}, code cell {number}"
        try:
            python = read(source)
        except NotPython as error:
            line = "" if error.line is None else f", line {error.line}"
            found._skipped.append(f"{where}{line}: {error}")
            continue
        linecache.cache[where] = (len(python.text), None, python.text.splitlines(keepends=True), where)
        for part in parts:
            if _is_written_already(python):
                continue
            try:
                exec(compile(part.in_place, where, "exec"), vars(found))
            except (Exception, SystemExit) as error:
                found._skipped.append(f"{where}, line {part.line}: {type(error).__name__}: {error}")


def _is_written_already(python):
    """Whether a cell only writes a file, and the file is there: it may have been changed since."""
    _, line, _ = cell_magic(python.tree) or ("", "", "")
    name = line.split()[-1:]
    return bool(name) and Path(name[0].strip("\"'")).exists()
