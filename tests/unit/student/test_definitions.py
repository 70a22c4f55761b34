"""What a notebook defines is kept, with what that needs; nothing that trains or trips."""

import pytest

from nnkit.student.definitions import MOST_STATEMENTS, definitions, plain_definitions, text_of


def kept(*cells, wanted=()):
    """What is kept of the last of some cells."""
    return text_of(definitions(cells, wanted)[-1]).strip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "import numpy as np",
        "from math import pi",
        "def double(x):\n    return 2 * x",
        "@cache\n@other(1)\ndef double(x):\n    return 2 * x",
        "class Net:\n    size = 3",
        "RATE = 1e-3",
        "sizes: list = [1, 2]",
        "a, b = 1, -2",
        "try:\n    import fast\nexcept ImportError:\n    fast = None",
        "if True:\n    def double(x):\n        return 2 * x\nelse:\n    pass",
        'nets = solutions_of("two_layer_net")',
        "relu = lambda x: train(x)",
        "squares = (i * i for i in range(3))",
        "forward = Net.forward",
        "TABLE = [0] * 10 + sorted({3, 1})",
    ],
)
def test_a_definition_is_kept_word_for_word(text):
    assert kept(text) == text


@pytest.mark.parametrize(
    ("imports", "text"),
    [
        ("import numpy as np", "EPS = np.finfo(float).eps"),
        ("from functools import partial", "half = partial(scale, 0.5)"),
        ("import math as m", "ROOT = m.sqrt(2) / 3"),
    ],
)
def test_a_computed_constant_is_kept(imports, text):
    assert kept(imports, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "train()",
        "best = search()",
        "best = model.fit(3)",
        "import_time = __import__('time').sleep(3)",
        "answer = input()",
        "for rate in RATES:\n    train(rate)",
        "model.w = 3",
        "with open('f', 'w') as f:\n    pass",
        "while True:\n    pass",
        "if training():\n    import torch",
        "def broken(:",
        "x = '\0'",
        "%%bash\necho 1",
        "x = !ls",
        "",
    ],
)
def test_what_is_no_definition_is_left_out(text):
    assert kept(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "scale = measured()",
        "scale = !nproc",
        "for scale in range(3):\n    pass",
        "with open('f') as file:\n    scale = float(file.read())",
        "scale = {}\nscale['a'] = measured()",
        "scale = []\nscale.append(measured())",
        "def start():\n    global scale\n    scale = 2\nstart()",
        "if (scale := measured()) > 1:\n    pass",
    ],
)
def test_what_a_function_looks_up_is_kept_however_it_came_about(text):
    user = "def double(x):\n    return x * scale"
    assert kept(user, text) == text.replace("!nproc", "get_ipython().getoutput('nproc')")


def test_what_a_timed_line_binds_is_kept():
    assert "'scale = 2'" in kept("def double(x):\n    return x * scale", "# timed\n%time scale = 2")


def test_a_name_of_a_functions_own_is_not_looked_up():
    assert kept("def loss(x):\n    best = x\n    return best", "best = search()") == ""


def test_what_is_needed_needs_more():
    needed = "def double(x):\n    return x * scale"
    assert kept(needed, "scale = first()", "first = second(3)", "second = made()") == "second = made()"


def test_what_is_asked_for_is_kept():
    assert kept("double = made_of(3)", wanted={"double"}) == "double = made_of(3)"


@pytest.mark.parametrize("text", ["Net.loss = loss", "table['a'] = loss", "def loss(x): return x\nNet.loss = loss"])
def test_what_completes_a_definition_is_kept(text):
    assert kept("class Net:\n    pass\ntable = {}", text) == text


def test_a_module_that_the_notebook_writes_is_written_again():
    assert "run_cell_magic('writefile', 'tools.py', 'SIZE = 3\\n')" in kept("%%writefile tools.py\nSIZE = 3\n")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("%matplotlib inline\nimport numpy as np\n!ls", "import numpy as np"),
        ("%%time\nRATE = 2\ntrain()", "RATE = 2"),
        ("\n%%capture out\n%matplotlib inline\nRATE = 2", "RATE = 2"),
        ("# timed\n%%time\nRATE = 2\ntrain()", "RATE = 2"),
        ("help?\nRATE = 2\nnp.add?", "RATE = 2"),
        (">>> RATE = 2", "RATE = 2"),
        ("    RATE = 2", "RATE = 2"),
        ('TEXT = """\n%time\n"""', 'TEXT = """\n%time\n"""'),
    ],
)
def test_magics_are_read_as_ipython_reads_them(text, left):
    assert kept(text) == left


def test_lines_keep_their_numbers():
    assert text_of(definitions(["%%time\ntrain()\n\nRATE = 2\n!ls\nSIZE = 3"])[0]) == "\n\n\nRATE = 2\n\nSIZE = 3"


def test_statements_on_one_line_are_kept_or_left_out_together():
    assert kept("RATE = 2; SIZE = 3") == "RATE = 2; SIZE = 3"
    assert kept("RATE = 2; train()") == ""


def test_a_cell_full_of_magics_is_not_read():
    assert kept("\n".join(["!ls"] * 20_000 + ["RATE = 2"])) == ""


def test_no_more_than_a_bounded_number_of_statements_is_looked_at():
    assert len(definitions(["x = 1\n" * (MOST_STATEMENTS + 10)])[0]) == MOST_STATEMENTS


def test_on_its_own_a_cell_has_only_what_computes_nothing():
    assert [part.text for part in plain_definitions("import math\nA = math.sqrt(2)\nB = 2")] == ["import math", "B = 2"]
