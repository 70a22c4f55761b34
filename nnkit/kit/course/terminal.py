"""What is printed to a terminal: none of it can move the cursor, set a title, reach the clipboard or forge a line.

Names, messages, stamps and paths come from notebooks, folders and rosters. A control character among them is shown as
its number, whatever table, panel or line of rich's it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

# Control characters but tab and newline (C0, DEL, C1), line and paragraph separators, and what turns the direction of
# writing; also half characters, which no terminal takes.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """A text with its control characters as numbers: ``\\x1b``, ``\\u202e``.

    Tabs and line ends stay: what is printed has lines of its own.
    """
    return _CONTROLS.sub(lambda found: ascii(found.group())[1:-1], text)


class Terminal(Console):
    """A rich Console that prints nothing but printable text and its own colours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"highlight": False, **options})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces of anything that is printed; every table and line comes through here."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(printable(text), style)
