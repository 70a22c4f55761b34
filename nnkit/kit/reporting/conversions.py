"""The program of the process that turns texts of a submission into harmless HTML: see `converter`.

The libraries for Markdown and for colouring code take time in the square of some texts' length, inside regular
expressions that nothing can interrupt. Here the system ends the process when a text has used up its time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from html import escape
from typing import Any

from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from nnkit.kit.reporting.sanitising import PIXELS, harmless

_coloured = Highlight2HTML(pygments_lexer="ipython3")


class Prose(IPythonRenderer):
    """nbconvert's Markdown, without its stop at a picture that was not handed in."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if url.startswith("attachment:") and url.removeprefix("attachment:") not in self.attachments:
            return f"<em>(picture {escape(text or url)} is not in the notebook)</em>"
        return str(super().image(text, url, title))


def markdown(source: str, attachments: dict[str, Any]) -> str:
    """Markdown as harmless HTML."""
    # A heading's link holds a space: an empty one is written "<a/>", which HTML takes for one that never ends.
    prose = Prose(escape=False, anchor_link_text=" ", attachments=attachments)
    return harmless(MarkdownWithMath(renderer=prose).render(source))


def code(source: str) -> str:
    """Code, coloured as Python whatever the notebook says."""
    return str(_coloured(source))


CONVERSIONS = {"markdown": markdown, "code": code, "html": harmless}


def serve() -> None:
    """Answer requests, a JSON text each line, until there are no more.

    A request is ``[page, conversion, arguments, seconds of CPU time]``, its answer ``[HTML or null, seconds used]``.
    """
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    last_page = None
    for line in requests:
        page, name, arguments, seconds = json.loads(line)
        if page != last_page:
            last_page = page
            PIXELS.begin()
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            html = CONVERSIONS[name](*arguments)  # type: ignore[operator]
        except Exception:  # a text that the libraries can't read must not cost the page
            html = None
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(json.dumps([html, time.process_time() - began]).encode() + b"\n")
        answers.flush()
