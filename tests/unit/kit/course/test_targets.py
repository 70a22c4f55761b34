"""Commands take whole assignments and single notebooks."""

import pytest
from earlier_notebook import write_two_notebooks

from nnkit.kit.course.errors import CourseError
from nnkit.kit.course.targets import Target, targets


@pytest.fixture
def course(tmp_path):
    return write_two_notebooks(tmp_path)


@pytest.mark.parametrize(
    ("words", "notebooks"),
    [
        ([], ("net", "more")),
        (["a1"], ("net", "more")),
        (["a1/"], ("net", "more")),
        (["a1/more"], ("more",)),
        (["a1/more", "a1/net"], ("net", "more")),
        (["a1/more", "a1"], ("net", "more")),
    ],
)
def test_words_name_notebooks_in_teaching_order(course, words, notebooks):
    assert targets(course, words) == (Target("a1", notebooks),)


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("a2", r'no assignment is named "a2" \(it has a1\)'),
        ("a2/net", 'no assignment is named "a2"'),
        ("a1/nett", r'a1 has no notebook "nett" \(did you mean net\?\)'),
        ("a1/x", r'a1 has no notebook "x" \(it has net, more\)'),
    ],
)
def test_what_is_not_in_the_course_is_named(course, word, what):
    with pytest.raises(CourseError, match=what):
        targets(course, [word])
