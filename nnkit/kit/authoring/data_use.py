"""Which data sets of the course an assignment's notebooks use."""

from __future__ import annotations

import ast

from nnkit.kit.authoring.package_imports import closure, modules_imported
from nnkit.kit.authoring.read_once import kept_within_read_once
from nnkit.kit.authoring.template import Template, plain_python, read_template
from nnkit.kit.course.hashing import hash_of
from nnkit.kit.course.settings import Course


@kept_within_read_once
def data_of(course: Course, assignment: str) -> tuple[str, ...]:
    """The data sets whose modules the assignment's cells or its library import, directly or through others."""
    settings = course.assignment(assignment)
    templates = (course.template(assignment, notebook) for notebook in settings.notebooks)
    files = hash_of((*templates, *course.modules().values()))
    key = repr((str(course.root), files, settings.notebooks, settings.library, course.data))
    if key not in _known:
        modules = set(settings.library)
        for notebook in settings.notebooks:
            modules |= modules_of_cells(read_template(course, assignment, notebook))
        reached = closure(course, modules)
        _known[key] = tuple(name for name, stated in course.data.items() if stated.module in reached)
    return _known[key]


# Reading every template of an assignment takes a while, and is asked for anew with each of its notebooks.
_known: dict[str, tuple[str, ...]] = {}


def modules_of_cells(template: Template) -> frozenset[str]:
    """The modules of the course's package that a notebook's cells import."""
    sources = (
        plain_python(template, cell) for cell in template.cells if cell.kind not in ("prose", "explain", "choose")
    )
    return frozenset().union(*(modules_imported(template.course, ast.parse(source)) for source in sources))


def data_files(course: Course, assignment: str) -> tuple[str, ...]:
    """The data files of the package that the assignment's data sets read, and students receive with them."""
    return tuple(dict.fromkeys(file for name in data_of(course, assignment) for file in course.data[name].files))
