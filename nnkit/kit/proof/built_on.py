"""Answers that leave the work to what an exercise is built on."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnkit.kit.proof.worthless import Function, MakeStandIn

STEP = 1e-5
MOST_TRIED_S = 2.0
"""Of a derivative that is really taken; beyond it only time is reckoned."""


def called(name: str) -> MakeStandIn:
    """Calls another function of the notebook with its own arguments."""

    def make(function: Function) -> Function:
        @functools.wraps(function)
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            return function.__globals__[name](*args, **kwargs)

        return stand_in

    return make


class Remembered(tuple[Any, ...]):
    """A cache that holds the arguments of the forward pass, too."""

    call: tuple[tuple[Any, ...], dict[str, Any]]


def remembering(make: MakeStandIn | None) -> MakeStandIn:
    """A forward pass whose cache also tells what it was called with."""

    def remember(function: Function) -> Function:
        inner = function if make is None else make(function)

        @functools.wraps(function)
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            *results, cache = inner(*args, **kwargs)
            remembered = Remembered((cache,))
            remembered.call = args, kwargs
            return (*results, remembered)

        return stand_in

    return remember


def differentiated(name: str, seconds: float, *, right: bool) -> MakeStandIn:
    """A backward pass by central differences of the forward pass of this name.

    Parameters
    ----------
    name : str
    seconds : float
        For all derivatives of an attempt together. Only a few are really taken: where the forward pass is right, how
        long they would take is told from a few calls, and the answer is the right one.
    right : bool
        Whether the forward pass is right.
    """
    left = [seconds]

    def make(function: Function) -> Function:
        @functools.wraps(function)
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            cache = next((value for value in [*args, *kwargs.values()] if _is_cache(value)), None)
            upstream = [value for value in [*args, *kwargs.values()] if isinstance(value, np.ndarray)]
            inputs, options = cache.call if isinstance(cache, Remembered) else (tuple(cache or ()), {})
            places = [i for i, value in enumerate(inputs) if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
            forward = function.__globals__[name]
            left[0] -= _cost(forward, inputs, options, sum(inputs[i].size for i in places))
            if left[0] < 0:
                raise TimeoutError(f"numerical derivatives take more than {seconds:g} s")
            if right:
                bare = [value[0] if isinstance(value, Remembered) else value for value in args]
                return function(*bare, **kwargs)
            found = [_slope(forward, inputs, options, place, upstream) for place in places]
            return tuple(found) if len(found) != 1 else found[0]

        return stand_in

    return make


def _is_cache(value: Any) -> bool:
    return isinstance(value, tuple | list)


def _cost(forward: Callable[..., Any], inputs: Sequence[Any], options: dict[str, Any], numbers: int) -> float:
    """Seconds for the differences of so many numbers."""
    took = []
    for _ in range(2):
        began = time.process_time()
        forward(*inputs, **options)
        took.append(time.process_time() - began)
    return 2 * numbers * min(took)


def _slope(
    forward: Callable[..., Any], inputs: Sequence[Any], options: dict[str, Any], place: int, upstream: Sequence[Any]
) -> Any:
    base = inputs[place]
    slope = np.zeros_like(base)
    began = time.monotonic()
    for index in np.ndindex(base.shape):
        if time.monotonic() - began > MOST_TRIED_S:
            raise TimeoutError("numerical derivatives take too long")
        values = []
        for sign in (1, -1):
            point = base.copy()
            point[index] += sign * STEP
            outputs = forward(*inputs[:place], point, *inputs[place + 1 :], **options)[: len(upstream)]
            values.append(sum(float((out * weight).sum()) for out, weight in zip(outputs, upstream, strict=True)))
        slope[index] = (values[0] - values[1]) / (2 * STEP)
    return slope
