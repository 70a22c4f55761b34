"""What the tests of an item ask of the reference's solution, and what it answers."""

from __future__ import annotations

import copy
import functools
import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from nnkit.kit.course.items import Item
from nnkit.kit.grading.given_data import given_data
from nnkit.kit.grading.held_out import held_out
from nnkit.kit.grading.in_process import LocalSessions
from nnkit.kit.grading.locked_grader import LockedGrader
from nnkit.kit.grading.plan import Plan
from nnkit.student.verdict import GraderTest

LARGEST = 200_000
"""Numbers in the arguments of a call that is kept."""


@dataclass(frozen=True)
class Call:
    """A call of a function, or of a method with its object as the first argument, and all that became of it."""

    public: bool
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    args_after: tuple[Any, ...]
    kwargs_after: dict[str, Any]
    result: Any

    @property
    def key(self) -> str:
        return fingerprint((self.args, self.kwargs))


def recorded(plan: Plan, item: Item, parts: tuple[str, ...], patience_s: float) -> dict[str, list[Call]]:
    """The calls of some parts of an item's solution while its tests run on the reference.

    Parameters
    ----------
    plan : Plan
    item : Item
    parts : tuple of str
        Functions and methods: ``affine_forward``, ``TwoLayerNet.loss``.
    patience_s : float
        Seconds for the calls of one test.
    """
    calls: dict[str, list[Call]] = {part: [] for part in parts}
    namespace = plan.reference()
    grader = _Recorder(
        LocalSessions(namespace, patience_s).submission,
        student="",  # as public tests run on a student's machine
        course="",
        held_out=partial(held_out, plan),
        thresholds=plan.thresholds,
        notebook_data=partial(given_data, plan),
        items={item.name},
        slow=False,
    )
    for part in parts:
        replace_part(namespace, part, partial(grader.noting, calls[part]))
    grader.run(plan.graders)
    return calls


class _Recorder(LockedGrader):
    public = False

    def on_start(self, test: GraderTest) -> None:
        self.public = test.public

    def noting(self, calls: list[Call], function: FunctionType) -> Callable[..., Any]:
        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            if _size((args, kwargs)) > LARGEST:
                return function(*args, **kwargs)
            before = copied((args, kwargs))
            result = function(*args, **kwargs)
            after = copied((args, kwargs, result))
            calls.append(Call(self.public, *before, *after))
            return result

        return noted


def replace_part(namespace: dict[str, Any], part: str, make: Callable[[Any], Any]) -> None:
    """Put what `make` makes of a function, or of a method, of a namespace in its place."""
    name, _, method = part.partition(".")
    if method:
        setattr(namespace[name], method, make(vars(namespace[name])[method]))
    else:
        namespace[name] = make(namespace[name])


def copied(value: Any) -> Any:
    """A deep copy."""
    return copy.deepcopy(value)


def fingerprint(value: Any) -> str:
    """The same text for values that are the same to whoever may look into them."""
    digest = hashlib.sha256()
    for piece in _pieces(value, 0):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any, depth: int) -> Iterator[bytes]:
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__};".encode()
    if depth > 12:
        return
    if isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape}".encode()
        yield value.tobytes()
    elif isinstance(value, np.generic) or value is None or kind in (int, float, complex, str, bytes, bool):
        yield repr(value).encode(errors="replace")
    elif isinstance(value, dict):
        for key in sorted(value, key=repr):
            yield repr(key).encode(errors="replace")
            yield from _pieces(value[key], depth + 1)
    elif isinstance(value, tuple | list):
        yield str(len(value)).encode()
        for each in value:
            yield from _pieces(each, depth + 1)
    elif hasattr(value, "__qualname__"):
        yield str(value.__qualname__).encode()
    else:
        with suppress(TypeError):
            yield from _pieces(vars(value), depth + 1)


def _size(value: Any, depth: int = 0) -> int:
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, dict):
        return sum(_size(each, depth + 1) for each in value.values())
    if isinstance(value, tuple | list):
        return sum(_size(each, depth + 1) for each in value)
    with suppress(TypeError):
        return _size(vars(value), depth + 1) if depth < 8 else 0
    return 0
