"""The steps of `submission.run`: what to put where, and what to call."""

from dataclasses import dataclass
from typing import Any

from nnkit.student.errors import CheckFailure
from nnkit.student.values import type_name


@dataclass(frozen=True)
class Put:
    """``container[key] = value``, as a step of `submission.run`."""

    container: Any
    key: Any
    value: Any


@dataclass(frozen=True)
class Call:
    """``function(*args, **kwargs)``, as a step of `submission.run`."""

    function: Any
    args: tuple = ()
    kwargs: dict | None = None


def pick_from(result, pick):
    """Element `pick` of a tuple result; the result itself if `pick` is None."""
    if pick is None:
        return result
    if type(result) is not tuple or len(result) <= pick:
        given = f"{len(result)} values" if type(result) is tuple else type_name(result)
        raise CheckFailure(f"the function returned {given}, expected a tuple of at least {pick + 1} values")
    return result[pick]
