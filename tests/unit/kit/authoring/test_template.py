"""Templates: what they expand to, and that everything malformed is named with file and line."""

import pytest
from tiny_course import TEMPLATE, change, write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.misconceptions import load_misconceptions
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.items import Item

MD = "source/a1/net.md"
GRADERS = "tests/graders/a1/test_net.py"


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


def complaint(course, name: str, old: str, new: str) -> str:
    change(course.root, name, old, new)
    with pytest.raises(BuildError) as caught:
        load_template(course, "a1", "net")
    return str(caught.value)


def line_of(text: str) -> int:
    return 1 + next(index for index, line in enumerate(TEMPLATE.split("\n")) if text in line)


def test_items_have_points_kinds_and_what_they_use(course):
    assert load_template(course, "a1", "net").items == (
        Item("double_forward", 4, "exercise"),
        Item("Net", 6, "exercise", uses=("double_forward",)),
        Item("tuning", 2.5, "experiment", uses=("Net",)),
        Item("zero", 1.5, "choose", answer=frozenset("AC")),
        Item("zero_why", 3, "explain"),
    )


def test_every_cell_knows_its_line(course):
    cells = load_template(course, "a1", "net").cells
    opening = {"exercise": "exercise=", "grade": "grade=", "given": "given=", "experiment": "experiment="}
    for cell in cells:
        line = TEMPLATE.split("\n")[cell.line - 1]
        if cell.kind in opening:
            assert opening[cell.kind] in line
        elif cell.kind in ("choose", "explain"):
            assert f'question="{cell.name}"' in line
        elif cell.kind == "code":
            assert line == "```python"
        else:
            assert line == cell.source.split("\n")[0]


def test_definitions_are_the_solved_reference_in_order(course):
    definitions = load_template(course, "a1", "net").definitions
    assert list(definitions) == ["np", "double_forward", "shifted", "Net"]
    assert "np.add(x, x) * 1" in definitions["double_forward"]
    assert "SOLUTION" not in "".join(definitions.values())


def test_definitions_are_put_together_once(course):
    template = load_template(course, "a1", "net")
    assert template.definitions is template.definitions


def test_definitions_bring_what_they_take_from_the_library_and_nothing_else(course):
    imports = "from nnkit.tools import shift as moved, twice\nfrom nnkit.student import check"
    change(course.root, MD, "from nnkit.student import check", imports)
    change(course.root, "nnkit/layers.py", "np.add(x, x)", "moved(x, x)")
    definitions = load_template(course, "a1", "net").definitions
    assert list(definitions) == ["np", "moved", "double_forward", "shifted", "Net"]
    assert definitions["moved"] == "from nnkit.tools import shift as moved"


@pytest.mark.parametrize(
    ("old", "new", "at", "what"),
    [
        ("layers:Net", "layers:Nett", "layers:Net", 'exercise "nnkit.layers:Nett" names nothing in nnkit/layers.py'),
        ("layers:Net", "layrs:Net", "layers:Net", 'exercise "nnkit.layrs:Net": there is no module nnkit.layrs'),
        ('grade="Net" points', 'grade="Net" point', 'grade="Net"', 'unknown key "point" (did you mean points?)'),
        ('given="', 'gifen="', "given=", 'unknown key "gifen" (did you mean given?)'),
        ("points=6", "points=0", "points=6", "points=0, expected a number above 0"),
        (" points=6", "", "points=6", "no points, expected a number above 0"),
        ('grade="Net"', 'grade="double_forward"', 'grade="Net"', 'grade id "test_double_forward" is already taken'),
        ('question="zero_why"', 'question="zero"', "zero_why", 'grade id "zero" is already taken at line'),
        ('grade="Net"', 'grade="net"', 'grade="Net"', 'grade "net" grades no exercise or experiment here'),
        ('answer="A,C"', "", "answer", 'choose question "zero" has no answer'),
        ('answer="A,C"', 'answer="A,D"', "answer", 'answer "D" of "zero" is none of its choices'),
        ("- **B.**", "- **A.**", "answer", 'choose question "zero" has two choices of one letter'),
        ('kind="explain"', 'kind="essay"', "explain", "question \"zero_why\" is of kind 'essay'"),
        ("Because emptiness counts as naught.\n", "", "zero_why", 'explain question "zero_why" has no model answer'),
        ("3 points for the word emptiness.\n", "", "zero_why", 'explain question "zero_why" has no mark scheme'),
        ("print(best)", "### BEGIN SOLUTION\n1\n### END SOLUTION", "print(best)", "a solution region in a plain cell"),
        ("print(best)", "### BEGIN HIDDEN TESTS", "print(best)", '"### BEGIN HIDDEN TESTS" is no delimiter'),
        ("Goodbye.", "### BEGIN HIDDEN TEST", "Goodbye", '"### BEGIN HIDDEN TEST" is no delimiter'),
        ("print(best)", "print(best", "print(best", "not Python: '(' was never closed"),
        ("layers:shifted", "layers:double_forward", "shifted", "has a solution region"),
        ("layers:Net", "layers:shifted", "layers:Net", 'exercise "nnkit.layers:shifted" has no solution region'),
        ('layers:Net"', 'layers:Net" stage="x"', "layers:Net", 'has no region of stage "x"'),
        ("import numpy as np\n", "", "layers:double", 'exercise "double_forward" uses np, which no cell'),
        ('layers:Net"\n', 'layers:Net"\nx = 1\n', "layers:Net", "a cell with exercise=… has a body"),
        ('given="', 'grade="x" given="', "given=", "one cell with both given and grade"),
        ('experiment="tuning"', 'experiment="best tuning"', "experiment=", 'experiment "best tuning" is no name'),
        ("```python given", "```Python given", "given=", '"```Python given="nnkit.layers:shifted"" begins no cell'),
        ("```python given", "``python given", "given=", "begins no cell: it stands as text in the cell above"),
        ('#region question="zero"', '#regoin question="zero"', 'question="zero"', "begins no cell"),
        ("<!-- #endregion -->\n\n<!--", "\n<!--", 'question="zero"', "this #region is never ended"),
        ("<!-- #endregion -->\n\nGood", "\nGood", 'question="zero_why"', "this #region is never ended"),
        ("```python\nprint", "```python3\nprint", "print(best)", "```python3 becomes a cell that runs %%python3"),
    ],
)
def test_malformed_template_is_named_with_its_line(course, old, new, at, what):
    message = complaint(course, MD, old, new)
    near = {line_of(at) - 1, line_of(at), line_of(at) + 1}
    assert message.startswith(tuple(f"a1/net.md, line {line}: " for line in near))
    assert what in message


