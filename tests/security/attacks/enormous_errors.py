"""Raise exceptions with enormous messages, names, causes and tracebacks, and ones that fail to be shown.

Family: floods
Must fail: what is told of an exception is cut, and computing it may fail without harm.
"""

# %% double_forward
import sys


def deep(n):
    return deep(n - 1) if n else 1 / 0


class Silent(Exception):
    def __str__(self):
        raise Silent

    __repr__ = __str__


def double_forward(x):
    if len(x) == 1:
        raise Silent
    raise type("E" * 1_000_000, (Exception,), {})("ATTEMPTED " + "m" * 50_000_000)


sys.setrecursionlimit(3000)
try:
    deep(2000)
except Exception as error:
    for number in range(2000):
        error.add_note("n" * 10_000)
    raise ExceptionGroup("g" * 1_000_000, [error] * 100) from error

# %% Net
class Net:
    def __init__(self, size=3):
        chain = None
        for number in range(20_000):
            chain, chain.__cause__ = ValueError(f"ATTEMPTED {number}"), chain
        chain.__context__ = chain
        raise chain
