"""Tests of the pendulum. Students receive those marked `public=True` and what these use; the others stay here.

So public tests compare with numbers, and only hidden ones with a formula: it would be the answer.
"""

import numpy as np

from nnkit.student.testing import (
    FORWARD,
    PRINTED,
    assert_at_least,
    assert_close,
    assert_inputs_unchanged,
    item,
    unpack,
)

G = 9.81


def accelerates(submission, angle, velocity, length, damping, right, allowed):
    given = submission.acceleration(np.array(angle), np.array(velocity), length, damping)
    assert_close(given, np.array(right), allowed, "the acceleration")
    assert_inputs_unchanged(submission)


@item("acceleration", public=True, message="Gravity pulls towards the lowest point, friction against the velocity.")
def test_one_pendulum(submission):
    accelerates(submission, [0.5], [-1.0], 2.0, 0.1, [-2.251582267], PRINTED)


@item("acceleration", public=True, message="The sine is to be taken of the angle itself.")
def test_wide_angles(submission):
    right = [8.920207757, -9.785425819, -1.384387279]
    accelerates(submission, [-2.0, 1.5, 3.0], [0.0, 0.0, 0.0], 1.0, 0.0, right, PRINTED)


@item("acceleration", weight=2, confirms=["test_one_pendulum", "test_wide_angles"], message="Not as the formula says.")
def test_many_pendulums(submission, rng):
    angle, velocity = rng.uniform(-3, 3, size=20), rng.normal(size=20)
    length, damping = rng.uniform(0.2, 3), rng.uniform(0.1, 1)
    right = -G / length * np.sin(angle) - damping * velocity
    accelerates(submission, angle, velocity, length, damping, right, FORWARD)


def swings(submission, start, length, damping, dt, right, allowed):
    """`right`: the angles and the velocities, a row for each pendulum, a column for each time."""
    given = submission.swing(np.array(start), length, damping, dt, len(right[0][0]) - 1)
    angles, velocities = unpack(given, "angles", "velocities")
    assert_close(angles, np.array(right[0]), allowed, "angles", hint="A row for each pendulum, a column for each time.")
    assert_close(velocities, np.array(right[1]), allowed, "velocities")
    assert_inputs_unchanged(submission)


@item("swing", public=True, message="The velocity takes its step first, the angle follows with the new velocity.")
def test_three_steps(submission):
    angles = [[0.5, 0.452968355, 0.363004573, 0.238206990], [-0.2, -0.180510539, -0.143409004, -0.092287218]]
    velocities = [[0.0, -0.470316453, -0.899637821, -1.247975822], [0.0, 0.194894614, 0.371015349, 0.511217855]]
    swings(submission, [0.5, -0.2], 1.0, 0.0, 0.1, (angles, velocities), PRINTED)


def steps_of(start, length, damping, dt, steps):
    """The angles and velocities that `swing` has to give; no public test may use it."""
    angles, velocities = [np.array(start, dtype=float)], [np.zeros(len(start))]
    for _ in range(steps):
        velocities.append(velocities[-1] - dt * (G / length * np.sin(angles[-1]) + damping * velocities[-1]))
        angles.append(angles[-1] + dt * velocities[-1])
    return np.stack(angles, axis=1), np.stack(velocities, axis=1)


@item("swing", weight=2, confirms="test_three_steps", message="Wrong after many steps, with friction.")
def test_a_long_swing(submission, rng):
    start, length, damping = rng.uniform(-1, 1, size=5), rng.uniform(0.5, 2), rng.uniform(0.1, 0.5)
    swings(submission, start, length, damping, 0.02, steps_of(start, length, damping, 0.02, 40), FORWARD)


def error_of(submission, angles):
    """How far the student's rod and friction are from measured swings, rad: computed here, from two numbers."""
    assert_at_least(submission.length, 0.01, "length")
    assert_at_least(submission.damping, 0, "damping")
    computed, _ = steps_of(angles[:, 0], submission.length, submission.damping, 0.05, angles.shape[1] - 1)
    return np.sqrt(np.mean((computed - angles) ** 2))


@item("fit", message="Your length and damping do not give the swings of the film.")
def test_the_swings_of_the_film(submission, notebook_data, thresholds):
    thresholds.check("error", error_of(submission, notebook_data("measured")), "the film")


@item("fit", weight=2, message="Your length and damping do not give other swings of this pendulum.")
def test_other_swings(submission, data, thresholds):
    (angles,) = data("swings")
    thresholds.check("error", error_of(submission, angles), "other swings")
