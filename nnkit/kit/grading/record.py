"""The record of one graded notebook: what was run, what every test said, and what may be doubted."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from nnkit.kit.course.items import BY_PERSON

Verdict = Literal[
    "passed",
    "failed",
    "not_implemented",
    "student_error",
    "timeout",
    "cpu_limit",
    "notebook_time",
    "notebook_cpu",
    "out_of_memory",
    "process_limit",
    "open_files_limit",
    "file_size_limit",
    "scratch_full",
    "output_limit",
    "killed",
    "grader_error",
    "not_run",
]
ItemStatus = Literal["passed", "partial", "failed", "untouched", "waiting", "unanswered", "grader_error", "not_run"]
NotebookStatus = Literal["graded", "needs_person", "missing", "unreadable", "grader_error"]


@dataclass
class TestRecord:
    """One test of one item, as the gradebook's reader sees it."""

    __test__ = False

    name: str
    verdict: Verdict
    public: bool
    weight: float
    measured: float | None = None
    allowed: float | None = None
    message: str = ""
    hint: str = ""
    duration_s: float = 0.0
    follow_through: bool = False
    bound: str = "at most"
    fault: str = ""
    """How the test itself broke, for instructors: nothing that a student sees shows it."""
    trace: str = ""
    """Of a public test over which student code raised: its own lines."""
    private: str = ""
    """Of a hidden test that did not pass: all that it said, for the instructor; no page shows it."""


@dataclass
class ItemRecord:
    """One graded item: its tests and what they are worth. A score of None asks for a person."""

    item: str
    kind: str
    points: float
    score: float | None
    status: ItemStatus
    follow_through: bool = False
    messages: list[str] = field(default_factory=list)
    tests: list[TestRecord] = field(default_factory=list)

    @property
    def by_person(self) -> bool:
        """Whether a person marks it; no test does."""
        return self.kind in BY_PERSON


@dataclass
class Record:
    """Everything that was found out about one notebook of one student."""

    student: str
    assignment: str
    notebook: str
    status: NotebookStatus = "graded"
    mode: Literal["full", "quick"] = "full"
    tier: str = ""
    tier_lacks: list[str] = field(default_factory=list)
    below_required_tier: bool = False
    cpu_s: float = 0.0
    wall_s: float = 0.0
    score: float = 0.0
    max_score: float = 0.0
    messages: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    seed: str = ""
    items: list[ItemRecord] = field(default_factory=list)
    fault: str = ""
    """How the grader broke over the whole notebook, for instructors: nothing that a student sees shows it."""

    @property
    def faults(self) -> list[str]:
        """How the graders broke by themselves, each with file and line."""
        tests = [test for item in self.items for test in item.tests if test.verdict != "student_error"]
        of_tests = [f"{test.name}: {test.fault}" for test in tests if test.fault]
        return [self.fault, *of_tests] if self.fault else of_tests

    def item(self, name: str) -> ItemRecord:
        """The record of the item called `name`."""
        return next(item for item in self.items if item.item == name)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, in the order of the fields: what `--json` prints."""
        return asdict(self)

    def save(self, path: Path) -> None:
        """Write the record as JSON, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(self.as_dict(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(temporary, path)


def conclude(item: ItemRecord) -> None:
    """Set an item's score and status from the verdicts of its tests.

    The score is the weight of the passed tests over the weight of all, times the points. A test that broke by itself,
    or that could not be run, leaves the score open: a person decides, the student loses nothing.
    """
    verdicts = {test.verdict for test in item.tests}
    item.follow_through = any(test.follow_through for test in item.tests)
    if not item.tests or "grader_error" in verdicts:
        item.score, item.status = None, "grader_error"
    elif "not_run" in verdicts:
        item.score, item.status = None, "not_run"
    elif verdicts == {"passed"}:
        item.score, item.status = item.points, "passed"
    else:
        total = sum(test.weight for test in item.tests)
        passed = sum(test.weight for test in item.tests if test.verdict == "passed")
        item.score = round(item.points * passed / total, 4)
        untouched = verdicts <= {"not_implemented"}
        item.status = "partial" if passed else ("untouched" if untouched else "failed")


def summarise(record: Record) -> None:
    """Set a notebook's score and status from its items."""
    record.max_score = sum(item.points for item in record.items)
    record.score = round(sum(item.score or 0.0 for item in record.items), 4)
    if record.status == "graded" and any(item.score is None for item in record.items):
        broken = any(item.status == "grader_error" for item in record.items)
        record.status = "grader_error" if broken else "needs_person"
