"""The leak scan finds every kind of thing that students must not have, planted one at a time."""

import h5py
import nbformat
import pytest
from earlier_notebook import write_two_notebooks
from tiny_course import SECRET_LOSS, TEMPLATE, change, write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import notebook_text, release_notebook, source_notebook
from nnkit.kit.course.file import load_course
from nnkit.kit.course.secret import secret_file
from nnkit.kit.distribution.student_package import build_student_package
from nnkit.kit.proof.leaks import scan
from nnkit.kit.proof.verify import build_release

GRADERS = "tests/graders/a1/test_net.py"
MD = "source/a1/net.md"


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


@pytest.fixture
def release(course):
    folder = course.release("a1")
    folder.mkdir(parents=True)
    build_student_package(course, "a1", folder)
    notebook = release_notebook(source_notebook(load_template(course, "a1", "net")))
    (folder / "net.ipynb").write_text(notebook_text(notebook))
    return folder


def add(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + text)


def planted(release, course):
    return [str(leak) for leak in scan(release, course)]


def test_clean_release_has_no_leak(release, course):
    assert planted(release, course) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("    out = np.add(x, x) * 1\n", "a line of the solution of double_forward (nnkit/layers.py, line 10)"),
        ("out=np.add( x,x )*1  # so\n", "a line of the solution of double_forward (nnkit/layers.py, line 10)"),
        ("# out = np.add(x, x) * 1\n", "a line of the solution of double_forward (nnkit/layers.py, line 10)"),
        ("if y: self.w = np.full(size, 0.25)\n", "a line of the solution of Net (nnkit/layers.py, line 28)"),
        ("### BEGIN SOLUTION\n", "the delimiter BEGIN SOLUTION"),
        ("# END HIDDEN TESTS\n", "the delimiter END HIDDEN TESTS"),
        ("# BEGIN MARK SCHEME\n", "the delimiter BEGIN MARK SCHEME"),
        ("# see test_double_forward_with_secret_sizes\n", "the name of a hidden test (tests/graders/a1/test_net.py)"),
        ('"""Secretly larger."""\n', "the docstring of the hidden test test_double_forward_with_secret_sizes"),
        (f"values = [{SECRET_LOSS:.9f}]\n", "a hidden expected value (hidden/Net/secret_loss)"),
        (
            "# Because emptiness counts as naught.\n",
            "a line of the model answer or mark scheme of zero_why (a1/net.md)",
        ),
        ("3 points for the word emptiness.\n", "a line of the model answer or mark scheme of zero_why (a1/net.md)"),
        ('zero = {"C", "A"}\n', "the answer of the question zero"),
        ('zero = ["A", "C"]\n', "the answer of the question zero"),
        ("You multiplied by three.\n", 'the hint of the misconception "tripled"'),
        ("from nnkit.kit import course\n", "a mention of nnkit.kit"),
        ('```python exercise="nnkit.layers:Net"\n', "a line of a template"),
        ("best = max(range(5), key=lambda size: Net(size + 1).loss(np.ones(size + 1)))\n", "solution of tuning"),
    ],
)
def test_planted_text_is_found(release, course, text, what):
    path = release / "nnkit" / "tools.py"
    line = len(path.read_text().split("\n"))
    add(path, text)
    (leak,) = planted(release, course)
    assert leak.startswith(f"nnkit/tools.py, line {line}: ")
    assert what in leak


def test_line_that_public_code_has_too_is_no_leak(release, course):
    add(release / "nnkit" / "tools.py", "        shifted_x, _ = shifted(x)\n")
    assert len(planted(release, course)) == 1
    add(course.root / "nnkit" / "tools.py", "\n\ndef public(x):\n    shifted_x, _ = shifted(x)\n    return shifted_x\n")
    assert planted(release, course) == []


def test_public_line_that_holds_a_solution_line_is_no_leak(release, course):
    line = "if size: shifted_x, _ = shifted(x)\n"
    add(release / "nnkit" / "tools.py", line)
    add(course.root / "nnkit" / "tools.py", line)
    assert planted(release, course) == []


def test_path_of_this_machine_is_found(release, course):
    add(release / "nnkit" / "tools.py", f'FOLDER = "{course.root}/data"\n')
    (leak,) = planted(release, course)
    assert leak.startswith(f'nnkit/tools.py, line 8: a path of this machine, {course.root}: "FOLDER = ')
    assert leak.endswith("(write it relative to the notebook)")


def test_solution_in_a_notebook_cell_is_found_with_its_line(release, course):
    path = release / "net.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[3].source = "x = 1\n    out = np.add(x, x) * 1"
    path.write_text(notebook_text(notebook))
    (leak,) = planted(release, course)
    line = int(leak.removeprefix("net.ipynb, line ").partition(":")[0])
    assert "np.add(x, x)" in path.read_text().split("\n")[line - 1]


def test_output_of_a_notebook_is_found(release, course):
    path = release / "net.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="hello")]
    path.write_text(notebook_text(notebook))
    assert planted(release, course) == ["net.ipynb: outputs of cell 2 (run: nnkit build)"]


def test_hidden_group_of_expected_values_is_found(release, course):
    with h5py.File(release / "checks" / "net.h5", "a") as file:
        file["hidden/Net/other"] = [1.0, 2.0]
    (leak,) = planted(release, course)
    assert leak.startswith("checks/net.h5: expected values outside the group public: hidden/Net/other (take it out")


