"""Files that people write, read as text or as Python: what an editor or git did to them is said with file and line."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

from nnkit.kit.course.errors import BuildError

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# The line in the middle, =======, may be Markdown; these two mean nothing else in any file of a course.
_CONFLICT = re.compile(r"^(?:<{7}|>{7})(?: .*)?$", re.MULTILINE)


def read_authored(path: Path, shown: Path | str | None = None) -> str:
    """The text of a file that somebody wrote; a byte order mark is left out, line ends are all the same.

    Parameters
    ----------
    path : Path
    shown : Path, optional
        The path as messages give it.

    Raises
    ------
    BuildError
        It can't be read, is not UTF-8, or holds a conflict that git left to be resolved.
    """
    shown = path if shown is None else shown
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BuildError(f"can't be read: {error.strerror or error}", file=shown) from None
    text = _decoded(data, shown).replace("\r\n", "\n").replace("\r", "\n")
    if (conflict := _CONFLICT.search(text)) is not None:
        what = f'"{conflict.group()}" is left of a conflict between two versions'
        mend = "decide for one version, and remove the lines <<<<<<<, ======= and >>>>>>>"
        raise BuildError(what, file=shown, line=text.count("\n", 0, conflict.start()) + 1, mend=mend)
    return text


def parse_authored(path: Path, shown: Path | str | None = None) -> ast.Module:
    """A Python file that somebody wrote, parsed. The tree is shared: it must not be changed.

    Raises
    ------
    BuildError
        As `read_authored`, or it is not Python.
    """
    shown = path if shown is None else shown
    return _parsed(read_authored(path, shown), str(shown))


@lru_cache(maxsize=128)
def _parsed(text: str, shown: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        what = f"not Python: {error.msg}"
        raise BuildError(what, file=shown, line=error.lineno, mend="correct the syntax") from None


def _decoded(data: bytes, shown: Path | str) -> str:
    if data.startswith(_UTF_16):
        raise BuildError("is written in UTF-16", file=shown, mend="save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        what = f"is not UTF-8: byte 0x{byte:02x} is {bytes([byte]).decode('latin-1')!r} in Latin-1"
        line = data.count(b"\n", 0, error.start) + 1
        raise BuildError(what, file=shown, line=line, mend="save the file as UTF-8") from None
    if "\0" in text:
        what = "holds a zero byte, which no text does"
        raise BuildError(what, file=shown, line=text.count("\n", 0, text.index("\0")) + 1, mend="write the file anew")
    return text
