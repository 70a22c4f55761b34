"""Solution regions: what a student's copy looks like, and that no malformed delimiter gets through."""

import pytest

from nnkit.kit.authoring.definitions import find_definitions, free_names, top_level
from nnkit.kit.authoring.regions import at_stage, clean, find_regions, strip
from nnkit.kit.course.errors import BuildError
from nnkit.kit.course.file import load_course

AFFINE = '''\
def affine(x, w):
    """Affine."""
    # TODO: multiply.
    ### BEGIN SOLUTION
    out = x @ w
    ### END SOLUTION
    return out
'''

STAGED = """\
class Net:
    def forward(self, x):
        # TODO: the plain pass.
        ### BEGIN SOLUTION
        out = x + 1
        ### END SOLUTION
        if self.normalised:
            # TODO: normalise.
            ### BEGIN SOLUTION norm
            out = out / 2
            ### END SOLUTION
        # TODO: drop.
        ### BEGIN SOLUTION drop
        out = out * 0
        ### END SOLUTION
        return out
"""


def test_open_region_becomes_a_loud_stub():
    assert strip(AFFINE, "affine", file="f.py") == (
        'def affine(x, w):\n    """Affine."""\n    # TODO: multiply.\n    # YOUR CODE HERE\n'
        '    raise NotImplementedError("affine: write your code here")\n    return out\n'
    )


def test_stub_in_a_method_names_class_and_method():
    assert "Net.forward: write your code here" in strip(STAGED, "Net", file="f.py")


def test_region_of_a_later_stage_goes_away_with_its_instruction():
    text = at_stage(STAGED, "Net")
    assert "drop" not in text
    assert "out * 0" not in text


def test_block_that_would_be_empty_gets_pass():
    assert "        if self.normalised:\n            pass\n        return out" in at_stage(STAGED, "Net")


def test_open_region_of_a_stage_becomes_a_plain_region():
    text = at_stage(STAGED, "Net", open_stages={"norm"})
    assert "            ### BEGIN SOLUTION\n            out = out / 2\n            ### END SOLUTION" in text


def test_solved_stage_stays_without_delimiters():
    text = at_stage(STAGED, "Net", open_stages={"norm"}, solved_stages={None})
    assert "        # The plain pass.\n        out = x + 1\n        if" in text


def test_clean_text_has_no_delimiters_and_no_todo():
    assert clean(AFFINE) == 'def affine(x, w):\n    """Affine."""\n    # Multiply.\n    out = x @ w\n    return out\n'


def test_text_without_regions_is_left_alone():
    assert clean("x = 1  # TODO: later\n") == "x = 1  # TODO: later\n"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", 2, "inside the region that begins at line 1"),
        ("\n### BEGIN SOLUTION\nx", 2, "never ended"),
        ("x\n### END SOLUTION", 2, "without a BEGIN SOLUTION"),
        ("## BEGIN SOLUTION\n", 1, "is no delimiter"),
        ("#### BEGIN SOLUTION\n", 1, "is no delimiter"),
        ("#BEGIN SOLUTION\n", 1, "is no delimiter"),
        ("### BEGIN SOLUTIONS\n", 1, "is no delimiter"),
        ("### BEGIN SOLTION\n", 1, "is no delimiter"),
        ("### BEGIN  SOLUTION\n", 1, "is no delimiter"),
        ("### BEGIN SOLUTION two words\n", 1, "is no delimiter"),
        ("### END SOLUTION stage\n", 1, "is no delimiter"),
        ("### begin solution\n", 1, "is no delimiter"),
        ("### BEGIN_SOLUTION\n", 1, "is no delimiter"),
        ("### BEGIN HIDDEN TEST\n", 1, "hidden tests live in tests/graders only"),
        ("### BEGIN HIDDEN TESTS\n", 1, "hidden tests live in tests/graders only"),
        ("### END HIDDEN TESTS\n", 1, "hidden tests live in tests/graders only"),
        ("# BEGN HIDDEN TESTS\n", 1, "hidden tests live in tests/graders only"),
        ("### BEGIN MARK SCHEME\n", 1, "that a person marks"),
        ('s = "BEGIN SOLUTION"\n', 1, "is no delimiter"),
        ("x = 1  ### END SOLUTION\n", 1, "is no delimiter"),
    ],
)
def test_malformed_delimiter_is_named_with_its_line(text, line, what):
    with pytest.raises(BuildError) as caught:
        find_regions(text, file="f.py", first_line=1)
    assert str(caught.value).startswith(f"f.py, line {line}: ")
    assert what in str(caught.value)


