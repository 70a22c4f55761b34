"""The digest of everything that decides what the proof of a notebook says."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import load_misconceptions
from nnkit.kit.authoring.notebook import notebook_text, source_notebook
from nnkit.kit.course.authored import parse_authored
from nnkit.kit.course.companions import companions_of
from nnkit.kit.course.hashing import hash_of_contents, machinery_hash
from nnkit.kit.course.settings import Course
from nnkit.kit.engine.fingerprints import settings_that_judge
from nnkit.kit.grading import held_out
from nnkit.kit.grading.outcome import environment
from nnkit.kit.grading.plan import Plan
from nnkit.kit.sandbox import Tier

FORM = 1  # of what is stored; another one is another digest


def proof_digest(plan: Plan, package: Path, tier: Tier) -> str:
    """The digest of a notebook's proof.

    Parameters
    ----------
    plan : Plan
    package : Path
        The folder that students receive.
    tier : Tier
        The sandbox: what was proven in one says nothing of another.
    """
    course = plan.course
    drawn = [parse_authored(Path(held_out.__file__))]  # data whose labels no notebook reads
    template = load_template(course, plan.assignment, plan.notebook)
    graders = [plan.graders, *companions_of(plan.graders).values()] if plan.graders.is_file() else []
    texts = [ast.parse(text) for text in plan.definitions.values()] + [parse_authored(path) for path in graders]
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
        "reached": _reached(course, texts + drawn),
        "settings": settings_that_judge(course, plan.notebook, plan.items),
        "limits": plan.hashes["limits"],
        "data": _data(course),
        "earlier": {name: proof_digest(each, package, tier) for name, each in plan.earlier.items()},
    }
    return hash_of_contents([json.dumps(decides, sort_keys=True, default=_plain).encode()])


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
        name: hash_of_contents([path.read_bytes()])
        for name, path in files.items()
        if name not in left_out and "__pycache__" not in path.parts
    }


def _reached(course: Course, texts: Iterable[ast.AST]) -> dict[str, str]:
    """The modules of the course that the graders' side imports, directly or through others, exercises included."""
    found: dict[str, str] = {}
    pending = [name for text in texts for name in _imported(text)]
    while pending:
        name = pending.pop()
        file = course.module_file(name) if name not in found else None
        if file is not None and not name.startswith(("nnkit.kit", "nnkit.student")):
            found[name] = hash_of_contents([file.read_bytes()])
            pending += _imported(parse_authored(file))
    return found


def _imported(tree: ast.AST) -> list[str]:
    """Every module that a text may name in an import, with the packages around it."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return [".".join(name.split(".")[:size]) for name in names for size in range(1, name.count(".") + 2)]


def _data(course: Course) -> list[object]:
    """The instructor's own data, told by sizes and times: they may be too large to be read for this."""
    found: list[object] = []
    for name, stated in sorted(course.data.model_dump().items()):
        path = course.root / stated if stated else None
        files = [path] if path is not None and path.is_file() else sorted(path.rglob("*")) if path is not None else []
        found += [[name, str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files if file.is_file()]
    return found


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
