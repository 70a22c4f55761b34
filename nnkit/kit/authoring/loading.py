"""Templates, read and checked as a whole: with their graders, the course's settings and the notebooks before them."""

from __future__ import annotations

from dataclasses import replace

from nnkit.kit.authoring.consistency import check_template, items_of
from nnkit.kit.authoring.read_once import kept_within_read_once
from nnkit.kit.authoring.template import Template, read_template
from nnkit.kit.course.settings import Course


@kept_within_read_once
def load_template(course: Course, assignment: str, notebook: str) -> Template:
    """Read and check one template.

    Raises
    ------
    BuildError
        Anything in the template, the exercises it names or its graders does not fit together.
    """
    template = read_template(course, assignment, notebook)
    check_template(template)
    return replace(template, items=items_of(template))
