"""Tests of the pendulum. Students receive those marked `public=True` and what these use; the others stay here."""

import numpy as np

from nnkit.student.testing import FORWARD, assert_at_least, assert_close, assert_inputs_unchanged, item, unpack

G = 9.81


def accelerates(submission, angle, velocity, length, damping):
    given = submission.acceleration(angle, velocity, length, damping)
    assert_close(given, -G / length * np.sin(angle) - damping * velocity, FORWARD, "the acceleration")
    assert_inputs_unchanged(submission)


@item("acceleration", public=True, message="Gravity pulls towards the lowest point, friction against the velocity.")
def test_one_pendulum(submission):
    accelerates(submission, np.array([0.5]), np.array([-1.0]), 2.0, 0.1)


@item("acceleration", public=True, message="The sine is to be taken of the angle itself.")
def test_wide_angles(submission):
    accelerates(submission, np.array([-2.0, 1.5, 3.0]), np.zeros(3), 1.0, 0.0)


@item("acceleration", weight=2, confirms=["test_one_pendulum", "test_wide_angles"], message="Compare with the formula.")
def test_many_pendulums(submission, rng):
    angles, velocities = rng.uniform(-3, 3, size=20), rng.normal(size=20)
    accelerates(submission, angles, velocities, rng.uniform(0.2, 3), rng.uniform(0.1, 1))


def steps_of(start, length, damping, dt, steps):
    """The angles and velocities that `swing` has to give: each step with the new velocity."""
    angles, velocities = [np.array(start, dtype=float)], [np.zeros(len(start))]
    for _ in range(steps):
        pull = -G / length * np.sin(angles[-1]) - damping * velocities[-1]
        velocities.append(velocities[-1] + dt * pull)
        angles.append(angles[-1] + dt * velocities[-1])
    return np.stack(angles, axis=1), np.stack(velocities, axis=1)


def swings(submission, start, length, damping, dt, steps):
    angles, velocities = unpack(submission.swing(start, length, damping, dt, steps), "angles", "velocities")
    right = steps_of(start, length, damping, dt, steps)
    assert_close(angles, right[0], FORWARD, "angles", hint="A row for each pendulum, a column for each time.")
    assert_close(velocities, right[1], FORWARD, "velocities")
    assert_inputs_unchanged(submission)


@item("swing", public=True, message="The velocity takes its step first, the angle follows with the new velocity.")
def test_three_steps(submission):
    swings(submission, np.array([0.5, -0.2]), 1.0, 0.0, 0.1, 3)


@item("swing", weight=2, confirms="test_three_steps", message="Many steps, with friction.")
def test_a_long_swing(submission, rng):
    swings(submission, rng.uniform(-1, 1, size=5), rng.uniform(0.5, 2), rng.uniform(0.1, 0.5), 0.02, 40)


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
