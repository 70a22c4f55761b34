"""Functions that return something, but nothing right, earn nothing in two_layer_net."""

from pathlib import Path

import numpy as np
import pytest

from nnkit.student.plugin import GraderPlugin, run_graders
from nnkit.student.submission import LocalSubmission
from nnkit.student.verdict import unmet_needs

GRADERS = Path(__file__).parents[2] / "graders" / "a1_image_classifiers" / "test_two_layer_net.py"
FUNCTIONS = ("affine_forward", "affine_backward", "relu_forward", "relu_backward", "softmax_loss", "svm_loss")


class Right:
    """Claims to equal everything, and to have whatever it is asked for."""

    def __eq__(self, other):
        return True

    __hash__ = None

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


WORTHLESS = {
    "None": lambda *args: None,
    "its arguments": lambda *args: args,
    "one liar": lambda *args: Right(),
    "two liars": lambda *args: (Right(), Right()),
    "three liars": lambda *args: (Right(), Right(), Right()),
    "zero and the first argument": lambda *args: (0.0, args[0]),
    "the first argument twice": lambda *args: (args[0], args),
    "NaN": lambda *args: (np.full_like(np.asarray(args[0], dtype=float), np.nan), args),
}


@pytest.mark.parametrize("what", WORTHLESS)
def test_a_worthless_answer_earns_nothing(what):
    namespace = {"np": np, "TwoLayerNet": Right, **dict.fromkeys(FUNCTIONS, WORTHLESS[what])}
    plugin = GraderPlugin(
        LocalSubmission(namespace), public_only=False, student="", course="", items=[*FUNCTIONS, "TwoLayerNet"]
    )
    passed = {result.name for result in run_graders(GRADERS, plugin) if result.verdict == "passed"}
    assert passed - unmet_needs(plugin.tests, passed).keys() == set()
