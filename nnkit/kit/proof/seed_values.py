"""Fixed outputs that the field's courses have long agreed on, recomputed with the reference."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.own_package import use_package_of
from nnkit.kit.course.settings import Course
from nnkit.student.relative_error import rel_error


@dataclass
class SeedReport:
    """How many fixed outputs were recomputed, how many came out, and what was wrong with the others."""

    checked: int = 0
    reproduced: int = 0
    failed: list[str] = field(default_factory=list)


def check_seed_values(course: Course) -> SeedReport:
    """Recompute what tests/graders/seed_values.py knows of tests/graders/seed_values.json.

    A course without these files has nothing to check. An entry without a function is not taught yet.

    Raises
    ------
    BuildError
        The script can't be run, or an entry names a measure that is not known.
    """
    values = course.root / "tests" / "graders" / "seed_values.json"
    script = values.with_suffix(".py")
    report = SeedReport()
    if not values.is_file() or not script.is_file():
        return report
    use_package_of(course)
    functions = _functions(script)
    try:
        entries = json.loads(read_authored(values))
    except json.JSONDecodeError as error:
        place = values.relative_to(course.root)
        raise BuildError(f"not JSON: {error.msg}", file=place, line=error.lineno, mend="correct the syntax") from None
    expected = {entry["id"]: entry["expected"] for entry in entries}
    for entry in entries:
        for key, want in entry["expected"].items():
            if isinstance(want, str):  # "as for" another entry
                entry["expected"][key] = expected[want.removeprefix("as for ")][key]
        if entry["id"] in functions:
            report.checked += 1
            given = functions[entry["id"]](entry)
            wrong = [text for key, want in entry["expected"].items() if (text := _difference(entry, key, given, want))]
            report.reproduced += not wrong
            report.failed += wrong
    return report


def _functions(script: Any) -> Any:
    spec = importlib.util.spec_from_file_location("seed_values", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return module.SEEDS
    except Exception as error:
        raise BuildError(f"it does not run: {error!r}", file=script, mend="it has to define SEEDS") from error


def _difference(entry: dict[str, Any], key: str, given: dict[str, Any], want: Any) -> str:
    """What is wrong with one value of an entry, or ""."""
    if key not in given:
        return f"{entry['id']}: {key} was not computed"
    a, b = np.asarray(given[key], dtype=float), np.asarray(want, dtype=float)
    measure = str(entry["measure"]).partition(":")[0]
    measures = {
        "relative error": lambda: float(rel_error(a, b)),
        "sum of absolute differences": lambda: float(np.abs(a - b).sum()),
        "absolute difference": lambda: float(np.abs(a - b).max()),
    }
    if measure not in measures:
        raise BuildError(f"unknown measure {measure!r}", file="seed_values.json", mend=f"known: {', '.join(measures)}")
    if a.shape != b.shape:
        return f"{entry['id']}: {key} has shape {a.shape}, expected {b.shape}"
    error = measures[measure]()
    return "" if error <= entry["tolerance"] else f"{entry['id']}: {key} is off by {error:.1e} ({measure})"
