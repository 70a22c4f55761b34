"""One class whose regions are opened notebook by notebook: what each notebook and each release holds of it."""

import pytest

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.file import load_course
from nnkit.kit.distribution.library import library_text
from nnkit.kit.proof.leaks import scan

COURSE = """\
id = "t"
title = "T"
seed = "s"

[[assignment]]
name = "a1"
title = "First"
notebooks = ["plain", "again"]

[[assignment]]
name = "a2"
title = "Second"
notebooks = ["norm", "drop", "both"]

[[assignment]]
name = "a3"
title = "Third"
notebooks = ["after"]
"""

NET = '''\
"""A net."""

import math
import os.path

import nnkit.never_used
from nnkit.steps import (
    dropped,
    normalised,
    plain_pass,
)


class Net:
    def forward(self, x):
        # TODO: the plain pass.
        ### BEGIN SOLUTION
        out = plain_pass(x, math.pi)
        ### END SOLUTION
        # TODO: normalise.
        ### BEGIN SOLUTION norm
        out = normalised(out, os.path.sep)
        ### END SOLUTION
        # TODO: drop.
        ### BEGIN SOLUTION drop
        out = dropped(out, 0.123)
        ### END SOLUTION
        return out
'''

PARTS = {"plain": "out = plain_pass(x, math.pi)", "norm": "out = normalised(out, os.path.sep)",
         "drop": "out = dropped(out, 0.123)"}  # fmt: skip
STAGES = {"plain": "", "again": "", "norm": ' stage="norm"', "drop": ' stage="drop"', "both": ' stage="norm, drop"'}
ASSIGNMENTS = {"plain": "a1", "again": "a1", "norm": "a2", "drop": "a2", "both": "a2"}


@pytest.fixture
def course(tmp_path):
    files = {"course.toml": COURSE, "nnkit/net.py": NET, "source/a3/after.md": "Nothing to write.\n"}
    for notebook, assignment in ASSIGNMENTS.items():
        files[f"source/{assignment}/{notebook}.md"] = (
            "```python\nimport math, os\nplain_pass = normalised = dropped = max\n```\n\n"
            f'```python exercise="nnkit.net:Net"{STAGES[notebook]}\n```\n\n```python grade="Net" points=1\n```\n'
        )
        files[f"tests/graders/{assignment}/test_{notebook}.py"] = (
            'from nnkit.student.testing import item\n\n\n@item("Net")\ndef test_net(submission):\n    pass\n'
        )
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return load_course(tmp_path)


def cell_of(course, notebook, stage_of_notebook):
    made = stage_of_notebook(source_notebook(load_template(course, ASSIGNMENTS[notebook], notebook)))
    (cell,) = (cell for cell in made.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "Net")
    return cell.source


def parts_in(text):
    return {part for part, line in PARTS.items() if line in text}


@pytest.mark.parametrize(
    ("notebook", "given", "asked"),
    [
        ("plain", set(), {"plain"}),
        ("again", set(), {"plain"}),
        ("norm", {"plain"}, {"norm"}),
        ("drop", {"plain"}, {"drop"}),
        ("both", {"plain"}, {"norm", "drop"}),
    ],
)
def test_notebook_gives_what_earlier_assignments_solved_and_asks_for_its_own_stages_alone(
    course, notebook, given, asked
):
    released, solved = cell_of(course, notebook, release_notebook), cell_of(course, notebook, solved_notebook)
    assert parts_in(released) == given
    assert parts_in(solved) == given | asked
    assert released.count("# YOUR CODE HERE") == len(asked)


def test_nothing_says_that_there_will_be_later_stages(course):
    released = cell_of(course, "plain", release_notebook).lower()
    assert "norm" not in released
    assert "drop" not in released


def test_library_has_the_solved_stages_and_imports_what_they_use(course):
    assert library_text(course, "a2", "nnkit.net") == (
        '"""A net."""\n\nimport math\n\nimport nnkit.never_used\nfrom nnkit.steps import plain_pass\n\n\n'
        "class Net:\n    def forward(self, x):\n        # The plain pass.\n"
        "        out = plain_pass(x, math.pi)\n        return out\n"
    )


def test_library_of_the_first_assignment_has_nothing_of_the_class_or_for_it(course):
    assert library_text(course, "a1", "nnkit.net") == '"""A net."""\n\n\nimport nnkit.never_used\n'


def test_once_all_stages_are_solved_the_library_is_whole(course):
    text = library_text(course, "a3", "nnkit.net")
    assert parts_in(text) == PARTS.keys()
    assert text.startswith(NET[: NET.index("class Net")])


@pytest.mark.parametrize(
    ("assignment", "leaked"), [("a1", {"plain", "norm", "drop"}), ("a2", {"norm", "drop"}), ("a3", set())]
)
def test_leak_scan_knows_which_stages_an_assignment_may_hold(course, tmp_path, assignment, leaked):
    folder = tmp_path / "release" / assignment
    folder.mkdir(parents=True)
    (folder / "pasted.py").write_text("\n".join(PARTS.values()))
    found = {leak.line for leak in scan(folder, course) if "a line of the solution of Net" in leak.what}
    assert {list(PARTS)[line - 1] for line in found} == leaked


@pytest.mark.parametrize("stage", ["nrom", "norm, dorp", ""])
def test_stage_that_no_region_has_is_named_with_its_line(course, stage):
    template = course.template("a2", "norm")
    template.write_text(template.read_text().replace('stage="norm"', f'stage="{stage}"'))
    with pytest.raises(BuildError, match=r'norm\.md, line 6: "nnkit\.net:Net" has no region of stage "(nrom|dorp|)"'):
        load_template(course, "a2", "norm")
