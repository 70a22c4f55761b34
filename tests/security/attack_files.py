"""The attacks as files: what each one says about itself, and the notebook it hands in."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from nnkit.kit.authoring.notebook import notebook_text

FOLDER = Path(__file__).parent / "attacks"
FAMILIES = ("reading", "patching", "equality", "forging", "processes", "floods", "network", "html")
MARKER = "ATTEMPTED"
_CELL = re.compile(r"^# %% (.+)\n", re.MULTILINE)
_HEADER = re.compile(r"^(Family|Must fail|Proof|Absent|Status|Waits): ((?:.+\n?)(?:[ ]{4}.+\n?)*)", re.MULTILINE)
_MARKDOWN = "[markdown] "


@dataclass(frozen=True)
class Attack:
    """One file of `attacks/`.

    Attributes
    ----------
    name : str
        The file's, and that of the student who hands it in.
    tries, must_fail : str
        What it tries, and why it must fail.
    proof : str
        Text that shows, in the cells' outputs or in the record, that it got as far as trying.
    absent : tuple of str
        Texts that no page and no output may hold.
    unreadable : bool
        The file must be refused as a whole: everything in it then waits for a person.
    waits : frozenset of str
        Machine-graded items that may wait for a person: what can't be told is nobody's zero.
    cells : tuple of (name, text)
        By grade id; ``notebook`` and ``folder`` are run by the harness.
    """

    name: str
    tries: str
    family: str
    must_fail: str
    proof: str
    absent: tuple[str, ...]
    unreadable: bool
    waits: frozenset[str]
    cells: tuple[tuple[str, str], ...]

    def notebook(self, release: NotebookNode, known: Mapping[str, str]) -> NotebookNode:
        """The released notebook with this attack in its cells, and whatever else it does to the file."""
        notebook = copy.deepcopy(release)
        by_id = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
        for name, text in self._filled(known):
            if name not in ("notebook", "folder"):
                assert name in by_id, f"{self.name}.py: no cell of the notebook is named {name!r}"
                by_id[name].source = text
        self._run("notebook", known, {"notebook": notebook})
        return notebook

    def hand_in(self, folder: Path, release: NotebookNode, known: Mapping[str, str]) -> None:
        """Write the submission."""
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text("2026-04-30 10:00:00 UTC\n")
        (folder / "net.ipynb").write_text(notebook_text(self.notebook(release, known)))
        self._run("folder", known, {"folder": folder})

    def _filled(self, known: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(name, filled(text, known)) for name, text in self.cells]

    def _run(self, part: str, known: Mapping[str, str], names: dict[str, Any]) -> None:
        for name, text in self._filled(known):
            if name == part:
                exec(compile(text, f"{self.name}.py, {part}", "exec"), names)


def filled(text: str, known: Mapping[str, str]) -> str:
    """The text with what an attacker may know in place of names such as ``{COURSE}``."""
    return re.sub(r"\{([A-Z_]+)\}", lambda found: str(known.get(found[1], found[0])), text)


def load(path: Path) -> Attack:
    """Read an attack; AssertionError naming what is wrong with the file."""
    head, *parts = _CELL.split(path.read_text(encoding="utf-8"))
    about = ast.get_docstring(ast.parse(head)) or ""
    headers: dict[str, list[str]] = {}
    for found in _HEADER.finditer(about):
        headers.setdefault(found[1], []).append(" ".join(found[2].split()))
    (family,), (must_fail,) = headers.get("Family", [""]), headers.get("Must fail", [""])
    assert family in FAMILIES, f"{path.name}: Family: {family!r}, expected one of {', '.join(FAMILIES)}"
    assert must_fail, f"{path.name}: says not why it must fail (Must fail: ...)"
    assert not path.name.startswith("test_"), f"{path.name}: pytest would run it unlocked; rename it"
    assert parts, f"{path.name}: has no cell (# %% double_forward)"
    cells = tuple(_cell(name.strip(), text) for name, text in zip(parts[::2], parts[1::2], strict=True))
    proof = headers.get("Proof", [MARKER])[0]
    status = headers.get("Status", [""])[0]
    assert status in ("", "unreadable"), f"{path.name}: Status: {status!r}, expected unreadable or no such line"
    absent = tuple(headers.get("Absent", ()))
    waits = frozenset(", ".join(headers.get("Waits", ())).split(", ")) - {""}
    return Attack(path.stem, about.splitlines()[0], family, must_fail, proof, absent, bool(status), waits, cells)


def _cell(name: str, text: str) -> tuple[str, str]:
    if not name.startswith(_MARKDOWN):
        return name, text.strip("\n")
    return name.removeprefix(_MARKDOWN), "\n".join(line.removeprefix("# ") for line in text.strip("\n").split("\n"))


def corpus() -> list[Attack]:
    """Every attack, by family and name."""
    attacks = [load(path) for path in sorted(FOLDER.glob("*.py"))]
    return sorted(attacks, key=lambda attack: (FAMILIES.index(attack.family), attack.name))
