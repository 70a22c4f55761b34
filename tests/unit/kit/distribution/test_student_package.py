"""What students receive beside their notebooks: complete, without anything they have to write themselves."""

import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from tiny_course import change, write_course

from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.file import load_course
from nnkit.kit.distribution.library import library_text
from nnkit.kit.distribution.student_package import build_student_package


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path / "course")


def build(course, folder=None):
    folder = course.release("a1") if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    build_student_package(course, "a1", folder)
    return folder


def complaint(course, *changes):
    for name, old, new in changes:
        change(course.root, name, old, new)
    with pytest.raises(BuildError) as caught:
        build(load_course(course.root))
    return str(caught.value)


def checks(course):
    return (build(course) / "checks" / "test_net.py").read_text()


def contents(folder: Path):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_package_has_the_same_bytes_on_every_run(course, tmp_path):
    assert contents(build(course)) == contents(build(course, tmp_path / "again"))


def test_package_runs_where_only_the_release_is(course):
    folder = build(course)
    program = (
        "import sys, nnkit, nnkit.tools\n"
        "import numpy as np\n"
        "from nnkit.student import check\n"
        "def double_forward(x): return x + x, x\n"
        "check('double_forward')\n"
        "print(nnkit.__file__, [name for name in sys.modules if name.startswith('nnkit.kit')])\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == f"{folder}/nnkit/__init__.py []"


def test_failed_check_fails_where_only_the_release_is(course):
    program = "from nnkit.student import check\ndef double_forward(x): return 3 * x, x\ncheck('double_forward')\n"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=build(course), capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "CheckFailed" in run.stderr


def test_stale_files_of_an_earlier_build_go_away(course):
    stale = build(course) / "nnkit" / "layers.py"
    stale.write_text("secret = 1\n")
    build(course)
    assert not stale.exists()


def test_public_tests_stay_with_what_they_reach(course):
    text = checks(course)
    assert "def test_double_forward_doubles_ones" in text
    assert "    # Sizes come from the caller.\n" in text


@pytest.mark.parametrize("hidden", ["secret", "Secret", "SECRET", "oracle", "assert_close", "test_net_loss", "best"])
def test_nothing_of_the_hidden_tests_is_shipped(course, hidden):
    assert hidden not in checks(course)


def test_items_without_public_tests_are_listed(course):
    assert 'HIDDEN_ONLY = ["tuning"]' in checks(course)


def test_a_choose_question_is_listed_with_its_letters_and_without_the_right_ones(course):
    assert 'CHOICES = {"zero": "ABC"}' in checks(course)


def test_public_expected_values_are_shipped_alone(course):
    with h5py.File(build(course) / "checks" / "net.h5") as file:
        assert list(file) == ["public"]
        assert file["public/double_forward/ones"][()].tolist() == [2, 2, 2]


def test_public_test_that_calls_a_hidden_one_is_an_error(course):
    old = '    expected("ones", doubled'
    message = complaint(
        course, ("tests/graders/a1/test_net.py", old, "    test_net_loss(submission, expected)\n" + old)
    )
    assert "a public test reaches the hidden test test_net_loss" in message


def test_import_of_what_is_not_shipped_is_named(course):
    change(
        course.root, "nnkit/tools.py", "import numpy as np\n", "import numpy as np\n\nfrom nnkit.layers import Net\n"
    )
    message = complaint(course)
    assert message == (
        "nnkit/tools.py, line 5: imports nnkit.layers, which students do not receive "
        '(add "nnkit.layers" to the library of the assignment in course.toml)'
    )


def test_import_of_an_exercise_is_named(course):
    change(course.root, "course.toml", '"nnkit.tools"', '"nnkit.tools", "nnkit.layers"')
    change(course.root, "nnkit/layers.py", "def shifted", "def other(x):\n    return x\n\n\ndef shifted")
    change(
        course.root, "nnkit/tools.py", "import numpy as np\n", "import numpy as np\n\nfrom nnkit.layers import Net\n"
    )
    assert "uses double_forward, which is left out because it is an exercise" in complaint(course)


def test_import_of_the_kit_is_named(course):
    message = complaint(
        course, ("nnkit/tools.py", "import numpy as np\n", "import numpy as np\nimport nnkit.kit.course\n")
    )
    assert message.startswith("nnkit/tools.py, line 4: imports nnkit.kit.course, which students do not receive")


def test_import_of_a_package_students_do_not_have_is_named(course):
    message = complaint(course, ("nnkit/tools.py", "import numpy as np\n", "import numpy as np\nimport pydantic\n"))
    assert message.startswith("nnkit/tools.py, line 4: imports pydantic, which students do not have")


def test_import_in_a_notebook_cell_is_checked_too(course):
    message = complaint(course, ("source/a1/net.md", "print(best)", "from nnkit.nowhere import x"))
    assert message.startswith("a1/net.md, line 48: imports nnkit.nowhere, which students do not receive")


def test_the_kit_is_never_a_library(course):
    change(course.root, "course.toml", '"nnkit.tools"', '"nnkit.kit.course"')
    with pytest.raises(BuildError, match=r"nnkit\.kit\.course is part of the kit"):
        build(load_course(course.root))


def test_exercises_are_left_out_of_the_library(course):
    text = library_text(course, "a1", "nnkit.layers")
    assert "def shifted" in text
    assert "double_forward(x):" not in text
    assert "class Net" not in text


def test_solution_that_belongs_to_no_notebook_is_left_out(course):
    (course.root / "nnkit" / "tools.py").write_text(
        "def kept():\n    return 1\n\n\ndef unused():\n    ### BEGIN SOLUTION\n    return 2\n    ### END SOLUTION\n"
    )
    assert library_text(course, "a1", "nnkit.tools") == "def kept():\n    return 1\n"


def test_requirements_are_bounded_as_the_project_is(course):
    lines = (build(course) / "requirements.txt").read_text().splitlines()
    assert {line.split("<")[0].split(">")[0] for line in lines} == {
        "numpy", "matplotlib", "h5py", "pytest", "tqdm", "ipykernel", "jupyterlab"
    }  # fmt: skip
    assert all("<" in line and ">=" in line for line in lines)


def test_readme_names_the_notebooks(course):
    assert "1. `net.ipynb`" in (build(course) / "README.md").read_text()


def test_readme_names_the_folders_that_belong_to_the_notebooks_and_warns_of_the_other_nnkit(course):
    text = (build(course) / "README.md").read_text()
    assert "every notebook looks for `nnkit/` and `checks/` beside it" in text
    assert "What pip\ninstalls under the name `nnkit` is something else" in text