@pytest.mark.parametrize("text", ["# the solution begins here", "# Begin with the sum.", "# hidden units", "# end"])
def test_ordinary_comment_is_no_delimiter(text):
    assert find_regions(text, file="f.py") == []


def test_region_that_cuts_a_statement_is_an_error():
    text = "def f():\n    x = (\n    ### BEGIN SOLUTION\n    1\n    ### END SOLUTION\n    )\n    return x\n"
    with pytest.raises(BuildError, match=r"f\.py, line 1: f without its solution regions is not Python"):
        strip(text, "f", file="f.py")


def test_syntax_error_is_named_with_its_line():
    with pytest.raises(BuildError, match=r"f\.py, line 12: not Python"):
        strip("x = 1\n### BEGIN SOLUTION\nx = = 2\n### END SOLUTION\n", "f", file="f.py", first_line=10)


@pytest.fixture
def course(tmp_path):
    (tmp_path / "nnkit").mkdir()
    (tmp_path / "nnkit" / "layers.py").write_text(
        "import numpy as np\n\nEPS = 1\n\n\n# Why.\n@cached\ndef affine_forward(x):\n    return x\n\n\n"
        "class Net:\n    y = 1\n"
    )
    (tmp_path / "course.toml").write_text('id = "t"\ntitle = "T"\nseed = "s"\n')
    return load_course(tmp_path)


def test_definition_comes_with_decorator_and_comment(course):
    (found,) = find_definitions(course, "nnkit.layers:affine_forward", what="exercise", file="t.md", line=3)
    assert (found.line, found.text) == (6, "# Why.\n@cached\ndef affine_forward(x):\n    return x")


def test_definition_keeps_a_delimiter_below_its_last_statement(course):
    (course.root / "nnkit" / "layers.py").write_text(
        "def f(x):\n    ### BEGIN SOLUTION\n    return x\n\n    ### END SOLUTION\n\n\n# Of g.\ndef g():\n    pass\n"
    )
    (found,) = find_definitions(course, "nnkit.layers:f", what="exercise", file="t.md", line=3)
    assert found.text.endswith("return x\n\n    ### END SOLUTION")


def test_several_definitions_come_in_the_order_named(course):
    found = find_definitions(course, "nnkit.layers:Net, affine_forward", what="given", file="t.md", line=3)
    assert [each.name for each in found] == ["Net", "affine_forward"]


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        (
            "nnkit.layers:afine_forward",
            'exercise "nnkit.layers:afine_forward" names nothing in nnkit/layers.py (did you mean affine_forward?)',
        ),
        ("nnkit.nothing:f", 'exercise "nnkit.nothing:f": there is no module nnkit.nothing (check its name)'),
        ("nnkit.layers", 'exercise "nnkit.layers" names no function or class (write "nnkit.MODULE:NAME")'),
    ],
)
def test_unknown_exercise_is_named_with_the_mend(course, spec, what):
    with pytest.raises(BuildError) as caught:
        find_definitions(course, spec, what="exercise", file="a1/one.md", line=84)
    assert str(caught.value) == f"a1/one.md, line 84: {what}"


def test_names_from_outside_leave_out_built_ins_arguments_and_own_names():
    text = "def f(x, n=N):\n    import os\n    y = g(x)\n    return [len(z) for z in y], np.sum(f(os))\n"
    assert free_names(text) == {"N", "g", "np"}


def test_reading_definitions_imports_nothing(tmp_path):
    file = tmp_path / "m.py"
    file.write_text("raise SystemExit\ndef f(): pass\n")
    assert set(top_level(file)) == {"f"}