def test_hidden_array_under_a_public_name_is_found(release, course):
    with h5py.File(course.expected("a1", "net"), "a") as file:
        file["hidden/Net/pair"] = [1.25, 2.5]
    with h5py.File(release / "checks" / "net.h5", "a") as file:
        file["public/Net/pair"] = [1.25, 2.5]
    (leak,) = planted(release, course)
    assert leak.startswith(
        "checks/net.h5: the hidden expected values hidden/Net/pair, as public/Net/pair (compare with"
    )


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("net.md", TEMPLATE, "net.md: a Markdown file, perhaps a template"),
        ("net.misconceptions.toml", "", "net.misconceptions.toml: a file of misconceptions"),
        ("nnkit/kit/course/settings.py", "", "nnkit/kit/course/settings.py: a file of nnkit.kit"),
        ("nnkit/layers.pyc", "", "nnkit/layers.pyc: a file of a kind that no release holds"),
    ],
)
def test_file_that_does_not_belong_is_found(release, course, name, text, what):
    add(release / name, text)
    (leak,) = [each for each in planted(release, course) if each.startswith(what)]
    assert "files in course.toml)" in leak or "library in course.toml)" in leak


def test_a_leak_says_the_line_where_it_was_written_and_the_mend(course):
    said = "# as test_net_loss does"
    add(course.root / "nnkit/tools.py", f"\n\ndef more():\n    return 1  {said}\n")
    folder = course.release("a1")
    folder.mkdir(parents=True)
    build_student_package(course, "a1", folder)
    (leak,) = scan(folder, course)
    assert str(leak) == (
        "nnkit/tools.py, line 11: the name of a hidden test (tests/graders/a1/test_net.py): "
        f'"return 1  {said}" (written in nnkit/tools.py, line 11; take test_net_loss out of what students read, '
        "or rename the test)"
    )


def test_a_leak_of_a_public_check_is_traced_to_the_grader_file(course):
    change(course.root, GRADERS, '"Twice the input."', '"Because emptiness counts as naught."')
    folder = course.release("a1")
    folder.mkdir(parents=True)
    build_student_package(course, "a1", folder)
    (leak,) = scan(folder, course)
    text = (course.root / GRADERS).read_text()
    line = 1 + text.count("\n", 0, text.index("naught"))
    assert leak.written == f"{GRADERS}, line {line}"


def test_a_leak_of_a_notebook_is_traced_to_the_template(course, tmp_path):
    folder = build_release(course, "a1", tmp_path / "a1")
    path = folder / "net.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\n\n3 points for the word emptiness."
    path.write_text(notebook_text(notebook))
    (leak,) = scan(folder, course, "a1")
    line = 1 + TEMPLATE.split("\n").index("3 points for the word emptiness.")
    assert (leak.file, leak.written) == ("net.ipynb", f"{MD}, line {line}")


@pytest.mark.parametrize("name", ["test_double_forward", "test_zero", "test_net_has_weights_too", "spread_test"])
def test_a_hidden_test_called_like_what_students_read_anyway_is_no_leak(course, name):
    """A grade cell's id is test_ITEM; a name may also be that of a function that students are given."""
    if name == "test_net_has_weights_too":
        change(course.root, GRADERS, "def test_net_has_weights", "def test_net_has_weights_too")
    elif name == "spread_test":
        change(course.root, "nnkit/tools.py", "def spread(n)", "def test_net_loss(n)")
    else:
        change(course.root, GRADERS, "def test_double_forward_with_secret_sizes", f"def {name}")
    folder = course.release("a1")
    folder.mkdir(parents=True)
    build_student_package(course, "a1", folder)
    notebook = release_notebook(source_notebook(load_template(course, "a1", "net")))
    (folder / "net.ipynb").write_text(notebook_text(notebook))
    assert scan(folder, course) == []


def test_a_hidden_test_that_a_constant_of_a_public_ones_marker_names_is_found(course):
    marker = '@item("Net", public=True'
    change(course.root, GRADERS, f"{marker})", f'LOSS = "test_net_loss"\n\n\n{marker}, needs=LOSS)')
    folder = course.release("a1")
    folder.mkdir(parents=True)
    build_student_package(course, "a1", folder)
    (leak,) = scan(folder, course)
    assert leak.what.startswith("the name of a hidden test")


def test_a_message_that_a_public_test_of_any_notebook_has_is_no_leak(tmp_path):
    course = write_two_notebooks(tmp_path)
    said = "Twice the input, and nothing of the rest."
    change(course.root, GRADERS, "Twice the input.", said)
    change(course.root, "tests/graders/a1/test_more.py", '"own", public=True', f'"own", message="{said}"')
    folder = course.release("a1")
    folder.mkdir(parents=True)
    build_student_package(course, "a1", folder)
    assert scan(folder, course) == []


def test_symbolic_link_is_found(release, course):
    (release / "graders").symlink_to(course.root / "tests")
    (leak,) = planted(release, course)
    assert leak.startswith("graders: a symbolic link (take it out of source/")


def test_solution_of_an_earlier_assignment_is_no_leak(release, course):
    second = course.root / "course.toml"
    second.write_text(
        second.read_text() + '\n[[assignment]]\nname = "a2"\ntitle = "Second"\nnotebooks = ["more"]\n'
        'library = ["nnkit.layers", "nnkit.gradient_check"]\n'
    )
    add(course.root / "source" / "a2" / "more.md", "Nothing to do.\n")
    later = load_course(course.root)
    folder = later.release("a2")
    folder.mkdir()
    build_student_package(later, "a2", folder)
    assert "np.add(x, x) * 1" in (folder / "nnkit" / "layers.py").read_text()
    assert planted(folder, later) == []


def test_the_courses_secret_is_a_leak_in_any_file(release, course):
    add(release / "nnkit" / "tools.py", f"\nseed = 0x{secret_file(course).read_text().strip()}\n")
    assert "nnkit/tools.py: the course's secret, .secret" in str(planted(release, course))
