"""What an experiment has to reach, by any measure."""

import copy
import pickle

import pytest

from nnkit.kit.course.settings import Bound
from nnkit.kit.grading.thresholds import ThresholdMissed, Thresholds
from nnkit.student.errors import CheckFailure


def missed(bound, measured):
    with pytest.raises(ThresholdMissed) as caught:
        Thresholds({"it": bound}).check("it", measured, "new images")
    assert caught.value.measured == float(measured)
    return str(caught.value)


def test_thresholds_are_numbers_by_name():
    thresholds = Thresholds({"perplexity": Bound(greatest=40)}, validation=0.8)
    assert (thresholds.perplexity, 0.5 * thresholds.validation) == (40, 0.4)
    assert copy.copy(thresholds).validation == pickle.loads(pickle.dumps(thresholds)).validation == 0.8


@pytest.mark.parametrize(
    ("bound", "measured", "message"),
    [
        (Bound(least=0.8), 0.74, "0.74 on new images, asked for 0.80"),
        (Bound(least=0.8), 0.7999, "0.7999 on new images, asked for 0.8000"),
        (Bound(least=12), 7, "7 on new images, asked for 12"),
        (Bound(greatest=0.1), 0.15, "0.15 on new images, asked for at most 0.10"),
        (Bound(greatest=40), 40.3, "40.3 on new images, asked for at most 40.0"),
        (Bound(greatest=0), 2.5, "2.50 on new images, asked for at most 0.00"),
        (Bound(greatest=1e-7), 3e-5, "0.00003000 on new images, asked for at most 0.00000010"),
    ],
)
def test_a_missed_threshold_tells_what_was_measured_and_what_is_asked_for(bound, measured, message):
    assert missed(bound, measured) == message


@pytest.mark.parametrize(
    ("bound", "measured"), [(Bound(least=0.8), 0.8), (Bound(greatest=40), 40.0), (Bound(least=-1), 0)]
)
def test_what_is_asked_for_is_enough(bound, measured):
    Thresholds({"it": bound}).check("it", measured, "new images")


@pytest.mark.parametrize("measured", [float("nan"), "0.9", [0.9]])
def test_what_is_no_number_passes_no_threshold(measured):
    with pytest.raises(CheckFailure):
        Thresholds(it=0.5).check("it", measured, "new images")


def test_a_threshold_that_is_not_stated_is_named_with_those_that_are():
    with pytest.raises(LookupError, match=r'no threshold "val" here, for the data in use \(stated: validation, test\)'):
        Thresholds(validation=0.5, test=0.5).check("val", 1, "x")
