"""Questions in a template: choose-all questions for the machine, explanations and programs for a person."""

from __future__ import annotations

import re

from nnkit.kit.authoring.regions import at_stage, find_regions
from nnkit.kit.course.errors import BuildError

_CHOICE = re.compile(r"^\s*[-*] \*\*([A-Z])\.\*\*", re.MULTILINE)
_NONE = "none"


def choices_of(prompt: str) -> str:
    """The letters of a choose question's choices, in their order, such as "ABC"."""
    return "".join(_CHOICE.findall(prompt))


def read_choose(name: str, source: str, answer: object, *, file: str, line: int) -> tuple[str, frozenset[str]]:
    """The prompt and the right letters of a choose question.

    The answer is written ``answer="A,C"``; ``answer="none"`` means that no choice is right.
    """
    if find_regions(source, file=file, first_line=line + 1):
        mend = 'write the right letters as answer="A,C" in the first line'
        raise BuildError(f'choose question "{name}" holds a solution region', file=file, line=line, mend=mend)
    choices = _CHOICE.findall(source)
    if len(choices) < 2 or len(set(choices)) != len(choices):
        what = f'choose question "{name}" has {len(choices)} choices'
        if len(set(choices)) != len(choices):
            what = f'choose question "{name}" has two choices of one letter'
        raise BuildError(what, file=file, line=line, mend='write each as "- **A.** …", every letter once')
    if not isinstance(answer, str) or not answer.strip():
        mend = 'add answer="A" with the right letters, or answer="none"'
        raise BuildError(f'choose question "{name}" has no answer', file=file, line=line, mend=mend)
    if answer.strip().lower() == _NONE:
        return source, frozenset()
    letters = re.findall(r"\w+", answer)
    if len(letters) == 1:
        letters = list(letters[0])
    for letter in letters:
        if letter not in choices:
            what = f'answer "{letter}" of "{name}" is none of its choices'
            raise BuildError(what, file=file, line=line, mend=f"its choices are {', '.join(choices)}")
    return source, frozenset(letters)


def read_explain(name: str, source: str, *, file: str, line: int) -> tuple[str, str]:
    """The prompt of an explain question, and its answer cell: model answer and mark scheme in one solution region.

    nbgrader removes mark schemes from task cells only. Inside the solution region the mark scheme goes with it.
    """
    regions = find_regions(source, file=file, first_line=line + 1, mark_schemes=True)
    lines = source.split("\n")
    if len(regions) != 1 or not "".join(lines[regions[0].begin + 1 : regions[0].end]).strip():
        mend = "write one between ### BEGIN SOLUTION and ### END SOLUTION"
        raise BuildError(f'explain question "{name}" has no model answer', file=file, line=line, mend=mend)
    begin, end = _mark_scheme(lines, f'explain question "{name}"', file=file, line=line)
    region = regions[0]
    if region.begin < begin < region.end:
        outside = [*lines[: region.begin], *lines[region.end + 1 :]]
        model = [*lines[region.begin + 1 : begin], *lines[end + 1 : region.end]]
    else:
        taken = {*range(region.begin, region.end + 1), *range(begin, end + 1)}
        outside = [text for index, text in enumerate(lines) if index not in taken]
        model = lines[region.begin + 1 : region.end]
    scheme = "\n".join(lines[begin : end + 1])
    answer = "\n".join(model).strip()
    prompt = "\n".join(outside).strip()
    if not prompt:
        raise BuildError(f'explain question "{name}" asks nothing', file=file, line=line, mend="write the question")
    return prompt, f"### BEGIN SOLUTION\n{answer}\n\n{scheme}\n### END SOLUTION"


def read_program(name: str, source: str, *, file: str, line: int) -> str:
    """The cell of a question that is answered in code: its last solution region ends with the mark scheme, as comments.

    What lies outside of the regions is given; students find a stub in the place of each.
    """
    lines = source.split("\n")
    what = f'program question "{name}"'
    begin, end = _mark_scheme(lines, what, file=file, line=line)
    prose = [text if text.lstrip().startswith("#") else f"# {text}".rstrip() for text in lines[begin + 1 : end]]
    code = [*lines[:begin], *lines[end + 1 :]]
    # With blank lines in place of the scheme, so that every line keeps its number in messages.
    numbered = "\n".join([*lines[:begin], *[""] * (end - begin + 1), *lines[end + 1 :]])
    regions = find_regions(numbered, file=file, first_line=line + 1)
    if not any("".join(numbered.split("\n")[region.begin + 1 : region.end]).strip() for region in regions):
        mend = "write one between ### BEGIN SOLUTION and ### END SOLUTION"
        raise BuildError(f"{what} has no model solution", file=file, line=line, mend=mend)
    last = find_regions("\n".join(code), file=file)[-1].end
    scheme = ["### BEGIN MARK SCHEME", *prose, "### END MARK SCHEME"]
    text = "\n".join([*code[:last], *scheme, *code[last:]]).strip("\n")
    at_stage(numbered, name, file=file, first_line=line + 1)
    return text


def _mark_scheme(lines: list[str], what: str, *, file: str, line: int) -> tuple[int, int]:
    """The indices of the two delimiters of the one mark scheme."""
    begin = [index for index, text in enumerate(lines) if text.strip() == "### BEGIN MARK SCHEME"]
    end = [index for index, text in enumerate(lines) if text.strip() == "### END MARK SCHEME"]
    if len(begin) != 1 or len(end) != 1 or not "".join(lines[begin[0] + 1 : end[0]]).strip():
        mend = "write one between ### BEGIN MARK SCHEME and ### END MARK SCHEME"
        raise BuildError(f"{what} has no mark scheme", file=file, line=line, mend=mend)
    return begin[0], end[0]
