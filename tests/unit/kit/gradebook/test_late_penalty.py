"""What being late costs."""

import pytest

from nnkit.kit.course.settings import Late
from nnkit.kit.gradebook.rows import late_penalty

HOUR, DAY = 3600, 24 * 3600


@pytest.mark.parametrize(
    ("late", "seconds", "penalty"),
    [
        (Late(percent_per_day=10), -DAY, 0.0),
        (Late(percent_per_day=10), 0, 0.0),
        (Late(percent_per_day=10), 1, 2.0),
        (Late(percent_per_day=10), DAY, 2.0),
        (Late(percent_per_day=10), DAY + 1, 4.0),
        (Late(percent_per_day=10, free_hours=2), 2 * HOUR, 0.0),
        (Late(percent_per_day=10, free_hours=2), 2 * HOUR + 1, 2.0),
        (Late(percent_per_day=10, free_hours=2), 2 * HOUR + DAY, 2.0),
        (Late(percent_per_day=40), 2 * DAY + 1, 20.0),
        (Late(percent_per_day=10, max_days=3), 3 * DAY, 6.0),
        (Late(percent_per_day=10, max_days=3), 3 * DAY + 1, 20.0),
        (Late(percent_per_day=0), 6 * DAY, 0.0),
        (Late(), 6 * DAY, 0.0),
        (Late(), 8 * DAY, 20.0),
    ],
)
def test_a_score_of_twenty_loses(late, seconds, penalty):
    assert late_penalty(late, 20.0, seconds) == penalty


def test_a_penalty_is_never_more_than_the_score():
    assert late_penalty(Late(percent_per_day=100), 7.5, 3 * DAY) == 7.5


def test_nothing_is_taken_from_nothing():
    assert late_penalty(Late(percent_per_day=10), 0.0, DAY) == 0.0
