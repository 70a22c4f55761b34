"""Functions that are put out of use for a while, in the whole process: every route to them raises, by whatever name.

A name can be bound anywhere beforehand (``from numpy.linalg import norm``, a default argument, a closure), so it is the
function's own code that is exchanged. A grader also sends this file to the locked process, which runs it there: so it
imports nothing but the standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, FunctionType, MappingProxyType, ModuleType

_codes: dict[FunctionType, CodeType] = {}  # of the functions that are out of use now


def complaint(name: str) -> str:
    """What the function says as long as it is out of use."""
    return f"{name} is not allowed here"


def disable(names: Iterable[str], own: Mapping[str, object] = MappingProxyType({})) -> None:
    """Put functions out of use until `enable_all`, and no others.

    Parameters
    ----------
    names : iterable of str
        Module and function, such as ``"numpy.linalg.norm"``, or the notebook's own function. A module that has not been
        imported can't be until then.
    own : mapping of str to object, optional
        What the notebook has defined.

    Raises
    ------
    ValueError
        If a module has no such function, or it is written in C and so has no code that can be exchanged.
    """
    enable_all()
    for name in names:
        home, _, attribute = name.rpartition(".")
        if not home:
            mine = own.get(name)
            if isinstance(mine, FunctionType):
                _put_out(mine, name)
        elif home in sys.modules:
            _put_out(_function(sys.modules[home], attribute, name), name)
        else:
            sys.meta_path.insert(0, _Closed(home, complaint(name)))


def enable_all() -> None:
    """Put all functions back to use."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder) is not _Closed]
    for function, code in list(_codes.items()):
        # In this order: broken off between the two, the next call puts the function back.
        function.__code__ = code
        del _codes[function]


def _put_out(function: FunctionType, name: str) -> None:
    _codes.setdefault(function, function.__code__)
    function.__code__ = _raising(complaint(name), function.__code__)


def _function(module: ModuleType, attribute: str, name: str) -> FunctionType:
    try:
        found = getattr(module, attribute)
    except AttributeError:
        raise ValueError(f"there is no function {name}") from None
    function = getattr(found, "_implementation", found)  # what NumPy calls if no other array library takes over
    if not isinstance(function, FunctionType):
        raise ValueError(f"{name} can't be put out of use: it is {type(function).__name__}, not written in Python")
    return function


def _raising(message: str, code: CodeType) -> CodeType:
    """Code for a function with such a code: whatever it is called with, it raises."""
    # A function's new code has to close over as many names as the old one.
    cells = "".join(f"cell_{number}, " for number in range(len(code.co_freevars)))
    source = f"""
def enclosing({cells}):
    def stand_in(*args, **kwargs):
        raise RuntimeError({message!r})
        ({cells})
    return stand_in
"""
    namespace: dict[str, Callable[..., FunctionType]] = {}
    exec(compile(source, __file__, "exec"), namespace)
    return namespace["enclosing"](*code.co_freevars).__code__


class _Closed(MetaPathFinder):
    """Refuses to import a module."""

    def __init__(self, module: str, message: str) -> None:
        self._module = module
        self._message = message

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == self._module:
            raise ImportError(self._message)
        return None
