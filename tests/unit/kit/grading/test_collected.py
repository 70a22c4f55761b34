"""A grader file that is collected once gives every submission what a pytest session of its own would give it."""

import sys
import textwrap
from pathlib import Path

import pytest
from tiny_course import write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.grading.collected import collected
from nnkit.kit.grading.locked_grader import LockedGrader
from nnkit.kit.grading.plan import namespace_of
from nnkit.kit.grading.thresholds import Thresholds
from nnkit.student.plugin import GraderFileError, run_graders
from nnkit.student.testing import LocalSubmission

HEADER = "import sys\nimport numpy as np\nimport pytest\nfrom nnkit.student.testing import *\n\n"
TWO_LAYER_NET = Path(__file__).parents[3] / "graders" / "a1_image_classifiers" / "test_two_layer_net.py"


def double(x):
    return 2 * x


def unfinished(x):
    raise NotImplementedError("write me")


NAMES = {"double": double, "broken": lambda x: x / "a", "unfinished": unfinished, "text": "a" * 300, "some": [1, 2]}


@pytest.fixture
def graders(tmp_path):
    def write(text, name="test_net.py"):
        path = tmp_path / name
        path.write_text(HEADER + textwrap.dedent(text))
        return path

    return write


def grader(names=NAMES, **options):
    submission = LocalSubmission(names)
    given = {"student": "ada", "course": "c", "held_out": lambda name: name, "item_wall_s": 1e6, **options}
    return LockedGrader(lambda *_: submission, **given)


def told(results, run):
    """All that a record keeps of a run, but for durations."""
    return [
        (r.item, r.name, r.public, r.weight, r.verdict, r.measured, r.allowed, r.message, run.traces[r.name].when)
        for r in results
    ]


def both(path, names=NAMES, **options):
    """What a run of the collected file tells, and what a session of pytest's tells."""
    fast, session = grader(names, **options), grader(names, **options)
    return told(fast.run(path), fast), told(run_graders(path, session), session)


ENDS = """
    GIVEN = np.arange(3.0)

    @item("a", public=True, weight=2, message="Twice.")
    def test_passes(submission, rng):
        x = rng.normal(size=3)
        assert_close(submission.double(x), 2 * x, FORWARD, "out")

    @item("a", message="Twice.")
    def test_is_measured(submission):
        assert_close(submission.double(GIVEN), GIVEN, FORWARD, "out")

    @item("b")
    def test_asserts_two_texts(submission):
        assert submission.text == "b" * 300

    @item("b")
    def test_asserts_two_numbers(rng):
        assert 3 == 4, "three is not four"

    @item("b")
    @pytest.mark.parametrize("n", [1, 2, (3, "x")])
    def test_has_parameters(n):
        assert n == 2

    @item("b")
    def test_raises_in_the_submission(submission):
        submission.broken(1)

    @item("b")
    def test_is_not_written(submission):
        submission.unfinished(1)

    @item("c")
    def test_breaks():
        {}["x"]

    @item("c")
    def test_skips():
        pytest.skip("later")

    @item("c")
    def test_exits():
        raise SystemExit(0)

    @item("c")
    def test_asks_for_data(data, thresholds):
        assert (data("x"), thresholds.test) == ("x", 0.5)

    @item("c")
    def test_misses_an_expected_value(expected):
        expected("none", 1.0)

    @item("c")
    def test_finds_its_own_module():
        assert sys.modules[__name__].GIVEN is GIVEN
"""


@pytest.mark.parametrize(
    "options",
    [{}, {"items": {"b"}}, {"first": {"c"}}, {"thresholds": lambda item: Thresholds(validation=0.5, test=0.5)}],
)
def test_every_end_is_told_as_by_a_session(graders, options):
    path = graders(ENDS)
    fast, session = both(path, **options)
    assert collected(path).plain
    assert fast == session


def test_the_tiny_courses_graders_tell_the_same(tmp_path):
    course = write_course(tmp_path)
    definitions = load_template(course, "a1", "net").definitions
    wrong = definitions | {"double_forward": definitions["double_forward"].replace("np.add(x, x) * 1", "3 * x")}
    for each in (definitions, wrong):
        fast, session = both(course.graders("a1", "net"), namespace_of(each, "net") | {"best": 4})
        assert fast == session


