"""The answer to a choose-all question: its letters, without a word on whether they are right.

`check` and the grade read an answer with the same function, `answered`: the texts of the cells, whether or not they ran
to their end. All that differs is which cells there are, those that were run so far or those that were handed in.
"""

import ast
import re

from nnkit.student.source import LONGEST_SOURCE, NotPython, read
from nnkit.student.values import type_name

EXAMPLE = '{"X", "Y"}'  # no question has so many choices, so it gives none away
_CONTAINERS = ("set", "frozenset", "list", "tuple", "sorted")
_BETWEEN_LETTERS = re.compile(r"[\s,;/&+.)(]+|\band\b", re.IGNORECASE)


def answered(cells, question):
    """The letters of a question's answer: of the last cell that assigns its variable anything but the placeholder.

    The cells are read, not run. A set, list or tuple of letters, one letter, or a text such as "A, C" are all fine;
    letters may lack their quotes, and be small ones. Where nothing has the variable's exact name, one that differs in
    capital letters stands for it.

    Parameters
    ----------
    cells : sequence of str
        Code cells in the order in which they run.
    question : str
        Name of the question and of the variable.

    Returns
    -------
    frozenset of str or None
        None if there is no answer.

    Raises
    ------
    ValueError
        If the last cell that assigns the variable holds something else.
    """
    for exact in (True, False):
        found = [name for cell in cells for name in _assigned_names(cell, question) if (name == question) == exact]
        for name in dict.fromkeys(reversed(found)):
            for cell in reversed(cells):
                if name in _assigned_names(cell, question) and (letters := ticked(cell, name)) is not None:
                    return letters
    return None


def ticked(cell, question):
    """The letters that one cell last assigns to a question's variable; None if it still holds the placeholder.

    Raises
    ------
    ValueError
        If it assigns something else, or nothing.
    """
    if len(cell) > LONGEST_SOURCE:
        raise ValueError("the answer cell is far too long")
    try:
        statements = read(cell).tree.body
    except NotPython:
        raise ValueError("the answer cell is not valid Python") from None
    values = [value for name, value in _assignments(statements) if name == question]
    if not values:
        unwritten = any(isinstance(statement, ast.Raise) for statement in statements)
        if unwritten or not statements:
            return None
        raise ValueError(f"the answer cell does not assign {question}")
    try:
        value = _literal(values[-1])
    except (ValueError, TypeError, RecursionError, MemoryError):  # TypeError: a list within a set
        raise ValueError(f"{question} has to be written out") from None
    return letters_in(value, question)


def _assigned_names(cell, question):
    """The names, written as the question's or in other capitals, that a cell assigns, valid Python or not."""
    if question.casefold() not in cell.casefold():
        return []
    try:
        found = [name for name, _ in _assignments(read(cell).tree.body)]
    except NotPython:
        assigns = re.compile(rf"^\s*({re.escape(question)})\s*(?::[^=\n]*)?=(?!=)", re.MULTILINE | re.IGNORECASE)
        found = assigns.findall(cell)
    return [name for name in found if name.casefold() == question.casefold()]


def _assignments(statements):
    """Names and the expressions assigned to them, in order, outside of functions."""
    for statement in statements:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _pairs(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from _pairs(statement.target, statement.value)
        elif isinstance(statement, ast.If | ast.With | ast.Try | ast.For | ast.While):
            blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
            yield from _assignments([part for block in blocks for part in block])


def _pairs(target, value):
    if isinstance(target, ast.Name):
        yield target.id, value
        return
    parts = [getattr(node, "elts", []) for node in (target, value)]
    if len(parts[0]) == len(parts[1]):
        for each, part in zip(*parts, strict=True):
            yield from _pairs(each, part)


def _literal(node):
    """The value of an expression that is written out, single letters with or without quotes.

    Raises
    ------
    ValueError
        It is anything else.
    """
    if isinstance(node, ast.Name) and re.fullmatch("[A-Za-z]", node.id):
        return node.id
    if isinstance(node, ast.Set):
        return {_literal(each) for each in node.elts}
    if isinstance(node, ast.List):
        return [_literal(each) for each in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_literal(each) for each in node.elts)
    if isinstance(node, ast.Dict) and all(node.keys):
        return {_literal(key): _literal(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CONTAINERS:
        if not node.args and not node.keywords:
            return set()
        if len(node.args) == 1 and not node.keywords:
            return _literal(node.args[0])
    return ast.literal_eval(node)


def letters_in(answer, question):
    """The letters of an answer, in whatever form the variable holds them; None where nothing was answered.

    Raises
    ------
    ValueError
        If it is no set of letters.
    """
    if answer is None or answer is ...:
        return None
    parts = [answer] if isinstance(answer, str) else answer
    if not isinstance(parts, set | frozenset | list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"{question} is {type_name(answer)} and no set of letters")
    return frozenset(letter for part in parts for letter in _letters(part))


def _letters(text):
    """The letters of "A, C", "A C", "AC", "a and c"."""
    words = [word for word in _BETWEEN_LETTERS.split(text) if word]
    if all(word.isalpha() and (word.isupper() or list(word) == sorted(set(word))) for word in words):
        words = list("".join(words))
    return [word.upper() for word in words]


def recorded_letters(cells, value, question, choices):
    """What to tell of an answer: the letters the grade will read, in order.

    Parameters
    ----------
    cells : sequence of str or None
        The cells run so far, in order; None where there are no cells.
    value : object
        What the variable holds; that of an earlier answer, if the cell broke off.
    question : str
    choices : str
        The letters of the question's choices, such as ``"ABC"``.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the question is not answered, or the answer is no set of letters of this question.
    """
    how = f"write the letters of all that apply, in the form {question} = {EXAMPLE}"
    try:
        letters = letters_in(value, question) if cells is None else answered(cells, question)
    except ValueError as error:
        raise ValueError(f"{error}: {how}") from None
    if letters is None:
        raise ValueError(f"not answered yet: {how}")
    unknown = [letter for letter in sorted(letters) if letter not in list(choices)]
    if unknown:
        said = ", ".join(repr(letter) for letter in unknown)
        raise ValueError(f"{said} is no choice of this question, its choices are {', '.join(choices)}: {how}")
    held = ", ".join(sorted(letters)) or "no letter: none applies"
    said = f"your answer holds {held}. It is graded after you hand in"
    if value is ...:
        said += f". A cell further down holds the placeholder {question} = ... again: it does not count, delete it"
    elif _broke_off(letters, value, question):
        said += f". The error in its cell costs nothing; letters in quotes, as {EXAMPLE}, avoid it"
    return said


def _broke_off(letters, value, question):
    """Whether a cell with these letters did not come to assign them."""
    try:
        return letters_in(value, question) != letters
    except ValueError:
        return True
