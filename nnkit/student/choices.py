"""The answer to a choose-all question: its letters, without a word on whether they are right.

`check` and the grade read an answer in the same way: the text of its cell, whether or not the cell ran to its end.
"""

import ast
import re

from nnkit.student.values import type_name

LONGEST_ANSWER = 10_000
EXAMPLE = '{"X", "Y"}'  # no question has so many choices, so it gives none away


def ticked(source, question):
    """The letters that a cell last assigns to the question's variable; None if it still holds the placeholder.

    The cell is read, not run. A set, list or tuple of letters, one letter, or a text such as "A, C" are all fine;
    capital letters may lack their quotes.

    Parameters
    ----------
    source : str
    question : str
        Name of the question and of the variable.

    Returns
    -------
    frozenset of str or None

    Raises
    ------
    ValueError
        If the cell assigns something else, or nothing.
    """
    if len(source) > LONGEST_ANSWER:
        raise ValueError("the answer cell is far too long")
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("the answer cell is not valid Python") from None
    values = [
        statement.value
        for statement in statements
        if isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == question for target in statement.targets)
    ]
    if not values:
        unwritten = any(isinstance(statement, ast.Raise) for statement in statements)
        if unwritten or not statements:
            return None
        raise ValueError(f"the answer cell does not assign {question}")
    answer = values[-1]
    if isinstance(answer, ast.Call) and ast.unparse(answer) == "set()":
        return frozenset()
    try:
        value = ast.literal_eval(_Quoted().visit(answer))
    except (ValueError, TypeError, RecursionError, MemoryError):  # TypeError: a list within a set
        raise ValueError(f"{question} has to be written out") from None
    return letters_in(value, question)


class _Quoted(ast.NodeTransformer):
    """Puts capital letters in quotes."""

    def visit_Name(self, node):
        return ast.Constant(node.id) if re.fullmatch("[A-Z]", node.id) else node


def letters_in(answer, question):
    """The letters of an answer, in whatever form the variable holds them; None where nothing was answered.

    Raises
    ------
    ValueError
        If it is no set of letters.
    """
    if answer is None or answer is ...:
        return None
    parts = _letters(answer) if isinstance(answer, str) else answer
    if not isinstance(parts, set | frozenset | list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"{question} is {type_name(answer)} and no set of letters")
    return frozenset(part.strip().upper() for part in parts)


def _letters(text):
    """The letters of "A, C", "A C" or "AC"."""
    words = text.replace(",", " ").split()
    return list("".join(words)) if all(word.isupper() for word in words) else words


def recorded_letters(cell, value, question, choices):
    """What to tell of an answer: the letters the grade will read, in order.

    Parameters
    ----------
    cell : str or None
        The cell last run that writes the answer; None where there are no cells.
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
        letters = letters_in(value, question) if cell is None else ticked(cell, question)
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
    if _broke_off(letters, value, question):
        said += f". The error in its cell costs nothing; letters in quotes, as {EXAMPLE}, avoid it"
    return said


def _broke_off(letters, value, question):
    """Whether a cell with these letters did not come to assign them."""
    try:
        return letters_in(value, question) != letters
    except ValueError:
        return True


def last_cell_with(question, cells):
    """The last of the cells that assigns the question's variable, valid Python or not; None if there is none."""
    assigns = re.compile(rf"^\s*{re.escape(question)}\s*=(?!=)", re.MULTILINE)
    return next((cell for cell in reversed(cells) if assigns.search(cell)), None)
