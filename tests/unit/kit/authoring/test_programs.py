"""Code that a person marks: an open cell with points, a model solution and a mark scheme, and no test."""

import pytest
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import determine_grade, is_grade, is_solution
from tiny_course import change, write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, solved_notebook, source_notebook
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.file import load_course
from nnkit.kit.course.items import Item
from nnkit.kit.proof.secrets import secrets_of, squeezed

MD = "source/a1/net.md"
PROGRAM = '''\
```python question="picture" kind="program" points=2
sizes = np.arange(5)
# TODO: draw the loss over the sizes.
### BEGIN SOLUTION
drawing = [Net(size + 1).loss(np.ones(size + 1)) for size in sizes]
### END SOLUTION
### BEGIN MARK SCHEME
2 points for the drawing, 1 without labels.
### END MARK SCHEME
```

Goodbye.
'''


@pytest.fixture
def course(tmp_path):
    write_course(tmp_path)
    change(tmp_path, MD, "Goodbye.\n", PROGRAM)
    change(tmp_path, "course.toml", "net = 17", "net = 19")

    return load_course(tmp_path)


@pytest.fixture
def source(course):
    return source_notebook(load_template(course, "a1", "net"))


def program(notebook):
    (cell,) = (each for each in notebook.cells if each.metadata.get("nbgrader", {}).get("grade_id") == "picture")
    return cell


def test_it_is_an_item_that_a_person_marks(course):
    item = load_template(course, "a1", "net").items[-1]
    assert item == Item("picture", 2, "program")
    assert item.by_person


def test_its_cell_is_one_that_nbgrader_has_marked_by_hand(source):
    MetadataValidator().validate_nb(source)
    cell = program(release_notebook(source))
    assert (cell.cell_type, is_grade(cell), is_solution(cell)) == ("code", True, True)
    assert determine_grade(cell)[0] == 0, "untouched"
    cell.source = "my = 'answer'"
    assert determine_grade(cell)[0] is None, "waits for a person"


def test_students_get_neither_model_solution_nor_mark_scheme(source):
    assert program(release_notebook(source)).source == (
        "sizes = np.arange(5)\n# TODO: draw the loss over the sizes.\n# YOUR CODE HERE\n"
        'raise NotImplementedError("picture: write your code here")'
    )


def test_instructors_find_the_mark_scheme_below_the_model_solution(source):
    text = program(source).source
    assert text.index("drawing =") < text.index("# 2 points for the drawing") < text.index("### END SOLUTION")


def test_the_reference_holds_the_model_solution_without_the_scheme(source):
    text = program(solved_notebook(source)).source
    assert "drawing = [" in text
    assert "points" not in text
    compile(text, "cell", "exec")


def test_a_mark_scheme_inside_of_the_region_means_the_same(course, source):
    text = (course.root / MD).read_text()
    end, last = "### END SOLUTION\n", "1 without labels.\n### END MARK SCHEME\n"
    text = text.replace(f"{end}### BEGIN MARK SCHEME\n2 points", "### BEGIN MARK SCHEME\n2 points")
    text = text.replace(last, last + end)
    (course.root / MD).write_text(text)
    assert program(source_notebook(load_template(course, "a1", "net"))).source == program(source).source


def test_both_are_looked_for_in_what_is_released(course):
    lines = secrets_of(course, "a1").lines
    assert squeezed("# 2 points for the drawing, 1 without labels.") in lines
    assert squeezed("drawing = [Net(size + 1).loss(np.ones(size + 1)) for size in sizes]") in lines
    assert squeezed("sizes = np.arange(5)") not in lines


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("2 points for the drawing, 1 without labels.\n", "", "has no mark scheme"),
        ("drawing = [Net(size + 1).loss(np.ones(size + 1)) for size in sizes]\n", "", "has no model solution"),
        ("drawing = [Net", "drawing = Net", "not Python"),
        ("for size in sizes]", "for size in sices]", "uses sices, which no cell of this notebook defines"),
        ('kind="program" points=2', 'kind="program" points=2 answer="A"', "has an answer="),
        ('"picture" kind="program"', '"picture" kind="explain"', "is a code cell"),
        ('question="zero_why" kind="explain"', 'question="zero_why" kind="program"', "is a markdown cell"),
    ],
)
def test_a_malformed_one_is_named_with_its_line(course, old, new, what):
    text = (course.root / MD).read_text()
    assert text.count(old) == 1
    (course.root / MD).write_text(text.replace(old, new))
    with pytest.raises(BuildError) as caught:
        load_template(course, "a1", "net")
    assert what in str(caught.value)
    assert str(caught.value).startswith("a1/net.md, line ")
