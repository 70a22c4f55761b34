"""Digests of everything that decides a result but the submission itself: where one differs, grading again is due."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from nnkit.kit.course.companions import grader_files
from nnkit.kit.course.hashing import hash_of, hash_of_contents, kit_hash
from nnkit.kit.course.items import Item
from nnkit.kit.course.settings import Course
from nnkit.kit.grading.plan import Mistake


def fingerprints(
    course: Course,
    assignment: str,
    notebook: str,
    package: Path,
    *,
    items: Sequence[Item],
    definitions: Mapping[str, str],
    mistakes: Sequence[Mistake],
    proven: bool,
    earlier: Mapping[str, Mapping[str, str]],
) -> dict[str, str]:
    """Digests by what they are of, as every record keeps them.

    ``release`` is the notebook, ``package`` what was released with it, ``graders`` the tests, what they import from
    beside them, and expected values, ``reference`` points, answers, solutions and misconceptions, ``kit`` nnkit itself,
    ``limits`` what the locked process may use, ``settings`` what else of course.toml has a say: seed, thresholds, data,
    due date, late policy, required tier.
    """
    stated = course.assignment(assignment)
    beside = sorted(path for path in package.rglob("*") if path.suffix != ".ipynb" and "__pycache__" not in path.parts)
    settings = settings_that_judge(course, notebook, items) | {
        "required_tier": course.required_tier,
        "due": str(course.due(assignment)),
        "late": stated.late.model_dump(),
    }
    reference = {
        "items": [asdict(item) for item in items],
        "definitions": dict(definitions),
        "mistakes": [asdict(mistake) for mistake in mistakes],
        "proven": proven,
        "earlier": {
            name: [hashes[of] for of in ("release", "graders", "reference")] for name, hashes in earlier.items()
        },
    }
    return {
        "release": hash_of([package / f"{notebook}.ipynb"]),
        "package": hash_of_contents(
            part
            for path in beside
            if path.is_file()
            for part in (str(path.relative_to(package)).encode(), path.read_bytes())
        ),
        "graders": hash_of(grader_files(course.graders(assignment, notebook), course.expected(assignment, notebook))),
        "reference": _digest(reference),
        "kit": kit_hash(),
        "limits": _digest(course.limits.model_dump()),
        "settings": _digest(settings),
    }


def settings_that_judge(course: Course, notebook: str, items: Sequence[Item]) -> dict[str, object]:
    """What of course.toml has a say in verdicts: seed, thresholds, data."""
    return {
        "course": [course.id, course.seed],
        "thresholds": {
            data_set: stated.model_dump()
            for name in (notebook, *(item.name for item in items))
            for data_set, stated in course.thresholds.get(name, {}).items()
        },
        "data": course.data.model_dump(),
    }


def _digest(value: object) -> str:
    return hash_of_contents([json.dumps(value, sort_keys=True, default=_plain).encode()])


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
