"""Everything that is needed to grade one notebook of a class, and nothing that belongs to one student."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from nbformat import NotebookNode

from nnkit.kit.course.items import Item
from nnkit.kit.course.own_package import use_package_of
from nnkit.kit.course.settings import Course
from nnkit.kit.grading.thresholds import Thresholds

Defined = Callable[[str, dict[str, Any]], object]


def _leave(name: str, namespace: dict[str, Any]) -> None:
    """Nothing happens to what has just been defined."""


@dataclass(frozen=True)
class Mistake:
    """A misconception as source: one item's definition with an edit."""

    item: str
    name: str
    hint: str
    source: str


@dataclass(frozen=True)
class Plan:
    """One notebook as released, with its graders and its reference; the same for every student, and picklable."""

    course: Course
    assignment: str
    notebook: str
    items: tuple[Item, ...]
    release: NotebookNode
    package: Path
    """What was released beside the notebooks (`nnkit`, `checks`, files), compiled: what the locked process is shown."""
    graders: Path
    definitions: Mapping[str, str]
    """The reference's own code by name (exercises and given functions), in the order of the notebook."""
    mistakes: tuple[Mistake, ...] = ()
    data_folder: Path = Path()
    """What locked processes read as ``data``; nothing of what is held out is in it."""
    held_out: Mapping[str, Path] = field(default_factory=dict)
    """By data set, the file of its held-out data, which no locked process is shown."""
    input_key: str = ""
    """Seeds the random inputs of tests, together with the names of test and student."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    proven: bool = False
    """Whether the reference has passed these very graders, experiments included."""
    earlier: Mapping[str, Plan] = field(default_factory=dict)
    """Of the notebooks that this one takes definitions from, by name."""

    def thresholds(self, item: str) -> Thresholds | None:
        """What an experiment has to reach on the data in use: stated for itself, or for its notebook."""
        by_name = self.course.thresholds
        stated = by_name.get(item, by_name.get(self.notebook, {}))
        in_use = [measures for data, measures in stated.items() if data in self.course.data_in_use]
        return Thresholds({name: bound for measures in in_use for name, bound in measures.items()}) if in_use else None

    @property
    def lenders(self) -> dict[str, Plan]:
        """The earlier notebooks that this one takes definitions from, directly or through another of them."""
        indirect = {name: each for plan in self.earlier.values() for name, each in plan.lenders.items()}
        return {**indirect, **self.earlier}

    def foundations(self, item: Item) -> tuple[str, ...]:
        """The items that an item is built on, directly or through others, in the order of the notebook."""
        uses = {each.name: each.uses for each in self.items}
        found: set[str] = set()
        pending = list(item.uses)
        while pending:
            name = pending.pop()
            if name not in found and name != item.name:  # what it is built on may use it in turn
                found.add(name)
                pending += uses.get(name, ())
        return tuple(name for name in uses if name in found)

    def reference(self, item: str = "", source: str = "", *, defined: Defined = _leave) -> dict[str, Any]:
        """A namespace with the reference's definitions, in which one of them may be replaced.

        Parameters
        ----------
        item : str, optional
            The definition to replace; everything that uses it sees the replacement.
        source : str, optional
            What to replace it with.
        defined : callable, optional
            Called with each name and the namespace as soon as it is defined there, before what may be built on it.
        """
        definitions = {name: source if name == item else text for name, text in self.definitions.items()}
        use_package_of(self.course)
        return namespace_of(definitions, self.notebook, defined)


def namespace_of(definitions: Mapping[str, str], notebook: str, defined: Defined = _leave) -> dict[str, Any]:
    """The namespace that definitions of a notebook leave behind, run in order; `defined` as for `Plan.reference`."""
    namespace: dict[str, Any] = {"__name__": f"reference_of_{notebook}"}
    for name, text in definitions.items():
        exec(_compiled(text, f"<{notebook}: {name}>"), namespace)
        defined(name, namespace)
    return namespace


@lru_cache(maxsize=1000)
def _compiled(text: str, filename: str) -> CodeType:
    """The code of a definition, which every submission's mistakes are compared with anew."""
    return compile(text, filename, "exec")
