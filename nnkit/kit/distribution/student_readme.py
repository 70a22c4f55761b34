"""What a student reads first: the README.md of a released assignment."""

from __future__ import annotations

from collections.abc import Iterable

from nnkit.kit.course.settings import Assignment, Course

_TEXT = """\
# {title}

{course}: assignment `{name}`.
{due}
## Start

Unpack this folder and keep its files together: every notebook looks for {folders} beside it. What pip
installs under the name `nnkit` is something else. With Python 3.11 or newer, in this folder:

    python -m venv .venv
    .venv/bin/python -m pip install -r requirements.txt
    .venv/bin/python -m jupyter lab

(On Windows it is `.venv\\Scripts\\python` instead of `.venv/bin/python`.) Then work through, in this order:

{notebooks}

## Work

Write where a cell says `# YOUR CODE HERE`, and remove the `raise NotImplementedError(...)` below it. Answer written
questions where it says `YOUR ANSWER HERE`. Leave the other cells as they are: what you change in them is put back
before grading. You may add cells of your own.

## Check

After each part a cell such as `check("{example}")` runs the public tests on what you have written, and says what
was measured, what is allowed and what may be wrong. Run it as often as you like. Your work is graded with further tests
of the same kind.

## Hand in

First restart the kernel and run all cells: what only works because of a cell that is gone will not work when it is
graded. Then hand in, under the same name, every `.ipynb` file listed above. Nothing else of this folder is needed.
"""


def student_readme(course: Course, settings: Assignment, example: str, packages: Iterable[str]) -> str:
    """How to start, how to check, what to hand in.

    Parameters
    ----------
    course, settings
    example : str
        An item of the first notebook.
    packages : iterable of str
        Those that students receive.
    """
    due = course.due(settings.name)
    return _TEXT.format(
        title=settings.title,
        course=course.title,
        name=settings.name,
        due="" if due is None else f"\nDue: {due:%Y-%m-%d %H:%M} ({course.time_zone}).\n",
        notebooks="\n".join(f"{number}. `{name}.ipynb`" for number, name in enumerate(settings.notebooks, start=1)),
        example=example,
        folders=", ".join(f"`{name}/`" for name in packages) + " and `checks/`",
    )
