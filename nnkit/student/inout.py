"""Dicts that a function is asked to change: ``submission.sgd_momentum(w, dw, inout(config))``."""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class InOut:
    """A dict argument that comes back as the call left it."""

    content: dict


def inout(content):
    """Let a call change this dict: afterwards it holds what the submission's function left in it.

    Any other argument is copied, and a change of it is a mutation (see `assert_inputs_unchanged`). Never compute an
    expected value from a dict that has come back: what is in it is an answer. In a batch of calls, and among the steps
    of `submission.run`, the dict may be changed, too, but nothing comes back.

    Parameters
    ----------
    content : dict

    Raises
    ------
    TypeError
        If it is no dict.
    """
    if type(content) is not dict:
        raise TypeError(f"inout takes a dict, not {type(content).__name__}")
    return InOut(content)


def without_inout(args, kwargs):
    """A call's arguments with every in-out dict bare, and the positions and names of these.

    Parameters
    ----------
    args : sequence
    kwargs : dict

    Returns
    -------
    args : tuple
    kwargs : dict
    places : list of int and str
    """
    places = [place for place, value in [*enumerate(args), *kwargs.items()] if type(value) is InOut]
    if not places:
        return tuple(args), dict(kwargs), places
    return tuple(map(_bare, args)), {name: _bare(value) for name, value in kwargs.items()}, places


def _bare(value):
    return value.content if type(value) is InOut else value
