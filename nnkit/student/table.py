"""The table that `check` shows: HTML in a notebook, text elsewhere."""

import textwrap
from html import escape

from nnkit.student.errors import LIMITS

WORDS = {
    "passed": ("✓", "passed"),
    "failed": ("✗", "failed"),
    "student_error": ("⚠", "error in your code"),
    "not_implemented": ("○", "not written yet"),
    **{limit: ("⚠", words) for limit, words in LIMITS.items()},
    "grader_error": ("?", "the check itself broke: tell your instructor"),
}
COLUMNS = ("test", "verdict", "measured", "allowed", "message")
WIDTH = 100  # of the lines of text under a test


def verdict_words(verdict):
    """The verdict as a person reads it."""
    return WORDS[verdict][1]


def readable_name(test_name):
    """``test_small_batch`` as "small batch"."""
    return test_name.removeprefix("test_").replace("_", " ")


def number(value):
    """``1.2e-09``, ``0.48`` or ``290``; empty for None."""
    if value is None:
        return ""
    value += 0.0  # takes the sign off a negative zero
    return f"{value:.0f}" if 100 <= abs(value) < 1e6 else f"{value:.2g}"


def limit(value, bound):
    """``1e-08``, or ``at least 0.5``."""
    return f"at least {number(value)}" if value is not None and bound == "at least" else number(value)


class CheckTable:
    """Results of one item, for IPython's display or to print.

    Parameters
    ----------
    item : str
    results : list of TestResult
    note : str
        Said under the heading.
    """

    def __init__(self, item, results, note=""):
        self.item = item
        self.results = results
        passed = sum(result.verdict == "passed" for result in results)
        self.note = note or f"{passed} of {len(results)} public tests passed"

    def _rows(self, encoding="utf-8"):
        shown = set()
        for result in self.results:
            symbol, words = WORDS[result.verdict]
            symbol = symbol.encode(encoding, "ignore").decode(encoding)
            limits = number(result.measured), limit(result.allowed, result.bound)
            trace = result.detail if result.verdict in ("student_error", "grader_error") else ""
            if trace in shown:
                trace = ""
            shown.add(trace)
            unwritten = result.verdict == "not_implemented"  # then the kind of exception says nothing more
            message = result.message.removeprefix("NotImplementedError: ") if unwritten else result.message
            yield readable_name(result.name), f"{symbol} {words}".strip(), *limits, message, trace

    def text(self, encoding="utf-8"):
        """The table as plain text, in what the encoding of the output has."""
        encoding = encoding or "utf-8"
        rows = list(self._rows(encoding))
        widths = [max(len(row[i]) for row in [COLUMNS, *rows]) for i in range(4)]
        lines = [f"{self.item}: {self.note}"]
        if rows:
            lines.append("  ".join(name.ljust(width) for name, width in zip(COLUMNS[:4], widths, strict=True)).rstrip())
        for *cells, message, trace in rows:
            lines.append("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
            lines += textwrap.wrap(message, WIDTH, initial_indent="    ", subsequent_indent="    ")
            lines += [f"    | {line}" for line in trace.splitlines()]
        return "\n".join(lines).encode(encoding, "replace").decode(encoding)

    def __repr__(self):
        return self.text()

    def _repr_html_(self):
        if not self.results:
            return f"<p><b>{escape(self.item)}</b>: {escape(self.note)}</p>"
        head = "".join(f'<th style="text-align:left">{name}</th>' for name in COLUMNS)
        body = []
        for *cells, message, trace in self._rows():
            style = "text-align:left;vertical-align:top;white-space:nowrap"
            columns = "".join(f'<td style="{style}">{escape(cell)}</td>' for cell in cells)
            shown = escape(message)
            if trace:
                shown += f'<pre style="white-space:pre-wrap">{escape(trace)}</pre>'
            body.append(f'<tr>{columns}<td style="text-align:left">{shown}</td></tr>')
        caption = f'<caption style="text-align:left"><b>{escape(self.item)}</b>: {escape(self.note)}</caption>'
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
