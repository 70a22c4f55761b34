"""A backward pass that is the exact slope of its own forward pass is right, whatever the forward pass gets wrong.

Where a forward pass fails, its partner's tests can't tell: they compare with the slopes of the right one. So both are
run, the student's pair and the reference's, and the student's derivatives are compared with the student's own forward
pass along random directions. If they agree, the test gets what a right pair would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.student.errors import CheckFailure
from nnkit.student.submission import LocalSubmission
from nnkit.student.values import Opaque

DIRECTIONS = 2
# Of central differences of order 4 against an analytic derivative along the same direction, by the dtype's digits.
ALLOWED = {8: 1e-5, 4: 2e-2}
Array = NDArray[Any]
Call = tuple[tuple[Any, ...], dict[str, Any]]


class OwnSlope:
    """A submission whose backward pass is judged by its own forward pass.

    Parameters
    ----------
    submission : submission
    forward, backward : str
        Names of the two.
    reference : mapping of str to callable
        The reference's two.
    rng : numpy Generator
        Draws the directions.
    """

    def __init__(
        self,
        submission: Any,
        forward: str,
        backward: str,
        reference: dict[str, Callable[..., Any]],
        rng: np.random.Generator,
    ) -> None:
        self._submission = submission
        self._names = forward, backward
        self._right = LocalSubmission(reference)
        self._rng = rng

    def __getattr__(self, name: str) -> Any:
        forward, backward = self._names
        if name == forward:
            return self._forward
        if name == backward:
            return self._backward
        return getattr(self._submission, name)

    def _forward(self, *args: Any, **kwargs: Any) -> Any:
        own = getattr(self._submission, self._names[0])(*args, **kwargs)
        right = getattr(self._right, self._names[0])(*args, **kwargs)
        if type(own) is not tuple or type(right) is not tuple or len(own) != len(right):
            raise CheckFailure(f"{self._names[0]} returned something of another form than it should")
        return (*right[:-1], _Passed((args, kwargs), own, right))

    def _backward(self, *args: Any) -> Any:
        """The reference's derivatives, if the student's are those of the student's forward pass."""
        passed = [value for value in args if type(value) is _Passed]
        if len(passed) != 1:
            raise CheckFailure(f"{self._names[1]} was not given what {self._names[0]} has left")
        upstream = [value for value in args if type(value) is not _Passed]
        own = self._derivatives(self._submission, args, passed[0].own)
        right = self._derivatives(self._right, args, passed[0].right)
        for submission, derivatives, outputs in (
            (self._right, right, passed[0].right),  # otherwise the two are no forward and backward pass
            (self._submission, own, passed[0].own),
        ):
            if not self._is_slope(getattr(submission, self._names[0]), passed[0].call, derivatives, outputs, upstream):
                raise CheckFailure(f"{self._names[1]} does not give the slopes of {self._names[0]}")
        given = [r.astype(o.dtype) for o, r in zip(own, right, strict=True)]
        return tuple(given) if len(given) > 1 else given[0]

    def _derivatives(self, submission: Any, args: Sequence[Any], passed: tuple[Any, ...]) -> list[Array]:
        result = getattr(submission, self._names[1])(
            *(passed[-1] if type(value) is _Passed else value for value in args)
        )
        found = list(result) if type(result) is tuple else [result]
        if not all(_is_floats(value) for value in found):
            raise CheckFailure(f"{self._names[1]} does not return arrays of floats")
        return found

    def _is_slope(
        self, forward: Any, call: Call, derivatives: list[Array], outputs: tuple[Any, ...], upstream: list[Any]
    ) -> bool:
        """Whether derivatives are those of the forward pass, one for each of its arrays of floats, in order."""
        args, kwargs = call
        places = [place for place, value in enumerate(args) if _is_floats(value)]
        outputs = outputs[:-1]
        if [args[place].shape for place in places] != [each.shape for each in derivatives]:
            return False
        if not all(map(_is_floats, [*outputs, *upstream])):
            return False
        if [each.shape for each in outputs] != [each.shape for each in upstream]:
            return False
        return all(
            self._agrees(forward, args, kwargs, place, derivative, upstream)
            for place, derivative in zip(places, derivatives, strict=True)
            for _ in range(DIRECTIONS)
        )

    def _agrees(
        self,
        forward: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        place: int,
        derivative: Array,
        upstream: list[Array],
    ) -> bool:
        base = args[place]
        if not base.size:
            return True
        direction = self._rng.choice([-1.0, 1.0], size=base.shape) * self._rng.uniform(0.5, 1, size=base.shape)
        step = float(np.finfo(base.dtype).eps) ** (1 / 5) * min(1.0, float(np.abs(base).max()) or 1.0)
        points = [(base + factor * step * direction).astype(base.dtype) for factor in (1, -1, 0.5, -0.5)]
        results = forward.batch([(*args[:place], point, *args[place + 1 :]) for point in points], kwargs=kwargs)
        far_up, far_down, up, down = (_weighted(result, upstream) for result in results)
        slope = (4 * (up - down) / step - (far_up - far_down) / (2 * step)) / 3
        claimed = derivative.astype(float) * direction
        scale = float(np.linalg.norm(claimed)) + abs(slope) + 1e-8
        return bool(abs(float(claimed.sum()) - slope) <= ALLOWED[min(8, base.dtype.itemsize)] * scale)


class _Passed(Opaque):
    """What a forward pass has left for a backward pass: the student's and the reference's."""

    _type_name = "cache"

    def __init__(self, call: Call, own: tuple[Any, ...], right: tuple[Any, ...]) -> None:
        self.call, self.own, self.right = call, own, right


def _is_floats(value: object) -> bool:
    return type(value) is np.ndarray and value.dtype in (np.float64, np.float32)


def _weighted(result: Any, upstream: list[Array]) -> float:
    outputs = _outputs(result, upstream)
    return float(sum((out.astype(float) * weight).sum() for out, weight in zip(outputs, upstream, strict=True)))


def _outputs(result: Any, upstream: list[Array]) -> Iterator[Array]:
    if type(result) is not tuple or len(result) != len(upstream) + 1:
        raise CheckFailure("a forward pass returned something of another form than before")
    for value, like in zip(result, upstream, strict=False):
        if not _is_floats(value) or value.shape != like.shape:
            raise CheckFailure("a forward pass returned something of another form than before")
        yield value
