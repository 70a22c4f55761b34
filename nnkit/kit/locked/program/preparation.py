"""What every submission may have, loaded before any of them is there.

A fork server calls `Prepared` once, and in each of its forks `resume` and `service`. Nothing here may differ for a
submission from what it would have loaded itself, and nothing may be shared by two of them.
"""

from __future__ import annotations

import functools
import gc
import importlib
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO

import numpy.random

from . import agent
from .shell import new_shell

# What a released folder's requirements.txt names. Not the backend that shows figures in a notebook: it sets matplotlib
# up for the notebook when it is imported, which must happen when the submission draws its first figure.
LIBRARIES = (
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib_inline.config",
    "IPython.core.pylabtools", "h5py", "tqdm.auto",
)  # fmt: skip


class Prepared:
    """A notebook's shell that has run nothing, beside libraries that are loaded."""

    def __init__(self) -> None:
        sys.argv[:] = [""]
        sys.path.insert(0, "")
        self._shell = new_shell()
        for name in LIBRARIES:
            with suppress(ImportError):  # not installed: the submission is told when it asks for it
                importlib.import_module(name)

    def prepare_drawing(self) -> None:
        """Load what a first figure would."""
        draw_and_forget()

    def resume(self) -> None:
        """Make this fork what a fresh process would be: random numbers of its own, and a home."""
        numpy.random.seed()  # the standard library's generator seeds itself anew after a fork, the legacy one does not
        self._shell.settle()
        del sys.modules[__name__]

    def service(self, descriptor: int) -> Callable[[], None]:
        """What serves one submission on an inherited socket, and ends this process."""
        return partial(agent.serve, descriptor, self._shell)


def draw_and_forget() -> None:
    """Draw a figure, so that what matplotlib looks up once is there; no figure, setting or open font stays."""
    with suppress(ImportError):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure()
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.plot([1, 10], [1, 10], label="$x$")
        axes.set(xscale="log", title="title", xlabel="x", ylabel="y")
        axes.legend()
        with warnings.catch_warnings(action="ignore"):  # what is warned of here could not warn a submission any more
            axes.imshow([[0.0, 1.0]])
        figure.savefig(BytesIO(), format="png", bbox_inches="tight")
        del figure, axes
        _forget("matplotlib.font_manager", "matplotlib.mathtext")
    gc.collect()


def _forget(*modules: str) -> None:
    """Empty the caches of these modules: they hold fonts, which are open files. Where a font lies may stay known."""
    for thing in gc.get_objects():
        cached = isinstance(thing, functools._lru_cache_wrapper) and thing.__module__ in modules
        if cached and "findfont" not in thing.__name__:
            thing.cache_clear()
