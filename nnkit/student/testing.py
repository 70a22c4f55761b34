"""The language of grader files: all a test needs besides NumPy and pytest.

A grader file's tests carry the `item` marker, ask `submission` for the student's functions, and judge what comes back
with the assertions here:

    @item("affine_forward", public=True, message="Compare with x.reshape(N, D) @ w + b.")
    def test_small_batch(submission, rng):
        x, w, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(12, 5)), rng.normal(size=5)
        out, _ = unpack(submission.affine_forward(x, w, b), "out", "cache")
        assert_close(out, x.reshape(2, 12) @ w + b, FORWARD, "out")
        assert_inputs_unchanged(submission)
"""

import pytest

from nnkit.student.closeness import (
    arrays_named,
    assert_at_least,
    assert_below,
    assert_close,
    assert_dtype,
    assert_equal,
    assert_shape,
    opaque,
    unpack,
)
from nnkit.student.differences import numerical_gradient, numerical_gradient_of_parameter
from nnkit.student.errors import (
    CheckFailure,
    StudentError,
    StudentKilled,
    StudentOutOfMemory,
    StudentTimeout,
)
from nnkit.student.forbidding import forbidden
from nnkit.student.inout import inout
from nnkit.student.inputs import float32_result, off_zero, spaced, wave
from nnkit.student.measurement import Measurement, measurements
from nnkit.student.relative_error import rel_error
from nnkit.student.steps import Call, Put, pick_from
from nnkit.student.submission import LocalSubmission, assert_inputs_unchanged
from nnkit.student.tolerances import (
    ANALYTIC_GRADIENT,
    FORWARD,
    FORWARD_FLOAT32,
    GRADIENT,
    GRADIENT_FLOAT32,
    LOSS,
    LOSS_GRADIENT,
    NETWORK_FORWARD,
    NETWORK_GRADIENT,
    NOISE_FLOOR,
    PRINTED,
    SMOOTH_GRADIENT,
)
from nnkit.student.tracebacks import student_error
from nnkit.student.values import Opaque, type_name

__all__ = [
    "ANALYTIC_GRADIENT",
    "FORWARD",
    "FORWARD_FLOAT32",
    "GRADIENT",
    "GRADIENT_FLOAT32",
    "LOSS",
    "LOSS_GRADIENT",
    "NETWORK_FORWARD",
    "NETWORK_GRADIENT",
    "NOISE_FLOOR",
    "PRINTED",
    "SMOOTH_GRADIENT",
    "Call",
    "CheckFailure",
    "LocalSubmission",
    "Measurement",
    "Opaque",
    "Put",
    "StudentError",
    "StudentKilled",
    "StudentOutOfMemory",
    "StudentTimeout",
    "arrays_named",
    "assert_at_least",
    "assert_below",
    "assert_close",
    "assert_dtype",
    "assert_equal",
    "assert_inputs_unchanged",
    "assert_shape",
    "float32_result",
    "forbidden",
    "inout",
    "item",
    "measurements",
    "numerical_gradient",
    "numerical_gradient_of_parameter",
    "off_zero",
    "opaque",
    "pick_from",
    "rel_error",
    "spaced",
    "student_error",
    "type_name",
    "unpack",
    "wave",
]


def item(*args, **options):
    """Mark a test as part of a graded item: ``@item("affine_forward", public=True, weight=1, message="...")``.

    Parameters
    ----------
    name : str
        The item, as the notebook's grade cell names it.
    public : bool, default False
        Whether students get the test.
    weight : number, default 1
        Of this test among the item's tests.
    message : str, default ""
        What a student reads, after what was measured, when the test fails.
    slow : bool, default False
        Whether even a right solution takes a second or more. Such a test says little about what is wrong, so it is not
        run again with every known misconception to find a hint.
    needs : str or list of str, default ()
        Tests that have to pass too, before this one earns its points: what it tests is worth nothing by itself.
    confirms : str or list of str, default ()
        Public tests that this hidden one repeats on inputs that can't be looked up: they earn their points only if it
        passes. A public test that no hidden one confirms needs at least one passed hidden test of its item.
    """
    # Looked up only here: `pytest.mark.item` at import would need the marker registered wherever this is imported.
    return pytest.mark.item(*args, **options)
