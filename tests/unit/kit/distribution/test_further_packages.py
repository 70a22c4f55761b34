"""Packages that a course needs beyond what every course does: imported, and told to students."""

import pytest
from tiny_course import change, write_course

from nnkit.kit.course.errors import BuildError, CourseError
from nnkit.kit.course.file import load_course
from nnkit.kit.distribution.further_packages import further_modules
from nnkit.kit.distribution.student_package import build_student_package

TITLE = 'title = "A tiny course"\n'


@pytest.fixture
def requiring(tmp_path):
    """Makes the tiny course require packages, and its tools import a module."""

    def course(requirements, module):
        write_course(tmp_path)
        change(tmp_path, "course.toml", TITLE, f"{TITLE}requirements = {requirements}\n")
        tools = tmp_path / "nnkit" / "tools.py"
        tools.write_text(tools.read_text().replace("import numpy as np\n", f"import numpy as np\nimport {module}\n"))
        return load_course(tmp_path)

    return course


def test_students_may_import_it_and_are_told_to_install_it(requiring, tmp_path):
    course = requiring('["PyYAML>=6,<8"]', "yaml")
    build_student_package(course, "a1", tmp_path / "out")
    assert "PyYAML>=6,<8" in (tmp_path / "out" / "requirements.txt").read_text().splitlines()


def test_without_it_the_import_is_an_error_that_names_the_mend(requiring, tmp_path):
    course = requiring("[]", "yaml")
    with pytest.raises(BuildError, match=r"imports yaml, which students do not have.*requirements of course"):
        build_student_package(course, "a1", tmp_path / "out")


def test_one_that_is_not_installed_is_named_with_its_line(requiring):
    with pytest.raises(CourseError) as refused:
        further_modules(requiring('["no-such-package>=1"]', "yaml"))
    assert str(refused.value) == (
        'course.toml, line 3: no-such-package is not installed here (run: pip install "no-such-package>=1")'
    )


def test_what_is_no_requirement_is_refused(requiring):
    with pytest.raises(CourseError, match="line 3: requirements = "):
        requiring('["git+https://example.org/x"]', "yaml")
