"""A call that changes nothing gives the same once more."""

import numpy as np

from nnkit.student.testing import CheckFailure, assert_inputs_unchanged, type_name
from nnkit.student.values import real_array


def check_repeatable(submission, function, *args):
    """Call a function twice with the same arguments. It may change none of them, not what a cache holds either.

    Which values it gives is not judged here.
    """
    submission.clear_mutations()
    first, again = function(*args), function(*args)
    assert_inputs_unchanged(submission)
    for number, (one, other) in enumerate(zip(_values(first), _values(again), strict=False), start=1):
        if not np.array_equal(one, other, equal_nan=True):
            raise CheckFailure(
                f"result {number} of a second call with the same arguments differs from that of the first: what the "
                "function was given, the cache too, stays as it is"
            )


def _values(result):
    """The arrays and numbers among what a call gave; a dictionary of the student's is neither."""
    values = [value for value in (result if type(result) is tuple else (result,)) if real_array(value, ()) is not None]
    if not values:
        raise CheckFailure(f"the function returned {type_name(result)}, expected arrays")
    return values
