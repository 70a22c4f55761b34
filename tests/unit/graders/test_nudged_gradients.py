"""Backward passes that nudge the forward pass, number after number, until the time is over: they earn nothing."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from reference_grading import InProcessGrader

from nnkit.attention import attention_forward, multi_head_forward
from nnkit.embedding import word_embedding_forward
from nnkit.encoder import embed_forward
from nnkit.lstm import lstm_forward, lstm_step_forward
from nnkit.recurrent import rnn_forward, rnn_step_forward
from nnkit.student.plugin import run_graders
from nnkit.student.testing import LocalSubmission
from nnkit.student.verdict import unmet_needs
from nnkit.word_layers import cross_entropy, embedding_forward

GRADERS = Path(__file__).parents[2] / "graders"
# Forward calls for one gradient, far more than 20 s allow at the sizes that are asked for: there one takes 0.1 to 2 ms,
# at the small ones a few hundred calls are enough.
CALLS = 4000
STEP = 1e-3


def outputs_of(forward, args):
    """Everything that a forward pass gives, but for its cache."""
    return [np.asarray(value) for value in forward(*args)[:-1]]


def slope_at(loss, array, index):
    """Slope in one entry, by differences of order 4."""
    kept, slope = array[index], 0.0
    for step, weight in ((STEP, -1 / 3), (STEP / 2, 4 / 3)):
        values = []
        for moved in (kept + step, kept - step):
            array[index] = moved
            values.append(loss())
        slope += weight * (values[0] - values[1]) / (2 * step)
    array[index] = kept
    return slope


def nudge(forward, args, upstreams):
    """Gradients in all arguments of floats."""
    args = [np.array(each) for each in args]
    wanted = [array for array in args if array.dtype.kind == "f"]
    if 4 * sum(array.size for array in wanted) > CALLS:
        raise TimeoutError("the item's time is over")

    def loss():
        pairs = zip(outputs_of(forward, args), upstreams, strict=True)
        return sum(float(np.sum(out * upstream)) for out, upstream in pairs)

    gradients = []
    for array in wanted:
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            gradient[index] = slope_at(loss, array, index)
        gradients.append(gradient)
    return gradients[0] if len(gradients) == 1 else tuple(gradients)


def keeping_arguments(forward, *args):
    return (*forward(*args)[:-1], args)


def nudging_backward(forward, *args):
    return nudge(forward, args[-1], args[:-1])


def earned(file, item, namespace):
    """The weights that an item's tests earn, and those of all."""
    grader = InProcessGrader(LocalSubmission({"np": np} | namespace), {item})
    results = run_graders(GRADERS / file, grader)
    passed = {result.name for result in results if result.verdict == "passed"}
    counting = passed - unmet_needs(grader.tests, passed).keys()
    return sum(test.weight for test in grader.tests if test.name in counting), passed


RNN = "a4_sequences/test_rnn_captioning.py"
LSTM = "a4_sequences/test_lstm_captioning.py"
TRANSFORMER = "a4_sequences/test_transformer_classifier.py"
TRIGRAM = "a5_learning_from_hdf5/test_trigram_language_model.py"

LAYERS = [
    (RNN, rnn_step_forward),
    (RNN, rnn_forward),
    (RNN, word_embedding_forward),
    (LSTM, lstm_step_forward),
    (LSTM, lstm_forward),
    (TRANSFORMER, embed_forward),
    (TRANSFORMER, attention_forward),
    (TRANSFORMER, multi_head_forward),
    (TRIGRAM, embedding_forward),
]


@pytest.mark.parametrize(("file", "forward"), LAYERS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_backward_pass_that_nudges_its_own_forward_pass_earns_nothing(file, forward):
    item = forward.__name__.replace("forward", "backward")
    pair = {
        forward.__name__: partial(keeping_arguments, forward),
        item: partial(nudging_backward, forward),
    }
    weight, passed = earned(file, item, pair)
    assert passed  # it nudges rightly where there is time
    assert weight == 0


def test_a_cross_entropy_that_nudges_its_own_loss_earns_no_gradient():
    def nudging(scores, d):
        loss = cross_entropy(scores, d)[0]
        return loss, nudge(lambda *args: (cross_entropy(*args)[0], None), (scores, d), [1.0])

    _, passed = earned(TRIGRAM, "cross_entropy", {"cross_entropy": nudging})
    assert "test_cross_entropy_gradient" in passed
    assert "test_cross_entropy_gradient_on_random_scores" not in passed
