"""What a grading run came to: every notebook of a small class, of a large one the counts and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from nnkit.kit.grading.record import Record
from nnkit.kit.reporting.tables import class_tables, remark

MOST_ROWS = 40
_ATTENTION = ("grader_error", "unreadable", "missing")


class Summary:
    """Counts records as they come; keeps no more of them than it shows.

    Attributes
    ----------
    statuses : Counter of str
        Notebooks by status.
    unchanged : int
        How many of them were not graded again.
    """

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.unchanged = 0
        self._score = self._most = 0.0
        self._few: list[Record] = []
        self._attention: list[str] = []
        self._slowest = (0.0, "")

    @property
    def notebooks(self) -> int:
        return self.statuses.total()

    @property
    def failed(self) -> int:
        """Notebooks that the grader could not judge."""
        return self.statuses["grader_error"] + self.statuses["unreadable"]

    def add(self, record: Record, *, unchanged: bool = False) -> None:
        """Count one notebook."""
        self.statuses[record.status] += 1
        self.unchanged += unchanged
        self._score += record.score
        self._most += record.max_score
        if not unchanged:
            self._slowest = max(self._slowest, (record.wall_s, f"{record.student}/{record.notebook}"))
        if self.notebooks <= MOST_ROWS:
            self._few.append(record)
        else:
            self._few.clear()
        if record.status in _ATTENTION and len(self._attention) < MOST_ROWS:
            self._attention.append(f"{record.student}/{record.notebook}: {record.status}: {remark(record)}")

    def line(self) -> str:
        """The counts in words."""
        parts = [f"{count} {status}" for status, count in self.statuses.most_common()]
        return f"{self.notebooks} notebooks ({self.unchanged} unchanged): {', '.join(parts) or 'none'}"

    def tables(self) -> Iterator[Table | Text]:
        """For the terminal."""
        if self._few:
            yield from class_tables(self._few)
        elif self.notebooks:
            yield from (Text(line) for line in self._attention)
        if not self.notebooks:
            return
        table = Table(title="summary", show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for status, count in self.statuses.most_common():
            table.add_row(status, str(count))
        table.add_row("not graded again (unchanged)", str(self.unchanged))
        if self._most:
            table.add_row("points, of all that can be had", f"{100 * self._score / self._most:.0f} %")
        if self._slowest[1]:
            table.add_row(f"slowest: {self._slowest[1][:60]}", f"{self._slowest[0]:.1f} s")
        yield table
