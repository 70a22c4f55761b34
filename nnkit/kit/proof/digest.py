"""The digest of everything that decides what the proof of a notebook says."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nnkit.kit.authoring.data_use import data_of
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import load_misconceptions
from nnkit.kit.authoring.notebook import notebook_text, source_notebook
from nnkit.kit.authoring.package_imports import closure, modules_imported
from nnkit.kit.course.authored import parse_authored
from nnkit.kit.course.companions import companions_of
from nnkit.kit.course.hashing import hash_of, hash_of_contents, machinery_hash
from nnkit.kit.course.settings import Course
from nnkit.kit.engine.fingerprints import settings_that_judge
from nnkit.kit.grading.outcome import environment
from nnkit.kit.grading.plan import Plan
from nnkit.kit.sandbox import Tier
from nnkit.student.companions import companion_files

FORM = 1  # of what is stored; another one is another digest


def proof_digest(plan: Plan, package: Path, tier: Tier) -> str:
    """The digest of a notebook's proof, but for attempts with what belongs to other notebooks: see `shipped_digest`.

    Parameters
    ----------
    plan : Plan
    package : Path
        The folder that students receive.
    tier : Tier
        The sandbox: what was proven in one says nothing of another.
    """
    course = plan.course
    template = load_template(course, plan.assignment, plan.notebook)
    graders = [plan.graders, *companions_of(plan.graders).values()] if plan.graders.is_file() else []
    data, sides = _data(course, plan.assignment)
    texts = [*(ast.parse(text) for text in plan.definitions.values()), *map(parse_authored, (*graders, *sides))]
    decides = {
        "form": FORM,
        "tier": tier.value,
        "environment": environment() | _versions(),
        "kit": machinery_hash(),
        "notebook": notebook_text(source_notebook(template)),
        "items": [asdict(item) for item in plan.items],
        "misconceptions": [asdict(each) for each in load_misconceptions(template)],
        "graders": plan.hashes["graders"],
        "shipped": _shipped(package, plan.notebook, course.assignment(plan.assignment).notebooks),
        "reached": _reached(course, texts, [course.data[name].module for name in data]),
        "settings": settings_that_judge(course, plan.notebook, plan.items),
        "limits": plan.hashes["limits"],
        "data": data,
        "sides": hash_of(sides),
        "earlier": {name: proof_digest(each, package, tier) for name, each in plan.earlier.items()},
    }
    return hash_of_contents([json.dumps(decides, sort_keys=True, default=_plain).encode()])


def shipped_digest(package: Path) -> str:
    """The digest of all functions that students receive, those for other notebooks included: each may be tried as an
    answer to an exercise."""
    files = sorted(path for path in package.rglob("*.py") if "__pycache__" not in path.parts)
    named = ((str(path.relative_to(package)).encode(), path.read_bytes()) for path in files)
    return hash_of_contents(part for pair in named for part in pair)


def _versions() -> dict[str, str]:
    """Of packages that a notebook or a grader may use, besides those that every record names."""
    found = {}
    for name in ("h5py", "pytest", "sacrebleu", "scikit-image", "scipy", "tqdm"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _shipped(package: Path, notebook: str, notebooks: Iterable[str]) -> dict[str, str]:
    """What students receive with the notebook, without what belongs to the other notebooks alone."""
    others = [name for name in notebooks if name != notebook]
    left_out = {f"{name}.ipynb" for name in others} | {"README.md", "requirements.txt"}
    left_out |= {f"checks/{file}" for name in others for file in (f"test_{name}.py", f"{name}.h5")}
    files = {str(path.relative_to(package)): path for path in sorted(package.rglob("*")) if path.is_file()}
    return {
        name: hash_of([path])
        for name, path in files.items()
        if name not in left_out and "__pycache__" not in path.parts
    }


def _reached(course: Course, texts: Iterable[ast.AST], modules: Iterable[str]) -> dict[str, str]:
    """The modules of the package that the graders' side imports, directly or through others, exercises included."""
    imported = {name for text in texts for name in modules_imported(course, text)}
    files = {name: course.module_file(name) for name in sorted(closure(course, {*imported, *modules}))}
    return {name: hash_of([file]) for name, file in files.items() if file is not None}


def _data(course: Course, assignment: str) -> tuple[dict[str, object], list[Path]]:
    """The data sets of an assignment, and the files of their graders' side.

    Real data are told by sizes and times of their files: they may be too large to be read for this.
    """
    found: dict[str, object] = {}
    sides: dict[Path, None] = {}
    for name in data_of(course, assignment):
        stated = course.data[name]
        path = None if stated.path is None else course.root / stated.path
        files = [] if path is None else [path] if path.is_file() else sorted(path.rglob("*"))
        shipped = [file for file in map(course.data_file, stated.files) if file is not None]
        found[name] = {
            "settings": stated.model_dump(),
            "real": [[str(each), each.stat().st_size, each.stat().st_mtime_ns] for each in files if each.is_file()],
            "files": hash_of(shipped),
        }
        if course.data_graders(name).is_file():
            sides.update(dict.fromkeys(companion_files(course.data_graders(name).parent).values()))
    return found, list(sides)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
