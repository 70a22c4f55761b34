"""Text that may answer a question is found near it, or else anywhere; code and titles are no answers."""

import copy
import json

import nbformat
import pytest
from tiny_course import write_course

from nnkit.kit.authoring.loading import load_template
from nnkit.kit.authoring.notebook import release_notebook, source_notebook
from nnkit.kit.submission.answers import Answers
from nnkit.kit.submission.matching import match
from nnkit.kit.submission.reading import as_notebook, grade_id_of

WHY = "Because emptiness counts as naught."


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    source = source_notebook(load_template(write_course(tmp_path_factory.mktemp("course")), "a1", "net"))
    return release_notebook(source)


@pytest.fixture
def release(built):
    return copy.deepcopy(built)


def prose(text):
    return nbformat.v4.new_markdown_cell(text)


def code(text):
    return nbformat.v4.new_code_cell(text)


def answers(release, *cells, below="zero_why"):
    """What is found in an untouched notebook with some cells more below one."""
    handed_in = copy.deepcopy(release)
    place = next(i for i, each in enumerate(handed_in.cells) if grade_id_of(each) == below) + 1
    handed_in.cells[place:place] = cells
    matched = match(as_notebook(json.loads(json.dumps(handed_in)), "net.ipynb"), release).notebook
    return Answers(matched, release)


@pytest.mark.parametrize(
    "cell",
    [prose(WHY), code(f"# {WHY}"), code(f'"""{WHY}"""'), code(f"print('{WHY}')"), code(f"x = 1\n# {WHY}"), code(WHY)],
)
@pytest.mark.parametrize("below", ["zero_why", "zero_why_question", "test_zero"])
def test_text_around_a_question_is_near_it(release, cell, below):
    (found,) = answers(release, cell, below=below).near("zero_why")
    assert "emptiness counts as naught" in found.text


@pytest.mark.parametrize(
    "cell", [code("x = np.zeros(3)"), code("%matplotlib inline"), code("!ls"), prose("# Why"), prose("?")]
)
def test_code_and_single_words_are_no_answer(release, cell):
    assert answers(release, cell).near("zero_why") == []


def test_released_prose_is_no_answer(release):
    assert answers(release).near("zero_why") == []
    assert answers(release).elsewhere(["zero_why"]) == []


def test_text_further_away_is_found_too(release):
    found = answers(release, prose(f"My answer: {WHY}"), below="code_a_tiny_notebook_1")
    assert found.near("zero_why") == []
    assert [each.text for each in found.elsewhere(["zero_why"])] == [f"My answer: {WHY}"]


def test_text_near_a_question_is_not_meant_for_another_one(release):
    assert answers(release, prose(WHY)).elsewhere(["zero_why"]) == []


@pytest.mark.parametrize("cell", [prose("Ada Lovelace"), code("# now it works"), code("x = 'a b c d'\nprint(x + x)")])
def test_a_name_or_a_remark_on_code_further_away_is_no_answer(release, cell):
    assert answers(release, cell, below="code_a_tiny_notebook_1").elsewhere(["zero_why"]) == []


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (prose("A and C"), True),
        (prose("a, c"), True),
        (code("# A, C"), True),
        (prose("Both of them"), False),
        (code("A = 3"), False),
    ],
)
def test_letters_near_a_choice_are_found(release, cell, found):
    assert bool(answers(release, cell, below="zero_question").letters("zero", ["zero_why"])) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("Choices: A and C are zero", True), ("It is a matter of taste", False), ("X and Y are zero", False)],
)
def test_letters_further_away_are_capital_ones_of_the_question(release, text, found):
    elsewhere = answers(release, prose(text), below="code_a_tiny_notebook_1")
    assert bool(elsewhere.letters("zero", ["zero_why"])) == found


def test_a_picture_is_an_answer(release):
    assert answers(release, prose("![x](attachment:a.png)")).near("zero_why")


def test_what_is_quoted_is_short(release):
    (found,) = answers(release, prose("word " * 500)).near("zero_why")
    assert len(found.quoted) < 90
