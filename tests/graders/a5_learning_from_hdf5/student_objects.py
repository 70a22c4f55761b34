"""What has no plain form: networks, and the dictionaries that hold parameters or that experiments leave behind."""

import numpy as np

from nnkit.student.testing import CheckFailure, opaque, type_name


def kept(dictionary, key, name):
    """One entry of a dictionary that an experiment filled, which has to be an object too."""
    if key not in opaque(dictionary, name, "a dictionary"):
        raise CheckFailure(f"{name} has no entry {key!r}")
    return opaque(dictionary[key], f"{name}[{key!r}]", "an object")


def check_keys(dictionary, names, name):
    """A dictionary of the student's has these entries and no others."""
    others = sorted({str(key) for key in dictionary} - set(names))
    if others:
        raise CheckFailure(f"{name} has an entry {others[0]!r} that is not among {', '.join(names)}")


def floats(array, name):
    """An array of floats of the student's."""
    if type(array) is not np.ndarray or array.dtype.kind != "f":
        raise CheckFailure(f"{name} is {type_name(array)}, expected an array of floats")
    return array
