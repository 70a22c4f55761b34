"""Texts of a submission become HTML in a process of their own, each within a time, and a page's within another."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import threading
import time
from typing import Any

from nnkit.kit.reporting import conversions

TEXT_CPU_S = 3.0
PAGE_CPU_S = 15.0
"""A page of this course's takes 0.1 to 0.3 seconds."""
ANSWER_WITHIN_S = 60.0
"""By the clock, for a machine that is busy with other things."""

_START = f"import sys; sys.path[:] = {{path!r}}; from {conversions.__name__} import serve; serve()"


class Converter:
    """The process that converts, started when it is first needed, and anew after a text that took too long."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._page = 0
        self._left = PAGE_CPU_S
        self._lock = threading.Lock()

    def begin_page(self) -> None:
        """Give the texts that follow the time, and the pictures, of a new page."""
        self._page += 1
        self._left = PAGE_CPU_S

    def convert(self, conversion: str, *arguments: Any) -> str | None:
        """The HTML that one of `CONVERSIONS` makes; None if it can't be made, or not in time."""
        with self._lock:
            seconds = min(TEXT_CPU_S, self._left)
            if seconds <= 0:
                return None
            try:
                answer = self._ask(json.dumps([self._page, conversion, arguments, seconds]).encode() + b"\n")
                html, used = json.loads(answer)
            except (OSError, ValueError):
                self._end()
                html, used = None, seconds
            self._left -= used
            return None if html is None else str(html)

    def _ask(self, request: bytes) -> bytes:
        if self._process is None:
            start = [sys.executable, "-P", "-c", _START.format(path=sys.path)]
            self._process = subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None
        assert answers is not None
        deadline = time.monotonic() + ANSWER_WITHIN_S
        view = memoryview(request)
        while view:
            view = view[requests.write(view) :]
        answer = b""
        while not answer.endswith(b"\n"):
            if not select.select([answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("no answer")
            part = answers.read(1 << 16)
            if not part:
                raise ConnectionError("ended")
            answer += part
        return answer

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


CONVERTER = Converter()
