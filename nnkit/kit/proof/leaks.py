"""The leak scan: nothing in a release may help anyone but a student who is working on it."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from nnkit.kit.authoring.data_use import data_files
from nnkit.kit.course.errors import located
from nnkit.kit.course.secret import secret_file
from nnkit.kit.course.settings import Course
from nnkit.kit.proof.origins import Origins, origins_of
from nnkit.kit.proof.secrets import SHORTEST_PROSE, Secrets, secrets_of, squeezed

_TEXT_FILES = frozenset({".py", ".ipynb", ".md", ".txt"})
_DELIMITER = re.compile(r"(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_TEMPLATE = re.compile(r"""^```\s*python\s.*\b(?:exercise|given|experiment|grade)\s*=|^<!--\s*#region\s+question\s*=""")
_NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?:[eE][+-]?\d+)?")
_DIGITS = 7  # a number written with fewer digits may agree by chance
LONGEST_SHOWN = 80
_REWORD = "take it out; what is no secret may stand outside of the solution, too, and is public then"
_TAKE_OUT_FILE = "take it out of source/; what students are to have is named in files in course.toml"


@dataclass(frozen=True, order=True)
class Leak:
    """Something in a release that students must not have.

    Attributes
    ----------
    file, line
        In the release.
    text : str
        The line that says it.
    written : str
        The file of the course, and its line, where the line comes from, as far as it can be told.
    mend : str
    """

    file: str
    line: int | None
    what: str
    text: str = ""
    written: str = ""
    mend: str = ""

    def __str__(self) -> str:
        what = f'{self.what}: "{self.text}"' if self.text else self.what
        mend = "; ".join(filter(None, (self.written and f"written in {self.written}", self.mend)))
        return located(what, self.file, self.line, mend)


def scan(folder: Path, course: Course, assignment: str | None = None) -> list[Leak]:
    """Everything in a released folder that students must not have.

    Parameters
    ----------
    folder : Path
        release/<assignment>, or a copy of it.
    assignment : str, optional
        By default the folder's name.
    """
    name = folder.name if assignment is None else assignment
    secrets = secrets_of(course, name)
    extras = {Path(file).name for file in course.assignment(name).files}
    data = data_files(course, name)
    machine = sorted({str(course.root), str(course.root.resolve()), str(Path.home())} - {"/"}, key=len, reverse=True)
    secret = secret_file(course).read_bytes().strip() if secret_file(course).is_file() else b""
    found: list[Leak] = []
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        if path.is_symlink():
            found.append(Leak(place, None, "a symbolic link", mend=_TAKE_OUT_FILE))
        elif path.is_file():
            if secret and secret in path.read_bytes():
                found.append(Leak(place, None, f"the course's secret, {secret_file(course).name}", mend=_TAKE_OUT_FILE))
            found += _scan_path(path, place, extras.union(data))
            if place in data:
                continue  # data of the subject, public as it is
            if path.suffix == ".h5":
                found += _scan_values(path, place, secrets)
            else:
                found += _scan_text(_lines(path), place, secrets, machine, origins_of(course, name, place))
            if path.suffix == ".ipynb":
                found += _scan_outputs(path, place)
    return sorted(set(found), key=lambda leak: (leak.file, leak.line or 0, leak.what))


def _scan_path(path: Path, place: str, extras: set[str]) -> Iterator[Leak]:
    parts = Path(place).parts
    if parts[:2] == ("nnkit", "kit"):
        yield Leak(place, None, "a file of nnkit.kit", mend="take it off the library in course.toml")
    if path.name.endswith(".misconceptions.toml"):
        yield Leak(place, None, "a file of misconceptions", mend=_TAKE_OUT_FILE)
    elif path.suffix == ".md" and place != "README.md" and place not in extras:
        yield Leak(place, None, "a Markdown file, perhaps a template", mend=_TAKE_OUT_FILE)
    elif path.suffix not in _TEXT_FILES | {".h5"} and place not in extras:
        yield Leak(place, None, "a file of a kind that no release holds", mend=_TAKE_OUT_FILE)


def _lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a text; of a notebook, with the text of its JSON strings in place of their quoted form."""
    numbered: list[tuple[int, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), start=1):
        quoted = line.strip().removesuffix(",")
        if path.suffix == ".ipynb" and (match := re.match(r'(?:"[^"]*": )?(".*")$', quoted)):
            with contextlib.suppress(json.JSONDecodeError):
                line = json.loads(match.group(1))
        numbered += [(number, part) for part in line.split("\n")]
    return numbered


def _scan_text(
    lines: list[tuple[int, str]], place: str, secrets: Secrets, machine: list[str], origins: Origins
) -> Iterator[Leak]:
    long = _by_beginning(line for line in secrets.lines if len(line) >= SHORTEST_PROSE)
    words = re.compile(r"\b(" + "|".join(map(re.escape, sorted(secrets.words))) + r")\b") if secrets.words else None
    hidden = _significant(secrets)
    for number, line in lines:
        for what, mend in _said(line, secrets, long, words, machine, hidden):
            yield Leak(place, number, what, line.strip()[:LONGEST_SHOWN], origins.line_of(line), mend)


def _said(
    line: str,
    secrets: Secrets,
    long: dict[str, list[str]],
    words: re.Pattern[str] | None,
    machine: list[str],
    hidden: dict[str, str],
) -> Iterator[tuple[str, str]]:
    """What a line gives away, each with what to do."""
    tight = squeezed(line)
    bare = {squeezed(line.lstrip("# \t").partition("  #")[0]), tight.strip("\"'")}
    for secret in _inside(tight, long) | (bare & secrets.lines.keys()) if tight not in secrets.public else ():
        yield secrets.lines[secret], _REWORD
    if delimiter := _DELIMITER.search(line):
        yield f"the delimiter {delimiter.group()}", "take it out, or name the cell that it belongs to"
    if words is not None and (word := words.search(line)):
        yield secrets.words[word.group()], f"take {word.group()} out of what students read, or rename the test"
    if "nnkit.kit" in line:
        yield "a mention of nnkit.kit", "students do not have it: take it out"
    if _TEMPLATE.match(line):
        yield "a line of a template", "see that the cell before it is ended"
    for path in machine:
        if re.search(re.escape(path) + r"(?![\w.-])", line):
            yield f"a path of this machine, {path}", "write it relative to the notebook"
            break
    for question, answer in secrets.answers.items():
        if question in line and _answered(line, question, answer):
            yield f"the answer of the question {question}", "show another answer as the example"
    for token in _NUMBER.findall(line):
        if _count_digits(token) >= _DIGITS and (key := hidden.get(_rounded(float(token)))) is not None:
            yield f"a hidden expected value ({key})", "round it, or let a public test compare with it"


def _by_beginning(secrets: Iterable[str]) -> dict[str, list[str]]:
    """Long secrets by how they begin: there are thousands, and every line of a release is searched for all of them."""
    found: dict[str, list[str]] = {}
    for secret in secrets:
        found.setdefault(secret[:SHORTEST_PROSE], []).append(secret)
    return found


def _inside(tight: str, by_beginning: dict[str, list[str]]) -> set[str]:
    """The long secrets that stand somewhere in a line."""
    return {
        secret
        for start in range(len(tight) - SHORTEST_PROSE + 1)
        for secret in by_beginning.get(tight[start : start + SHORTEST_PROSE], ())
        if tight.startswith(secret, start)
    }


def _answered(line: str, question: str, answer: frozenset[str]) -> bool:
    match = re.search(rf"\b{re.escape(question)}\s*=\s*(\{{[^}}]*\}}|set\(\)|\[[^\]]*\]|\([^)]*\))", line)
    if match is None:
        return False
    try:
        value = set() if match.group(1) == "set()" else set(ast.literal_eval(match.group(1)))
    except (ValueError, SyntaxError, TypeError):
        return False
    return value == answer


def _significant(secrets: Secrets) -> dict[str, str]:
    """Hidden numbers that have too many digits to be met by chance, rounded as text, with their keys."""
    found: dict[str, str] = {}
    for key, array in secrets.arrays.items():
        if array.dtype.kind == "f":
            for value in np.unique(array[np.isfinite(array)]):
                if _count_digits(repr(float(value))) >= _DIGITS:
                    found.setdefault(_rounded(float(value)), key)
    return found


def _rounded(value: float) -> str:
    return f"{value:.{_DIGITS - 1}e}"


def _count_digits(number: str) -> int:
    mantissa = re.split(r"[eE]", number)[0]
    return len(mantissa.lstrip("-").replace(".", "").lstrip("0"))


def _scan_values(path: Path, place: str, secrets: Secrets) -> list[Leak]:
    found: list[Leak] = []

    def look(key: str, node: object) -> None:
        if not isinstance(node, h5py.Dataset):
            return
        if not key.startswith("public/"):
            found.append(Leak(place, None, f"expected values outside the group public: {key}", mend=_TAKE_OUT_FILE))
        values = np.asarray(node[()])
        for hidden, array in secrets.arrays.items():
            telling = array.dtype.kind == "f" and np.unique(array).size > 1
            if telling and array.shape == values.shape and np.allclose(array, values, rtol=1e-6, atol=0):
                what = f"the hidden expected values {hidden}, as {key}"
                found.append(Leak(place, None, what, mend="compare with other inputs in the hidden test"))

    try:
        with h5py.File(path, "r") as file:
            file.visititems(look)
    except (OSError, RuntimeError):
        found.append(Leak(place, None, "an HDF5 file that can't be read", mend="write it anew"))
    return found


def _scan_outputs(path: Path, place: str) -> Iterator[Leak]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (json.JSONDecodeError, KeyError):
        yield Leak(place, None, "not a notebook", mend="run: nnkit build")
        return
    for number, cell in enumerate(cells, start=1):
        if cell.get("outputs") or cell.get("execution_count"):
            yield Leak(place, None, f"outputs of cell {number}", mend="run: nnkit build")
