"""The answer to a choose-all question, as `check` records it: the letters, without a word on whether they are right."""

from nnkit.student.values import type_name

EXAMPLE = '{"X", "Y"}'  # no question has so many choices, so it gives none away


def recorded_letters(answer, question, choices):
    """The letters of an answer, in order.

    Parameters
    ----------
    answer : object
        What the notebook's variable holds: a set, list or tuple of letters, or a text such as ``"A, C"``.
    question : str
        Name of the question and of the variable, for messages.
    choices : str
        The letters of the question's choices, such as ``"ABC"``.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If the question is not answered, or the answer is no set of letters of this question.
    """
    how = f"write the letters of all that apply, in the form {question} = {EXAMPLE}"
    if answer is None or answer is ...:
        raise ValueError(f"not answered yet: {how}")
    parts = answer.replace(",", " ").split() if isinstance(answer, str) else answer
    if not isinstance(parts, set | frozenset | list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"{question} is {type_name(answer)} and no set of letters: {how}")
    letters = sorted({part.strip().upper() for part in parts})
    unknown = [letter for letter in letters if letter not in list(choices)]
    if unknown:
        said = ", ".join(repr(letter) for letter in unknown)
        raise ValueError(f"{said} is no choice of this question, its choices are {', '.join(choices)}: {how}")
    return letters
