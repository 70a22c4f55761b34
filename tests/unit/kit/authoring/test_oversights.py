"""What an author has probably not meant is said with its place; a course without such things gives no warning."""

import pytest
from tiny_course import change, write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.oversights import oversights_of, oversights_of_course
from nnkit.kit.course.file import load_course

MD = "source/a1/net.md"
LAST = "\nGoodbye.\n"
TUNING = "best = max(range(5), key=lambda size: Net(size + 1).loss(np.ones(size + 1)))"


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


def warnings(course):
    course = load_course(course.root)
    templates = {("a1", "net"): load_template(course, "a1", "net")}
    found = [*oversights_of_course(course, templates), *oversights_of(course, "a1", "net", templates)]
    return [str(each) for each in found]


def line_of(course, text, name=MD):
    return 1 + next(i for i, line in enumerate((course.root / name).read_text().split("\n")) if text in line)


def test_the_course_as_it_is_has_none(course):
    assert warnings(course) == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("source/a1/nett.md", "no notebook of a1 in course.toml (did you mean net?)"),
        (
            "source/a1/draft.md",
            'no notebook of a1 in course.toml (add "draft" to its notebooks, or move the file away)',
        ),
        ("tests/graders/a1/test_nte.py", "graders of no notebook of a1: nobody reads it (did you mean net?)"),
        ("tests/graders/a1/nte.misconceptions.toml", "misconceptions of no notebook of a1: nobody reads it"),
        ("tests/graders/a1/net.misconception.toml", "a file of settings of no notebook of a1: nobody reads it"),
        ("tests/graders/a1/ent.h5", "expected values of no notebook of a1: nobody reads it"),
    ],
)
def test_a_file_that_nobody_reads_is_named(course, name, what):
    (course.root / name).write_text("")
    (warning,) = warnings(course)
    assert warning.startswith(f"{name}: {what}")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("source/a_1/net.md", "course.toml has no assignment a_1: its templates are not built (did you mean a1?)"),
        ("tests/graders/a9/test_net.py", "course.toml has no assignment a9: its graders are not used"),
        ("release/a0/net.ipynb", "course.toml has no assignment a0: it was released once"),
    ],
)
def test_a_folder_of_no_assignment_is_named(course, name, what):
    (course.root / name).parent.mkdir(parents=True)
    (course.root / name).write_text("")
    (warning,) = warnings(course)
    assert warning.startswith(str((course.root / name).parent.relative_to(course.root)))
    assert what in warning


def test_companions_and_notes_are_no_such_files(course):
    (course.root / "tests/graders/a1/shared.py").write_text("")
    (course.root / "source/a1/README.md").write_text("How this assignment came about.\n")
    (course.root / "source/figures").mkdir()
    assert warnings(course) == []


def test_a_threshold_of_nothing_is_named_with_its_line(course):
    (course.root / "nnkit/data").mkdir()
    (course.root / "nnkit/data/toys.py").write_text("")
    stated = '[data.toys]\nmodule = "nnkit.data.toys"\n[thresholds.tunign]\ntoys = { val = 0.5 }\n'
    course.file.write_text(course.file.read_text() + stated)
    (warning,) = warnings(course)
    line = line_of(course, "[thresholds.tunign]", "course.toml")
    assert warning == (
        f"course.toml, line {line}: [thresholds.tunign] is stated for no notebook and no item: nobody asks for it "
        "(did you mean tuning?)"
    )


@pytest.mark.parametrize(
    ("pasted", "first", "name"),
    [
        ("```python\nout = np.add(x, x) * 1\n```", "out =", "double_forward"),
        ("```python\nif True:\n    out = np.add(x,x)*1  # so\n```", "out =", "double_forward"),
        ("Or in a line:\n\n    out = np.add(x, x) * 1", "out =", "double_forward"),
        ("```python\nshifted_x, _ = shifted(x)\nloss = float(np.vdot(shifted_x, self.w))\n```", "shifted_x, _", "Net"),
        ("```python\nself.w = np.full(size, 0.25)\n```", "self.w", "Net"),
        (
            "For example:\n\n    best = max(range(5), key=lambda size: Net(size + 1).loss(np.ones(size + 1)))",
            "best = max",
            "tuning",
        ),
    ],
)
def test_a_solution_pasted_into_a_plain_cell_is_named_with_its_line(course, pasted, first, name):
    change(course.root, MD, LAST, f"\n{pasted}\n{LAST}")
    warning = warnings(course)[0]
    text = (course.root / MD).read_text()
    at = 1 + text.count("\n", 0, text.rindex(first))
    assert warning.startswith(f"a1/net.md, line {at}: students read here what the solution of {name} says")


def test_a_line_that_resembles_a_solution_is_not_a_pasted_one(course):
    change(course.root, MD, LAST, f"\n```python\nx = np.ones(3)\nout = np.add(x, 1)\nshifted_x = x\n```\n{LAST}")
    assert warnings(course) == []


def test_a_plain_cell_that_defines_the_exercise_is_named(course):
    change(course.root, MD, LAST, f"\n```python\nx = 1\ndef double_forward(x):\n    return x, x\n```\n{LAST}")
    (warning,) = warnings(course)
    line = line_of(course, "def double_forward")
    assert warning.startswith(f"a1/net.md, line {line}: a plain cell defines double_forward, which students are to")


@pytest.mark.parametrize(
    "prose",
    [
        "See ![a net](figures/net.png).",
        "See [the paper](paper.pdf#page=2).",
        '<img src="net.png" width="300">',
        "Two lines\nand [one](<a b.txt> 'title') link",
    ],
)
def test_a_link_to_what_students_do_not_receive_is_named(course, prose):
    change(course.root, MD, LAST, f"\n{prose}\n{LAST}")
    (warning,) = warnings(course)
    marked = next(line for line in prose.split("\n") if "](" in line or "src=" in line)
    assert warning.startswith(f"a1/net.md, line {line_of(course, marked)}: ")
    assert "is no file that students receive (name its path in files of a1" in warning


@pytest.mark.parametrize(
    "prose",
    [
        "[here](https://example.org/a.png) [mail](mailto:a@b.c) [above](#doubling) ![](data:image/png;base64,xyz)",
        "[this one](net.ipynb) [read](README.md) ![shipped](table.csv)",
        "`[not](a_link.png)` and $f[x](y)$ and\n\n    $$ g[x](z) $$",
        "```python\nx = a[0](b)\n```",
    ],
)
def test_a_link_that_students_can_follow_is_no_oversight(course, prose):
    (course.root / "table.csv").write_text("1,2\n")
    course.file.write_text(course.file.read_text().replace("library =", 'files = ["table.csv"]\nlibrary ='))
    change(course.root, MD, LAST, f"\n{prose.replace('```python', '```')}\n{LAST}")
    assert warnings(course) == []
