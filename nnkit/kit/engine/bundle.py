"""Plans with every file they need, as bytes: what a machine without the course's folder grades from."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from nnkit.kit.course.settings import INSTALLED, KIT, is_tool
from nnkit.kit.engine.executors import without_secrets
from nnkit.kit.engine.jobs import key_of
from nnkit.kit.grading.plan import Plan

HELD_OUT = Path("held_out")
_LEFT_OUT = {".ipynb_checkpoints", ".pytest_cache"}


@dataclass(frozen=True)
class Bundle:
    """Plans, and files by their path in the bundle.

    Attributes
    ----------
    plans : dict of str to bytes
        Pickled, by key; their folders are those of the bundle.
    files : dict of str to bytes
    """

    plans: dict[str, bytes]
    files: dict[str, bytes]

    def unpack(self, folder: Path) -> dict[str, bytes]:
        """Write the files below a folder that nobody else may read, and give the plans that use them."""
        folder.mkdir(mode=0o700)
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return {key: pickle.dumps(_moved(pickle.loads(plan), folder)) for key, plan in self.plans.items()}


def bundle_of(plans: Sequence[Plan]) -> Bundle:
    """Everything that grading with these plans reads: released folders, graders' folders, data, the own package."""
    packed, files = {}, {}
    numbers: dict[Path, str] = {}
    for plan in plans:
        inside = {
            folder: Path(numbers.setdefault(folder, str(len(numbers))))
            for each in (plan, *plan.lenders.values())
            for folder in (each.package, each.graders.parent, each.data_folder)
        }
        for folder, name in inside.items():
            files.update({str(name / path): (folder / path).read_bytes() for path in _files(folder)})
        files.update({str(HELD_OUT / file.name): file.read_bytes() for file in plan.held_out.values()})
        if (own := plan.course.own_package) is not None and not own.samefile(INSTALLED / KIT):
            files.update({str(path): (own.parent / path).read_bytes() for path in _files_of_package(own)})
        packed[key_of(plan)] = pickle.dumps(_inside(without_secrets(plan), inside))
    return Bundle(packed, files)


def _inside(plan: Plan, places: Mapping[Path, Path]) -> Plan:
    """The plan with other folders, and those it is built on likewise."""
    return replace(
        plan,
        package=places[plan.package],
        graders=places[plan.graders.parent] / plan.graders.name,
        data_folder=places[plan.data_folder],
        held_out={name: HELD_OUT / file.name for name, file in plan.held_out.items()},
        earlier={name: _inside(each, places) for name, each in plan.earlier.items()},
    )


def _files(folder: Path) -> Iterator[PurePath]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        yield from (PurePath(place, name).relative_to(folder) for name in sorted(names))


def _files_of_package(package: Path) -> Iterator[PurePath]:
    """What a course's package consists of, below the course folder: a worker has none of it."""
    inside = (PurePath(package.name) / path for path in _files(package) if "__pycache__" not in path.parts)
    return (path for path in inside if not is_tool(".".join(path.with_suffix("").parts)))


def _moved(plan: Plan, folder: Path) -> Plan:
    course = plan.course.model_copy()
    course._root = folder
    return replace(
        plan,
        course=course,
        package=folder / plan.package,
        graders=folder / plan.graders,
        data_folder=folder / plan.data_folder,
        held_out={name: folder / file for name, file in plan.held_out.items()},
        earlier={name: _moved(each, folder) for name, each in plan.earlier.items()},
    )