def test_unknown_exercise_reads_as_the_style_guide_says(course):
    assert complaint(course, MD, "layers:double_forward", "layers:duble_forward") == (
        'a1/net.md, line 14: exercise "nnkit.layers:duble_forward" names nothing in nnkit/layers.py '
        "(did you mean double_forward?)"
    )


def test_region_mistake_in_the_solution_is_named_in_the_solution(course):
    change(course.root, "nnkit/layers.py", "    ### END SOLUTION\n    cache", "    ## END SOLUTION\n    cache")
    with pytest.raises(BuildError, match=r'^nnkit/layers\.py, line 11: "## END SOLUTION" is no delimiter'):
        load_template(course, "a1", "net")


def test_exercise_without_grade_cell_is_an_error(course):
    message = complaint(course, MD, '```python grade="Net" points=6\n```\n', "")
    assert message.startswith(f'a1/net.md, line {line_of("layers:Net")}: exercise "Net" has no grade cell')


def test_grade_cell_without_graders_is_an_error(course):
    message = complaint(course, GRADERS, '@item("tuning")', '@item("Net")')
    line = line_of('grade="tuning"')
    assert message.startswith(f'a1/net.md, line {line}: grade "tuning" has no test in tests/graders/a1/test_net.py')


def test_grader_of_an_unknown_item_is_named_in_the_grader_file(course):
    more = '@item("dubble")\ndef test_more(submission):\n    pass\n\n\n@item("tuning")'
    message = complaint(course, GRADERS, '@item("tuning")', more)
    assert message.startswith("tests/graders/a1/test_net.py, line ")
    assert 'test_more grades "dubble", which has no grade cell in a1/net.md' in message


def test_test_without_item_is_an_error(course):
    assert "test_net_loss has no marker naming its item" in complaint(
        course, GRADERS, '@item("Net")\ndef test_net_loss', "def test_net_loss"
    )


def test_points_that_do_not_add_up_are_named_in_the_settings(course):
    assert complaint(course, MD, "points=6", "points=7") == (
        "course.toml, line 12: net is worth 17 points here, but source/a1/net.md adds up to 18 "
        "(correct the one that is wrong)"
    )


def test_misconceptions_apply_to_the_reference(course):
    template = load_template(course, "a1", "net")
    tripled, half = load_misconceptions(template)
    assert "out = 3 * x" in tripled.apply(template.definitions["double_forward"])
    assert "np.full(size, 0.125)" in half.apply(template.definitions["Net"])


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("0.25", "0.26", "line 8: '0.26' occurs 0 times in the reference solution of Net"),
        ("0.25", "self", "line 8: 'self' occurs 4 times in the reference solution of Net"),
        ('"half"', '""', "line 10: name = '' is no text"),
        ('hint = "Half', 'hnt = "Half', 'line 11: unknown key "hnt" (did you mean hint?)'),
        ('exercise = "Net"', 'exercise = "Nett"', 'line 8: "half" is about "Nett", which is no item of a1/net.md'),
        ('hint = "You multiplied by three."\n', "", 'line 1: "hint" is missing'),
        ('name = "half"', 'name = "half', "line 10: "),
    ],
)
def test_malformed_misconception_is_named_with_its_line(course, old, new, what):
    change(course.root, "tests/graders/a1/net.misconceptions.toml", old, new)
    with pytest.raises(BuildError) as caught:
        load_misconceptions(load_template(course, "a1", "net"))
    assert str(caught.value).startswith(f"tests/graders/a1/net.misconceptions.toml, {what}")


def test_two_misconceptions_of_one_name_are_an_error(course):
    path = course.misconceptions("a1", "net")
    first = path.read_text().split("\n\n")[0]
    path.write_text(path.read_text() + "\n" + first + "\n")
    with pytest.raises(BuildError, match='"tripled" of double_forward is already at line 1'):
        load_misconceptions(load_template(course, "a1", "net"))


def test_what_is_given_twice_is_an_error(course):
    message = complaint(course, MD, "Goodbye.", '```python given="nnkit.layers:shifted"\n```')
    assert f'grade id "given_shifted" is already taken at line {line_of("layers:shifted")}' in message


def test_two_misconceptions_that_make_the_same_mistake_are_an_error(course):
    path = course.misconceptions("a1", "net")
    again = path.read_text().split("\n\n")[0].replace("tripled", "threefold")
    path.write_text(path.read_text() + "\n" + again + "\n")
    with pytest.raises(BuildError, match='"threefold" makes the same mistake as "tripled" at line 1'):
        load_misconceptions(load_template(course, "a1", "net"))
