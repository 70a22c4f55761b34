"""A test that would not count as its author means it is an error with file and line, before anything is run."""

import pytest
from tiny_course import GRADERS, change, write_course

from nnkit.kit.authoring.grader_items import grader_tests
from nnkit.kit.authoring.loading import load_template
from nnkit.kit.course.errors import BuildError

FILE = "tests/graders/a1/test_net.py"


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path)


def complaint(course, old, new):
    change(course.root, FILE, old, new)
    with pytest.raises(BuildError) as caught:
        load_template(course, "a1", "net")
    message = str(caught.value)
    assert message.startswith(f"{FILE}, line ")
    line = int(message.removeprefix(f"{FILE}, line ").partition(":")[0])
    return (course.root / FILE).read_text().split("\n")[line - 1], message


def test_of_two_tests_with_one_name_the_second_is_named_with_the_line_of_the_first(course):
    line, message = complaint(course, "def test_net_loss", "def test_net_has_weights")
    first = 1 + next(i for i, text in enumerate(GRADERS.split("\n")) if "def test_net_has_weights" in text)
    assert "def test_net_has_weights" in line
    assert f"a second test_net_has_weights: it replaces the one at line {first}, which never counts" in message


def test_two_functions_of_one_name_are_an_error_too(course):
    line, message = complaint(course, "def oracle_of_doubling(x):", "def doubled(x):")
    assert "def doubled(x)" in line
    assert "a second doubled" in message


def test_what_adds_to_a_function_of_its_name_is_no_second_one(course):
    first = "import functools\n\nimport numpy as np\n\n\n@functools.singledispatch\ndef size(x):\n    return 1\n"
    second = "@size.register\ndef size(x: list):\n    return 2\n"
    change(course.root, FILE, "import numpy as np\n", f"{first}\n\n{second}")
    assert len(load_template(course, "a1", "net").items) == 5


@pytest.mark.parametrize(
    ("marker", "what"),
    [
        ('weight="2"', "the marker of test_net_loss is wrong: weight is '2', expected a number above 0"),
        ("weight=0", "weight is 0, expected a number above 0"),
        ("weight=True", "weight is True, expected a number above 0"),
        ("weight=-1", "weight is -1, expected a number above 0"),
        ('public="yes"', "public is 'yes', expected True or False"),
        ("slow=1", "slow is 1, expected True or False"),
        ("message=3", "message is 3, expected text"),
        ("wieght=2", "item has no keyword wieght (it has public, weight,"),
        ("needs=3", "needs is 3, expected a test's name, or a list of them"),
        ("public=bool(1)", "has to be run to tell whether the test is public"),
        ("**options", "has to be run to tell whether the test is public"),
        ('needs="test_net_has_wieghts"', "(did you mean test_net_has_weights?)"),
        ('needs="test_tuning_found_the_best"', 'needs "test_tuning_found_the_best", which is no other test of Net'),
        ('needs="test_net_loss"', 'needs "test_net_loss", which is no other test of Net'),
        ('confirms="test_net_has_wieghts"', "(did you mean test_net_has_weights?)"),
    ],
)
def test_a_marker_that_says_nothing_sensible_is_named(course, marker, what):
    _, message = complaint(course, '@item("Net")\n', f'@item("Net", {marker})\n')
    assert what in message


@pytest.mark.parametrize("needs", ['"test_net_loss"', '["test_net_is_there", "test_net_loss"]'])
def test_a_public_test_that_needs_a_hidden_one_is_an_error(course, needs):
    """Students read its marker. `confirms` on the hidden one ties the two together as well."""
    marker = '@item("Net", public=True'
    there = f"{marker})\ndef test_net_is_there(submission):\n    pass\n\n\n"
    change(course.root, FILE, f"{marker})", f"{there}{marker}, needs={needs})")
    with pytest.raises(BuildError) as caught:
        grader_tests(course.root / FILE)
    message = str(caught.value)
    assert 'test_net_has_weights needs "test_net_loss", which is hidden' in message
    assert 'write confirms="test_net_has_weights" on the hidden test' in message


def test_a_test_that_confirms_a_hidden_one_is_an_error(course):
    line, message = complaint(
        course,
        '@item("Net")\n',
        '@item("Net")\ndef test_other(submission):\n    pass\n\n\n@item("Net", confirms="test_other")\n',
    )
    assert line.startswith("def test_net_loss")
    assert 'test_net_loss confirms "test_other", which is hidden' in message


def test_ties_to_tests_that_are_there_are_read(course):
    change(course.root, FILE, '@item("Net")\n', '@item("Net", confirms="test_net_has_weights")\n')
    (loss,) = [each for each in grader_tests(course.root / FILE) if each.name == "test_net_loss"]
    assert loss.confirms == ("test_net_has_weights",)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("def test_net_loss", "def check_net_loss", "check_net_loss has a marker of a test, but pytest runs only"),
        ("def test_net_loss", "async def test_net_loss", "test_net_loss is a coroutine, which nobody runs"),
        (
            '@item("tuning")\ndef test_tuning_found_the_best(submission):\n    assert submission.best == 4\n',
            'if SIZES:\n\n    @item("tuning")\n    def test_tuning(submission):\n        assert submission.best == 4\n',
            "test_tuning stands inside of something else",
        ),
        ("def oracle_of_doubling(x):", "def testing(x):", "testing has no marker naming its item"),
        ('@item("Net")\n', '@item("Net")\n@item("tuning")\n', "test_net_loss has 2 markers naming its item"),
        ('@item("Net")\n', "@item(NAME)\n", "test_net_loss has no marker naming its item"),
    ],
)
def test_a_test_that_would_not_be_run_is_named(course, old, new, what):
    assert what in complaint(course, old, new)[1]


def test_an_exercise_that_its_module_defines_twice_is_an_error(course):
    path = course.root / "nnkit/layers.py"
    path.write_text(path.read_text() + "\n\ndef double_forward(x):\n    return 2 * x, x\n")
    with pytest.raises(BuildError, match=r"^nnkit/layers\.py, line \d+: a second double_forward: it replaces"):
        load_template(course, "a1", "net")
