"""Digests of everything that decides a result but the submission itself: where one differs, grading again is due."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from nnkit.kit.course.companions import grader_files
from nnkit.kit.course.hashing import hash_of, hash_of_contents, kit_hash
from nnkit.kit.course.items import Item
from nnkit.kit.course.secret import digest_of_keys
from nnkit.kit.course.settings import Course
from nnkit.kit.grading.plan import Mistake


def fingerprints(
    course: Course,
    assignment: str,
    notebook: str,
    package: Path,
    *,
    package_digest: str,
    items: Sequence[Item],
    definitions: Mapping[str, str],
    mistakes: Sequence[Mistake],
    proven: bool,
    data: Sequence[str],
    earlier: Mapping[str, Mapping[str, str]],
) -> dict[str, str]:
    """Digests by what they are of, as every record keeps them.

    ``release`` is the notebook, ``package`` what was released with it, ``graders`` the tests, what they import from
    beside them, and expected values, ``reference`` points, answers, solutions and misconceptions, ``kit`` nnkit itself,
    ``limits`` what the locked process may use, ``settings`` what else of the course has a say: secret and seed,
    thresholds, data, due date, late policy, required tier.

    Parameters
    ----------
    data : sequence of str
        Names that change with the data that notebooks read, and with what is held out of them.
    """
    stated = course.assignment(assignment)
    settings = settings_that_judge(course, notebook, items) | {
        "required_tier": course.required_tier,
        "data": [*data, sorted(course.data_in_use)],
        "due": str(course.due(assignment)),
        "late": stated.late.model_dump(),
    }
    reference = {
        "items": [asdict(item) for item in items],
        "definitions": dict(definitions),
        "mistakes": [asdict(mistake) for mistake in mistakes],
        "proven": proven,
        "package": _own_package(course),
        "earlier": {
            name: [hashes[of] for of in ("release", "graders", "reference")] for name, hashes in earlier.items()
        },
    }
    return {
        "release": hash_of([package / f"{notebook}.ipynb"]),
        "package": package_digest,
        "graders": hash_of(grader_files(course.graders(assignment, notebook), course.expected(assignment, notebook))),
        "reference": _digest(reference),
        "kit": kit_hash(),
        "limits": _digest(course.limits.model_dump()),
        "settings": _digest(settings),
    }


def digest_of_package(package: Path) -> str:
    """Of what was released beside the notebooks."""
    beside = sorted(path for path in package.rglob("*") if path.suffix != ".ipynb" and "__pycache__" not in path.parts)
    return hash_of_contents(
        part
        for path in beside
        if path.is_file()
        for part in (str(path.relative_to(package)).encode(), path.read_bytes())
    )


def settings_that_judge(course: Course, notebook: str, items: Sequence[Item]) -> dict[str, object]:
    """What of the settings has a say in verdicts: secret and seed, thresholds, which data are in use."""
    return {
        "course": [course.id, digest_of_keys(course)],
        "thresholds": {
            f"{name}/{data_set}/{measure}": bound.model_dump()
            for name in (notebook, *(item.name for item in items))
            for data_set, measures in course.thresholds.get(name, {}).items()
            for measure, bound in measures.items()
        },
        "data": sorted(course.data_in_use),
    }


def _own_package(course: Course) -> str:
    """Of the course folder's own package, which definitions, graders and held-out data import from."""
    return hash_of(course.modules().values()) if course.own_package is not None else ""


def _digest(value: object) -> str:
    return hash_of_contents([json.dumps(value, sort_keys=True, default=_plain).encode()])


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
