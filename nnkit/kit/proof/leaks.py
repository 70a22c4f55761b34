"""The leak scan: nothing in a release may help anyone but a student who is working on it."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from nnkit.kit.authoring.data_use import data_files
from nnkit.kit.course.settings import Course
from nnkit.kit.proof.secrets import SHORTEST_PROSE, Secrets, secrets_of, squeezed

_TEXT_FILES = frozenset({".py", ".ipynb", ".md", ".txt"})
_DELIMITER = re.compile(r"(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_TEMPLATE = re.compile(r"""^```\s*python\s.*\b(?:exercise|given|experiment|grade)\s*=|^<!--\s*#region\s+question\s*=""")
_NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?:[eE][+-]?\d+)?")
_DIGITS = 7  # a number written with fewer digits may agree by chance


@dataclass(frozen=True, order=True)
class Leak:
    """Something in a release that students must not have."""

    file: str
    line: int | None
    what: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.what}"


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
    found: list[Leak] = []
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        if path.is_symlink():
            found.append(Leak(place, None, "a symbolic link"))
        elif path.is_file():
            found += _scan_path(path, place, extras.union(data))
            if place in data:
                continue  # data of the subject, public as it is
            if path.suffix == ".h5":
                found += _scan_values(path, place, secrets)
            else:
                found += _scan_text(_lines(path), place, secrets, machine)
            if path.suffix == ".ipynb":
                found += _scan_outputs(path, place)
    return sorted(set(found), key=lambda leak: (leak.file, leak.line or 0, leak.what))


def _scan_path(path: Path, place: str, extras: set[str]) -> Iterator[Leak]:
    parts = Path(place).parts
    if parts[:2] == ("nnkit", "kit"):
        yield Leak(place, None, "a file of nnkit.kit")
    if path.name.endswith(".misconceptions.toml"):
        yield Leak(place, None, "a file of misconceptions")
    elif path.suffix == ".md" and place != "README.md" and place not in extras:
        yield Leak(place, None, "a Markdown file, perhaps a template")
    elif path.suffix not in _TEXT_FILES | {".h5"} and place not in extras:
        yield Leak(place, None, "a file of a kind that no release holds")


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


def _scan_text(lines: list[tuple[int, str]], place: str, secrets: Secrets, machine: list[str]) -> Iterator[Leak]:
    long = [line for line in secrets.lines if len(line) >= SHORTEST_PROSE]
    words = re.compile(r"\b(" + "|".join(map(re.escape, sorted(secrets.words))) + r")\b") if secrets.words else None
    hidden = _significant(secrets)
    for number, line in lines:
        tight = squeezed(line)
        bare = {squeezed(line.lstrip("# \t").partition("  #")[0]), tight.strip("\"'")}
        holding = {secret for secret in long if secret in tight}
        for secret in holding | (bare & secrets.lines.keys()) if tight not in secrets.public else ():
            yield Leak(place, number, secrets.lines[secret])
        if delimiter := _DELIMITER.search(line):
            yield Leak(place, number, f"the delimiter {delimiter.group()}")
        if words is not None and (word := words.search(line)):
            yield Leak(place, number, secrets.words[word.group()])
        if "nnkit.kit" in line:
            yield Leak(place, number, "a mention of nnkit.kit")
        if _TEMPLATE.match(line):
            yield Leak(place, number, "a line of a template")
        for path in machine:
            if re.search(re.escape(path) + r"(?![\w.-])", line):
                yield Leak(place, number, f"a path of this machine, {path}")
                break
        for question, answer in secrets.answers.items():
            if _answered(line, question, answer):
                yield Leak(place, number, f"the answer of the question {question}")
        for token in _NUMBER.findall(line):
            if (key := hidden.get(_rounded(float(token)))) is not None and _count_digits(token) >= _DIGITS:
                yield Leak(place, number, f"a hidden expected value ({key})")


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
            found.append(Leak(place, None, f"expected values outside the group public: {key}"))
        values = np.asarray(node[()])
        for hidden, array in secrets.arrays.items():
            telling = array.dtype.kind == "f" and np.unique(array).size > 1
            if telling and array.shape == values.shape and np.allclose(array, values, rtol=1e-6, atol=0):
                found.append(Leak(place, None, f"the hidden expected values {hidden}, as {key}"))

    with h5py.File(path, "r") as file:
        file.visititems(look)
    return found


def _scan_outputs(path: Path, place: str) -> Iterator[Leak]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (json.JSONDecodeError, KeyError):
        yield Leak(place, None, "not a notebook")
        return
    for number, cell in enumerate(cells, start=1):
        if cell.get("outputs") or cell.get("execution_count"):
            yield Leak(place, None, f"outputs of cell {number}")
