"""What is run again in a fresh process: definitions, and nothing that trains or trips."""

import pytest

from nnkit.kit.locked.sessions import definitions_only


@pytest.mark.parametrize(
    "text",
    [
        "import numpy as np",
        "from math import pi",
        "def double(x):\n    return 2 * x",
        "class Net:\n    size = 3",
        "RATE = 1e-3",
        "sizes: list = [1, 2]",
        "a, b = 1, -2",
        "try:\n    import fast\nexcept ImportError:\n    fast = None",
        'nets = solutions_of("two_layer_net")',
    ],
)
def test_a_definition_is_kept_word_for_word(text):
    assert definitions_only(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "train()",
        "best = search()",
        "for rate in RATES:\n    train(rate)",
        "model.w = 3",
        "while True:\n    pass",
        "def broken(:",
        "x = '\0'",
        "%%bash\necho 1",
        "",
    ],
)
def test_what_is_no_definition_is_left_out(text):
    assert definitions_only(text) == ""


def test_decorators_stay_on_their_function():
    text = "@cache\n@other(1)\ndef double(x):\n    return 2 * x"
    assert definitions_only(f"train()\n{text}\ntrain()") == text


def test_magics_beside_definitions_are_dropped():
    assert definitions_only("%matplotlib inline\nimport numpy as np\n!ls") == "import numpy as np"


def test_a_timed_cell_keeps_its_definitions():
    assert definitions_only("%%time\nRATE = 2\ntrain()") == "RATE = 2"
