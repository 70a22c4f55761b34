"""What a stranger's JSON would cost to read, told from its text before anything is built."""

from __future__ import annotations

import re

# Ends at the end of the text too, so that an unclosed string is passed over once and not tried again at every quote.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)


def branches(text: str, enough: int) -> int:
    """How many lists and dicts the text holds; up to `enough`, what looks like one inside a string may count too.

    Two characters of JSON make a list that takes 90 bytes, seven a dict that takes 230: they, and not the length of
    the text, decide about memory.
    """
    count = text.count("[") + text.count("{")
    if count <= enough:
        return count
    bare = _STRING.sub("", text)
    return bare.count("[") + bare.count("{")


def is_unicode(text: str) -> bool:
    """Whether text can be written to a file: half a surrogate pair can't, and must not get far enough to be tried."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
