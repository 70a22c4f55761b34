"""A cell's outputs on their way to the grader: batched, and cut off at the cell's budget."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from json import dumps, loads  # by name: student code may replace what modules hold
from time import monotonic
from typing import Any

FLUSH_BYTES = 1 << 15
EVENT_COST = 64  # characters that an event costs besides its text
FLOOD = 100  # budgets (of a million characters at least) that a cell may put out before it is stopped
FLUSH_SECONDS = 0.2
TRUNCATED = "\n[The output of this cell was cut here: it is longer than the grader keeps.]\n"


def _json_default(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return str(value)


class Events:
    """Collects what the running cell puts out and sends it in small parcels.

    Sending early keeps memory bounded, and keeps what a cell printed before its process died.

    Parameters
    ----------
    send : callable
        Gets the cell, and a parcel of events.
    stop : callable
        Called when a cell puts out without end.

    Attributes
    ----------
    cut, flooded : bool
        Whether something of the running cell was left out, and whether it was stopped for putting out too much.
    """

    def __init__(self, send: Callable[[str, bytes], None], stop: Callable[[], None]) -> None:
        self._send = send
        self._stop = stop
        self.cut = self.flooded = False
        self._lock = threading.RLock()
        self._cell: str | None = None
        self._budget = 0
        self._before_flood = 0
        self._waiting: list[dict[str, Any]] = []
        self._waiting_bytes = 0
        self._sent_at = 0.0

    def begin(self, cell: str, budget: int) -> None:
        with self._lock:
            self._cell, self._budget = cell, budget
            self._before_flood = FLOOD * max(budget, 1_000_000)
            self.cut = self.flooded = False
            self._waiting, self._waiting_bytes = [], 0
            self._sent_at = monotonic()

    def end(self) -> None:
        with self._lock:
            self.flush()
            self._cell = None

    def stream(self, name: str, text: str) -> None:
        """Text for stdout or stderr; between cells it is dropped, as nobody's output."""
        with self._lock:
            if self._cell is None or not text or not self._has_room(name, len(text)):
                return
            fits = text[: self._budget]
            self._write(name, fits)
            # What is not plain takes more room on the wire, up to twelve bytes a character.
            self._count(len(fits) if fits.isascii() else len(dumps(fits)))
            if len(fits) < len(text):
                self._budget = 0
                self._cut_off(name)

    def add(self, event: dict[str, Any]) -> None:
        """A display, result, error or clear_output."""
        with self._lock:
            if self._cell is None:
                return
            encoded = dumps(event, default=_json_default)
            if not self._has_room("stderr", EVENT_COST + len(encoded)):
                return
            if len(encoded) > self._budget and event["type"] != "clear_output":
                self._budget = 0
                self._cut_off("stderr")
                return
            self._waiting.append(loads(encoded))
            self._count(EVENT_COST + len(encoded))

    def flush(self) -> None:
        with self._lock:
            if self._cell is None or not self._waiting:
                return
            events = [
                {"type": "stream", "name": event["name"], "text": "".join(event["parts"])}
                if event["type"] == "stream"
                else event
                for event in self._waiting
            ]
            self._waiting, self._waiting_bytes = [], 0
            self._sent_at = monotonic()
            self._send(self._cell, dumps(events).encode("ascii"))

    def _has_room(self, name: str, size: int) -> bool:
        """Whether the budget is not used up; stops a cell that goes on and on when it is."""
        self._before_flood -= size
        if self._before_flood < 0 and not self.flooded:
            self.flooded = True
            self._stop()
        if self._budget <= 0:
            self._cut_off(name)
        return self._budget > 0

    def _cut_off(self, name: str) -> None:
        """Say, once for each cell, that something was left out."""
        if not self.cut:
            self.cut = True
            self._write(name, TRUNCATED)

    def _write(self, name: str, text: str) -> None:
        last = self._waiting[-1] if self._waiting else None
        if last and last["type"] == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self._waiting.append({"type": "stream", "name": name, "parts": [text]})
            self._count(EVENT_COST)

    def _count(self, size: int) -> None:
        self._budget -= size
        self._waiting_bytes += size
        if self._waiting_bytes > FLUSH_BYTES or monotonic() - self._sent_at > FLUSH_SECONDS:
            self.flush()
