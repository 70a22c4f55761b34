"""What this machine can lock up, found by attempting it, and whether the course here is graded locked up at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.settings import Course
from nnkit.kit.locked.process_start import why_no_warm_start
from nnkit.kit.nbgrader.config_file import check_config_file
from nnkit.kit.sandbox import Tier
from nnkit.kit.sandbox.probing import ProbeReport, best_tier, probe


@dataclass
class Diagnosis:
    """Every tier, tried."""

    reports: list[ProbeReport]
    best: Tier
    why_cold: str = ""
    """What keeps the best tier from warm starts; empty if nothing does."""
    course_trouble: str = ""
    """What would let nbgrader grade the course here unlocked; empty if nothing does, or if there is no course here."""

    @property
    def ok(self) -> bool:
        """Whether anything at all locks student code up here, and nothing of the course goes past it."""
        return self.best is not Tier.E and not self.course_trouble

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "best": self.best.value,
            "warm_start": not self.why_cold,
            "why_cold": self.why_cold,
            "course_trouble": self.course_trouble,
            "tiers": [
                {
                    "tier": report.tier.value,
                    "built_with": report.tier.built_with,
                    "available": report.available,
                    "reason": report.reason,
                    "checks": [{"act": act, "forbidden": forbidden} for act, forbidden in report.checks],
                    "guarantees": list(report.tier.guarantees),
                    "lacks": list(report.tier.lacks),
                }
                for report in self.reports
            ],
        }

    def show(self, console: Console) -> None:
        """Print it for a person."""
        for report in self.reports:
            sign = "[green]✓[/]" if report.available else "[red]✗[/]"
            console.print(f"{sign} tier [bold]{report.tier.value}[/]: {report.tier.built_with}")
            if report.reason:
                console.print(f"  not available here: {report.reason}", markup=False)
            if report.checks:
                console.print("  tried inside:")
            for act, forbidden in report.checks:
                console.print(f"    {'refused' if forbidden else 'ALLOWED'}: {act}", markup=False)
            console.print("  guarantees:")
            for sentence in report.tier.guarantees:
                console.print(f"    + {sentence}", markup=False)
            console.print("  does not guarantee:")
            for sentence in report.tier.lacks:
                console.print(f"    - {sentence}", markup=False)
            console.print()
        console.print(f"grading here runs in tier [bold]{self.best.value}[/]: {self.best.built_with}")
        if self.why_cold:
            console.print(f"every submission starts cold: {self.why_cold}", markup=False)
        else:
            console.print("submissions start warm: forked from a process that has loaded the libraries")
        if self.course_trouble:
            console.print(f"[red]error[/]: {escape(self.course_trouble)}")


def diagnose(course: Course | None = None) -> Diagnosis:
    """Try every tier, and a warm start in the best; look at how nbgrader is set up for the course, if there is one."""
    best = best_tier()
    trouble = ""
    if course is not None:
        try:
            check_config_file(course)
        except CourseError as error:
            trouble = str(error)
    return Diagnosis([probe(tier) for tier in Tier], best, why_no_warm_start(best), trouble)
