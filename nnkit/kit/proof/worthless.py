"""Answers that solve nothing: stand-ins for a function, or a method, of the reference."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nnkit.kit.proof.recorded_calls import Call, copied, fingerprint

Function = Callable[..., Any]
MakeStandIn = Callable[[Function], Function]


def unwritten(function: Function) -> Function:
    """As it is released."""

    @functools.wraps(function)
    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("write your code here")

    return stub


def nothing(function: Function) -> Function:
    """Returns None."""

    @functools.wraps(function)
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        return None

    return stand_in


def constant(number: float) -> MakeStandIn:
    """Returns the number everywhere, in the shapes and types that are asked for: a loss of 0, gradients of 0."""

    def make(function: Function) -> Function:
        @functools.wraps(function)
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = copied((args, kwargs))
            return filled(function(*args, **kwargs), number)

        return stand_in

    return make


arbitrary = constant(-12345.67)
"""An answer that passes only where nobody looks at it."""


def echo(function: Function) -> Function:
    """Returns its own arguments where they have the right shape, zeros elsewhere."""

    @functools.wraps(function)
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = copied((args, kwargs))
        given = copied([value for value in [*args, *kwargs.values()] if isinstance(value, np.ndarray)])
        right = function(*args, **kwargs)
        if type(right) is tuple:
            return tuple(_like(value, given, args) for value in right)
        return _like(right, given, args)

    return stand_in


def emptied(function: Function) -> Function:
    """Fills everything it is given with zeros, and is right about that."""

    @functools.wraps(function)
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        for value in [*args, *kwargs.values()]:
            _empty(value)
        return function(*args, **kwargs)

    return stand_in


def right_about_zeros(function: Function) -> Function:
    """The same on copies, the object that a method belongs to left alone: what tests with zeros are worth."""
    own = "." in function.__qualname__

    @functools.wraps(function)
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        given, kwargs = copied((args[own:], kwargs))
        for value in [*given, *kwargs.values()]:
            _empty(value)
        return function(*args[:own], *given, **kwargs)

    return stand_in


def looked_up(calls: Sequence[Call]) -> MakeStandIn:
    """Answers what public tests ask, from memory, and nothing else."""
    known = {call.key: call for call in calls if call.public}

    def make(function: Function) -> Function:
        @functools.wraps(function)
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            call = known[fingerprint((args, kwargs))]
            for value, after in [*zip(args, call.args_after, strict=True), *_pairs(kwargs, call.kwargs_after)]:
                _become(value, copied(after))
            return copied(call.result)

        return stand_in

    return make


def filled(value: Any, number: float) -> Any:
    """A value of the same form with one number everywhere."""
    if isinstance(value, np.ndarray):
        return np.full(value.shape, number).astype(value.dtype if value.dtype.kind in "iufcb" else float)
    if type(value) in (tuple, list):
        return type(value)(filled(each, number) for each in value)
    if type(value) is dict:
        return {key: filled(each, number) for key, each in value.items()}
    if isinstance(value, bool | int | float | np.generic) and not isinstance(value, np.str_):
        return type(value)(number)
    return "" if isinstance(value, str) else None


def _like(value: Any, given: Sequence[Any], args: Any) -> Any:
    if isinstance(value, np.ndarray):
        return next((each.copy() for each in given if each.shape == value.shape), filled(value, 0))
    if type(value) in (tuple, list, dict):
        return args
    return filled(value, 0)


def _empty(value: Any) -> None:
    if isinstance(value, np.ndarray) and value.flags.writeable and value.dtype.kind in "iufb":
        value[...] = 0
    elif type(value) is dict:
        for each in value.values():
            _empty(each)
    elif type(value) in (tuple, list):
        for each in value:
            _empty(each)
    elif hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value):
        _empty(vars(value))


def _become(value: Any, after: Any) -> None:
    """Let an argument be what the right call made of it."""
    if isinstance(value, np.ndarray) and value.flags.writeable and value.shape == after.shape:
        value[...] = after
    elif type(value) is dict:
        value.clear()
        value.update(after)
    elif hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value):
        vars(value).update(vars(after))


def _pairs(values: Mapping[str, Any], others: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return [(values[name], others[name]) for name in values]
