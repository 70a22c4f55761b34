"""Solution regions: the part of a text that a student must write, between nbgrader's delimiters."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nnkit.kit.course.errors import BuildError

UNSTAGED: frozenset[str | None] = frozenset({None})

_SOLUTION = re.compile(r"^(\s*)### (?:BEGIN SOLUTION(?: ([A-Za-z]\w*))?|(END) SOLUTION)\s*$")
_MARK_SCHEME = re.compile(r"^\s*### (BEGIN|END) MARK SCHEME\s*$")
_WORDS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
_DELIMITERS = tuple(f"{side} {words}" for side in ("BEGIN", "END") for words in _WORDS)
_COMMENT = re.compile(r"^\s*(?:#+|<!--|//)\s*(.*?)(?:-->)?\s*$")


@dataclass(frozen=True)
class Region:
    """One solution region: `begin` and `end` are the indices (from 0) of its two delimiter lines."""

    begin: int
    end: int
    indent: str
    stage: str | None


def find_regions(text: str, *, file: Path | str, first_line: int = 1, mark_schemes: bool = False) -> list[Region]:
    """The solution regions of a text, in order.

    Parameters
    ----------
    text : str
        Python or Markdown.
    file, first_line
        Where the text stands, for messages.
    mark_schemes : bool
        Whether ``### BEGIN MARK SCHEME`` may occur (only in a question that a person marks).

    Raises
    ------
    BuildError
        A delimiter is nested, unclosed, without beginning, misspelt, or belongs elsewhere.
    """
    found: list[Region] = []
    begin: tuple[int, str, str | None] | None = None
    for index, line in enumerate(text.split("\n")):
        if (match := _SOLUTION.match(line)) is None:
            if not (mark_schemes and _MARK_SCHEME.match(line)) and (mend := _misspelt(line)) is not None:
                raise BuildError(f'"{line.strip()}" is no delimiter', file=file, line=first_line + index, mend=mend)
            continue
        indent, stage, is_end = match.groups()
        if not is_end and begin is not None:
            raise BuildError(
                f"BEGIN SOLUTION inside the region that begins at line {first_line + begin[0]}",
                file=file,
                line=first_line + index,
                mend="regions cannot be nested: end the first one above",
            )
        if is_end and begin is None:
            raise BuildError(
                "END SOLUTION without a BEGIN SOLUTION above",
                file=file,
                line=first_line + index,
                mend="add ### BEGIN SOLUTION where the student's part begins",
            )
        if begin is None:
            begin = (index, indent, stage)
        else:
            found.append(Region(begin=begin[0], end=index, indent=begin[1], stage=begin[2]))
            begin = None
    if begin is not None:
        raise BuildError(
            "BEGIN SOLUTION is never ended",
            file=file,
            line=first_line + begin[0],
            mend="add ### END SOLUTION after the last line of the solution",
        )
    return found


@lru_cache(maxsize=1 << 16)
def _misspelt(line: str) -> str | None:
    """What to write instead of a line that looks like a delimiter; None for any other line."""
    for delimiter in _DELIMITERS:
        # nbgrader looks for these words anywhere in a line, strings included.
        if delimiter in line:
            return _instead(delimiter)
    if (comment := _COMMENT.match(line)) is None:
        return None
    words = comment.group(1).upper().replace("_", " ").replace("-", " ").split()
    for delimiter in _DELIMITERS:
        size = len(delimiter.split())
        for taken in (size, size + 1):
            start = " ".join(words[:taken])
            compared = difflib.SequenceMatcher(None, start, delimiter)
            if compared.real_quick_ratio() > 0.85 and compared.ratio() > 0.85:
                return _instead(delimiter)
    return None


def _instead(delimiter: str) -> str:
    if "HIDDEN" in delimiter:
        return "hidden tests live in tests/graders only, as tests without public=True"
    if "MARK" in delimiter:
        return f'a mark scheme belongs into a question that a person marks, as "### {delimiter}" alone on its line'
    return f'write "### {delimiter}" alone on its line'


def strip(text: str, name: str, *, file: Path | str = "", first_line: int = 1) -> str:
    """The text as a student receives it.

    Every region becomes ``# YOUR CODE HERE`` and a loud ``raise NotImplementedError`` naming the function around it, or
    `name` where there is none.

    Raises
    ------
    BuildError
        A delimiter is wrong, or what is left is not Python.
    """
    lines = text.split("\n")
    tree = _parse(text, file, first_line)
    left: list[str] = []
    position = 0
    for region in find_regions(text, file=file, first_line=first_line):
        place = _enclosing(tree, region.begin + 1) or name
        left += lines[position : region.begin]
        left.append(f"{region.indent}# YOUR CODE HERE")
        left.append(f'{region.indent}raise NotImplementedError("{place}: write your code here")')
        position = region.end + 1
    left += lines[position:]
    _parse_rest(left, name, file, first_line)
    return "\n".join(left)


def at_stage(
    text: str,
    name: str,
    *,
    open_stages: Collection[str | None] = UNSTAGED,
    solved_stages: Collection[str | None] = (),
    file: Path | str = "",
    first_line: int = 1,
) -> str:
    """The text as one notebook has it: regions of open stages as plain regions, and no others.

    A region of a solved stage stays without its delimiters; any other belongs to a later notebook and goes away with
    its instruction, leaving ``pass`` where the block would be empty.
    """
    lines = text.split("\n")
    left: list[str] = []
    placeholders: list[int] = []
    position = 0
    for region in find_regions(text, file=file, first_line=first_line):
        left += lines[position : region.begin]
        position = region.end + 1
        inside = lines[region.begin + 1 : region.end]
        if region.stage in open_stages:
            left += [f"{region.indent}### BEGIN SOLUTION", *inside, f"{region.indent}### END SOLUTION"]
        elif region.stage in solved_stages:
            _finish_instruction(left, len(left) - _instruction_height(lines, region))
            left += inside
        else:
            if height := _instruction_height(lines, region):
                del left[-height:]
            placeholders.append(len(left))
            left.append(f"{region.indent}pass")
    left += lines[position:]
    tree = _parse_rest(left, name, file, first_line)
    for index in reversed(placeholders):
        if not _alone(tree, index + 1):
            del left[index]
    return "\n".join(left)


def clean(text: str, *, file: Path | str = "", first_line: int = 1) -> str:
    """The solved text: delimiters gone, and an instruction above a region no longer says TODO."""
    lines = text.split("\n")
    for region in reversed(find_regions(text, file=file, first_line=first_line)):
        above = lines[: region.begin]
        _finish_instruction(above, region.begin - _instruction_height(lines, region))
        lines = above + lines[region.begin + 1 : region.end] + lines[region.end + 1 :]
    return "\n".join(lines)


def _finish_instruction(lines: list[str], start: int) -> None:
    for index in range(start, len(lines)):
        lines[index] = re.sub(r"# TODO:?\s*(\w?)", lambda match: "# " + match.group(1).upper(), lines[index])


def solution_lines(text: str, *, file: Path | str, first_line: int = 1) -> Iterator[tuple[int, str]]:
    """Every line inside a region, with its line number."""
    lines = text.split("\n")
    for region in find_regions(text, file=file, first_line=first_line, mark_schemes=True):
        for index in range(region.begin + 1, region.end):
            yield first_line + index, lines[index]


def _instruction_height(lines: list[str], region: Region) -> int:
    """How many comment lines stand directly above a region, at its indentation."""
    height = 0
    while region.begin > height and lines[region.begin - height - 1].startswith(region.indent + "#"):
        if "### END SOLUTION" in lines[region.begin - height - 1]:
            break
        height += 1
    return height


def _parse(text: str, file: Path | str, first_line: int) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        line = first_line + (error.lineno or 1) - 1
        raise BuildError(f"not Python: {error.msg}", file=file, line=line, mend="correct the syntax") from None


def _parse_rest(left: list[str], name: str, file: Path | str, first_line: int) -> ast.Module:
    try:
        return ast.parse("\n".join(left))
    except SyntaxError as error:
        raise BuildError(
            f"{name} without its solution regions is not Python: {error.msg}",
            file=file,
            line=first_line,
            mend="a region has to hold whole statements",
        ) from None


def _enclosing(tree: ast.Module, line: int) -> str:
    """The dotted name of the innermost function or method around a line, '' outside of any."""
    names: list[str] = []
    body: list[ast.stmt] = tree.body
    while True:
        for node in body:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if inside and node.lineno <= line <= (node.end_lineno or node.lineno):
                assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                names.append(node.name)
                body = node.body
                break
        else:
            return ".".join(names)


def _alone(tree: ast.Module, line: int) -> bool:
    """Whether the `pass` at a line is needed: first of a block that holds nothing else."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and any(isinstance(each, ast.Pass) and each.lineno == line for each in block):
                return block[0].lineno == line and all(isinstance(each, ast.Pass) for each in block)
    return True
