"""Questions whose own cell holds no answer: not zero while something that may answer them stands elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from nnkit.kit.grading.record import ItemRecord, conclude
from nnkit.kit.submission.answers import Answers

MOST_QUOTED = 3


def look_for_answer(record: ItemRecord, answers: Answers, questions: Sequence[str]) -> None:
    """Leave an unanswered question to a person if a text of the student's may be meant for it.

    Parameters
    ----------
    record : ItemRecord
        Of a question, as its own cell is graded; changed in place.
    answers : Answers
    questions : sequence of str
        The notebook's questions that are answered in prose.
    """
    chosen = record.kind == "choose"
    unanswered = record.status == ("untouched" if chosen else "unanswered")
    if not unanswered:
        return
    if chosen:
        found = answers.letters(record.item, questions)
    else:
        found = answers.near(record.item) or answers.elsewhere(questions)
    if not found:
        return
    quoted = ", ".join(each.quoted for each in found[:MOST_QUOTED])
    message = f"Its own cell holds no answer, but you have written elsewhere: {quoted}. A person reads it."
    if chosen:
        record.tests[0].verdict, record.tests[0].message = "not_run", message
        conclude(record)
    else:
        record.score, record.status, record.messages = None, "waiting", [message]
