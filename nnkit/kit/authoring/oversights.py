"""What an author should know of and what stops nothing: all of it for an assignment, in the order of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nnkit.kit.authoring.given_away import given_away
from nnkit.kit.authoring.links import missing_targets
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.template import Template
from nnkit.kit.authoring.unread_files import unread_files
from nnkit.kit.course.authored import read_authored
from nnkit.kit.course.errors import Finding, did_you_mean
from nnkit.kit.course.settings import Course
from nnkit.kit.course.toml_lines import line_of

Templates = Mapping[tuple[str, str], Template]


def oversights_of_course(course: Course, templates: Templates) -> Iterator[Finding]:
    """What concerns the course as a whole; `templates` are all of it."""
    yield from unread_files(course)
    known = {notebook for _, notebook in templates} | {
        item.name for template in templates.values() for item in template.items
    }
    for name in course.thresholds:
        if name not in known:
            what = f"[thresholds.{name}] is stated for no notebook and no item: nobody asks for it"
            line = line_of(read_authored(course.file), ("thresholds", name))
            yield Finding(what, "course.toml", line, did_you_mean(name, known, "take it out, or correct the name"))


def oversights_of_some(course: Course, places: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """What can be told from some notebooks, as (assignment, notebook), without reading the rest of the course."""
    templates = {place: load_template(course, *place) for place in places}
    yield from unread_files(course)
    for place in templates:
        yield from oversights_of(course, *place, templates)


def oversights_of(course: Course, assignment: str, notebook: str, templates: Templates) -> Iterator[Finding]:
    """What concerns one notebook."""
    template = templates[assignment, notebook]
    names = [each.name for each in course.assignments]
    still_secret = names[names.index(assignment) :]
    others = [each for each in templates.values() if each.assignment in still_secret and each is not template]
    yield from given_away(template, others)
    yield from missing_targets(template)
