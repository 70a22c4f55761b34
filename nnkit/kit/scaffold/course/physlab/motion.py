"""The motion of a pendulum: a small weight on a rod of no weight, with friction."""

import numpy as np

from physlab.constants import G


def acceleration(angle, velocity, length, damping=0.0):
    """Angular acceleration of a pendulum.

    Parameters
    ----------
    angle : array
        From the lowest point, rad.
    velocity : array of the same shape
        Angular velocity, rad/s.
    length : float
        Of the rod, m.
    damping : float
        Friction, 1/s.

    Returns
    -------
    array of the same shape
        rad/s^2.
    """
    # TODO: gravity pulls the weight back, friction works against its velocity.
    ### BEGIN SOLUTION
    return -G / length * np.sin(angle) - damping * velocity
    ### END SOLUTION


def swing(start, length, damping, dt, steps):
    """Pendulums that are let go at rest.

    Parameters
    ----------
    start : (N,) array
        The angles at which they are let go, rad.
    length, damping : float
        As for `acceleration`.
    dt : float
        Time between two steps, s.
    steps : int

    Returns
    -------
    angles, velocities : (N, steps + 1) arrays
        Their first column is the start.
    """
    angles = np.zeros((len(start), steps + 1))
    velocities = np.zeros((len(start), steps + 1))
    # TODO: fill in column after column. First the velocity takes a step with the acceleration, then the angle takes one
    # with the new velocity.
    ### BEGIN SOLUTION
    angles[:, 0] = start
    for i in range(steps):
        pull = acceleration(angles[:, i], velocities[:, i], length, damping)
        velocities[:, i + 1] = velocities[:, i] + dt * pull
        angles[:, i + 1] = angles[:, i] + dt * velocities[:, i + 1]
    ### END SOLUTION
    return angles, velocities


def energy(angles, velocities, length):
    """Energy of a pendulum for each kilogram of its weight, J; it is 0 at rest at the lowest point."""
    return 0.5 * (length * velocities) ** 2 + G * length * (1 - np.cos(angles))
