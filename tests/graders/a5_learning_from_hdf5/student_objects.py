"""What has no plain form: networks, and the dictionaries that hold parameters or that experiments leave behind."""

from nnkit.student.testing import CheckFailure, opaque


def kept(dictionary, key, name):
    """One entry of a dictionary that an experiment filled, which has to be an object too."""
    if key not in opaque(dictionary, name, "a dictionary"):
        raise CheckFailure(f"{name} has no entry {key!r}")
    return opaque(dictionary[key], f"{name}[{key!r}]", "an object")
