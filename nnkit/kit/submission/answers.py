"""Text of the student's that may answer a question whose own cell holds nothing: found wherever it stands.

Whether it answers the question a person decides. Text near a question may be meant for it; text that is near no
question may be meant for any.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from nnkit.kit.submission.reading import grade_id_of, is_open, shortened
from nnkit.student.source import LONGEST_SOURCE, NotPython, read

FEWEST_WORDS = 2  # near a question
FEWEST_WORDS_ELSEWHERE = 4
FEWEST_WORDS_BESIDE_CODE = 8
_WORD = re.compile(r"[^\W_]+")
_LETTER = re.compile(r"(?<![^\W_])[A-Za-z](?![^\W_])")
_CHOICE = re.compile(r"^\s*[-*] \*\*([A-Z])\.\*\*", re.MULTILINE)
_PICTURE = re.compile(r"!\[[^\]]*\]\(attachment:")


@dataclass(frozen=True)
class Text:
    """Something a student wrote that is no code, the place of its cell, and whether it stands beside code."""

    place: int
    text: str
    beside_code: bool = False

    @property
    def quoted(self) -> str:
        return repr(shortened(self.text, 80))

    @property
    def words(self) -> int:
        return len(_WORD.findall(self.text)) + FEWEST_WORDS_ELSEWHERE * len(_PICTURE.findall(self.text))


class Answers:
    """What a student wrote besides code, in a matched notebook.

    Parameters
    ----------
    notebook, release : NotebookNode
        As matched, and as released.
    """

    def __init__(self, notebook: NotebookNode, release: NotebookNode) -> None:
        self._cells = notebook.cells
        self._released = {grade_id: cell for cell in release.cells if (grade_id := grade_id_of(cell)) is not None}
        self._prose = [cell.source for cell in release.cells if cell.cell_type == "markdown"]
        self._texts = list(self._own_texts())

    def near(self, question: str) -> list[Text]:
        """Texts between the released cells around a question."""
        zone = self._zone(question)
        return [each for each in self._texts if each.place in zone and each.words >= FEWEST_WORDS]

    def elsewhere(self, questions: Sequence[str]) -> list[Text]:
        """Texts that are near none of the notebook's questions."""
        claimed = {place for question in questions for place in self._zone(question)}
        return [
            each
            for each in self._texts
            if each.place not in claimed
            and each.words >= (FEWEST_WORDS_BESIDE_CODE if each.beside_code else FEWEST_WORDS_ELSEWHERE)
        ]

    def letters(self, question: str, others: Sequence[str]) -> list[Text]:
        """Texts that name single choices of a question: near it, or else capital ones near none of the others."""
        asked = self._released.get(f"{question}_question")
        choices = set(_CHOICE.findall("" if asked is None else asked.source))
        zone = self._zone(question)
        near = [each for each in self._texts if each.place in zone and choices & set(_letters(each.text.upper()))]
        return near or [each for each in self.elsewhere([*others, question]) if choices & set(_letters(each.text))]

    def _zone(self, question: str) -> range:
        """The places around a question's own cells, up to the next other cell of the release."""
        own = {question, f"{question}_question", f"test_{question}"}
        places = [place for place, cell in enumerate(self._cells) if grade_id_of(cell) in own]
        if not places:
            return range(0)
        begin, end = places[0], places[-1]
        while begin > 0 and grade_id_of(self._cells[begin - 1]) is None:
            begin -= 1
        while end + 1 < len(self._cells) and grade_id_of(self._cells[end + 1]) is None:
            end += 1
        return range(begin, end + 1)

    def _own_texts(self) -> Iterator[Text]:
        for place, cell in enumerate(self._cells):
            grade_id = grade_id_of(cell)
            beside_code = False
            if grade_id is None:
                text = self._added_prose(cell.source)
                if cell.cell_type == "code":
                    text, beside_code = _in_code(cell.source)
            elif cell.cell_type == "code" and is_open(self._released[grade_id]):
                text = _new_comments(cell.source, self._released[grade_id].source)
                beside_code = f"{grade_id}_question" not in self._released
            else:
                continue
            if text.strip():
                yield Text(place, text, beside_code)

    def _added_prose(self, source: str) -> str:
        """The lines of a text that no released text holds."""
        if source in self._prose:
            return ""
        known = {line.strip() for text in self._prose for line in text.splitlines()}
        return "\n".join(line for line in source.splitlines() if line.strip() not in known)


def _in_code(source: str) -> tuple[str, bool]:
    """Comments and texts in quotes of a cell, and whether it holds anything else."""
    if source.lstrip().startswith(("%", "!")) or len(source) > LONGEST_SOURCE:
        return "", True
    try:
        tree = read(source).tree
    except NotPython:
        return source, False  # prose, perhaps
    quoted = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return "\n".join([*_comments(source), *quoted]), any(not _is_text(statement) for statement in tree.body)


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a text in quotes, printed or given a name."""
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Call) and len(value.args) == 1:
        value = value.args[0]
    return isinstance(value, ast.Constant | ast.JoinedStr)


def _comments(source: str) -> list[str]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT]


def _new_comments(source: str, released: str) -> str:
    """Comments of a cell that begin a line, or follow an answer, and were not released."""
    before = set(_comments(released))
    inside = {line.strip().lstrip("# ") for line in source.splitlines() if line[:1].isspace()}
    return "\n".join(each for each in _comments(source) if each not in before and each not in inside)


def _letters(text: str) -> list[str]:
    return _LETTER.findall(text)
