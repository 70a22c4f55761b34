"""What given cells bind without the student, and what graders may ask for of it."""

import pytest
from tiny_course import change, write_course

from nnkit.kit.authoring.given_data import data_asked_for, given_cells
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.template import read_template
from nnkit.kit.course.errors import BuildError

MD, GRADERS = "source/a1/net.md", "tests/graders/a1/test_net.py"
FIRST = "import numpy as np\n"
GIVEN = FIRST + "X = np.ones(3)\nsize = len(X)\n"
TEST = "def test_tuning_found_the_best(submission):\n    assert submission.best == 4"


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path / "course")


def cells(course):
    return given_cells(read_template(course, "a1", "net"))


def with_test(course, body, arguments="submission, notebook_data"):
    change(course.root, GRADERS, TEST, f"def test_tuning_found_the_best({arguments}):\n    {body}")


def test_names_of_given_cells_are_told_from_those_that_depend_on_the_student_s(course):
    change(course.root, MD, FIRST, GIVEN)
    change(
        course.root,
        MD,
        "print(best)",
        "again = best\nloss = Net().loss(X)\nY = 2 * X\nfor each in range(size):\n    Y += each",
    )
    found = cells(course)
    assert {"X", "size", "Y", "each", "np"} <= found.given.keys()
    assert {"best", "again", "loss", "Net", "shifted", "double_forward", "zero"} <= found.students.keys()


def test_what_binds_or_changes_a_name_has_to_be_run_for_it_and_nothing_else(course):
    change(course.root, MD, FIRST, GIVEN + 'parts = {}\nparts["X"] = X\nnp.random.seed(0)\nprint(size)\nother = 1\n')
    change(course.root, MD, "print(best)", "np.random.shuffle(X)\nparts = best")
    found = cells(course)
    assert [text for _, text in found.needed_for(["X"])] == [
        "import numpy as np\nX = np.ones(3)\nnp.random.seed(0)",
        "np.random.shuffle(X)",
    ]
    assert [text for _, text in found.needed_for(["other"])] == ["other = 1"]


def test_what_a_student_s_value_is_put_into_depends_on_the_student_s(course):
    change(course.root, MD, FIRST, FIRST + "seen, found, kept = {}, [], []\n")
    change(course.root, MD, "print(best)", 'seen["best"] = best\nfor each in (1, best):\n    found.append(each)')
    names = cells(course)
    assert {"seen", "found"} <= names.students.keys()
    assert {"kept", "np"} <= names.given.keys()


def test_the_last_cell_that_binds_a_name_decides(course):
    change(course.root, MD, FIRST, GIVEN)
    change(course.root, MD, "print(best)", "X = best")
    assert "X" in cells(course).students
    change(course.root, MD, "X = best", "best = 3")
    assert "best" in cells(course).given


def test_what_is_taken_of_an_earlier_notebook_is_the_student_s(course):
    change(course.root, MD, FIRST, FIRST + 'nets = solutions_of("other")\nweights = nets.W\n')
    assert {"nets", "weights"} <= cells(course).students.keys()


def test_graders_may_ask_for_what_given_cells_bind_through_their_own_functions_too(course):
    change(course.root, MD, FIRST, GIVEN)
    with_test(course, 'assert submission.best == 4 and size_of(notebook_data) == notebook_data("size")')
    change(
        course.root,
        GRADERS,
        "def oracle",
        'def size_of(notebook_data):\n    return len(notebook_data("X"))\n\n\ndef oracle',
    )
    template = load_template(course, "a1", "net")
    assert set(data_asked_for(template)) == {"X", "size"}


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ('"Y"', 'notebook_data("Y"): no given cell of a1/net.md binds Y (bind it in a cell of its own'),
        ('"siz"', 'notebook_data("siz"): no given cell of a1/net.md binds siz (did you mean size?)'),
        ('"best"', 'notebook_data("best"): best depends on what the student writes (a1/net.md, line 38) (let the test'),
        ("name", 'notebook_data(name): which data this asks for can\'t be read off (write notebook_data("X_val"))'),
    ],
)
def test_what_graders_may_not_ask_for_is_named_with_file_and_line(course, asked, complaint):
    change(course.root, MD, FIRST, GIVEN)
    with_test(course, f"assert submission.best == notebook_data({asked})")
    with pytest.raises(BuildError) as caught:
        load_template(course, "a1", "net")
    assert str(caught.value).startswith(f"tests/graders/a1/test_net.py, line 45: {complaint}")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("X", 'reads X off the submission, and given code assigns it (a1/net.md, line 5) (write notebook_data("X"): a'),
        ("loss", "reads loss off the submission, and given code assigns it (a1/net.md, line 49) (let the test compute"),
    ],
)
def test_graders_may_not_read_off_a_submission_what_given_code_assigns(course, name, complaint):
    change(course.root, MD, FIRST, GIVEN)
    change(course.root, MD, "print(best)", "loss = Net().loss(X)")
    with_test(course, "assert seen(submission) != submission.best", "submission")
    change(course.root, GRADERS, "def oracle", f"def seen(submission):\n    return submission.{name}\n\n\ndef oracle")
    with pytest.raises(BuildError) as caught:
        load_template(course, "a1", "net")
    assert str(caught.value).startswith(f"tests/graders/a1/test_net.py, line 18: {complaint}")


def test_functions_that_are_given_and_what_a_student_assigns_may_be_read_off_a_submission(course):
    change(course.root, MD, FIRST, GIVEN)
    with_test(course, "assert submission.best == 4 and submission.shifted(1) == 3", "submission")
    load_template(course, "a1", "net")
