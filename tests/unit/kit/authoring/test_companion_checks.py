"""A module beside grader files is theirs to share: wherever they run, in what students receive, and in every digest."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiny_course import change, write_course

from nnkit.kit.authoring.grader_items import asked_of_submissions
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.recording import record_expected
from nnkit.kit.course.companions import companions_of
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.file import load_course
from nnkit.kit.distribution.student_package import build_student_package
from nnkit.kit.engine.bundle import bundle_of
from nnkit.kit.engine.plans import plan_of
from nnkit.kit.grading.collected import collected
from nnkit.kit.grading.locked_grader import LockedGrader
from nnkit.kit.proof.leaks import scan
from nnkit.kit.proof.verify import build_release
from nnkit.student.expected import stored_keys
from nnkit.student.plugin import GraderFileError, run_graders
from nnkit.student.testing import LocalSubmission

GRADERS = """
from shared import checked
from nnkit.student.testing import item

@item("double")
def test_it(submission):
    checked(submission)
"""
SHARED = """
from values import WANTED
from nnkit.student.testing import assert_equal

calls = []

def checked(submission):
    calls.append(submission)
    assert_equal(submission.double(2), WANTED, "out")
    assert_equal(len(calls), 1, "calls of this companion")
"""


@pytest.fixture
def graders(tmp_path):
    (tmp_path / "test_net.py").write_text(GRADERS)
    (tmp_path / "shared.py").write_text(SHARED)
    (tmp_path / "values.py").write_text("WANTED = 4\n")
    return tmp_path / "test_net.py"


def grader():
    submission = LocalSubmission({"double": lambda x: 2 * x})
    return LockedGrader(lambda *_: submission, student="ada", course="c", held_out=lambda name: None)


def session(path):
    return [result.verdict for result in run_graders(path, grader())]


def kept(path):
    """The verdicts of a file that the process has collected."""
    assert collected(path).plain
    return [result.verdict for result in grader().run(path)]


@pytest.mark.parametrize("run", [session, kept])
def test_every_submission_is_judged_by_a_companion_without_memory_of_the_last_one(graders, run):
    assert [run(graders) for _ in range(3)] == [["passed"]] * 3


@pytest.mark.parametrize("run", [session, kept])
def test_a_changed_companion_counts_from_the_next_run_on(graders, run):
    assert run(graders) == ["passed"]
    graders.with_name("values.py").write_text("WANTED = 5\n")
    assert run(graders) == ["failed"]


@pytest.mark.parametrize("run", [session, kept])
def test_nothing_of_companions_stays_in_the_process_or_in_the_folder(graders, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "shared", sys)
    path, finders, files = list(sys.path), list(sys.meta_path), sorted(graders.parent.iterdir())
    assert run(graders) == ["passed"]
    assert sys.modules["shared"] is sys
    assert "values" not in sys.modules
    assert (sys.path, sys.meta_path) == (path, finders)
    assert sorted(graders.parent.iterdir()) == files


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("test_net.py", GRADERS.replace("shared", "sharred"), r"test_net\.py, line 2: .*sharred.* as .*/sharred\.py\)"),
        ("shared.py", "\n\nlimit = 1 / 0\n", r"shared\.py, line 3: ZeroDivisionError"),
        ("shared.py", "def checked(:\n", r"shared\.py, line 1: SyntaxError"),
        ("values.py", "WANTEDD = 4\n", r"shared\.py, line 2: ImportError: cannot import name 'WANTED'"),
    ],
)
@pytest.mark.parametrize("run", [session, kept])
def test_what_is_wrong_with_a_companion_is_named_with_file_and_line(graders, run, file, text, complaint):
    graders.with_name(file).write_text(text)
    with pytest.raises(GraderFileError, match=complaint):
        run(graders)


COMPANION = '''\
"""The secret ingredient of two notebooks."""

import math

import numpy as np

from nnkit.student.testing import FORWARD, assert_close

SIZES = (1, 3)
SECRET_SIZES = (17, 23)


def doubled(submission, sizes):
    return [submission.double_forward(np.ones(size))[0] for size in sizes]


def check_doubled(submission, size):
    """Doubling compared with an oracle."""
    assert_close(doubled(submission, [size])[0], oracle_of_doubling(np.ones(size)), FORWARD, "out")


def oracle_of_doubling(x):
    return x + x * math.pow(1, 2)
'''


@pytest.fixture
def course(tmp_path):
    """The tiny course, with a companion in place of what its grader file defines itself."""
    course = write_course(tmp_path / "course")
    path = course.graders("a1", "net")
    text = path.read_text()
    own = text[text.index("SIZES = ") : text.index('@item("double_forward", public=True')]
    text = text.replace(own, "\n").replace(
        "import numpy as np\n", "from doubling import SIZES, SECRET_SIZES, check_doubled, doubled\n"
    )
    hidden = '    assert_close(doubled(submission, SECRET_SIZES)[0], oracle_of_doubling(np.ones(17)), FORWARD, "out")'
    assert text.count(hidden) == 1
    path.write_text("import numpy as np\n" + text.replace(hidden, "    check_doubled(submission, SECRET_SIZES[0])"))
    path.with_name("doubling.py").write_text(COMPANION)
    return load_course(course.root)


def package(course):
    folder = course.release("a1")
    folder.mkdir(parents=True)
    build_student_package(course, "a1", folder)
    return folder


def test_students_receive_of_a_companion_what_public_tests_reach(course):
    checks = package(course) / "checks"
    assert "from doubling import SIZES, doubled\n" in (checks / "test_net.py").read_text()
    text = (checks / "doubling.py").read_text()
    assert "def doubled" in text
    assert [word for word in ("SECRET", "secret", "oracle", "math", "FORWARD") if word in text] == []


def test_public_checks_run_where_only_the_release_is(course):
    program = (
        "from nnkit.student import check\n"
        "def double_forward(x): return 3 * x, x\n"
        "try: check('double_forward')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=package(course), capture_output=True, text=True, check=True)
    assert "CheckFailed double_forward: 1 of 1 tests not passed" in run.stdout


def test_a_companion_handed_out_whole_is_a_leak(course):
    folder = build_release(course, "a1", course.release("a1"))
    assert scan(folder, course) == []
    (folder / "checks" / "doubling.py").write_text(COMPANION)
    assert {leak.what for leak in scan(folder, course)} == {
        "a docstring that no public test reaches (tests/graders/a1/doubling.py)"
    }


def test_what_a_companion_asks_of_submissions_counts_for_the_items_that_use_it(course):
    assert asked_of_submissions(course.graders("a1", "net"))["double_forward"] == {"double_forward"}


def test_expected_values_are_recorded_with_companions(course):
    expected = course.expected("a1", "net")
    before = stored_keys(expected)
    expected.unlink()
    record_expected(load_template(course, "a1", "net"))
    assert stored_keys(expected) == before


def test_a_changed_companion_means_grading_again(course):
    folder = build_release(course, "a1", course.release("a1"))
    before = plan_of(course, "a1", "net", folder).hashes["graders"]
    unused = course.graders("a1", "net").with_name("of_another_notebook.py")
    unused.write_text("x = 1\n")
    assert plan_of(course, "a1", "net", folder).hashes["graders"] == before
    change(course.root, "tests/graders/a1/doubling.py", "(17, 23)", "(19, 23)")
    assert plan_of(course, "a1", "net", folder).hashes["graders"] != before


def test_other_machines_are_sent_the_companions(course, tmp_path):
    plan = plan_of(course, "a1", "net", build_release(course, "a1", course.release("a1")))
    bundle_of([plan]).unpack(tmp_path / "there")
    assert [path.read_text() for path in (tmp_path / "there").rglob("doubling.py")].count(COMPANION) == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        (
            "test_net.py",
            "from doubling",
            "from dubling",
            "test_net.py, line 4: imports dubling, and there is no such module (did you mean doubling?)",
        ),
        (
            "test_net.py",
            "from doubling",
            "from halving",
            "test_net.py, line 4: imports halving, and there is no such module (what grader files share stands beside",
        ),
        (
            "test_net.py",
            "import SIZES",
            "import SIZE",
            "test_net.py, line 4: imports SIZE from doubling, which does not define it (did you mean SIZES?)",
        ),
        (
            "test_net.py",
            "import SIZES, SECRET_SIZES, check_doubled, doubled",
            "import *",
            "test_net.py, line 4: imports everything from doubling",
        ),
        ("test_net.py", "from doubling import", "from .doubling import", "test_net.py, line 4: a relative import"),
        ("doubling.py", "import math", "import doubling as math", "doubling.py, line 3: imports all of doubling"),
        ("doubling.py", "import math", "def test_x(): pass", "doubling.py, line 3: test_x is no test here"),
        ("doubling.py", "import math", "import math:", "doubling.py, line 3: not Python"),
        (
            "doubling.py",
            '    """Doubling compared with an oracle."""',
            "    from doubling import SIZES",
            "doubling.py, line 18: imports from doubling inside of something else",
        ),
    ],
)
def test_what_does_not_fit_is_said_when_the_template_is_read(course, file, old, new, complaint):
    change(course.root, f"tests/graders/a1/{file}", old, new)
    with pytest.raises(BuildError) as caught:
        load_template(course, "a1", "net")
    assert f"tests/graders/a1/{complaint}" in str(caught.value)


def test_a_companion_may_not_be_called_as_another_module_is(course):
    path = course.graders("a1", "net")
    path.with_name("doubling.py").rename(path.with_name("random.py"))
    path.write_text(path.read_text().replace("from doubling", "from random"))
    with pytest.raises(
        BuildError, match=r"random\.py: a companion of grader files is called random, as another module is"
    ):
        load_template(course, "a1", "net")


def test_companions_are_found_through_others(graders):
    assert companions_of(graders) == {name: Path(graders.parent, f"{name}.py") for name in ("shared", "values")}