def test_the_graders_of_two_layer_net_tell_the_same():
    items = {"affine_forward", "relu_forward", "relu_backward", "svm_loss"}
    names = {"affine_forward": lambda x, w, b: (x.reshape(len(x), -1) @ w, (x, w, b)), "relu_forward": double}
    fast, session = both(TWO_LAYER_NET, names, items=items)
    assert collected(TWO_LAYER_NET).plain
    assert len(fast) > 10
    assert fast == session


LEAKY = """
    SEEN = []

    @item("a")
    def test_leaves_something():
        SEEN.append(1)
        assert len(SEEN) == 1
"""


def test_what_a_test_leaves_in_its_file_reaches_no_other_submission(graders):
    path = graders(LEAKY)
    assert [grader().run(path)[0].verdict for _ in range(3)] == ["passed"] * 3


def test_a_file_is_collected_once_and_again_when_it_changes(graders):
    path = graders(LEAKY)
    first = collected(path)
    assert collected(path) is first
    assert list(collected(graders(LEAKY.replace("test_leaves", "test_left"))).tests) == ["test_left_something"]


def test_no_module_stays_behind(graders):
    before = set(sys.modules)
    grader().run(graders(LEAKY, "test_passing_by.py"))
    assert "test_passing_by" not in set(sys.modules) - before


OWN_FIXTURE = """
    @pytest.fixture
    def batch():
        return np.ones(3)

    @item("a")
    def test_it(submission, batch):
        assert_close(submission.double(batch), 2 * batch, FORWARD, "out")
"""
MORE_OF_PYTEST = {
    "a fixture of its own": OWN_FIXTURE,
    "a fixture for ours": """
        @pytest.fixture
        def rng():
            return 7

        @item("a")
        def test_it(rng):
            assert rng == 7
    """,
    "setup": """
        def setup_module():
            global X
            X = 1

        @item("a")
        def test_it():
            assert X == 1
    """,
    "a class": """
        class TestNet:
            @item("a")
            def test_it(self, submission):
                assert submission.double(1) == 2
    """,
    "a mark": """
        @item("a")
        @pytest.mark.skip
        def test_it():
            pass
    """,
    "lists as parameters": """
        @item("a")
        @pytest.mark.parametrize("x", [[1]])
        def test_it(x):
            assert x.pop() == 1
    """,
    "the request": """
        @item("a")
        def test_it(request):
            assert request.node.name == "test_it"
    """,
    "a fixture that is not there": """
        @item("a")
        def test_it(submision):
            pass
    """,
}


@pytest.mark.parametrize("text", MORE_OF_PYTEST.values(), ids=MORE_OF_PYTEST)
def test_a_file_that_needs_more_of_pytest_gets_a_session_for_each_submission(graders, text):
    path = graders(text)
    assert not collected(path).plain
    for _ in range(2):
        fast, session = both(path)
        assert fast == session


def test_a_test_with_a_fixture_of_its_own_is_replayed_with_it(graders):
    run = grader({"double": lambda x: 3 * x})
    (failed,) = run.run(graders(OWN_FIXTURE))
    again, trace = run.replay(failed.name, LocalSubmission({"double": double}))
    assert (failed.verdict, again.verdict, len(trace.measurements)) == ("failed", "passed", 1)
    assert run.results[0].verdict == "failed", "the first run's results stay"


def test_a_malformed_file_is_said_before_any_test_runs(graders):
    called = []
    path = graders("@item('a')\ndef test_it(submission):\n    submission.note(1)\n\ndef test_unmarked():\n    pass\n")
    with pytest.raises(GraderFileError, match="test_unmarked: no item markers"):
        grader({"note": called.append}).run(path)
    assert called == []


@pytest.mark.parametrize(
    ("raised", "error"), [("KeyboardInterrupt", KeyboardInterrupt), ("pytest.exit('x')", RuntimeError)]
)
def test_what_ends_a_session_ends_the_run(graders, raised, error):
    path = graders(f"@item('a')\ndef test_it():\n    raise {raised}\n")
    with pytest.raises(error):
        grader().run(path)
