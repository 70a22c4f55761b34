"""A class of simulated students for one notebook: right, wrong in every known way, careless, and hostile."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from nnkit.kit.authoring.misconceptions import Misconception, load_misconceptions, mistaken_notebook
from nnkit.kit.authoring.notebook import notebook_text, release_notebook, solved_notebook, source_notebook
from nnkit.kit.authoring.template import Template

SPY = """
import glob, os, socket
loot = []
for pattern in ("**/*.py", "../*", "/*", "/*/*/course.toml", "/*/*/gradebook.db", "/home/*/*", "/proc/*/environ"):
    loot += glob.glob(pattern, recursive=True)[:60]
for secret in loot:
    try:
        print(secret, open(secret, "rb").read(40))
    except OSError as error:
        print(secret, error)
print(dict(os.environ))
socket.create_connection(("192.0.2.1", 80), timeout=2)
"""
LIAR = '''
class Right:
    """Claims to equal everything."""
    shape = dtype = None
    def __eq__(self, other): return True
    def __array__(self, *args, **kwargs): raise TypeError
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __float__(self): return 1.0
    def __iter__(self): return iter((self, self, self))

def {name}(*args, **kwargs):
    return Right(), Right()
'''


@dataclass(frozen=True)
class Student:
    """One simulated student: the text of the notebook handed in, or None for nothing."""

    name: str
    about: str
    text: str | None
    late_days: int = 0
    misconceptions: tuple[Misconception, ...] = ()


def simulate(template: Template) -> Iterator[Student]:
    """The students of one notebook."""
    source = source_notebook(template)
    solved, untouched = solved_notebook(source), release_notebook(source)
    exercises = [item.name for item in template.items if item.kind == "exercise"]
    first = exercises[0]

    def student(name: str, about: str, notebook: NotebookNode, late_days: int = 0) -> Student:
        return Student(name, about, notebook_text(notebook), late_days)

    yield student("ada", "everything right", solved)
    yield student("blank", "hands in the notebook as released", untouched)
    for number, group in enumerate(one_of_each(load_misconceptions(template)), start=1):
        yield Student(
            f"mistaken_{number}",
            "known mistakes in " + ", ".join(each.exercise for each in group),
            notebook_text(mistaken_notebook(source, group)),
            misconceptions=tuple(group),
        )
    yield student("typo", f"a syntax error in {first}", rewritten(solved, first, lambda text: text.replace(":", "", 1)))
    yield student("loop", f"{first} never returns", rewritten(solved, first, _endless))
    yield student("spy", "looks for tests, marks and the network", rewritten(untouched, first, lambda _: SPY))
    yield student("liar", "returns objects that claim to equal everything", _lying(untouched, exercises))
    yield student("boaster", "prints scores and full marks", _boasting(untouched))
    yield student("noisy", "right, and prints to stderr all the time", rewritten(solved, first, _noisy))
    yield student("deleter", f"right, but deleted the test cell of {first}", without(solved, f"test_{first}"))
    yield student("late", "right, two days late", solved, late_days=2)
    yield Student("torn", "a file cut off in the middle", notebook_text(solved)[:5000])
    yield Student("absent", "handed in an empty folder", None)


def one_of_each(misconceptions: tuple[Misconception, ...]) -> Iterator[list[Misconception]]:
    """Groups with at most one misconception of each exercise, which together hold them all."""
    by_exercise: dict[str, list[Misconception]] = defaultdict(list)
    for misconception in misconceptions:
        by_exercise[misconception.exercise].append(misconception)
    for number in range(max((len(group) for group in by_exercise.values()), default=0)):
        yield [group[number] for group in by_exercise.values() if number < len(group)]


def rewritten(notebook: NotebookNode, grade_id: str, change: Callable[[str], str]) -> NotebookNode:
    """A copy of the notebook with one cell's text changed."""
    copied = copy.deepcopy(notebook)
    for cell in copied.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
            cell.source = change(cell.source)
    return copied


def without(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """A copy of the notebook with one cell deleted."""
    copied = copy.deepcopy(notebook)
    copied.cells = [cell for cell in copied.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != grade_id]
    return copied


def _endless(text: str) -> str:
    return text.replace("    return ", "    while True:\n        pass\n    return ", 1)


def _noisy(text: str) -> str:
    return "import sys\n" + text.replace("    return ", '    print("noise", file=sys.stderr)\n    return ', 1)


def _lying(notebook: NotebookNode, names: list[str]) -> NotebookNode:
    for name in names:
        notebook = rewritten(notebook, name, lambda _, name=name: LIAR.replace("{name}", name))  # type: ignore[misc]
    return notebook


def _boasting(notebook: NotebookNode) -> NotebookNode:
    """Full marks in every output, and every test cell edited to say so; what stock nbgrader can be talked into."""
    copied = copy.deepcopy(notebook)
    for cell in copied.cells:
        if cell.cell_type == "code":
            cell.source += "\nimport numpy as np\nnp.float64(100.0)"
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "100.0"}, execution_count=1)]
    return copied
