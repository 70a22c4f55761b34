"""What students of a course install beyond what every course needs: `requirements` of course.toml."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import packages_distributions

from nnkit.kit.course.settings import Course

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def further_modules(course: Course) -> frozenset[str]:
    """What Python imports of the packages that course.toml requires.

    Raises
    ------
    CourseError
        One is not installed here, where the references have to run, too.
    """
    found: set[str] = set()
    for position, requirement in enumerate(course.requirements):
        modules = _modules_by_package().get(_name(requirement))
        if modules is None:
            what = f"{_name(requirement)} is not installed here"
            raise course.error(what, ("requirements", position), f'run: pip install "{requirement}"', requirement)
        found |= modules
    return frozenset(found)


@cache
def _modules_by_package() -> dict[str, set[str]]:
    """Looked up once, as that reads every installed package's metadata."""
    modules: dict[str, set[str]] = {}
    for module, packages in packages_distributions().items():
        for package in packages:
            modules.setdefault(_name(package), set()).add(module)
    return modules


def _name(requirement: str) -> str:
    """The package's name as indexes compare names: ``scikit_image>=0.24`` becomes ``scikit-image``."""
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match.group() if match else "").lower()
