"""What `@item(...)` above a test may say, checked in one place: where tests are read, and where they are run."""

import math

DEFAULTS = {"public": False, "weight": 1, "message": "", "slow": False, "needs": (), "confirms": ()}


def read_marker_call(args, options):
    """The item that a marker names, and its options with what is left out filled in.

    Parameters
    ----------
    args : sequence
    options : dict

    Returns
    -------
    str, dict

    Raises
    ------
    ValueError
        It names no item, has a keyword that is not known, or a value of the wrong kind.
    """
    if len(args) != 1 or not isinstance(args[0], str) or not args[0]:
        raise ValueError('item takes one name: @item("affine_forward")')
    unknown = options.keys() - DEFAULTS.keys()
    if unknown:
        raise ValueError(f"item has no keyword {', '.join(sorted(unknown))} (it has {', '.join(DEFAULTS)})")
    given = DEFAULTS | options
    for key in ("public", "slow"):
        if not isinstance(given[key], bool):
            raise ValueError(f"{key} is {given[key]!r}, expected True or False")
    weight = given["weight"]
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
        raise ValueError(f"weight is {weight!r}, expected a number above 0")
    if not isinstance(given["message"], str):
        raise ValueError(f"message is {given['message']!r}, expected text")
    for key in ("needs", "confirms"):
        given[key] = _names(key, given[key])
    if given["public"] and given["confirms"]:
        raise ValueError("a public test confirms nothing: its inputs can be looked up")
    return args[0], given


def _names(key, value):
    """One test's name, or several."""
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, tuple | list) or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{key} is {value!r}, expected a test's name, or a list of them")
    return tuple(names)
