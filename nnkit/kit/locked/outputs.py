"""A cell's outputs in nbformat's form, put together from what the locked process reports, as a notebook's client does.

The reports are a stranger's: their form is checked, and what is kept of them is bounded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from nnkit.kit.locked.program.wire import WireError
from nnkit.kit.locked.reports import cost_of, read_report

Output = dict[str, Any]

MOST_OUTPUTS = 2000
MOST_SHOWN_OF_ONE_DISPLAY = 100
_COMPACT_ABOVE = 1 << 16


def overwrite(text: str) -> str:
    """Text as a terminal leaves it: a carriage return lets the line be written again (progress bars)."""
    if "\r" not in text:
        return text
    # Line by line and not by a regular expression, which takes quadratic time on one long line.
    return "\n".join(map(_last_version, text.split("\n")))


def _last_version(line: str) -> str:
    seen = line.rstrip("\r")
    return seen.rpartition("\r")[2] + line[len(seen) :]


@dataclass
class Displays:
    """Where each display id has been shown, over the whole notebook."""

    shown: dict[str, list[Output]] = field(default_factory=dict)


class CellOutputs:
    """The outputs of one cell while it runs.

    Parameters
    ----------
    budget : int
        Characters to keep; beyond it everything is dropped. (The locked process keeps to it by itself, unless it is
        not our program any more.)
    displays : Displays
        Shared by the cells of a notebook: an update reaches the outputs of earlier cells too.
    """

    def __init__(self, budget: int, displays: Displays) -> None:
        self.outputs: list[Output] = []
        self.used = 0
        self._most = 2 * budget + (1 << 20)
        self._displays = displays
        self._clear_before_next = False
        self._own_displays: list[tuple[str, Output]] = []
        self._parts: list[str] = []
        self._parts_size = 0
        self._compact_at = _COMPACT_ABOVE

    def apply(self, report: bytes) -> None:
        """Take in one report of events.

        Raises
        ------
        WireError
            If it is no list of events.
        """
        self.used += len(report)
        if self.used > self._most:
            return
        self.used += cost_of(report) - len(report)
        if self.used > self._most:
            return
        for event in read_report(report):
            self._event(event)

    def add(self, output: Output) -> None:
        """Put an output of the grader's own at the end."""
        self._close_stream()
        self.outputs.append(output)

    def finish(self) -> list[Output]:
        """The outputs, complete."""
        self._close_stream()
        return self.outputs

    def _event(self, event: Any) -> None:
        kind = event.get("type") if type(event) is dict else None
        if kind == "stream":
            self._stream(event)
        elif kind in ("display_data", "execute_result", "update_display_data"):
            self._display(kind, event)
        elif kind == "error":
            trace = event.get("traceback")
            lines = [_text(line) for line in trace] if type(trace) is list else []
            fields = {"ename": _text(event.get("ename")), "evalue": _text(event.get("evalue")), "traceback": lines}
            self._append({"output_type": "error", **fields})
        elif kind == "clear_output":
            if event.get("wait") is True:
                self._clear_before_next = True
            else:
                self._clear()
        else:
            raise WireError("a report of outputs has an unknown event")

    def _stream(self, event: dict[str, Any]) -> None:
        name, text = event.get("name"), _text(event.get("text"))
        if name not in ("stdout", "stderr"):
            raise WireError("a stream is neither stdout nor stderr")
        last = self.outputs[-1] if self.outputs and not self._clear_before_next else None
        goes_on = last is not None and last["output_type"] == "stream" and last["name"] == name
        if not goes_on and not self._append({"output_type": "stream", "name": name, "text": ""}):
            return
        self._parts.append(text)
        self._parts_size += len(text)
        if self._parts_size > self._compact_at:
            self._parts = [overwrite("".join(self._parts))]
            self._parts_size = len(self._parts[0])
            # Twice as late each time it does not help, so that the work stays linear.
            self._compact_at = max(_COMPACT_ABOVE, 2 * self._parts_size)

    def _close_stream(self) -> None:
        if self._parts:
            self.outputs[-1]["text"] = overwrite("".join(self._parts))
            self._parts, self._parts_size, self._compact_at = [], 0, _COMPACT_ABOVE

    def _display(self, kind: str, event: dict[str, Any]) -> None:
        data, metadata = event.get("data"), event.get("metadata")
        if type(data) is not dict or type(metadata) is not dict:
            raise WireError("a display has no data and metadata")
        data = {mime: _mime_value(mime, value) for mime, value in data.items()}
        identity = event.get("display_id")
        identity = identity if type(identity) is str else None
        places = self._displays.shown.get(identity, []) if identity is not None else []
        # Shown in many places, it is written to the notebook's file as often.
        self.used += len(places) * (len(json.dumps(data)) + len(json.dumps(metadata))) if places else 0
        if self.used > self._most:
            return
        for earlier in places:
            earlier.update(data=data, metadata=metadata)
        if kind == "update_display_data":
            return
        output: Output = {"output_type": kind, "data": data, "metadata": metadata}
        if kind == "execute_result":
            count = event.get("execution_count")
            output["execution_count"] = count if type(count) is int and 0 <= count < 1 << 31 else None
        if self._append(output) and identity is not None and len(self._displays.shown) < MOST_OUTPUTS:
            shown = self._displays.shown.setdefault(identity, [])
            if len(shown) < MOST_SHOWN_OF_ONE_DISPLAY:
                shown.append(output)
                self._own_displays.append((identity, output))

    def _append(self, output: Output) -> bool:
        if self._clear_before_next:
            self._clear()
        if len(self.outputs) >= MOST_OUTPUTS:
            return False
        self._close_stream()
        self.outputs.append(output)
        return True

    def _clear(self) -> None:
        self._clear_before_next = False
        for identity, output in self._own_displays:
            shown = self._displays.shown[identity]
            shown[:] = [other for other in shown if other is not output]
        self._own_displays.clear()
        self._close_stream()
        self.outputs.clear()


def error_output(name: str, message: str) -> Output:
    """An error that the grader itself reports in a cell's outputs."""
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def _text(value: object) -> str:
    return value if type(value) is str else ""


def _mime_value(mime: str, value: object) -> Any:
    if mime == "application/json" or mime.endswith("+json"):
        return value
    if type(value) is list and all(type(line) is str for line in value):
        return value
    return value if type(value) is str else json.dumps(value)
