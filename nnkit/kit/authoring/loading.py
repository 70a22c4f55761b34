"""Templates, read and checked as a whole: with their graders, the course's settings and the notebooks before them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from nnkit.kit.authoring.consistency import check_template, items_of
from nnkit.kit.authoring.template import Template, read_template
from nnkit.kit.course.settings import Course

_loaded: ContextVar[dict[tuple[int, str, str], Template] | None] = ContextVar("loaded", default=None)


def load_template(course: Course, assignment: str, notebook: str) -> Template:
    """Read and check one template.

    Raises
    ------
    BuildError
        Anything in the template, the exercises it names or its graders does not fit together.
    """
    known = _loaded.get()
    key = id(course), assignment, notebook
    if known is not None and key in known:
        return known[key]
    template = read_template(course, assignment, notebook)
    check_template(template)
    template = replace(template, items=items_of(template))
    if known is not None:
        known[key] = template
    return template


@contextmanager
def loaded_once() -> Iterator[None]:
    """Within the block, every template is read once: for a command that needs the whole course many times over."""
    token = _loaded.set({})
    try:
        yield
    finally:
        _loaded.reset(token)
