"""What a notebook takes from earlier ones is found in its template, and wrong names are named with their line."""

import pytest
from earlier_notebook import write_two_notebooks
from tiny_course import change

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.course.errors import BuildError
from nnkit.kit.engine.jobs import Content, Job, read_content
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.proof.verify import build_release

MORE = "source/a1/more.md"


@pytest.fixture
def course(tmp_path):
    return write_two_notebooks(tmp_path)


def complaint(course, name, old, new):
    change(course.root, name, old, new)
    with pytest.raises(BuildError) as caught:
        load_template(course, "a1", "more")
    return str(caught.value)


def borrows(course):
    return {item.name: item.borrows for item in load_template(course, "a1", "more").items}


def test_an_item_borrows_the_exercises_behind_what_it_uses(course):
    assert borrows(course) == {"wide": (("net", "double_forward"), ("net", "Net")), "own": ()}


def test_an_exercise_that_is_not_behind_it_is_not_borrowed(course):
    change(course.root, MORE, "Net = first.Net", "Net = first.Net\ndouble_forward = first.double_forward")
    change(course.root, MORE, "loss_of_wide = Net(4).loss(np.ones(4))", "loss_of_wide = double_forward(1.5)[0]")
    assert borrows(course)["wide"] == (("net", "double_forward"),)


def test_solutions_of_an_unknown_notebook_are_an_error_with_what_was_meant(course):
    said = complaint(course, MORE, 'solutions_of("net")', 'solutions_of("nett")')
    assert "a1/more.md, line 9" in said
    assert "did you mean net?" in said


def test_a_notebook_has_no_use_for_a_later_one_or_itself(course):
    assert "no earlier notebook" in complaint(course, MORE, 'solutions_of("net")', 'solutions_of("more")')


def test_a_definition_that_the_other_notebook_does_not_show_is_an_error(course):
    said = complaint(course, MORE, "first.Net", "first.Nett")
    assert "net.md shows no Nett (did you mean Net?)" in said


def test_a_submission_is_another_one_when_a_notebook_it_is_built_on_changes():
    assert Content(b"more", {"net": b"a"}).digest != Content(b"more", {"net": b"b"}).digest
    assert Content(b"more", {"net": b"a"}).digest != Content(b"more").digest


def test_the_notebooks_it_is_built_on_are_read_with_a_submission(course, tmp_path):
    plan = plan_of(course, "a1", "more", build_release(course, "a1", tmp_path / "release" / "a1"))
    folder = tmp_path / "submitted"
    folder.mkdir()
    (folder / "more.ipynb").write_bytes(b"more")
    job = Job("ada", folder / "more.ipynb", plan)
    assert read_content(job) == Content(b"more")
    (folder / "net.ipynb").write_bytes(b"net")
    assert read_content(job) == Content(b"more", {"net": b"net"})


def test_students_install_scikit_image_only_where_something_they_receive_imports_it(course, tmp_path):
    def required(name):
        return (build_release(course, "a1", tmp_path / name) / "requirements.txt").read_text()

    assert "scikit-image" not in required("without")
    change(
        course.root, "nnkit/tools.py", "import numpy as np\n", "import numpy as np\nfrom skimage.feature import hog\n"
    )
    assert "scikit-image" in required("with")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            'first = solutions_of("net")',
            'first, second = solutions_of("net"), 1',
            "solutions_of is not called as build",
        ),
        (
            'first = solutions_of("net")',
            'name = "net"\nfirst = solutions_of(name)',
            "solutions_of is not called as build",
        ),
        ("Net = first.Net", "Net, other = first.Net, 1", "first.Net is used without a name of its own (write Net ="),
        ("Net = first.Net", "Net = first.Net\nnet = first.Net(3)", "first.Net is used without a name of its own"),
    ],
)
def test_what_is_borrowed_in_a_form_that_build_cannot_follow_is_an_error(course, old, new, what):
    assert what in complaint(course, MORE, old, new)
